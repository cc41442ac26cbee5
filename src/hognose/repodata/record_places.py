"""Finds where the records of a large repodata file lie, without holding the file in memory.

Of the records only the file names are kept: of a file of 183 MB with 300,000 records that leaves
30 MB. A record is read by cutting it out of its window, which is decoded again where the cut does
not give what is expected.
"""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

import msgspec

from hognose.errors import InvalidPackageFileError
from hognose.repodata.record_scan import UNFORESEEN, RecordScan, decode_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ("RecordPlaces", "locate_records")


class RecordPlaces:
    """The records of one section: their file names, and in which window each one is."""

    __slots__ = ("_file", "_first_indices", "_places", "file_names")

    def __init__(self, file: _File) -> None:
        """Begin with none."""
        self._file = file
        self.file_names: list[str] = []
        # For each window the number of its first record, and where it begins and how long it is.
        self._first_indices: list[int] = []
        self._places: list[tuple[int, int]] = []

    def add_window(self, file_names: Iterable[str], start: int, length: int) -> None:
        """Note the records of a part of the file, which begins and ends between two of them."""
        self._first_indices.append(len(self.file_names))
        self._places.append((start, length))
        self.file_names.extend(file_names)

    def read(self, indices: Sequence[int]) -> list[msgspec.Raw]:
        """Return the texts of some records.

        Raises:
            OSError: The file cannot be read.
            InvalidPackageFileError: The file is not the one any more that was looked through.
        """
        wanted = sorted(indices)
        found: dict[int, msgspec.Raw] = {}
        position = 0
        while position < len(wanted):
            window = bisect_right(self._first_indices, wanted[position]) - 1
            behind = self._first_index(window + 1)
            stop = bisect_left(wanted, behind, position)
            found.update(self._read_from(window, wanted[position:stop]))
            position = stop
        return [found[index] for index in indices]

    def objects(self) -> Iterator[bytes]:
        """Yield a JSON object for each window: its records by their file names.

        Raises:
            OSError: The file cannot be read.
        """
        for start, length in self._places:
            yield b"{%b}" % self._file.read(start, length)

    def _first_index(self, window: int) -> int:
        firsts = self._first_indices
        return firsts[window] if window < len(firsts) else len(self.file_names)

    def _read_from(self, window: int, indices: list[int]) -> dict[int, msgspec.Raw]:
        """The texts of records of one window."""
        text = self._file.read(*self._places[window])
        records = self._cut_out(text, window, indices[0], indices[-1])
        names = self.file_names
        try:
            if records is None:
                records = decode_records(text)
            return {index: records[names[index]] for index in indices}
        except (msgspec.MsgspecError, KeyError) as error:
            path = self._file.path
            message = f"{path} cannot be used: it was changed while it was in use"
            raise InvalidPackageFileError(message, path=path) from error

    def _cut_out(
        self, text: bytes, window: int, first: int, last: int
    ) -> dict[str, msgspec.Raw] | None:
        """Decode a run of neighbours in a window; None where their names are not found there.

        What looks like a file name may be something else, so the names that come out decide.
        """
        names = self.file_names[first : last + 1]
        start = text.find(b'"%b"' % names[0].encode())
        stop = len(text)
        if last + 1 < self._first_index(window + 1):
            stop = text.find(b'"%b"' % self.file_names[last + 1].encode(), start)
        if start < 0 or stop < 0:
            return None
        try:
            records = decode_records(text[start:stop].rstrip().removesuffix(b","))
        except msgspec.MsgspecError:
            return None
        return records if list(records) == names else None


def locate_records(
    path: str, **options: int
) -> tuple[dict[str, Any], dict[str, RecordPlaces]] | None:
    """Find the records of a plain repodata file.

    Args:
        path: The file.
        **options: Further arguments of `RecordScan`.

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
    sections = {suffix: RecordPlaces(file) for suffix in (".tar.bz2", ".conda")}

    def add(suffix: str, records: dict[str, msgspec.Raw], start: int, length: int) -> None:
        sections[suffix].add_window(records, start, length)

    try:
        return RecordScan(_Window(file), add, **options).run(), sections
    except UNFORESEEN:
        return None


class _File:
    """A file that is open for reading at any place, from any thread; closed when nobody has it."""

    __slots__ = ("_descriptor", "path", "size")

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = -1
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        self.size = os.fstat(self._descriptor).st_size

    def read(self, start: int, length: int) -> bytes:
        return os.pread(self._descriptor, length, start)

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


class _Window:
    """A file as the text of a walk."""

    __slots__ = ("_file",)

    def __init__(self, file: _File) -> None:
        self._file = file

    def read(self, start: int, length: int) -> tuple[bytes, bool]:
        data = self._file.read(start, length)
        return data, start + len(data) >= self._file.size
