"""What the headers of tar archives say (ustar, pax, GNU). Pure: bytes to members.

One header is a block: `name(100) mode(8) uid(8) gid(8) size(12) mtime(12) checksum(8) flag(1)
link target(100) magic(6) ... prefix(155)`, numbers as octal text or, where they are too large for
that, in base 256. Headers about the next member (long names, pax records) come before it.

What a package cannot mean is refused rather than guessed at: sparse files, parts of multi-volume
archives, members whose headers contradict one another.
"""

from __future__ import annotations

from struct import Struct
from zlib import adler32

from hognose.errors import ArchiveError

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from typing import ClassVar, TypeAlias

    # The name as stored, the size, the permission bits and the time, as in `TarMember`.
    PlainFile: TypeAlias = tuple[bytes, int, int, int, memoryview]

BLOCK = 512
_ADLER_MODULUS = 65521
_END_OF_SIZE = 135
_END_OF_MTIME = 148
_END_OF_CHECKSUM = 156
_REMEMBERED_NUMBERS = 1000
_NUL = b"\0"
_AFTER_NUMBER = frozenset(b"\0 ")

# name, mode, size, end of the size and mtime, checksum, all the rest
unpack_plain = Struct("100s8s16x11s13s8s356s").unpack
# name, mode, size, mtime, checksum, flag, link target, magic, prefix
_unpack_header = Struct("100s8s16x12s12s8sc100s6s82x155s12x").unpack


class MemberKind:
    """What a member of a tar archive is: one of the five below.

    No Enum, whose import takes a quarter of the time that a process which extracts needs to start.

    Attributes:
        name: What the attribute that holds it is called.
    """

    __slots__ = ("name",)

    FILE: ClassVar[MemberKind]
    DIRECTORY: ClassVar[MemberKind]
    SYMLINK: ClassVar[MemberKind]
    HARD_LINK: ClassVar[MemberKind]
    SPECIAL: ClassVar[MemberKind]

    def __init__(self, name: str) -> None:
        """Make one of the five."""
        self.name = name

    def __repr__(self) -> str:
        return f"MemberKind.{self.name}"

    def __reduce__(self) -> tuple[object, ...]:
        # A copy is the same one: kinds are compared by `is`.
        return getattr, (MemberKind, self.name)


for _name in ("FILE", "DIRECTORY", "SYMLINK", "HARD_LINK", "SPECIAL"):
    setattr(MemberKind, _name, MemberKind(_name))


class TarMember:
    """One member of a tar archive; it does not change once it has been handed out.

    No Struct, because the processes that extract packages do without msgspec, whose import takes
    as long as extracting a package does.

    Attributes:
        name: The name as stored; bytes that are not UTF-8 are surrogate escapes.
        kind: What it is. A device, a pipe or a socket is `SPECIAL`.
        size: The number of bytes of data; 0 for everything that is no file.
        mode: The permission bits, at most `0o7777`.
        mtime: The time of modification, whole seconds since 1970.
        link_target: Where a link points to, "" for everything else.
    """

    __slots__ = ("kind", "link_target", "mode", "mtime", "name", "size")

    def __init__(
        self, name: str, kind: MemberKind, size: int, mode: int, mtime: int, link_target: str
    ) -> None:
        """Keep what the header says."""
        self.name = name
        self.kind = kind
        self.size = size
        self.mode = mode
        self.mtime = mtime
        self.link_target = link_target


_KINDS = {
    b"0": MemberKind.FILE,
    b"\0": MemberKind.FILE,
    b"7": MemberKind.FILE,
    b"1": MemberKind.HARD_LINK,
    b"2": MemberKind.SYMLINK,
    b"3": MemberKind.SPECIAL,
    b"4": MemberKind.SPECIAL,
    b"5": MemberKind.DIRECTORY,
    b"6": MemberKind.SPECIAL,
}
_LINKS = frozenset((MemberKind.SYMLINK, MemberKind.HARD_LINK))
_REFUSED = {
    b"S": "a sparse file, which packages may not contain",
    b"M": "a part of a multi-volume archive",
    b"V": "a volume label of a multi-volume archive",
    b"D": "a GNU directory listing",
    b"N": "an old GNU long name",
}


