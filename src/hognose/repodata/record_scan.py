"""Walks through a large repodata file in windows that end between two records.

Each window is decoded like a whole file, so what is not JSON is noticed. Who walks decides what to
keep of the records: where they lie (`record_places`), or their text (`split_repo_data`).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("UNFORESEEN", "RecordScan", "Text", "UnforeseenError", "decode_records")

# Small enough for the processor's cache: four times as much takes up to 2.5 times as long, and a
# name's records are looked for in one window.
_WINDOW = 1 << 18
_MAX_VALUE = 1 << 26
_LONGEST_RECORD = 1 << 16
_KEY = re.compile(rb'\s*"([^"\\]*)"\s*:\s*')
_END_OF_SECTION = re.compile(rb"\}\s*(?:,|\}\s*\Z)")
_SECTIONS = {b"packages": ".tar.bz2", b"packages.conda": ".conda"}
_RECORDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class UnforeseenError(Exception):
    """The file is not written in the way that this module knows."""


# What a walk raises where a file is broken, or has to be read as a whole to know.
UNFORESEEN = (UnforeseenError, msgspec.MsgspecError, ValueError, RecursionError)


class Text(Protocol):
    """The bytes of a file, read from its start to its end."""

    def read(self, start: int, length: int, /) -> tuple[bytes, bool]:
        """Return the bytes from a place on, and whether these are the last ones.

        `start` is never smaller than before. At least `length` bytes, or all that are left.
        """
        ...


class RecordScan:
    """One walk. `_buffer` is the part of the text from `_base` on, `_position` is in it.

    Args:
        text: The file.
        on_window: Takes the records of a window: the ending of their file names, themselves, and
            where the window begins and how long it is. The records must not outlive the call.
        window: How many bytes to look at together.
    """

    def __init__(
        self,
        text: Text,
        on_window: Callable[[str, dict[str, msgspec.Raw], int, int], None],
        *,
        window: int = _WINDOW,
    ) -> None:
        """Begin at the start."""
        self._text = text
        self._on_window = on_window
        self._window = window
        self._buffer = b""
        self._base = 0
        self._position = 0
        self._is_at_end = False

    def run(self) -> dict[str, Any]:
        """Walk to the end, and return everything in the file but the records.

        Raises:
            UNFORESEEN: The file is broken, or not written as index programs write it.
        """
        rest: dict[str, Any] = {}
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
                rest[key.decode()] = self._read_value()
            following = self._peek()
            if following == b",":
                self._position += 1
            elif following != b"}":
                raise UnforeseenError
        self._position += 1
        if self._peek():
            raise UnforeseenError
        return rest

    def _fill(self) -> None:
        """Drop what was read and read on: a window, or more where something is longer than one.

        What is left is read again, which is cheaper than moving it.
        """
        size = max(self._window, 2 * (len(self._buffer) - self._position))
        self._base += self._position
        self._buffer, self._is_at_end = self._text.read(self._base, size)
        self._position = 0

    def _peek(self) -> bytes:
        """Skip white space, and return the next byte; none at the end."""
        while True:
            rest = self._buffer[self._position : self._position + 64]
            stripped = rest.lstrip()
            self._position += len(rest) - len(stripped)
            if stripped:
                return stripped[:1]
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
            stop = self._last_border()
            if stop is not None:
                try:
                    self._add(suffix, stop)
                except msgspec.MsgspecError:
                    pass
                else:
                    self._position = stop
                    if self._peek() == b",":
                        self._position += 1
                    continue
            if self._end_section(suffix):
                break
            if self._is_at_end or len(self._buffer) > _MAX_VALUE:
                raise UnforeseenError
        self._expect(b"}")

    def _last_border(self) -> int | None:
        """The place of the comma before the last file name in the buffer."""
        buffer = self._buffer
        # Looking backwards is slow in CPython, and no record is this long.
        start = max(self._position, len(buffer) - _LONGEST_RECORD)
        name = max(buffer.rfind(b'.conda":', start), buffer.rfind(b'.tar.bz2":', start))
        quote = buffer.rfind(b'"', self._position, name) if name >= 0 else -1
        comma = buffer.rfind(b",", self._position, quote) if quote >= 0 else -1
        return comma if comma > self._position else None

    def _end_section(self, suffix: str) -> bool:
        """Take the rest of a section whose end is in the buffer; try each place that may be it."""
        for found in _END_OF_SECTION.finditer(self._buffer, self._position):
            stop = found.start()
            # A record has its own brace before that of the section.
            if not self._buffer[self._position : stop].rstrip().endswith(b"}"):
                continue
            try:
                self._add(suffix, stop)
            except msgspec.MsgspecError:
                continue
            self._position = stop
            return True
        return False

    def _add(self, suffix: str, stop: int) -> None:
        """Hand over the records from here to a place."""
        records = decode_records(memoryview(self._buffer)[self._position : stop])
        if records:
            start = self._base + self._position
            self._on_window(suffix, records, start, stop - self._position)


def decode_records(records: bytes | memoryview) -> dict[str, msgspec.Raw]:
    """Take apart the inside of a section.

    Raises:
        msgspec.MsgspecError: It is no JSON.
    """
    return _RECORDS.decode(b"".join((b"{", records, b"}")))
