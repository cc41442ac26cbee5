"""Take a package apart: the stream of an archive in, a tree of files out.

This is what the verbs of `extraction` and the processes of `extraction_workers` share, so it and
what it imports do without msgspec (see `TarMember`).
"""

from __future__ import annotations

import errno

from hognose._web_page import is_web_page
from hognose.archive.decompression import (
    PIECE_SIZE,
    READ_SIZE,
    SMALL_PIECE_SIZE,
    SMALL_PIECES,
    iter_bzip2,
    iter_zstd,
)
from hognose.archive.extraction_target import ExtractionTarget
from hognose.archive.read_ahead import PieceStream, read_ahead
from hognose.archive.tar_header import HeaderParser, decode_name
from hognose.archive.tar_reader import TarReader
from hognose.archive.zip_stream import iter_zip_stream
from hognose.errors import ArchiveError, HognoseError, UnsafeArchiveError

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from hognose.archive.extract_limits import ExtractLimits
    from hognose.archive.hashing_reader import HashingReader
    from hognose.archive.zip_stream import StoredData

_BZIP2_MAGIC = b"BZh"
_ZIP_MAGIC = b"PK\x03\x04"
_LOOKED_AT = 512
_METADATA_LIMIT = 1 << 16
# 1 MiB: below it a thread costs more than it saves.
_HASHED_WITHOUT_THREAD = 8
_FORMAT_VERSION = 2
# What nearly every `metadata.json` says, without its white space.
_USUAL_METADATA = b'{"conda_pkg_format_version":2}'


def unpack(
    reader: HashingReader,
    directory: str,
    limits: ExtractLimits,
    archive_name: str,
    *,
    info_only: bool = False,
    check_crc: bool = True,
    threads: bool = True,
) -> None:
    """Extract a stream, which is read to its end, into an empty, private directory.

    Args:
        reader: The archive, from its first byte on.
        directory: Where its files go. After an error the caller removes it.
        limits: What to accept.
        archive_name: What errors call the archive.
        info_only: Whether only what is below `info/` is written.
        check_crc: Whether to check CRCs, for callers that compare no better hash.
        threads: Whether large archives are hashed and decompressed on threads of their own.

    Raises:
        ArchiveError: As in `hognose.archive.extract`.
        HognoseError: What reading the source raised.
    """
    unpacking = _Unpacking(reader, directory, limits, info_only=info_only, threads=threads)
    try:
        unpacking.run(check_crc=check_crc)
    except HognoseError as error:
        if not isinstance(error, ArchiveError):
            raise
        raise _naming(error, archive_name, unpacking.member()) from error
    except OSError as error:
        raise _as_archive_error(error, archive_name, unpacking.member()) from error


def not_a_package(head: bytes) -> ArchiveError:
    """Return the error for a file that begins like no package."""
    message = "this is neither a `.conda` nor a `.tar.bz2` package"
    if not head:
        return ArchiveError("the file is empty")
    if is_web_page(head):
        return ArchiveError(f"{message}, but a web page", is_page=True)
    return ArchiveError(message)


def _in_place(pieces: Iterator[bytes], *, without_thread: int) -> Generator[bytes]:
    """Stand in for `read_ahead` where everything is done in one thread."""
    del without_thread
    yield from pieces