class HeaderParser:
    """Understands the headers of a package's archives, and remembers what they repeat.

    What it remembers is of ordinary files, for `TarReader.take_plain_files`.

    Attributes:
        modes: What fields of modes mean.
        times: What fields of times mean, each with the byte before it, which ends the size.
        plain_rest: What follows the checksum in the header of the last ordinary file.
    """

    __slots__ = ("modes", "plain_rest", "times")

    def __init__(self) -> None:
        """Know nothing yet."""
        self.modes: dict[bytes, int] = {}
        self.times: dict[bytes, int] = {}
        self.plain_rest = b""

    def parse(self, header: bytes) -> TarMember:
        """Return the member that a header describes; its size is not checked yet.

        Raises:
            ArchiveError: The header is damaged, or of a kind that is refused.
        """
        name, mode, size, mtime, checksum, flag, target, magic, prefix = _unpack_header(header)
        check_sum(header, checksum)
        text = decode_name(name.partition(b"\0")[0])
        if prefix[0] and magic == b"ustar\0":
            text = f"{decode_name(prefix.partition(_NUL)[0])}/{text}"
        kind = _KINDS.get(flag)
        if kind is None:
            raise _refused_kind(text, flag)
        if flag != b"0" and kind is MemberKind.FILE:
            kind = _kind_of_file(flag, text)
        ended_mtime = header[_END_OF_SIZE:_END_OF_MTIME]
        mode_number = self.modes.get(mode)
        if mode_number is None:
            mode_number = parse_number(mode) & 0o7777
        mtime_number = self.times.get(ended_mtime)
        if mtime_number is None:
            mtime_number = parse_number(mtime)
        if flag == b"0" and not prefix[0] and ended_mtime[0] in _AFTER_NUMBER:
            self._remember(self.modes, mode, mode_number)
            self._remember(self.times, ended_mtime, mtime_number)
            self.plain_rest = header[_END_OF_CHECKSUM:]
        link_target = decode_name(target.partition(b"\0")[0]) if kind in _LINKS else ""
        return TarMember(text, kind, parse_number(size), mode_number, mtime_number, link_target)

    def _remember(self, numbers: dict[bytes, int], field: bytes, number: int) -> None:
        if len(numbers) > _REMEMBERED_NUMBERS:
            numbers.clear()
        numbers[field] = number


def check_sum(header: bytes, field: bytes) -> None:
    """Compare a header with the checksum in it.

    Raises:
        ArchiveError: They differ.
    """
    # adler32's low half is the sum of the bytes plus 1, modulo 65521: ten times faster than sum().
    try:
        stored = int(field.rstrip(b"\0 "), 8)
    except ValueError:
        stored = -1
    actual = (adler32(header) & 0xFFFF) - (adler32(field) & 0xFFFF) + 256
    if (stored - actual) % _ADLER_MODULUS and stored != _signed_sum(header):
        message = "the tar archive has a header whose checksum is wrong"
        raise ArchiveError(message)


def _signed_sum(header: bytes) -> int:
    """The checksum as some old programs computed it, over signed characters."""
    summed = header[:148] + b" " * 8 + header[156:]
    return sum(byte - 256 if byte > 127 else byte for byte in summed)


def parse_number(field: bytes) -> int:
    """Return what a number's field says.

    Raises:
        ArchiveError: It is no number.
    """
    if field[0] & 0x80:
        number = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
        if field[0] & 0x40:
            number -= 1 << (8 * len(field) - 2) << 1
        return number
    text = field.rstrip(b"\0 ").lstrip(b" ")
    if not text:
        return 0
    if not text.isdigit():
        # Octal digits up to the first NUL, as programs of all ages have read it.
        text = text.split(b"\0", 1)[0].rstrip(b" ")
    if not text.isdigit():
        message = f"the tar archive has a header with {field!r} for a number"
        raise ArchiveError(message)
    try:
        return int(text, 8)
    except ValueError:
        message = f"the tar archive has a header with {field!r} for a number"
        raise ArchiveError(message) from None


