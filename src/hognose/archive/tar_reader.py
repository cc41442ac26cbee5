"""A reader of tar streams, made for thousands of small files.

The stream arrives as pieces of bytes of any size and is read once, forwards. Headers are taken
apart by one `struct` call (`tar_header`), and a member's data is handed out as views of the pieces,
so that nothing is copied between the decompressor and the file.

One member's layout: `[GNU or pax headers about the next member]* header(512) data padding(to 512)`
and the end of the archive: `two blocks of zeros`, after which the rest is ignored. What a member
may be *called* is decided elsewhere (`safe_paths`).
"""

from __future__ import annotations

from hognose.archive.tar_header import (
    BLOCK,
    HeaderParser,
    MemberKind,
    apply_extensions,
    check_global_records,
    check_size,
    check_sum,
    parse_number,
    parse_records,
)
from hognose.errors import ArchiveError

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hognose.archive.tar_header import TarMember

# Headers about headers (long names, pax records) are held in memory.
_EXTENSION_LIMIT = 1 << 20
_EXTENSIONS = frozenset((b"x", b"g", b"L", b"K", b"X"))
_ZERO_BLOCK = bytes(BLOCK)


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
        parser = HeaderParser()
        self._parse, self._parse_plain = parser.parse, parser.parse_plain

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
                    check_global_records(parse_records(body))
                else:
                    records = parse_records(body)
                continue
            member = self._parse(header)
            if long_name is not None or long_target is not None or records:
                apply_extensions(member, flag, long_name, long_target, records)
                long_name = long_target = None
                records = {}
            if member.size < 0 or (member.size and member.kind is not MemberKind.FILE):
                check_size(member)
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
        """Return the next member if its header lies in one piece and is as nearly all are."""
        position = self._position + self._remaining + self._padding
        header = self._piece[position : position + BLOCK]
        if len(header) != BLOCK:
            return None
        member = self._parse_plain(header)
        if member is not None:
            self._position = position + BLOCK
            self._remaining = size = member.size
            self._padding = -size % BLOCK
        return member

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
