"""Decompressed bytes in pieces, from any stream, zstd or bzip2.

Pieces are at most 1 MiB: larger ones halve the speed of zstd and hold the interpreter lock while
they are copied, and they are what peak memory is made of. The first ones are smaller than what
the allocator maps afresh each time, which saves a quarter; large ones pay where another thread
takes them.
"""

from __future__ import annotations

from hognose.errors import ArchiveError

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    from hognose.archive.archive_digest import Readable

    class _Decompressor(Protocol):
        @property
        def eof(self) -> bool: ...
        @property
        def needs_input(self) -> bool: ...
        @property
        def unused_data(self) -> bytes: ...
        def decompress(self, data: bytes, /, max_length: int) -> bytes: ...


PIECE_SIZE = 1 << 20
# Two of the blocks that both decompressors put their output into, and not yet mapped afresh.
SMALL_PIECE_SIZE = 96 << 10
SMALL_PIECES = 16
READ_SIZE = 1 << 17
_BZIP2_READ_SIZE = 1 << 15


def iter_zstd(stream: Readable, *, largest: int = PIECE_SIZE) -> Iterator[bytes]:
    """Yield what a zstd stream of one or more frames expands to.

    Raises:
        ArchiveError: The data is damaged, or ends in the middle of a frame.
    """
    from hognose.archive.zstd_decompressor import ZstdDecompressor, ZstdError

    return _iter_pieces(stream, ZstdDecompressor, ZstdError, "zstd", READ_SIZE, largest)


def iter_bzip2(stream: Readable, *, largest: int = PIECE_SIZE) -> Iterator[bytes]:
    """Yield what a bzip2 file of one or more streams expands to.

    Raises:
        ArchiveError: The data is damaged, or ends in the middle of a stream.
    """
    from bz2 import BZ2Decompressor

    return _iter_pieces(stream, BZ2Decompressor, OSError, "bzip2", _BZIP2_READ_SIZE, largest)


def _iter_pieces(
    stream: Readable,
    create: Callable[[], _Decompressor],
    data_error: type[Exception],
    format_name: str,
    read_size: int,
    largest: int,
) -> Iterator[bytes]:
    decompressor = create()
    count = 0
    data = stream.read(read_size)
    if not data:
        message = f"the {format_name} data is empty"
        raise ArchiveError(message)
    while True:
        try:
            size = largest if count >= SMALL_PIECES else SMALL_PIECE_SIZE
            piece = decompressor.decompress(data, size)
        except (data_error, EOFError) as error:
            message = f"the {format_name} data is damaged: {error}"
            raise ArchiveError(message) from error
        if piece:
            count += 1
            yield piece
        if decompressor.eof:
            data = decompressor.unused_data or stream.read(read_size)
            if not data:
                return
            decompressor = create()
        elif decompressor.needs_input:
            data = stream.read(read_size)
            if not data:
                message = f"the {format_name} data ends too early: the archive is truncated"
                raise ArchiveError(message)
        else:
            data = b""
