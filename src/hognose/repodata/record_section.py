"""The records of a repodata file in memory that are of one archive format, found by name."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Protocol

from hognose.repodata.record_texts import decode_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import msgspec

    from hognose.repodata.placement import WireRecord

__all__ = ("RecordSection", "Section")

_BATCH = 1024


class Section(Protocol):
    """The records of one archive format."""

    def __bool__(self) -> bool:
        """Whether there are any."""
        ...

    def load(self, name: str, /) -> dict[str, WireRecord]:
        """Decode the records of a name, by file name and in the order of these.

        They are those whose file name has two more dashes behind the name.

        Raises:
            InvalidPackageFileError: A record is malformed; the error names its file.
        """
        ...

    def file_names(self) -> Iterable[str]:
        """The file names of all records."""
        ...

    def batches(self) -> Iterator[dict[str, msgspec.Raw]]:
        """The texts of all records by file name, some hundred at a time."""
        ...


class RecordSection:
    """Records that are parts of a file in memory, sorted by file name.

    Lists rather than a dictionary: half the memory, and a name is a run of neighbours, give or
    take the names that it is the beginning of.
    """

    __slots__ = ("_file_names", "_odd", "_raws", "_what")

    def __init__(self, records: Mapping[str, msgspec.Raw], *, what: str) -> None:
        """Sort the records by file name; `what` they are from is for errors."""
        self._what = what
        # Sorting what is sorted already, as every index writer leaves it, is one comparison each.
        self._file_names = sorted(records)
        self._raws = [records[file_name] for file_name in self._file_names]
        self._odd: dict[str, list[int]] | None = None

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._file_names)

    def load(self, name: str, /) -> dict[str, WireRecord]:
        """Decode the records of a name; see `Section.load`."""
        file_names = self._file_names
        first = bisect_left(file_names, f"{name}-")
        # The full stop is the character after the dash.
        last = bisect_left(file_names, f"{name}.", first)
        length = len(name)
        found = [index for index in range(first, last) if file_names[index].count("-", length) == 2]
        found = found or self._odd_names().get(name, [])
        texts = {file_names[index]: self._raws[index] for index in found}
        return decode_records(texts, what=self._what)

    def file_names(self) -> list[str]:
        """The file names of all records, sorted."""
        return self._file_names

    def batches(self) -> Iterator[dict[str, msgspec.Raw]]:
        """The texts of all records by file name, some hundred at a time."""
        for start in range(0, len(self._file_names), _BATCH):
            stop = start + _BATCH
            yield dict(zip(self._file_names[start:stop], self._raws[start:stop], strict=True))

    def _odd_names(self) -> dict[str, list[int]]:
        """Where the file names are whose name part is not in lower case (CEP 26)."""
        if self._odd is None:
            odd: dict[str, list[int]] = {}
            file_names = self._file_names
            for start in range(0, len(file_names), _BATCH):
                batch = file_names[start : start + _BATCH]
                # Most channels have capitals nowhere: 15 ms for 300,000 names, else 60.
                text = "\n".join(batch)
                if text == text.lower():
                    continue
                for index, file_name in enumerate(batch, start):
                    name = file_name.rsplit("-", 2)[0]
                    if name != name.lower():
                        odd.setdefault(name.lower(), []).append(index)
            self._odd = odd
        return self._odd
