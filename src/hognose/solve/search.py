"""The search: finds a value for every variable that some clause forces to have one.

It knows nothing of packages; what variables, masks and clauses are is in `clause.py`. A variable
is *required* once propagation has taken ABSENT from its domain, and only then is it decided.

Clauses come lazily: before a variable gets a value, `expand` is asked, once, for the clauses that
speak about that value. Any clause may be added at any time, as long as a clause whose literals all
exclude ABSENT has just one literal: that is what makes "every required variable has one value
left" a solution.

Conflicts are resolved backwards along the trail until one literal of the conflict's level is left
(first unique implication point), where resolving on a variable *intersects* the two masks on it
and *unites* those on all others. The clause learned so speaks about whole sets of values. Each
learned clause keeps what it was derived from, so that a dead end can be traced to the clauses
that were given: `Unsatisfiable.core`.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NoReturn

from hognose.solve.agenda import Agenda
from hognose.solve.clause import ABSENT, Clause, Literal, Unsatisfiable
from hognose.solve.resolvent import Resolvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hognose.solve.resolvent import Trail


def _closed(*_: object) -> NoReturn:
    message = "the search is closed"
    raise ValueError(message)


class Search:
    """One search; variables may be added while it runs, by `expand` and `prefer`.

    Args:
        expand: `expand(variable, value)` gives the clauses about one value (a mask of one bit).
        prefer: `prefer(variable, mask)` chooses the value to try from at least two.
        tick: Called for each decision and conflict, and each time a domain has become smaller; may
            raise to stop the search.

    Attributes:
        domains: Per variable, the values it may still have.
        conflicts: How many conflicts there have been.
        decisions: How many decisions there have been.
        learned: The clauses learned, in order.
    """

    def __init__(
        self,
        expand: Callable[[int, int], Iterable[Clause]],
        prefer: Callable[[int, int], int],
        tick: Callable[[], object] | None = None,
    ) -> None:
        """Start without variables."""
        self.domains: list[int] = []
        self.conflicts = 0
        self.decisions = 0
        self.learned: list[Clause] = []
        self._expand = expand
        self._prefer = prefer
        self._tick = tick or (lambda: None)
        self._agenda = Agenda()
        # Per variable: mask -> [(other variable, its mask, clause)], the clauses to look at when
        # the literal (variable, mask) stops being possible. The other variable is -1 in clauses
        # that are not binary. By mask, because a popular name is in thousands of clauses but in
        # few different literals.
        self._watches: list[dict[int, list[tuple[int, int, Clause]]]] = []
        self._trail: Trail = []
        self._history: list[list[int]] = []  # per variable, its positions in the trail
        self._starts: list[int] = [0]  # per level, the length of the trail where it began
        self._head = 0  # the first entry of the trail that has not been propagated
        # Clauses that were given too late, when an earlier level already left them one literal:
        # which, where that was, and where in the trail it was made up for.
        self._late: list[tuple[Clause, Literal, int, int]] = []
        self._single: list[int] = []  # variables to expand, if they still have one value
        self._expanded: list[int] = []  # per variable, the values that were expanded
        self._chosen: list[tuple[int, int]] = []  # per variable, the last domain and choice from it

    def add_variable(self, domain: int) -> int:
        """Add a variable with a domain, and return its number."""
        variable = len(self.domains)
        self.domains.append(domain)
        self._watches.append({})
        self._history.append([])
        self._expanded.append(ABSENT)
        self._chosen.append((0, 0))
        self._agenda.add_variable()
        if not domain & ABSENT:
            self._agenda.push(variable)
            if not domain & (domain - 1):
                self._single.append(variable)
        return variable

    def close(self) -> None:
        """Let go of everything that was learned, and of those who answer."""
        for watches in self._watches:
            watches.clear()
        self._expand = self._prefer = self._tick = _closed

    def expand_again(self, variable: int) -> None:
        """Ask for the clauses about a variable's values once more, from the next decision on."""
        self._expanded[variable] = ABSENT
        domain = self.domains[variable]
        if not domain & (domain - 1):
            self._single.append(variable)

    def rank_of(self, variable: int) -> int:
        """The how-manieth a variable was to be required, from 1; 0 if it never was."""
        return self._agenda.rank_of(variable)

    def solve(self, clauses: Iterable[Clause]) -> list[int]:
        """Find a solution of the clauses and of all that `expand` adds to them.

        Variables that the clauses given here make required are decided first, in the order of the
        clauses. Each of them gets the value that `prefer` likes best among those that some
        solution has, given the values of the ones before it.

        Returns:
            The value of each variable, as a mask of one bit; ABSENT where nothing needs it.

        Raises:
            Unsatisfiable: There is none.
        """
        conflict = self._add_all(clauses)
        self._agenda.end_of_question()
        while True:
            conflict = conflict or self._propagate()
            if conflict is not None:
                conflict = self._recover(conflict)
            elif self._single:
                variable = self._single.pop()
                if not self.domains[variable] & (self.domains[variable] - 1):
                    conflict = self._expand_value(variable, self.domains[variable])
            elif (variable := self._next_pending()) >= 0:
                conflict = self._decide(variable)
            else:
                return [ABSENT if domain & ABSENT else domain for domain in self.domains]

    # Decisions

    def _next_pending(self) -> int:
        while (variable := self._agenda.pop()) >= 0 and not self._is_open(variable):
            pass
        return variable

    def _is_open(self, variable: int) -> int:
        """Whether a variable is required and has several values left."""
        domain = self.domains[variable]
        return not domain & ABSENT and domain & (domain - 1)

    def _decide(self, variable: int) -> Clause | None:
        """Try a value, once all that is known about it does not rule it out."""
        self._tick()
        domain = self.domains[variable]
        # After a back-jump most decisions are the same as before it.
        before, value = self._chosen[variable]
        if domain != before:
            value = self._prefer(variable, domain)
            self._chosen[variable] = domain, value
        if not self._expanded[variable] & value:
            # What rules the value out as things are does so here without a conflict: that makes
            # conflicts ten times rarer.
            length = len(self._trail)
            conflict = self._expand_value(variable, value)
            if conflict is not None or length < len(self._trail):
                self._agenda.push(variable)
                return conflict
        self.decisions += 1
        self._starts.append(len(self._trail))
        self._narrow(variable, domain, value, None)
        return None

    def _expand_value(self, variable: int, value: int) -> Clause | None:
        if self._expanded[variable] & value:
            return None
        self._expanded[variable] |= value
        return self._add_all(self._expand(variable, value))

    # Clauses

    def _add_all(self, clauses: Iterable[Clause]) -> Clause | None:
        conflict = None
        for clause in clauses:
            conflict = self._add(clause) or conflict
        return conflict

    def _add(self, clause: Clause) -> Clause | None:
        literals = clause.literals
        if len(literals) == 2:
            (first, first_mask), (second, second_mask) = literals
            self._watches[first].setdefault(first_mask, []).append((second, second_mask, clause))
            self._watches[second].setdefault(second_mask, []).append((first, first_mask, clause))
            if self.domains[first] & first_mask and self.domains[second] & second_mask:
                return None
        else:
            for variable, mask in literals:
                self._watches[variable].setdefault(mask, []).append((-1, 0, clause))
        return self._examine(clause)

    def _examine(self, clause: Clause) -> Clause | None:
        """Apply a clause to the domains as they are; return it if no literal can hold."""
        unit = self._only_open_literal(clause)
        if unit is None:
            return None
        domains, start = self.domains, self._starts[-1]
        if start:
            impossible = sorted(
                [
                    (self._falsified_at(variable, mask), (variable, mask))
                    for variable, mask in clause.literals
                    if not domains[variable] & mask
                ]
            )
            if impossible and len(impossible) == len(clause.literals):
                unit = impossible.pop()[1]
            implied = impossible[-1][0] if impossible else -1
            if implied < start:
                self._late.append((clause, unit, implied, len(self._trail)))
        return self._apply(clause, unit)

    def _apply(self, clause: Clause, unit: Literal) -> Clause | None:
        """Narrow to the one literal that may hold; return the clause if it cannot."""
        variable, mask = unit
        domain = self.domains[variable]
        narrowed = domain & mask
        if not narrowed:
            return clause
        if narrowed != domain:
            self._narrow(variable, domain, narrowed, clause)
        return None

    def _only_open_literal(self, clause: Clause) -> Literal | None:
        """The one literal that can still hold; the first if none can; None if several can."""
        domains = self.domains
        found = None
        for literal in clause.literals:
            if domains[literal[0]] & literal[1]:
                if found is not None:
                    return None
                found = literal
        return found or (clause.literals[0] if clause.literals else (0, 0))

    # Propagation

    def _narrow(self, variable: int, domain: int, narrowed: int, reason: Clause | None) -> None:
        self._history[variable].append(len(self._trail))
        self._trail.append((variable, domain, reason))
        self.domains[variable] = narrowed
        if not narrowed & ABSENT:
            if domain & ABSENT:
                self._agenda.push(variable)
            if not narrowed & (narrowed - 1) and not self._expanded[variable] & narrowed:
                self._single.append(variable)

    def _propagate(self) -> Clause | None:
        """Narrow domains until nothing follows any more; return a clause that cannot hold."""
        domains, watches, trail, tick = self.domains, self._watches, self._trail, self._tick
        while self._head < len(trail):
            tick()
            variable, before, _ = trail[self._head]
            self._head += 1
            now = domains[variable]
            for mask, clauses in watches[variable].items():
                if now & mask or not before & mask:
                    continue
                for other, other_mask, clause in clauses:
                    if other < 0:
                        unit = self._only_open_literal(clause)
                        if unit is None:
                            continue
                        other, other_mask = unit
                    domain = domains[other]
                    narrowed = domain & other_mask
                    if narrowed != domain:
                        if not narrowed:
                            return clause
                        self._narrow(other, domain, narrowed, clause)
        return None

    def _back_jump(self, level: int) -> Clause | None:
        """Undo every level above one, then apply the clauses that came too late for it."""
        if level + 1 >= len(self._starts):
            return None
        start = self._starts[level + 1]
        del self._starts[level + 1 :]
        undone = self._trail[start:]
        del self._trail[start:]
        self._head = min(self._head, start)
        for variable, domain, _ in reversed(undone):
            self.domains[variable] = domain
            self._history[variable].pop()
        for variable in {entry[0] for entry in undone}:
            if self._is_open(variable):
                self._agenda.push(variable)
        late, self._late = self._late, []
        conflict = None
        for entry in late:
            clause, unit, implied, applied = entry
            if applied < start:
                self._late.append(entry)
            elif implied < start:
                if implied < self._starts[-1]:
                    self._late.append((clause, unit, implied, len(self._trail)))
                conflict = self._apply(clause, unit) or conflict
        return conflict

    # Learning

    def _recover(self, conflict: Clause) -> Clause | None:
        """Learn from a conflict, and go back to where the learned clause has a consequence."""
        self._tick()
        self.conflicts += 1
        resolvent = Resolvent(self._trail, self._falsified_at)
        resolvent.resolve(conflict)
        start = self._starts[self._level_of(resolvent.latest())]
        if start == 0:
            raise Unsatisfiable(self._trace(conflict))
        resolvent.reduce_to_one(start)
        resolvent.minimise(start)
        for variable in resolvent.met:
            self._agenda.bump(variable)
            if self._is_open(variable):
                self._agenda.push(variable)
        self._agenda.decay()
        learned = resolvent.clause(facts_before=self._starts[1])
        self.learned.append(learned)
        previous = max((p for p in resolvent.positions.values() if p < start), default=-1)
        late_conflict = self._back_jump(self._level_of(previous))
        return self._add(learned) or late_conflict

    def _falsified_at(self, variable: int, mask: int) -> int:
        """The position in the trail after which a literal cannot hold; -1 if it never could."""
        for position in reversed(self._history[variable]):
            if self._trail[position][1] & mask:
                return position
        return -1

    def _level_of(self, position: int) -> int:
        return max(bisect_right(self._starts, position) - 1, 0)

    def _trace(self, conflict: Clause) -> list[Clause]:
        """The given clauses from which a conflict at level 0 follows."""
        resolvent = Resolvent(self._trail, self._falsified_at)
        given: list[Clause] = []
        seen: set[Clause] = set()
        resolvent.resolve(conflict)
        unread = [conflict]
        while unread:
            self._tick()
            clause = unread.pop()
            if clause not in seen:
                seen.add(clause)
                if not clause.antecedents:
                    given.append(clause)
                unread += clause.antecedents
                resolvent.resolve(Clause(clause.facts))
            if not unread and resolvent.positions:
                unread.append(resolvent.resolve_latest())
        return given
