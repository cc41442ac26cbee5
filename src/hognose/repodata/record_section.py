"""The records of a repodata file that are of one archive format, found by name."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ("RawTexts", "RecordText", "RecordTexts", "Section")

_BATCH = 1024

# A record's text: a part of a file in memory, or one that was read.
RecordText = msgspec.Raw | bytes


class RecordTexts(Protocol):
    """The texts of records, by their numbers."""

    def read(self, indices: Sequence[int], /) -> Sequence[RecordText]:
        """Return the texts of some records."""
        ...

    def objects(self) -> Iterator[bytes] | None:
        """Return JSON objects of all records in their order; None where there are none at hand."""
        ...


class RawTexts:
    """Texts that are parts of a file in memory."""

    __slots__ = ("_raws",)

    def __init__(self, raws: Iterable[msgspec.Raw]) -> None:
        """Keep the parts."""
        self._raws = list(raws)

    def read(self, indices: Sequence[int], /) -> list[RecordText]:
        """Return some of them."""
        raws = self._raws
        return [raws[index] for index in indices]

    def objects(self) -> None:
        """Return None: the parts lie about."""


class Section:
    """The records of one archive format, sorted by file name.

    A list rather than a dictionary: half the memory, and a name is a run of neighbours, give or
    take the names that it is the beginning of.
    """

    __slots__ = ("_file_names", "_odd", "_order", "_texts")

    def __init__(self, file_names: Iterable[str], texts: RecordTexts) -> None:
        """Sort the file names, whose texts are numbered as they are given."""
        self._file_names = list(file_names)
        self._texts = texts
        self._order: list[int] | None = None
        self._odd: dict[str, list[int]] | None = None
        # Sorting what is sorted already, as every index writer leaves it, is one comparison each.
        ordered = sorted(self._file_names)
        if ordered != self._file_names:
            order = sorted(range(len(ordered)), key=self._file_names.__getitem__)
            self._file_names, self._order = ordered, order

    def __len__(self) -> int:
        """How many records there are."""
        return len(self._file_names)

    def find(self, name: str) -> dict[str, RecordText]:
        """The records of a name: those whose file name has two more dashes behind it."""
        file_names = self._file_names
        first = bisect_left(file_names, f"{name}-")
        # The full stop is the character after the dash.
        last = bisect_left(file_names, f"{name}.", first)
        length = len(name)
        found = [index for index in range(first, last) if file_names[index].count("-", length) == 2]
        found = found or self._odd_names().get(name, [])
        texts = self.read(found)
        return {file_names[index]: text for index, text in zip(found, texts, strict=True)}

    def names(self) -> set[str]:
        """All names, in lower case."""
        return {file_name.rsplit("-", 2)[0].lower() for file_name in self._file_names}

    def everything(self) -> dict[str, int]:
        """The numbers of all records by file name."""
        return {file_name: index for index, file_name in enumerate(self._file_names)}

    def read(self, indices: Sequence[int]) -> Sequence[RecordText]:
        """The texts of some records."""
        if self._order is not None:
            indices = [self._order[index] for index in indices]
        return self._texts.read(indices)

    def batches(self, indices: Sequence[int]) -> Iterator[dict[str, RecordText]]:
        """The texts of some records by file name, a few thousand at a time."""
        for start in range(0, len(indices), _BATCH):
            batch = indices[start : start + _BATCH]
            names = [self._file_names[index] for index in batch]
            yield dict(zip(names, self.read(batch), strict=True))

    def objects(self) -> Iterator[bytes] | None:
        """All records as JSON objects of many, in order; None where that would take more work."""
        return self._texts.objects() if self._order is None else None

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