def decode_name(name: bytes) -> str:
    """Return a name as text; bytes that are not UTF-8 become surrogate escapes."""
    return name.decode("utf-8", "surrogateescape")


def encode_name(name: str) -> bytes:
    """Return a name as archives have it."""
    return name.encode("utf-8", "surrogateescape")


def apply_extensions(
    member: TarMember,
    flag: bytes,
    long_name: bytes | None,
    long_target: bytes | None,
    records: dict[bytes, bytes],
) -> None:
    """Replace what extension headers say about a member.

    Raises:
        ArchiveError: It is a sparse file, or a number is none.
    """
    name = records.get(b"path", long_name)
    target = records.get(b"linkpath", long_target)
    if name is not None:
        member.name = decode_name(name)
        if _KINDS[flag] is MemberKind.FILE:
            member.kind = _kind_of_file(flag, member.name)
    if target is not None and member.kind in _LINKS:
        member.link_target = decode_name(target)
    if records:
        member.size = _record_number(records, b"size", member.size)
        member.mtime = _record_number(records, b"mtime", member.mtime)
        if any(key.startswith(b"GNU.sparse.") for key in records):
            raise _refused_kind(member.name, b"S")


def _kind_of_file(flag: bytes, name: str) -> MemberKind:
    """Old programs mark a directory by a slash at the end of its name only."""
    return MemberKind.DIRECTORY if flag != b"0" and name.endswith("/") else MemberKind.FILE


def check_size(member: TarMember) -> None:
    """Judge a size that is negative, or that something other than a file has.

    Raises:
        ArchiveError: It cannot mean anything.
    """
    if member.size < 0:
        message = f"member {_shown(member.name)} has a negative size"
        raise ArchiveError(message, member=member.name)
    if member.kind is MemberKind.FILE or not member.size:
        return
    # A directory's size is a hint without data in old archives; anything else is ambiguous.
    if member.kind is not MemberKind.DIRECTORY:
        message = f"member {_shown(member.name)} is no file and has {member.size} bytes of data"
        raise ArchiveError(message, member=member.name)
    member.size = 0


def parse_records(body: bytes) -> dict[bytes, bytes]:
    """Take pax records apart: `LENGTH KEY=VALUE` and a line feed, the length counting all.

    Raises:
        ArchiveError: They are damaged.
    """
    records = {}
    position = 0
    body = body.rstrip(b"\0")
    while position < len(body):
        digits, space, _ = body[position : position + 20].partition(b" ")
        end = position + int(digits) if digits.isdigit() else 0
        if not space or end <= position + len(digits) or body[end - 1 : end] != b"\n":
            message = "the tar archive has a damaged pax header"
            raise ArchiveError(message)
        key, equals, value = body[position + len(digits) + 1 : end - 1].partition(b"=")
        if not equals:
            message = "the tar archive has a damaged pax header"
            raise ArchiveError(message)
        records[key] = value
        position = end
    return records


def _record_number(records: dict[bytes, bytes], key: bytes, default: int) -> int:
    value = records.get(key)
    if not value:
        return default
    whole, _, fraction = value.partition(b".")
    negative = whole.startswith(b"-")
    if whole[negative:].isdigit() and (not fraction or (key == b"mtime" and fraction.isdigit())):
        number = int(whole)
        return number - 1 if negative and fraction.strip(b"0") else number
    message = f"the tar archive has a pax header with {value[:40]!r} for `{key.decode()}`"
    raise ArchiveError(message)


def check_global_records(records: dict[bytes, bytes]) -> None:
    """Judge pax records for all members: of those that matter here none makes sense.

    Raises:
        ArchiveError: There is one that does not.
    """
    for key in (b"path", b"linkpath", b"size"):
        if key in records:
            message = f"the tar archive sets `{key.decode()}` for all members at once"
            raise ArchiveError(message)


def _refused_kind(name: str, flag: bytes) -> ArchiveError:
    what = _REFUSED.get(flag, f"of an unknown kind ({flag!r})")
    return ArchiveError(f"member {_shown(name)} is {what}", member=name)


def _shown(name: str) -> str:
    return ascii(name[:200])
