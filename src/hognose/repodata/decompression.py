"""Reads compressed documents into memory, up to a limit.

Decompresses in pieces of a megabyte: that lets go of the interpreter lock between them, and a small
file that unpacks to terabytes is noticed at the limit rather than by the kernel.
"""

from __future__ import annotations

import bz2
import sys
import zlib
from typing import TYPE_CHECKING, Literal, Protocol

from hognose.errors import FetchRepoDataError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = (
    "DEFAULT_MAX_SIZE",
    "Compression",
    "OversizedError",
    "compression_of_name",
    "decompress",
    "iter_pieces",
    "read_all",
)

Compression = Literal["zst", "bz2", "gzip"]

# Three times the largest repodata.json that exists (conda-forge's noarch has 0.4 GB).
DEFAULT_MAX_SIZE = 1_500_000_000
# Repodata packs to a tenth. Each record has hashes, which do not pack: 48 bytes at least, so that
# records would have to have 10 kB each for this ratio.
_MAX_RATIO = 200
# What may be packed in any ratio.
_UNSUSPECTED = 8 << 20
_PIECE = 1 << 20


class OversizedError(FetchRepoDataError):
    """A document that has, or unpacks to, more bytes than are acceptable."""


class Reader(Protocol):
    """Anything that gives bytes."""

    def read(self, size: int, /) -> bytes | None:
        """Return up to `size` bytes, and nothing at the end."""
        ...


def compression_of_name(name: str) -> Compression | None:
    """Tell from a file name how its content is compressed."""
    if name.endswith(".zst"):
        return "zst"
    return "bz2" if name.endswith(".bz2") else None


def read_all(
    source: Reader, compression: Compression | None, *, max_size: int, what: str
) -> bytearray:
    """Read and decompress everything that a source has; see `iter_pieces`.

    Raises:
        FetchRepoDataError: The document is too large, broken, or ends too early.
    """
    content = bytearray()
    for piece in iter_pieces(source, compression, max_size=max_size, what=what):
        content += piece
    return content


def iter_pieces(
    source: Reader, compression: Compression | None, *, max_size: int, what: str
) -> Iterator[bytes]:
    """Read and decompress piece by piece.

    What unpacks to a hundred times what a repodata file would is refused long before `max_size`.

    Args:
        source: Where the bytes come from.
        compression: How they are compressed, None if they are not.
        max_size: The largest acceptable size in bytes, decompressed.
        what: The file or the URL, for errors.

    Raises:
        OversizedError: The document is too large.
        FetchRepoDataError: It is broken, or ends too early.
    """
    size = 0
    counted = _Counted(source)
    pieces = _read(source) if compression is None else _decompress(counted, compression, what)
    for piece in pieces:
        size += len(piece)
        if size > max_size:
            raise _too_large(what, max_size)
        if size > _UNSUSPECTED and compression is not None and size > _MAX_RATIO * counted.size:
            raise _bomb(what)
        yield piece


def _too_large(what: str, max_size: int) -> OversizedError:
    message = f"{what} is too large: it has more than {max_size} bytes"
    hint = (
        "no channel that is known comes near this limit; where yours does, unpack a `repodata.json`"
        " of it and give a larger `max_size` to `SparseRepoData`"
    )
    return OversizedError(message, hint=hint, url=what)


def _bomb(what: str) -> OversizedError:
    message = f"{what} is too large: it unpacks to more than {_MAX_RATIO} times its size"
    hint = "no repodata packs so well: it is broken, or made to fill memory and disk"
    return OversizedError(message, hint=hint, url=what)


class _Counted:
    """A source that knows how many bytes it has given."""

    __slots__ = ("_source", "size")

    def __init__(self, source: Reader) -> None:
        self._source = source
        self.size = 0

    def read(self, size: int, /) -> bytes | None:
        piece = self._source.read(size)
        self.size += len(piece or b"")
        return piece


def _read(source: Reader) -> Iterator[bytes]:
    while piece := source.read(_PIECE):
        yield piece


def _decompress(source: Reader, compression: Compression, what: str) -> Iterator[bytes]:
    decoder = _DECODERS[compression]()
    try:
        while packed := source.read(_PIECE):
            while packed:
                if decoder.eof:
                    # Frames may follow each other, and parallel compressors write them so.
                    decoder = _DECODERS[compression]()
                yield decoder.decompress(packed, _PIECE)
                while not decoder.eof and not decoder.needs_input:
                    yield decoder.decompress(b"", _PIECE)
                packed = decoder.unused_data if decoder.eof else b""
    except (zstd.ZstdError, OSError, EOFError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        message = f"{what} is broken: {error}"
        raise FetchRepoDataError(message, url=what) from error
    if not decoder.eof:
        message = f"{what} is broken: it ends too early"
        raise FetchRepoDataError(message, url=what)


def decompress(data: bytes, *, max_size: int, what: str) -> bytearray:
    """Decompress a zstd document that is in memory.

    Raises:
        FetchRepoDataError: The document is too large, broken, or ends too early.
    """
    import io

    return read_all(io.BytesIO(data), "zst", max_size=max_size, what=what)


class _GzipDecoder:
    """zlib's decompressor in the shape of those of bz2 and zstd."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self._is_full = False

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail and not self._is_full

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        piece = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        # Output can be held back while no input is.
        self._is_full = len(piece) == max_length
        return piece


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


_DECODERS: dict[Compression, Callable[[], _Decoder]] = {
    "zst": zstd.ZstdDecompressor,
    "bz2": bz2.BZ2Decompressor,
    "gzip": _GzipDecoder,
}
