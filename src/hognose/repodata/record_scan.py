"""Walks through a large repodata file in windows that end between two records.

Each window is decoded like a whole file, so what is not JSON is noticed. Who walks decides what to
make of the records: their text (`split_repo_data`, `record_places`), or the records themselves.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec
from msgspec import field

from hognose.types import ChannelInfo, wire

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = (
    "RAW_RECORDS",
    "UNFORESEEN",
    "RecordScan",
    "RecordSource",
    "RepoDataFacts",
    "UnforeseenError",
)

Record = TypeVar("Record")

# Small enough for the processor's cache; four times as much is slower.
_WINDOW = 1 << 18
_MAX_VALUE = 1 << 26
# Records have a few hundred bytes, rarely some ten thousand.
_MAX_RECORD = 1 << 21
_USUAL_RECORD = 1 << 13
# Between the brace of a section's last record and that of the section.
_LONGEST_SPACE = 256
_KEY = re.compile(rb'\s*"([^"\\]*)"\s*:\s*')
_END_OF_SECTION = re.compile(rb"\}\s*(?:,|\}\s*\Z)")
_SECTIONS = {b"packages": ".tar.bz2", b"packages.conda": ".conda"}
_OPENING, _CLOSING = b"{}"

RAW_RECORDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
"""Takes records apart without looking into them."""


class UnforeseenError(Exception):
    """The file is not written in the way that this module knows."""


# What a walk raises where a file is broken, or has to be read as a whole to know.
UNFORESEEN = (UnforeseenError, msgspec.MsgspecError, ValueError, RecursionError)


class RepoDataFacts(msgspec.Struct, gc=False):
    """What a repodata file says besides its records."""

    info: ChannelInfo = field(default_factory=ChannelInfo)
    removed: tuple[str, ...] = ()


class RecordSource(Protocol):
    """A file, from its start to its end."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill a part of the buffer with what comes next, and return its size; 0 at the end."""
        ...


