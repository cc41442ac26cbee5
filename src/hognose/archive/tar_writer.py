"""The bytes of tar archives, the same for the same content on every machine.

Headers are ustar, owner and group are root's number without a name, and a name or a link target
that does not fit has a pax header in front. Numbers that do not fit are in GNU's base 256.
"""

from __future__ import annotations

from struct import Struct

from hognose.archive.tar_header import BLOCK
from hognose.errors import ArchiveError

END_OF_ARCHIVE = bytes(2 * BLOCK)

FILE_FLAG = b"0"
SYMLINK_FLAG = b"2"
DIRECTORY_FLAG = b"5"
_PAX_FLAG = b"x"

_pack_header = Struct("100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x").pack
_OCTAL_LIMIT = 8**11
_NAME_LIMIT = 100
_PREFIX_LIMIT = 155


def tar_header(
    name: str, *, flag: bytes, size: int = 0, mode: int, mtime: int, link_target: str = ""
) -> bytes:
    """Return the header blocks of one member, including a pax header if one is needed.

    Args:
        name: The member's name; surrogate escapes become the bytes they stand for.
        flag: One of the `..._FLAG` constants.
        size: The number of bytes of data that will follow.
        mode: The permission bits.
        mtime: The time of modification, whole seconds since 1970.
        link_target: Where a symbolic link points to.

    Raises:
        ArchiveError: The time is negative or beyond what the format can hold.
    """
    encoded = name.encode("utf-8", "surrogateescape")
    target = link_target.encode("utf-8", "surrogateescape")
    if flag == DIRECTORY_FLAG and not encoded.endswith(b"/"):
        encoded += b"/"
    prefix, short = _split_name(encoded)
    records = b""
    if short is None:
        records += _pax_record(b"path", encoded)
        prefix, short = b"", encoded[:_NAME_LIMIT]
    if len(target) > _NAME_LIMIT:
        records += _pax_record(b"linkpath", target)
        target = target[:_NAME_LIMIT]
    if not 0 <= mtime < _OCTAL_LIMIT:
        message = f"the time {mtime} does not fit into a tar archive"
        raise ArchiveError(message, member=name)
    front = b""
    if records:
        front = _block(b"pax_header", b"", _PAX_FLAG, len(records), 0o644, mtime, b"")
        front += records + bytes(-len(records) % BLOCK)
    return front + _block(short, prefix, flag, size, mode, mtime, target)


def padding_after(size: int) -> bytes:
    """Return the zeros that follow data of a size."""
    return bytes(-size % BLOCK)


def _split_name(name: bytes) -> tuple[bytes, bytes | None]:
    if len(name) <= _NAME_LIMIT:
        return b"", name
    if len(name) <= _PREFIX_LIMIT + 1 + _NAME_LIMIT:
        # The prefix holds 155 bytes and the slash between the two is not stored.
        cut = name.rfind(b"/", 0, _PREFIX_LIMIT + 1)
        if cut > 0 and 0 < len(name) - cut - 1 <= _NAME_LIMIT:
            return name[:cut], name[cut + 1 :]
    return b"", None


def _pax_record(key: bytes, value: bytes) -> bytes:
    length = len(key) + len(value) + 3
    total = length + len(str(length))
    # Writing down the length can make it one digit longer.
    total = length + len(str(total))
    return b"%d %s=%s\n" % (total, key, value)


def _block(
    name: bytes, prefix: bytes, flag: bytes, size: int, mode: int, mtime: int, target: bytes
) -> bytes:
    base256 = b"\x80" + size.to_bytes(11, "big")
    size_field = b"%011o\0" % size if size < _OCTAL_LIMIT else base256
    block = _pack_header(
        name,
        b"%07o\0" % (mode & 0o7777),
        b"0000000\0",
        b"0000000\0",
        size_field,
        b"%011o\0" % mtime,
        b" " * 8,
        flag,
        target,
        b"ustar\0",
        b"00",
        b"",
        b"",
        b"0000000\0",
        b"0000000\0",
        prefix,
    )
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]
