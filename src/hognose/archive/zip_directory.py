"""The outer archive of a `.conda`: what a zip file's headers and its directory say.

Only what CEP 35 allows is understood: stored members, no encryption, one disk. Zip64 is, because
packages may be larger than 4 GiB.

A zip file is `(local header, data[, data descriptor])* directory[, zip64 end] end`. The local
headers serve reading as a stream, the directory serves random access. An archive in which the two
disagree shows different content to different programs, so readers compare them.
"""

from __future__ import annotations

import os
from struct import Struct

from hognose.errors import ArchiveError

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from typing import BinaryIO

    from hognose.archive.archive_digest import Readable

LOCAL_SIGNATURE = b"PK\x03\x04"
DIRECTORY_SIGNATURE = b"PK\x01\x02"
END_SIGNATURE = b"PK\x05\x06"
ZIP64_END_SIGNATURE = b"PK\x06\x06"

LOCAL_HEADER = Struct("<4s5H3L2H")
_LENGTHS = Struct("<26x2H")
_DIRECTORY_ENTRY = Struct("<4s6H3L5H2L")
_END = Struct("<4s4H2LH")
_ZIP64_END = Struct("<4sQ2H2L4Q")
_ZIP64_LOCATOR = Struct("<4sLQL")

_DESCRIPTOR_FLAG = 0x08
_ENCRYPTED_FLAGS = 0x2041
_UTF8_FLAG = 0x800
_IN_ZIP64 = 0xFFFFFFFF
_COMMENT_LIMIT = 0xFFFF
_DIRECTORY_LIMIT = 1 << 24


class ZipMember:
    """One member of a zip file; no Struct for the reason that `TarMember` is none.

    Attributes:
        name: The member's name.
        offset: Where its local header starts, in bytes from the start of the archive.
        size: The size of its data, which is stored as it is; -1 where a local header leaves it to
            a data descriptor after the data.
        crc: The CRC-32 of the data.
    """

    __slots__ = ("crc", "name", "offset", "size")

    def __init__(self, name: str, offset: int, size: int, crc: int) -> None:
        """Keep what a header says."""
        self.name = name
        self.offset = offset
        self.size = size
        self.crc = crc

    def __eq__(self, other: object) -> bool:
        """Whether both headers say the same."""
        return isinstance(other, ZipMember) and self._facts() == other._facts()

    def __hash__(self) -> int:
        """Hash what is compared."""
        return hash(self._facts())

    def _facts(self) -> tuple[str, int, int, int]:
        return self.name, self.offset, self.size, self.crc


def parse_local_header(fixed: bytes, name_and_extra: bytes, offset: int) -> ZipMember:
    """Take a local header apart: its 30 fixed bytes, and the name and extra field after them.

    Raises:
        ArchiveError: The member is compressed, encrypted, or its header is damaged.
    """
    _, _, flags, method, _, _, crc, packed, size, name_length, _ = LOCAL_HEADER.unpack(fixed)
    name = _decode_name(name_and_extra[:name_length], flags)
    _check_stored(name, flags, method)
    if flags & _DESCRIPTOR_FLAG:
        return ZipMember(name, offset, -1, crc)
    extra = name_and_extra[name_length:]
    size, packed, _ = _zip64_values(extra, [size, packed, 0], name)
    if size != packed:
        message = f"zip member `{name}` has two sizes, {size} and {packed}"
        raise ArchiveError(message, member=name)
    return ZipMember(name, offset, size, crc)


def local_header_tail(fixed: bytes) -> int:
    """How many bytes of name and extra field follow a local header's fixed part."""
    name_length, extra_length = _LENGTHS.unpack(fixed)
    return int(name_length + extra_length)


def read_directory(stream: BinaryIO, *, base: int = 0) -> list[ZipMember]:
    """Read the directory of a zip file that can be sought in; at most three short reads.

    Args:
        stream: The archive, or its end.
        base: The offset in the archive of the stream's first byte.

    Raises:
        ArchiveError: There is no directory, or it is damaged.
    """
    length = stream.seek(0, os.SEEK_END)
    tail_length = min(length, _END.size + _COMMENT_LIMIT)
    # The directory of a package is about 300 bytes: one read of the last kilobytes has it all.
    for guess in (min(length, 4096), tail_length):
        stream.seek(length - guess)
        tail = read_exactly(stream, guess)
        found = tail.rfind(END_SIGNATURE)
        if found >= 0 and len(tail) - found >= _END.size:
            break
    else:
        message = "the zip archive has no directory: it is truncated, or no zip archive"
        raise ArchiveError(message)
    tail_offset = base + length - len(tail)
    return _parse_tail(stream, tail, tail_offset, found, base)


def parse_directory_at_end(rest: bytes, offset: int) -> list[ZipMember]:
    """Parse the directory out of the bytes that follow the last member.

    Args:
        rest: Everything from the directory's first entry to the end of the archive.
        offset: The offset of `rest` in the archive.

    Raises:
        ArchiveError: The directory is damaged, or does not start at `offset`.
    """
    found = rest.rfind(END_SIGNATURE)
    if found < 0 or len(rest) - found < _END.size:
        message = "the zip archive has no end record: it is truncated"
        raise ArchiveError(message)
    start, size, count = _end_values(rest, found, offset)
    if start != offset or size > found:
        message = "the zip archive's directory is not where its end record says"
        raise ArchiveError(message)
    return _parse_entries(rest[:size], count)


