"""A reader of tar streams (ustar, pax, GNU), made for thousands of small files.

The stream arrives as pieces of bytes of any size and is read once, forwards. Headers are taken
apart by one `struct` call, and a member's data is handed out as views of the pieces, so that
nothing is copied between the decompressor and the file.

One member's layout: `[GNU or pax headers about the next member]* header(512) data padding(to 512)`
and the end of the archive: `two blocks of zeros`, after which the rest is ignored.

What a package cannot mean is refused rather than guessed at: sparse files, parts of multi-volume
archives, members whose headers contradict one another. What a member may be *called* is decided
elsewhere (`safe_paths`).
"""

from __future__ import annotations

from enum import Enum, auto
from struct import Struct
from typing import TYPE_CHECKING
from zlib import adler32

import msgspec

from hognose.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 512
# Headers about headers (long names, pax records) are held in memory.
_EXTENSION_LIMIT = 1 << 20
_ADLER_MODULUS = 65521
_REMEMBERED_NUMBERS = 1000
_NUL = b"\0"
_AFTER_NUMBER = frozenset((b"\0", b" "))

# name, mode, size, end of size, mtime, checksum, flag, first byte of the prefix
_unpack_plain_header = Struct("100s8s16x11sc12s8sc188xc166x").unpack
# name, mode, size, mtime, checksum, flag, link target, magic, prefix
_unpack_header = Struct("100s8s16x12s12s8sc100s6s82x155s12x").unpack
_ZERO_BLOCK = bytes(BLOCK)


class MemberKind(Enum):
    """What a member of a tar archive is."""

    FILE = auto()
    DIRECTORY = auto()
    SYMLINK = auto()
    HARD_LINK = auto()
    SPECIAL = auto()


class TarMember(msgspec.Struct, gc=False):
    """One member of a tar archive; it does not change once it has been handed out.

    Attributes:
        name: The name as stored; bytes that are not UTF-8 are surrogate escapes.
        kind: What it is. A device, a pipe or a socket is `SPECIAL`.
        size: The number of bytes of data; 0 for everything that is no file.
        mode: The permission bits, at most `0o7777`.
        mtime: The time of modification, whole seconds since 1970.
        link_target: Where a link points to, "" for everything else.
    """

    name: str
    kind: MemberKind
    size: int
    mode: int
    mtime: int
    link_target: str


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
_FILE = MemberKind.FILE
_LINKS = frozenset((MemberKind.SYMLINK, MemberKind.HARD_LINK))
_EXTENSIONS = frozenset((b"x", b"g", b"L", b"K", b"X"))
_REFUSED = {
    b"S": "a sparse file, which packages may not contain",
    b"M": "a part of a multi-volume archive",
    b"V": "a volume label of a multi-volume archive",
    b"D": "a GNU directory listing",
    b"N": "an old GNU long name",
}


