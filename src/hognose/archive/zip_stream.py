"""The members of a `.conda` in the order in which they arrive, from a stream read once.

Local headers say how long each member is. Writers that could not seek leave the size to a data
descriptor behind the data; from the first such member on the rest of the archive goes through a
temporary file, and the directory at its end says what it holds.
"""

from __future__ import annotations

from zlib import crc32

from hognose.archive.zip_directory import (
    DIRECTORY_SIGNATURE,
    END_SIGNATURE,
    LOCAL_HEADER,
    LOCAL_SIGNATURE,
    ZIP64_END_SIGNATURE,
    ZipMember,
    local_header_tail,
    parse_directory_at_end,
    parse_local_header,
    read_directory,
    read_exactly,
)
from hognose.errors import ArchiveError

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from hognose.archive.archive_digest import Readable

_SPOOL_IN_MEMORY = 1 << 23
_COPY_SIZE = 1 << 18
_DIRECTORY_LIMIT = 1 << 24
_MEMBER_LIMIT = 1000


class StoredData:
    """The data of one member: a stream that ends with the member and checks its CRC there."""

    __slots__ = ("_check_crc", "_crc", "_read", "_remaining", "member")

    def __init__(self, stream: Readable, member: ZipMember, *, check_crc: bool = True) -> None:
        """Read `member.size` bytes from where the stream is."""
        self._read = stream.read
        self._check_crc = check_crc
        self._remaining = member.size
        self._crc = 0
        self.member = member

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes of the member, none at its end.

        Raises:
            ArchiveError: The archive ends inside the member, or the member's CRC is wrong.
        """
        remaining = self._remaining
        if not remaining:
            return b""
        data = self._read(min(size, remaining))
        if not data:
            message = f"the archive ends inside zip member `{self.member.name}`: it is truncated"
            raise ArchiveError(message, member=self.member.name)
        self._remaining = remaining - len(data)
        if not self._check_crc:
            return data
        self._crc = crc32(data, self._crc)
        if not self._remaining and self._crc != self.member.crc:
            message = f"zip member `{self.member.name}` is damaged: its CRC-32 is wrong"
            raise ArchiveError(message, member=self.member.name)
        return data

    def skip(self) -> None:
        """Read to the member's end."""
        while self.read(_COPY_SIZE):
            pass


def iter_zip_stream(stream: Readable, *, check_crc: bool = True) -> Iterator[StoredData]:
    """Yield the members of a zip archive; each is valid until the next one is asked for.

    Data that the caller did not read is skipped. At the end the stream has been read completely,
    and the archive's directory has been compared with what was yielded.

    Args:
        stream: The archive, from its first byte on.
        check_crc: Whether to check CRCs, for callers that compare no better hash.

    Raises:
        ArchiveError: The archive is damaged, truncated, holds compressed members, or its
            directory and its members disagree.
    """
    seen: list[ZipMember] = []
    offset = 0
    while True:
        signature = read_exactly(stream, 4)
        if signature != LOCAL_SIGNATURE:
            break
        fixed = signature + read_exactly(stream, LOCAL_HEADER.size - 4)
        variable = read_exactly(stream, local_header_tail(fixed))
        member = parse_local_header(fixed, variable, offset)
        if member.size < 0:
            yield from _iter_spooled(stream, fixed + variable, offset, seen)
            return
        if len(seen) >= _MEMBER_LIMIT:
            message = f"the zip archive has more than {_MEMBER_LIMIT} members"
            raise ArchiveError(message)
        data = StoredData(stream, member, check_crc=check_crc)
        yield data
        data.skip()
        if not member.size and member.crc:
            message = f"zip member `{member.name}` is damaged: its CRC-32 is wrong"
            raise ArchiveError(message, member=member.name)
        seen.append(member)
        offset += len(fixed) + len(variable) + member.size
    if signature not in {DIRECTORY_SIGNATURE, END_SIGNATURE, ZIP64_END_SIGNATURE}:
        message = "the zip archive has something between its members that is no member"
        raise ArchiveError(message)
    _check_same(seen, parse_directory_at_end(signature + _read_rest(stream), offset))


def _read_rest(stream: Readable) -> bytes:
    parts = []
    size = 0
    while part := stream.read(_COPY_SIZE):
        parts.append(part)
        size += len(part)
        if size > _DIRECTORY_LIMIT:
            message = "the zip archive has a directory of more than 16 MiB"
            raise ArchiveError(message)
    return b"".join(parts)


def _check_same(seen: list[ZipMember], listed: list[ZipMember]) -> None:
    if sorted(seen, key=_by_offset) != sorted(listed, key=_by_offset):
        message = "the zip archive's directory and its members disagree"
        raise ArchiveError(message)


def _by_offset(member: ZipMember) -> int:
    return member.offset


def _iter_spooled(
    stream: Readable, read_already: bytes, offset: int, seen: list[ZipMember]
) -> Iterator[StoredData]:
    from tempfile import SpooledTemporaryFile
    from typing import cast

    with SpooledTemporaryFile(_SPOOL_IN_MEMORY) as spool:
        spool.write(read_already)
        while data := stream.read(_COPY_SIZE):
            spool.write(data)
        archive = cast("BinaryIO", spool)
        listed = sorted(read_directory(archive, base=offset), key=_by_offset)
        earlier = [member for member in listed if member.offset < offset]
        _check_same(seen, earlier)
        yield from iter_located(archive, listed[len(earlier) :], base=offset)


def iter_located(
    stream: BinaryIO, members: list[ZipMember], *, base: int = 0
) -> Iterator[StoredData]:
    """Yield the data of members that the directory lists, seeking to each.

    Raises:
        ArchiveError: A member's local header is missing, or names another member.
    """
    for member in members:
        stream.seek(member.offset - base)
        fixed = read_exactly(stream, LOCAL_HEADER.size)
        if fixed[:4] != LOCAL_SIGNATURE:
            message = f"zip member `{member.name}` is not where the directory says"
            raise ArchiveError(message, member=member.name)
        variable = read_exactly(stream, local_header_tail(fixed))
        local = parse_local_header(fixed, variable, member.offset)
        if local.name != member.name or local.size not in {-1, member.size}:
            message = "the zip archive's directory and its members disagree"
            raise ArchiveError(message, member=member.name)
        yield StoredData(stream, member)
