"""Which names a solve can reach: the names behind the dependencies of the records found so far."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from hognose.types import package_name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.types import PackageRecord

__all__ = ("Closure",)


class Closure:
    """A growing set of names, each of which is handed out once.

    Virtual packages are not in it: no channel has them.
    """

    __slots__ = ("_pending", "_seen_names", "_seen_texts")

    def __init__(self, names: Iterable[str]) -> None:
        """Start with some names."""
        self._seen_names: set[str] = set()
        self._seen_texts: set[str] = set()
        self._pending: deque[str] = deque()
        self._add_names(name.lower() for name in names)

    def next_name(self) -> str | None:
        """Return a name that was not handed out yet, or None if there is none for now."""
        return self._pending.popleft() if self._pending else None

    def add(self, records: Iterable[PackageRecord]) -> None:
        """Add the names behind the dependencies of records, also those of optional groups.

        Most records of a name repeat each other's dependencies, so texts are sorted out before
        they are looked into.
        """
        listed = list(records)
        texts: set[str] = set().union(*[record.depends for record in listed])
        for record in listed:
            if record.extra_depends:
                texts.update(*record.extra_depends.values())
        texts -= self._seen_texts
        self._seen_texts |= texts
        self._add_names(sorted(map(package_name_of, texts)))

    def _add_names(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._seen_names:
                self._seen_names.add(name)
                if not name.startswith("__"):
                    self._pending.append(name)