class RecordScan(Generic[Record]):
    """One walk.

    `_buffer` is a part of the file, `_base` is where in the file that begins. The byte before
    `_position`, which is in the buffer, is there and was read.

    Args:
        source: The file.
        on_window: Takes the records of a window: the ending of their file names, themselves, and
            where the window begins and how long it is. What points into the file's text must not
            outlive the call.
        decoder: Makes records out of a JSON object of them.
        window: How many bytes to look at together.

    """

    def __init__(
        self,
        source: RecordSource,
        on_window: Callable[[str, dict[str, Record], int, int], None],
        decoder: msgspec.json.Decoder[dict[str, Record]],
        *,
        window: int = _WINDOW,
    ) -> None:
        """Begin at the start."""
        # Everything but the records, as far as the walk has come.
        self._rest: dict[str, Any] = {}
        self._source = source
        self._on_window = on_window
        self._decoder = decoder
        self._window = window
        self._buffer = bytearray(1)
        self._base = -1
        self._position = 1
        self._is_at_end = False

    def run(self) -> RepoDataFacts:
        """Walk to the end, and return what the file says besides its records.

        Raises:
            UNFORESEEN: The file is broken, or not written as index programs write it.
        """
        seen: set[bytes] = set()
        self._fill()
        self._expect(b"{")
        while self._peek() != b"}":
            key = self._read_key()
            if key == b"v3" or key in seen:
                raise UnforeseenError
            seen.add(key)
            if key in _SECTIONS:
                self._read_section(_SECTIONS[key])
            else:
                self._rest[key.decode()] = self._read_value()
            following = self._peek()
            if following == b",":
                self._position += 1
            elif following != b"}":
                raise UnforeseenError
        self._position += 1
        if self._peek():
            raise UnforeseenError
        return wire.convert(self._rest, RepoDataFacts)

    def info(self) -> ChannelInfo:
        """Return what the file says of itself, where that comes before its records.

        Raises:
            UnforeseenError: It does not come before them, or not at all.
        """
        if "info" not in self._rest:
            raise UnforeseenError
        return wire.convert(self._rest["info"], ChannelInfo)

    def _fill(self) -> None:
        """Drop what was read and read on: a window, or more where something is longer than one."""
        kept = self._buffer[self._position - 1 :]
        size = max(self._window, 2 * len(kept))
        if len(self._buffer) != size:
            self._buffer = bytearray(size)
        self._buffer[: len(kept)] = kept
        self._base += self._position - 1
        self._position = 1
        end = len(kept)
        with memoryview(self._buffer) as view:
            while end < size and not self._is_at_end:
                got = self._source.readinto(view[end:])
                end += got or 0
                self._is_at_end = not got
        del self._buffer[end:]

    def _peek(self) -> bytes:
        """Skip white space, and return the next byte; none at the end."""
        while True:
            rest = self._buffer[self._position : self._position + 64]
            stripped = rest.lstrip()
            self._position += len(rest) - len(stripped)
            if stripped:
                return bytes(stripped[:1])
            if not rest:
                if self._is_at_end:
                    return b""
                self._fill()

    def _expect(self, byte: bytes) -> None:
        if self._peek() != byte:
            raise UnforeseenError
        self._position += 1

    def _read_key(self) -> bytes:
        self._peek()
        found = _KEY.match(self._buffer, self._position)
        if found is None or found.end() > len(self._buffer) - 16:
            self._fill()
            found = _KEY.match(self._buffer, self._position)
        if found is None:
            raise UnforeseenError
        self._position = found.end()
        return found[1]

    def _read_value(self) -> Any:
        """Decode a value of any kind, adding windows until it is whole."""
        decoder = json.JSONDecoder()
        while True:
            text = self._buffer[self._position :].decode("utf-8", "ignore")
            try:
                value, end = decoder.raw_decode(text)
            except json.JSONDecodeError:
                end = len(text)
            # A number at the very end may go on in the next window.
            if end < len(text):
                self._position += len(text[:end].encode())
                return value
            if self._is_at_end or len(text) > _MAX_VALUE:
                raise UnforeseenError
            self._fill()

    def _read_section(self, suffix: str) -> None:
        self._expect(b"{")
        while self._peek() != b"}":
            if not self._is_at_end:
                self._fill()
            stop = self._last_border(suffix)
            if stop is not None and self._add(suffix, stop):
                self._position = stop
                if self._peek() == b",":
                    self._position += 1
                continue
            if self._end_section(suffix):
                break
            if self._is_at_end or len(self._buffer) > _MAX_RECORD:
                raise UnforeseenError
        self._expect(b"}")

    def _last_border(self, suffix: str) -> int | None:
        """The place of the comma before the last file name in the buffer."""
        buffer = self._buffer
        ending = b'%b":' % suffix.encode()
        # Looking backwards is slow in CPython.
        name = buffer.rfind(ending, max(self._position, len(buffer) - _USUAL_RECORD))
        if name < 0:
            name = buffer.rfind(ending, self._position)
        quote = buffer.rfind(b'"', self._position, name) if name >= 0 else -1
        comma = buffer.rfind(b",", self._position, quote) if quote >= 0 else -1
        return comma if comma > self._position else None

    def _end_section(self, suffix: str) -> bool:
        """Take the rest of a section whose end is in the buffer; try each place that may be it."""
        for found in _END_OF_SECTION.finditer(self._buffer, self._position):
            stop = found.start()
            # A record has its own brace before that of the section.
            behind = max(self._position, stop - _LONGEST_SPACE)
            if not self._buffer[behind:stop].rstrip().endswith(b"}"):
                continue
            if self._add(suffix, stop):
                self._position = stop
                return True
        return False

    def _add(self, suffix: str, stop: int) -> bool:
        """Hand over the records from here to a place; tell whether that is where one ends.

        Raises:
            msgspec.ValidationError: The decoder wants records of another shape.
        """
        buffer, start = self._buffer, self._position
        behind = buffer[stop]
        # An object without a copy: the byte before was read, the one behind comes back.
        buffer[start - 1], buffer[stop] = _OPENING, _CLOSING
        try:
            records = self._decoder.decode(memoryview(buffer)[start - 1 : stop + 1])
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            return False
        finally:
            buffer[stop] = behind
        if records:
            self._on_window(suffix, records, self._base + start, stop - start)
        return True
