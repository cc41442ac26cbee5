"""Finds where the records of a large repodata file lie, without holding any of it in memory.

Of each window of the file the first and the last file name are kept, as databases do it with the
parts of a table: a name's records are looked for in the windows that can have them. Index programs
sort by file name, so that these are one or two, and of a file of 183 MB with 300,000 records some
hundred kilobytes are kept.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from hognose.errors import InvalidPackageFileError
from hognose.repodata.placement import WireRecord
from hognose.repodata.record_scan import RAW_RECORDS, UNFORESEEN, RecordScan, UnforeseenError
from hognose.repodata.record_texts import decode_records
from hognose.types import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import msgspec

    from hognose.repodata.large_file import LargeFile
    from hognose.repodata.record_scan import RepoDataFacts

__all__ = ("RecordPlaces", "locate_records")

Item = TypeVar("Item")

# How many windows may have to be read for one record: in a sorted file it is one, in a file that
# something was added to two.
_MAX_OVERLAP = 8
# The windows of a smaller file are smaller: looking through it costs less than what is asked of it.
_USUAL_WINDOWS = 512
_SMALLEST_WINDOW, _LARGEST_WINDOW = 1 << 14, 1 << 17


class _Window(NamedTuple):
    """A part of the file, which begins and ends between two records, and what is in it."""

    lowest: str
    highest: str
    start: int
    length: int


class RecordPlaces:
    """The records of one section of a file, found by name."""

    __slots__ = ("_file", "_highest_so_far", "_lowest", "_odd", "_removed", "_windows")

    def __init__(self, file: LargeFile) -> None:
        """Begin with none."""
        self._file = file
        self._windows: list[_Window] = []
        # The windows with file names whose name part is not in lower case (CEP 26), by the names.
        self._odd: dict[str, list[_Window]] = {}
        self._removed: frozenset[str] = frozenset()

    def add_window(self, file_names: Iterable[str], start: int, length: int) -> None:
        """Note the records of a part of the file, which begins and ends between two of them."""
        # What is sorted already takes one comparison each.
        ordered = sorted(file_names)
        window = _Window(ordered[0], ordered[-1], start, length)
        self._windows.append(window)
        text = "\n".join(ordered)
        if text != text.lower():
            names = {_name_of(file_name) for file_name in ordered}
            for name in names:
                if name != name.lower():
                    self._odd.setdefault(name.lower(), []).append(window)

    def finish(self, removed: Iterable[str]) -> None:
        """Prepare for questions.

        Args:
            removed: The file names that do not count.

        Raises:
            UnforeseenError: The records are in no order, so that each question would take a walk
                through the whole file.
        """
        self._removed = frozenset(removed)
        windows = sorted(self._windows)
        self._windows = windows
        self._lowest = [window.lowest for window in windows]
        highest = [window.highest for window in windows]
        # Up to a window, the highest name of it and those before it; usually its own.
        self._highest_so_far = list(accumulate(highest, max))
        highest.sort()
        overlaps = (
            begun - bisect_left(highest, lowest) for begun, lowest in enumerate(self._lowest, 1)
        )
        if max(overlaps, default=0) > _MAX_OVERLAP:
            raise UnforeseenError

    def __bool__(self) -> bool:
        """Whether there are any records."""
        return bool(self._windows)

    def load(self, name: str, /) -> dict[str, WireRecord]:
        """Decode the records of a name; see `Section.load`.

        Raises:
            OSError: The file cannot be read.
            InvalidPackageFileError: A record is malformed, or the file was changed.
        """
        prefix, behind = f"{name}-", f"{name}."
        first = bisect_left(self._highest_so_far, prefix)
        last = bisect_left(self._lowest, behind, first)
        length = len(name)
        found: dict[str, WireRecord] = {}
        for window in self._windows[first:last]:
            if window.highest < prefix:
                continue
            is_inside = window.lowest >= prefix and window.highest < behind
            records = self._decode(window) if is_inside else None
            if records is None:
                texts = {
                    file_name: raw
                    for file_name, raw in self._read(window).items()
                    if file_name.startswith(prefix) and file_name.count("-", length) == 2
                }
                records = decode_records(texts, what=self._file.path)
            else:
                for file_name in [each for each in records if each.count("-", length) != 2]:
                    del records[file_name]
            found.update(records)
        if not found:
            found = self._load_odd(name)
        ordered = sorted(found)
        return found if ordered == list(found) else {each: found[each] for each in ordered}

    def _load_odd(self, name: str) -> dict[str, WireRecord]:
        texts = {
            file_name: raw
            for window in self._odd.get(name, ())
            for file_name, raw in self._read(window).items()
            if _name_of(file_name).lower() == name
        }
        return decode_records(texts, what=self._file.path)

    def file_names(self) -> Iterator[str]:
        """Yield the file names of all records; see `load` for the errors."""
        for records in self.batches():
            yield from records

    def batches(self) -> Iterator[dict[str, msgspec.Raw]]:
        """Yield the texts of all records, some hundred at a time; see `load` for the errors."""
        for window in self._windows:
            yield self._read(window)

    def _decode(self, window: _Window) -> dict[str, WireRecord] | None:
        """Decode a whole window, a third faster than by way of texts; None if a record is bad."""
        text = b"{%b}" % self._file.read(window.start, window.length)
        try:
            records = wire.decode_json(text, dict[str, WireRecord], what=self._file.path)
        except InvalidPackageFileError:
            return None
        return self._checked(window, records)

    def _read(self, window: _Window) -> dict[str, msgspec.Raw]:
        text = b"{%b}" % self._file.read(window.start, window.length)
        try:
            records = RAW_RECORDS.decode(text)
        except UNFORESEEN:
            records = {}
        return self._checked(window, records)

    def _checked(self, window: _Window, records: dict[str, Item]) -> dict[str, Item]:
        if window.lowest not in records or window.highest not in records:
            path = self._file.path
            message = f"{path} cannot be used: it was changed while it was in use"
            raise InvalidPackageFileError(message, path=path)
        for file_name in self._removed.intersection(records):
            del records[file_name]
        return records


def _name_of(file_name: str) -> str:
    return file_name.rsplit("-", 2)[0]


def locate_records(
    file: LargeFile, *, window: int | None = None
) -> tuple[RepoDataFacts, RecordPlaces, RecordPlaces] | None:
    """Find the records of a plain repodata file.

    Args:
        file: The file.
        window: How many bytes to look at together; the more, the longer it takes to find a name.

    Returns:
        What the file says besides its records, and the places of these for `.tar.bz2` and `.conda`.
        None where the file is not written as index programs write it, or is broken: then
        it has to be read as a whole.

    Raises:
        OSError: The file cannot be read.
    """
    if window is None:
        window = min(max(file.size // _USUAL_WINDOWS, _SMALLEST_WINDOW), _LARGEST_WINDOW)
    sections = {suffix: RecordPlaces(file) for suffix in (".tar.bz2", ".conda")}

    def add(suffix: str, records: dict[str, msgspec.Raw], start: int, length: int) -> None:
        sections[suffix].add_window(records, start, length)

    try:
        facts = RecordScan(file.source(), add, RAW_RECORDS, window=window).run()
        for places in sections.values():
            places.finish(facts.removed)
    except UNFORESEEN:
        return None
    return facts, sections[".tar.bz2"], sections[".conda"]
