"""A reader of tar streams, made for thousands of small files.

The stream arrives as pieces of bytes of any size and is read once, forwards. Headers are taken
apart by one `struct` call (`tar_header`), and a member's data is handed out as views of the pieces,
so that nothing is copied between the decompressor and the file.

One member's layout: `[GNU or pax headers about the next member]* header(512) data padding(to 512)`
and the end of the archive: `two blocks of zeros`, after which the rest is ignored. What a member
may be *called* is decided elsewhere (`safe_paths`).
"""

from __future__ import annotations

from zlib import adler32

from hognose.archive.tar_header import (
    BLOCK,
    HeaderParser,
    MemberKind,
    TarMember,
    apply_extensions,
    check_global_records,
    check_size,
    check_sum,
    decode_name,
    parse_number,
    parse_records,
    unpack_plain,
)
from hognose.errors import ArchiveError

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hognose.archive.tar_header import PlainFile

# Headers about headers (long names, pax records) are held in memory.
_EXTENSION_LIMIT = 1 << 20
_EXTENSIONS = frozenset((b"x", b"g", b"L", b"K", b"X"))
_NUL = b"\0"
_AFTER_CHECKSUM = b"\0 "
_ZERO_BLOCK = bytes(BLOCK)


class TarReader:
    """Iterates over the members of one tar archive; single use, not thread-safe.

    After a member has been handed out and before the next one is asked for, `iter_data` and
    `read_data` give its data. Data that was not taken is skipped.
    """

    def __init__(self, pieces: Iterator[bytes], parser: HeaderParser | None = None) -> None:
        """Read from an iterator of pieces, all of them non-empty.

        Args:
            pieces: What to read.
            parser: One that has seen similar archives, if there is one.
        """
        self._pieces = pieces
        self._piece = b""
        self._view = memoryview(b"")
        self._position = 0
        self._remaining = 0
        self._padding = 0
        self._parser = parser or HeaderParser()

    def __iter__(self) -> Iterator[TarMember]:
        """Yield the members in order.

        Raises:
            ArchiveError: The archive is damaged, truncated, or has a member of a kind that is
                refused; the decompressor's errors pass through.
        """
        while True:
            position = self._position + self._remaining + self._padding
            for name, size, mode, mtime, _ in self.take_plain_files():
                # As if only this one had been read, and none of its data.
                self._position = position + BLOCK
                self._remaining = size
                self._padding = -size % BLOCK
                position += BLOCK + size + self._padding
                yield TarMember(decode_name(name), MemberKind.FILE, size, mode, mtime, "")
            member = self.next_member()
            if member is None:
                return
            yield member

    def take_plain_files(self) -> list[PlainFile]:
        """Return the files that come next in the piece at hand, as long as they are as usual.

        That is to say: with a short name, and with rights, a time and an owner that another file
        had before. Whatever is unusual in any way ends the list, for `next_member` to understand or
        refuse; this only makes the usual four times as fast. If the data of the last one goes on
        in the next piece, `iter_data` and `take` give the rest.
        """
        parser = self._parser
        modes, times, plain_rest = parser.modes, parser.times, parser.plain_rest
        piece, view = self._piece, self._view
        position = self._position + self._remaining + self._padding
        last_header = len(piece) - BLOCK
        files: list[PlainFile] = []
        while position <= last_header:
            data_start = position + BLOCK
            header = piece[position:data_start]
            name, mode, size_field, mtime, checksum, rest = unpack_plain(header)
            if rest != plain_rest or not size_field.isdigit():
                break
            try:
                size = int(size_field, 8)
                stored_sum = int(checksum.rstrip(_AFTER_CHECKSUM), 8)
                actual_sum = (adler32(header) & 0xFFFF) - (adler32(checksum) & 0xFFFF) + 256
                if stored_sum != actual_sum:
                    break
                data = view[data_start : data_start + size]
                files.append((name[: name.index(_NUL)], size, modes[mode], times[mtime], data))
            except (KeyError, ValueError):
                break
            position = data_start + size + -size % BLOCK
        if files:
            _, size, _, _, data = files[-1]
            self._padding = -size % BLOCK
            self._remaining = size - len(data)
            self._position = position - self._padding - self._remaining
        return files

    def next_member(self) -> TarMember | None:
        """Return the next member, whatever it is; None at the end, which is read past.

        Raises:
            ArchiveError: As when iterating.
        """
        long_name = long_target = None
        records: dict[bytes, bytes] = {}
        while (header := self._next_header()) is not None:
            flag = header[156:157]
            if flag in _EXTENSIONS:
                body = self._read_extension(header)
                if flag == b"L":
                    long_name = body.rstrip(b"\0")
                elif flag == b"K":
                    long_target = body.rstrip(b"\0")
                elif flag == b"g":
                    check_global_records(parse_records(body))
                else:
                    records = parse_records(body)
                continue
            member = self._parser.parse(header)
            if long_name is not None or long_target is not None or records:
                apply_extensions(member, flag, long_name, long_target, records)
            if member.size < 0 or (member.size and member.kind is not MemberKind.FILE):
                check_size(member)
            self._remaining = size = member.size
            self._padding = -size % BLOCK
            return member
        if long_name is not None or long_target is not None or records:
            message = "the tar archive ends after a header that announces another member"
            raise ArchiveError(message)
        self._drain()
        return None

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

    def _read_extension(self, header: bytes) -> bytes:
        check_sum(header, header[148:156])
        size = parse_number(header[124:136])
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
