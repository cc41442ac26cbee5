"""What follows from a conflict: clauses resolved with each other, backwards along the trail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.solve.clause import Clause, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

# Entries of a trail: a variable was narrowed, from this domain, because of this clause, which is
# None for the decision that begins a level.
Trail = list[tuple[int, int, Clause | None]]


class Resolvent:
    """A clause in the making, none of whose literals can hold as things are.

    Attributes:
        literals: Per variable, the mask of its literal.
        positions: Per variable, where in the trail its literal stopped being possible.
        used: The clauses it is derived from.
        met: The variables met on the way, once for each time.
    """

    def __init__(self, trail: Trail, falsified_at: Callable[[int, int], int]) -> None:
        """Start with no literal.

        Args:
            trail: The trail of the search.
            falsified_at: The position in it after which a literal cannot hold; -1 if it never
                could.
        """
        self._trail = trail
        self._falsified_at = falsified_at
        self.literals: dict[int, int] = {}
        self.positions: dict[int, int] = {}
        self.used: list[Clause] = []
        self.met: list[int] = []

    def resolve(self, clause: Clause, pivot: int = -1) -> None:
        """Resolve with a clause on a variable; without one, just add the clause's literals."""
        literals = self.literals
        self.used.append(clause)
        for variable, added in clause.literals:
            mask = added
            if variable == pivot:
                mask &= literals[variable]
            elif variable in literals:
                mask |= literals[variable]
                if mask == literals[variable]:
                    continue
            self.met.append(variable)
            position = self._falsified_at(variable, mask)
            if position < 0:
                # No value of the variable was ever in the mask.
                literals.pop(variable, None)
                self.positions.pop(variable, None)
            else:
                literals[variable] = mask
                self.positions[variable] = position

    def latest(self) -> int:
        """The last position; -1 if there is no literal."""
        return max(self.positions.values(), default=-1)

    def resolve_latest(self) -> Clause:
        """Resolve on the literal that became impossible last, with the reason; return that."""
        pivot = max(self.positions, key=self.positions.__getitem__)
        reason = self._trail[self.positions[pivot]][2]
        assert reason is not None, "a decision comes before all else of its level"
        self.resolve(reason, pivot)
        return reason

    def reduce_to_one(self, start: int) -> None:
        """Resolve until just one literal became impossible at or after a position."""
        while sum(position >= start for position in self.positions.values()) > 1:
            self.resolve_latest()

    def minimise(self, start: int) -> None:
        """Resolve away what follows from the other literals, among those before a position."""
        for variable in sorted(self.positions, key=self.positions.__getitem__, reverse=True):
            while self.positions.get(variable, start) < start:
                reason = self._trail[self.positions[variable]][2]
                if reason is None or not self._covers(reason, variable):
                    break
                self.resolve(reason, variable)

    def _covers(self, reason: Clause, pivot: int) -> bool:
        return all(
            variable == pivot or mask & ~self.literals.get(variable, 0) == 0
            for variable, mask in reason.literals
        )

    def clause(self, facts_before: int) -> Clause:
        """The learned clause; literals impossible before a position are facts, and left out."""
        facts: list[Literal] = []
        kept: list[Literal] = []
        for variable, position in self.positions.items():
            (facts if position < facts_before else kept).append((variable, self.literals[variable]))
        return Clause(tuple(kept), None, tuple(self.used), tuple(facts))