def _parse_tail(
    stream: BinaryIO, tail: bytes, tail_offset: int, found: int, base: int
) -> list[ZipMember]:
    start, size, count = _end_values(tail, found, tail_offset)
    if size > _DIRECTORY_LIMIT or start < base or start + size > tail_offset + found:
        message = "the zip archive's directory is not where its end record says"
        raise ArchiveError(message)
    if start >= tail_offset:
        entries = tail[start - tail_offset : start - tail_offset + size]
    else:
        stream.seek(start - base)
        entries = read_exactly(stream, size)
    return _parse_entries(entries, count)


def _end_values(tail: bytes, found: int, tail_offset: int) -> tuple[int, int, int]:
    _, disk, first_disk, _, count, size, start, _ = _END.unpack_from(tail, found)
    locator = found - _ZIP64_LOCATOR.size
    if locator >= 0 and tail[locator : locator + 4] == b"PK\x06\x07":
        end64 = _ZIP64_LOCATOR.unpack_from(tail, locator)[2] - tail_offset
        if end64 < 0 or tail[end64 : end64 + 4] != ZIP64_END_SIGNATURE or end64 >= locator:
            message = "the zip archive's zip64 end record is not where its locator says"
            raise ArchiveError(message)
        if end64 + _ZIP64_END.size > len(tail):
            message = "the zip archive's zip64 end record is damaged"
            raise ArchiveError(message)
        _, _, _, _, disk, first_disk, _, count, size, start = _ZIP64_END.unpack_from(tail, end64)
    if disk or first_disk:
        message = "the zip archive is one part of several"
        raise ArchiveError(message)
    return start, size, count


def _parse_entries(data: bytes, count: int) -> list[ZipMember]:
    members = []
    position = 0
    while position < len(data):
        if (
            position + _DIRECTORY_ENTRY.size > len(data)
            or data[position : position + 4] != DIRECTORY_SIGNATURE
        ):
            message = "the zip archive's directory is damaged"
            raise ArchiveError(message)
        (_, _, _, flags, method, _, _, crc, packed, size) = (
            fields := _DIRECTORY_ENTRY.unpack_from(data, position)
        )[:10]
        name_length, extra_length, comment_length = fields[10:13]
        offset = fields[-1]
        position += _DIRECTORY_ENTRY.size
        name = _decode_name(data[position : position + name_length], flags)
        extra = data[position + name_length : position + name_length + extra_length]
        position += name_length + extra_length + comment_length
        _check_stored(name, flags, method)
        size, packed, offset = _zip64_values(extra, [size, packed, offset], name)
        if size != packed:
            message = f"zip member `{name}` has two sizes, {size} and {packed}"
            raise ArchiveError(message, member=name)
        members.append(ZipMember(name, offset, size, crc))
    if position != len(data) or len(members) != count:
        message = "the zip archive's directory is damaged"
        raise ArchiveError(message)
    return members


def _zip64_values(extra: bytes, values: list[int], name: str) -> list[int]:
    if _IN_ZIP64 not in values:
        return values
    position = 0
    while position + 4 <= len(extra):
        tag = int.from_bytes(extra[position : position + 2], "little")
        length = int.from_bytes(extra[position + 2 : position + 4], "little")
        body = extra[position + 4 : position + 4 + length]
        position += 4 + length
        if tag != 1:
            continue
        taken = 0
        for index, value in enumerate(values):
            if value == _IN_ZIP64 and taken + 8 <= len(body):
                values[index] = int.from_bytes(body[taken : taken + 8], "little")
                taken += 8
        return values
    message = f"zip member `{name}` has no zip64 sizes"
    raise ArchiveError(message, member=name)


def _decode_name(name: bytes, flags: int) -> str:
    if name.isascii():
        # As nearly always: what both encodings have in common, without Python's own cp437.
        return name.decode("ascii")
    try:
        return name.decode("utf-8" if flags & _UTF8_FLAG else "cp437")
    except UnicodeDecodeError:
        message = f"a zip member has a name that is not UTF-8: {name[:100]!r}"
        raise ArchiveError(message) from None


def _check_stored(name: str, flags: int, method: int) -> None:
    if flags & _ENCRYPTED_FLAGS:
        message = f"zip member `{name}` is encrypted"
        raise ArchiveError(message, member=name)
    if method:
        message = f"zip member `{name}` is compressed, which CEP 35 forbids"
        raise ArchiveError(message, member=name)


def read_exactly(stream: Readable, size: int) -> bytes:
    """Read `size` bytes, however short the stream's single reads are.

    Raises:
        ArchiveError: The stream ends before.
    """
    part = stream.read(size)
    if len(part) == size:
        return part
    parts = []
    while part:
        parts.append(part)
        size -= len(part)
        if not size:
            return b"".join(parts)
        part = stream.read(size)
    message = "the zip archive ends too early: it is truncated"
    raise ArchiveError(message)
