"""Finds where the records of a large repodata file lie, without holding the file in memory.

The file is read in windows that end between two records. Each window is decoded like a whole file,
so what is not JSON is noticed; of its records only the places are kept. Of a file of 183 MB with
300,000 records that leaves 40 MB.
"""

from __future__ import annotations

import json
import os
import re
from array import array
from itertools import accumulate
from operator import add
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("RecordPlaces", "locate_records")

# Small enough for the processor's cache: four times as much takes 1.7 times as long.
_WINDOW = 1 << 20
_MAX_VALUE = 1 << 26
_LONGEST_RECORD = 1 << 16
_KEY = re.compile(rb'\s*"([^"\\]*)"\s*:\s*')
_COLON = re.compile(rb"\s*:\s*")
_COMMA = re.compile(rb"\s*,\s*")
_END_OF_SECTION = re.compile(rb"\}\s*(?:,|\}\s*\Z)")
_SECTIONS = {b"packages": ".tar.bz2", b"packages.conda": ".conda"}
_RECORDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class RecordPlaces:
    """The records of one section: their file names, and where each begins and how long it is."""

    __slots__ = ("_file", "file_names", "lengths", "starts")

    def __init__(self, file: _File) -> None:
        """Begin with none."""
        self._file = file
        self.file_names: list[str] = []
        self.starts = array("Q")
        self.lengths = array("Q")

    def read(self, indices: Sequence[int]) -> list[bytes]:
        """Return the texts of some records, with one read where they are neighbours.

        Raises:
            OSError: The file cannot be read.
        """
        if not indices:
            return []
        starts, lengths = self.starts, self.lengths
        first = min(starts[index] for index in indices)
        last = max(starts[index] + lengths[index] for index in indices)
        if last - first > 2 * sum(lengths[index] for index in indices) + _WINDOW:
            return [self._file.read(starts[index], lengths[index]) for index in indices]
        data = self._file.read(first, last - first)
        return [
            data[starts[index] - first : starts[index] - first + lengths[index]]
            for index in indices
        ]


def locate_records(
    path: str, *, window: int = _WINDOW
) -> tuple[dict[str, Any], dict[str, RecordPlaces]] | None:
    """Find the records of a plain repodata file.

    Args:
        path: The file.
        window: How many bytes to look at together.

    Returns:
        Everything in the file but the records, and the places of the records for `.tar.bz2` and
        `.conda`. None where the file is not written as index programs write it, or is broken: then
        it has to be read as a whole.

    Raises:
        OSError: The file cannot be read.
    """
    if not hasattr(os, "pread"):
        return None
    file = _File(path)
    try:
        return _Scan(file, window).run()
    except (_UnforeseenError, msgspec.MsgspecError, ValueError, RecursionError):
        return None


class _UnforeseenError(Exception):
    """The file is not written in the way that this module knows."""


class _File:
    """A file that is open for reading at any place, from any thread; closed when nobody has it."""

    __slots__ = ("_descriptor",)

    def __init__(self, path: str) -> None:
        self._descriptor = -1
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))

    def read(self, start: int, length: int) -> bytes:
        return os.pread(self._descriptor, length, start)

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


class _Scan:
    """One walk through a file. `_buffer` is the part from `_base` on, `_position` is in it."""

    def __init__(self, file: _File, window: int) -> None:
        self._file = file
        self._window = window
        self._buffer = b""
        self._base = 0
        self._position = 0
        self._is_at_end = False

    def run(self) -> tuple[dict[str, Any], dict[str, RecordPlaces]]:
        sections = {name: RecordPlaces(self._file) for name in _SECTIONS.values()}
        rest: dict[str, Any] = {}
        seen: set[bytes] = set()
        self._fill()
        self._expect(b"{")
        while self._peek() != b"}":
            key = self._read_key()
            if key == b"v3" or key in seen:
                raise _UnforeseenError
            seen.add(key)
            if key in _SECTIONS:
                self._read_section(sections[_SECTIONS[key]])
            else:
                rest[key.decode()] = self._read_value()
            if self._peek() == b",":
                self._position += 1
        self._position += 1
        if self._peek():
            raise _UnforeseenError
        return rest, sections

    def _fill(self) -> None:
        """Drop what was read and add a window."""
        added = self._file.read(self._base + len(self._buffer), self._window)
        self._buffer = self._buffer[self._position :] + added
        self._base += self._position
        self._position = 0
        self._is_at_end = not added

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
            raise _UnforeseenError
        self._position += 1

    def _read_key(self) -> bytes:
        self._peek()
        found = _KEY.match(self._buffer, self._position)
        if found is None or found.end() > len(self._buffer) - 16:
            self._fill()
            found = _KEY.match(self._buffer, self._position)
        if found is None:
            raise _UnforeseenError
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
                raise _UnforeseenError
            self._fill()

    def _read_section(self, places: RecordPlaces) -> None:
        self._expect(b"{")
        while self._peek() != b"}":
            if not self._is_at_end:
                self._fill()
            stop = self._last_border()
            if stop is not None:
                try:
                    self._add(places, stop)
                except msgspec.MsgspecError:
                    pass
                else:
                    self._position = stop
                    if self._peek() == b",":
                        self._position += 1
                    continue
            if self._end_section(places):
                break
            if self._is_at_end or len(self._buffer) > _MAX_VALUE:
                raise _UnforeseenError
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

    def _end_section(self, places: RecordPlaces) -> bool:
        """Take the rest of a section whose end is in the buffer; try each place that may be it."""
        for found in _END_OF_SECTION.finditer(self._buffer, self._position):
            stop = found.start()
            # A record has its own brace before that of the section.
            if not self._buffer[self._position : stop].rstrip().endswith(b"}"):
                continue
            try:
                self._add(places, stop)
            except msgspec.MsgspecError:
                continue
            self._position = stop
            return True
        return False

    def _add(self, places: RecordPlaces, stop: int) -> None:
        """Add the records from here to a place; they are all written in the same way."""
        text = self._buffer[self._position : stop].rstrip()
        records = _RECORDS.decode(b"{" + text + b"}")
        if not records:
            return
        names = list(records)
        sizes = list(map(len, records.values()))
        colon = _COLON.match(text, len(names[0]) + 2)
        if colon is None:
            raise _UnforeseenError
        comma = _COMMA.match(text, colon.end() + sizes[0])
        gap = 2 + colon.end() - colon.start() + (comma.end() - comma.start() if comma else 0)
        # From the start of a record to that of the next one.
        steps = [size + gap for size in map(add, sizes, map(len, names[1:]))]
        starts = list(accumulate(steps, initial=self._base + self._position + colon.end()))
        if starts[-1] + sizes[-1] != self._base + self._position + len(text):
            raise _UnforeseenError
        places.file_names += names
        places.starts.extend(starts)
        places.lengths.extend(sizes)
