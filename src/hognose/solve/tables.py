"""The tables of a solve: for each name the records that may be used, in order of preference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.solve.order import make_candidates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.solve.candidates import Candidates
    from hognose.solve.task import SolveTask
    from hognose.types import RepoDataRecord


class SharedTables:
    """Tables that several solves may use, found by the very records that they are made of."""

    def __init__(self) -> None:
        """Start with none."""
        # With the records, so that they live as long as their identities count.
        self._known: dict[tuple[int | bool, ...], tuple[Sequence[RepoDataRecord], Candidates]] = {}

    def make(self, name: str, records: Sequence[RepoDataRecord], *, lowest: bool) -> Candidates:
        """The table of some records of a name, made if it is not known."""
        key = (lowest, *map(id, records))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = records, make_candidates(name, records, lowest=lowest)
        return known[1]


class Tables:
    """Makes the tables of one task.

    Args:
        task: The question.
        shared: Tables to be used where they fit, and to be added to.
    """

    def __init__(self, task: SolveTask, shared: SharedTables | None) -> None:
        self._task = task
        self._shared = shared
        self._direct = task.direct
        self._strategy = task.strategy.value

    def load(self, name: str) -> Candidates:
        """Make the table of a name; asks the sources for its records."""
        task, lowest = self._task, self._is_lowest(name)
        tiers, apply = task.tiers, task.tiers.overrides.apply
        pin = task.pinned.get(name)
        if pin is not None:
            return make_candidates(name, apply([] if pin.url in tiers.excluded else [pin]))
        if name.startswith("__"):
            return make_candidates(name, [])
        records, numbers = tiers.load(name)
        if not tiers.is_flexible:
            numbers = []
        locked = task.locked.get(name)
        if locked is None or locked.url in tiers.excluded:
            if self._shared is not None and records and not numbers:
                return self._shared.make(name, records, lowest=lowest)
            return make_candidates(name, records, tiers=numbers, lowest=lowest)
        if all(record.file_name != locked.file_name for record in records):
            records = [*records, *apply([locked])]
            numbers = [*numbers, 0] if numbers else []
        return make_candidates(
            name, records, tiers=numbers, lowest=lowest, locked=(locked.file_name,)
        )

    def _is_lowest(self, name: str) -> bool:
        """Whether lower versions of a package are better."""
        return self._strategy == "lowest" or (
            self._strategy == "lowest-direct" and name in self._direct
        )