class _Unpacking:
    """One archive being taken apart, and which member is being worked on, for errors."""

    def __init__(
        self,
        reader: HashingReader,
        directory: str,
        limits: ExtractLimits,
        *,
        info_only: bool,
        threads: bool,
    ) -> None:
        self._zip_member: str | None = None
        self._parser = HeaderParser()
        self._reader = reader
        self._target = ExtractionTarget(directory, limits)
        self._limits = limits
        self._info_only = info_only
        self._read_ahead = read_ahead if threads else _in_place
        self._largest = PIECE_SIZE if threads else SMALL_PIECE_SIZE

    def member(self) -> str | None:
        """Return the name of what is being worked on, for errors."""
        name = self._target.member or self._zip_member
        return decode_name(name) if isinstance(name, bytes) else name

    def run(self, *, check_crc: bool) -> None:
        # Large archives are hashed on a thread of their own: it takes a third of the time that
        # decompression takes.
        pieces = self._read_ahead(
            self._reader.iter_pieces(READ_SIZE), without_thread=_HASHED_WITHOUT_THREAD
        )
        try:
            self._unpack_any(PieceStream(pieces), check_crc=check_crc)
        finally:
            pieces.close()
        self._target.finish()

    def _unpack_any(self, stream: PieceStream, *, check_crc: bool) -> None:
        magic = stream.peek(len(_ZIP_MAGIC))
        if magic == _ZIP_MAGIC:
            self._unpack_conda(iter_zip_stream(stream, check_crc=check_crc))
        elif magic[:3] == _BZIP2_MAGIC:
            self._unpack_tar(iter_bzip2(stream, largest=self._largest))
        else:
            raise not_a_package(stream.peek(_LOOKED_AT))
        stream.drain()

    def _unpack_conda(self, members: Iterator[StoredData]) -> None:
        parts: set[str] = set()
        for data in members:
            name = data.member.name
            part = conda_part(name)
            self._zip_member = name
            if name == "metadata.json":
                _check_metadata(data)
            if part is None:
                continue
            if part in parts:
                message = f"there are two `{part}-...tar.zst` in the archive"
                raise ArchiveError(message, member=name)
            parts.add(part)
            if self._info_only and part != "info":
                continue
            self._unpack_tar(iter_zstd(data, largest=self._largest))
        self._zip_member = None
        for part in ("info", "pkg"):
            if part not in parts:
                message = f"there is no `{part}-...tar.zst` in the archive"
                raise ArchiveError(message)

    def _unpack_tar(self, pieces: Iterator[bytes]) -> None:
        target = self._target
        ready = self._read_ahead(self._limited(pieces), without_thread=SMALL_PIECES)
        try:
            tar = TarReader(ready, self._parser)
            if self._info_only:
                for member in tar:
                    if member.name.removeprefix("./").startswith("info/"):
                        target.add(tar, member)
            else:
                while (first := tar.next_member()) is not None:
                    target.add(tar, first)
                    target.add_plain_files(tar)
        finally:
            ready.close()
        target.member = self._zip_member = None

    def _limited(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Pass pieces on until they are more than the archive may expand to."""
        limits, reader = self._limits, self._reader
        expanded = 0
        for piece in pieces:
            expanded += len(piece)
            if expanded > limits.expanded_size:
                rule = f"expands to more than {limits.expanded_size} bytes"
            elif expanded > limits.ratio_floor and expanded > limits.ratio * reader.size:
                rule = f"expands to more than {limits.ratio} times its size"
            else:
                yield piece
                continue
            message = f"the archive {rule}"
            hint = "raise the limit if you trust the package"
            raise UnsafeArchiveError(message, rule=rule, hint=hint)


def is_about_content(error: ArchiveError) -> bool:
    """Whether an error is about what is in an archive, and not about the disk."""
    return error.__dict__.get("errno") is None


def conda_part(name: str) -> str | None:
    """Say which part of a `.conda` a zip member is: "info", "pkg", or None for other members."""
    if name.endswith(".tar.zst"):
        for part in ("info", "pkg"):
            if name.startswith(f"{part}-"):
                return part
    return None


def _check_metadata(data: StoredData) -> None:
    parts = []
    size = 0
    while part := data.read(_METADATA_LIMIT):
        parts.append(part)
        size += len(part)
        if size > _METADATA_LIMIT:
            message = "`metadata.json` is larger than 64 kB"
            raise ArchiveError(message, member="metadata.json")
    text = b"".join(parts)
    if b"".join(text.split()) == _USUAL_METADATA:
        return
    import json

    try:
        version = json.loads(text)["conda_pkg_format_version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        message = "`metadata.json` does not name the version of the package format"
        raise ArchiveError(message, member="metadata.json") from None
    if version != _FORMAT_VERSION:
        message = f"the package has format version {version!r:.40}: only {_FORMAT_VERSION} is known"
        raise ArchiveError(message, member="metadata.json")


def _naming(error: ArchiveError, archive_name: str, member: str | None) -> ArchiveError:
    """Return the error with the archive and the member named in it."""
    facts = {"member": member, **error.__dict__, "path": archive_name}
    facts.pop("hint", None)
    message = f"cannot extract `{archive_name}`: {error.message}"
    return type(error)(message, hint=error.hint, **facts)


def _as_archive_error(error: OSError, archive_name: str, member: str | None) -> ArchiveError:
    """Return what the disk said as an error of ours."""
    message = f"cannot extract `{archive_name}`: {error.strerror or error}"
    if member is not None:
        message = f"{message} (member {member[:200]!a})"
    hint = None
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        hint = "free some space, or choose another directory"
    return ArchiveError(message, hint=hint, path=archive_name, member=member, errno=error.errno)