class TarReader:
    """Iterates over the members of one tar archive; single use, not thread-safe.

    After a member has been handed out and before the next one is asked for, `iter_data` and
    `read_data` give its data. Data that was not taken is skipped.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        """Read from an iterator of pieces, all of them non-empty."""
        self._pieces = pieces
        self._piece = b""
        self._view = memoryview(b"")
        self._position = 0
        self._remaining = 0
        self._padding = 0
        # What fields of modes and times mean: an archive repeats a few over and over.
        self._numbers: dict[bytes, int] = {}

    def __iter__(self) -> Iterator[TarMember]:
        """Yield the members in order.

        Raises:
            ArchiveError: The archive is damaged, truncated, or has a member of a kind that is
                refused; the decompressor's errors pass through.
        """
        long_name = long_target = None
        records: dict[bytes, bytes] = {}
        while True:
            if long_name is None and long_target is None and not records:
                while (plain := self._next_plain_file()) is not None:
                    yield plain
            header = self._next_header()
            if header is None:
                break
            flag = header[156:157]
            if flag in _EXTENSIONS:
                body = self._read_extension(header)
                if flag == b"L":
                    long_name = body.rstrip(b"\0")
                elif flag == b"K":
                    long_target = body.rstrip(b"\0")
                elif flag == b"g":
                    _check_global_records(_parse_records(body))
                else:
                    records = _parse_records(body)
                continue
            member = self._parse_header(header)
            if long_name is not None or long_target is not None or records:
                _apply_extensions(member, flag, long_name, long_target, records)
                long_name = long_target = None
                records = {}
            if member.size < 0 or (member.size and member.kind is not MemberKind.FILE):
                _check_size(member)
            self._remaining = size = member.size
            self._padding = -size % BLOCK
            yield member
        if long_name is not None or long_target is not None or records:
            message = "the tar archive ends after a header that announces another member"
            raise ArchiveError(message)
        self._drain()

    def iter_data(self) -> Iterator[memoryview]:
        """Yield the current member's data that has not been taken yet, in views of any size.

        A view is valid until the next one is asked for.

        Raises:
            ArchiveError: The archive ends in the middle of the data.
        """
        while self._remaining:
            yield self.take()

    def take(self) -> memoryview:
        """Return the next part of the current member's data, empty at its end.

        Raises:
            ArchiveError: The archive ends in the middle of the data.
        """
        position = self._position
        if position == len(self._piece) and self._remaining:
            self._next_piece()
            position = 0
        view = self._view[position : position + self._remaining]
        size = len(view)
        self._remaining -= size
        self._position = position + size
        return view

    def read_data(self) -> bytes:
        """Return what is left of the current member's data."""
        return b"".join(self.iter_data())

    def _next_piece(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            message = "the tar archive ends in the middle of a member: it is truncated"
            raise ArchiveError(message)
        self._set_piece(piece)

    def _set_piece(self, piece: bytes, position: int = 0) -> None:
        self._piece = piece
        self._view = memoryview(piece)
        self._position = position

    def _skip(self, size: int) -> None:
        position = self._position + size
        while position > len(self._piece):
            position -= len(self._piece)
            self._next_piece()
        self._position = position

    def _next_plain_file(self) -> TarMember | None:
        """Return the next member if it is as nearly all are: a file whose header lies in one piece.

        Whatever is unusual in any way is left where it is, for `_parse_header` to understand or
        refuse; this only makes the usual three times as fast.
        """
        position = self._position + self._remaining + self._padding
        header = self._piece[position : position + BLOCK]
        if len(header) != BLOCK:
            return None
        name, mode, size, after, mtime, checksum, flag, prefix = _unpack_plain_header(header)
        if flag != b"0" or prefix != _NUL or after not in _AFTER_NUMBER or not size.isdigit():
            return None
        mode_number = self._numbers.get(mode)
        mtime_number = self._numbers.get(mtime)
        name_length = name.find(_NUL)
        if mode_number is None or mtime_number is None or name_length < 0:
            return None
        try:
            size_number = int(size, 8)
        except ValueError:
            return None
        _check_sum(header, checksum)
        self._position = position + BLOCK
        self._remaining = size_number
        self._padding = -size_number % BLOCK
        text = name[:name_length].decode("utf-8", "surrogateescape")
        return TarMember(text, _FILE, size_number, mode_number, mtime_number, "")

    def _next_header(self) -> bytes | None:
        if skipped := self._remaining + self._padding:
            self._remaining = self._padding = 0
            self._skip(skipped)
        header = self._read_block()
        if header is None:
            return None
        if header == _ZERO_BLOCK:
            following = self._read_block()
            if following is None or following == _ZERO_BLOCK:
                return None
            message = "the tar archive goes on after a block that marks its end"
            raise ArchiveError(message)
        return header

    def _read_block(self) -> bytes | None:
        position = self._position
        piece = self._piece
        end = position + BLOCK
        if end <= len(piece):
            self._position = end
            return piece[position:end]
        block = piece[position:]
        while len(block) < BLOCK:
            following = next(self._pieces, None)
            if following is None:
                self._set_piece(b"")
                if block:
                    message = "the tar archive ends in the middle of a header: it is truncated"
                    raise ArchiveError(message)
                return None
            missing = BLOCK - len(block)
            block += following[:missing]
            self._set_piece(following, min(missing, len(following)))
        return block

    def _parse_header(self, header: bytes) -> TarMember:
        name, mode, size, mtime, checksum, flag, target, magic, prefix = _unpack_header(header)
        _check_sum(header, checksum)
        text = _decode_name(name.partition(b"\0")[0])
        if prefix[0] and magic == b"ustar\0":
            text = f"{_decode_name(prefix.partition(_NUL)[0])}/{text}"
        kind = _KINDS.get(flag)
        if kind is None:
            raise _refused_kind(text, flag)
        if flag != b"0" and kind is MemberKind.FILE:
            kind = _kind_of_file(flag, text)
        # An archive has few different modes and times, and each is in every header.
        numbers = self._numbers
        mode_number = numbers.get(mode)
        if mode_number is None:
            mode_number = numbers[mode] = _parse_number(mode) & 0o7777
        mtime_number = numbers.get(mtime)
        if mtime_number is None:
            if len(numbers) > _REMEMBERED_NUMBERS:
                numbers.clear()
            mtime_number = numbers[mtime] = _parse_number(mtime)
        link_target = _decode_name(target.partition(b"\0")[0]) if kind in _LINKS else ""
        return TarMember(text, kind, _parse_number(size), mode_number, mtime_number, link_target)

    def _read_extension(self, header: bytes) -> bytes:
        _check_sum(header, header[148:156])
        size = _parse_number(header[124:136])
        if size > _EXTENSION_LIMIT:
            message = f"the tar archive has an extended header of {size} bytes"
            raise ArchiveError(message)
        self._remaining = size
        self._padding = -size % BLOCK
        return self.read_data()

    def _drain(self) -> None:
        # The end of the compressed frame holds its checksum, and the caller hashes every byte.
        for _ in self._pieces:
            pass


def _check_sum(header: bytes, field: bytes) -> None:
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


def _parse_number(field: bytes) -> int:
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


def _decode_name(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _apply_extensions(
    member: TarMember,
    flag: bytes,
    long_name: bytes | None,
    long_target: bytes | None,
    records: dict[bytes, bytes],
) -> None:
    """Replace what extension headers say about a member."""
    name = records.get(b"path", long_name)
    target = records.get(b"linkpath", long_target)
    if name is not None:
        member.name = _decode_name(name)
        if _KINDS[flag] is MemberKind.FILE:
            member.kind = _kind_of_file(flag, member.name)
    if target is not None and member.kind in _LINKS:
        member.link_target = _decode_name(target)
    if records:
        member.size = _record_number(records, b"size", member.size)
        member.mtime = _record_number(records, b"mtime", member.mtime)
        if any(key.startswith(b"GNU.sparse.") for key in records):
            raise _refused_kind(member.name, b"S")


def _kind_of_file(flag: bytes, name: str) -> MemberKind:
    """Old programs mark a directory by a slash at the end of its name only."""
    return MemberKind.DIRECTORY if flag != b"0" and name.endswith("/") else MemberKind.FILE


def _check_size(member: TarMember) -> None:
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


def _parse_records(body: bytes) -> dict[bytes, bytes]:
    """Take pax records apart: `LENGTH KEY=VALUE` and a line feed, the length counting all."""
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


def _check_global_records(records: dict[bytes, bytes]) -> None:
    for key in (b"path", b"linkpath", b"size"):
        if key in records:
            message = f"the tar archive sets `{key.decode()}` for all members at once"
            raise ArchiveError(message)


def _refused_kind(name: str, flag: bytes) -> ArchiveError:
    what = _REFUSED.get(flag, f"of an unknown kind ({flag!r})")
    return ArchiveError(f"member {_shown(name)} is {what}", member=name)


def _shown(name: str) -> str:
    return ascii(name[:200])
