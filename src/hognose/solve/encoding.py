"""The problem: records as clauses, made when the search asks for them.

A name is a variable whose values are its candidates and ABSENT; an extra (CEP 44) is a variable of
its own with the values ABSENT and ON. Candidates that share a dependency text share its clause::

    A >=1 of text "b >=2"        A not in (candidates with that text)  or  B in (>=2)
    constrains "b >=2"           ... or B in (>=2) or absent
    "b[when="c"]" (CEP 43)       ... or C not in (c)
    extra x of A needs "b >=2"   ... or A[x] absent

Names, tables and masks are made once per solve, and for names that something reached.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import InvalidTextError
from hognose.solve.candidates import Candidates
from hognose.solve.clause import ABSENT, Clause
from hognose.solve.order import make_candidates, order_group
from hognose.solve.search import Search
from hognose.solve.tables import Tables
from hognose.types import MatchSpec, RepoDataRecord, VersionWithSource, package_name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hognose.solve.tables import SharedTables
    from hognose.solve.task import SolveTask
    from hognose.types import Condition, GenericVirtualPackage

ON = 2


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a given clause comes from.

    Attributes:
        kind: `spec`, `constraint` (of the caller), `depends`, `constrains`, or `invalid`: a text
            that cannot be read, which rules out those that have it.
        text: The spec, dependency or constraint.
        owner: The variable whose candidates have the text; -1 for the caller.
        owners: The candidates that have it.
        target: The variable that the text is about; -1 if it is invalid.
        allowed: The candidates of the target that match.
        is_conditional: Whether other literals of the clause say when it counts.
    """

    kind: str
    text: str
    owner: int = -1
    owners: int = 0
    target: int = -1
    allowed: int = 0
    is_conditional: bool = False


class Problem:
    """Everything that one solve knows about names, candidates and texts.

    Args:
        task: The question.
        shared: Tables that other solves use too.

    Attributes:
        search: The search over the clauses made here.
        names: Per variable, its package name, or `name[extra]`.
        tables: Per variable, its candidates; None for an extra.
    """

    def __init__(self, task: SolveTask, shared: SharedTables | None = None) -> None:
        self.tiers = task.tiers
        self.tick = task.tick or (lambda: None)
        self.search = Search(self._expand, self.prefer, self.tick)
        self.names: list[str] = []
        self.tables: list[Candidates | None] = []
        self.pinned = task.pinned
        self._strategy = task.strategy.value
        self._made = Tables(task, shared)
        # Per variable: for each kind and text, the candidates that its clauses speak of.
        self._encoded: list[dict[str, int]] = []
        # Candidates of equal rank, by variable and mask, in the order in which they are tried.
        self._orders: dict[tuple[int, int], list[int]] = {}
        self.python_needs_pip = task.add_pip_as_python_dependency
        self._variables: dict[str, int] = {}
        self._targets: dict[str, tuple[int, int, MatchSpec | None]] = {}
        self._extras: dict[int, tuple[int, str]] = {}  # variable of an extra: its owner, its name
        self._extras_of: dict[int, list[int]] = {}
        # Constraints on names that nothing has asked for; most of them never come up.
        self._waiting: dict[str, list[Origin]] = {}
        self._released: list[Clause] = []
        self._places: dict[str, int] = {}
        self._add_virtual_packages(task.virtual_packages)

    def close(self) -> None:
        """End the search.

        It knows the problem and the problem knows it: without an end to that, only the collector
        of reference cycles could free them, which would cost a sixth of a solve. Freeing what a
        large environment needed takes 10 ms, so it is done in two parts.
        """
        self.search.close()
        self.tick()

    # Names

    def find(self, name: str) -> int:
        """The variable of a package name that the solve has reached; -1 for any other."""
        return self._variables.get(name, -1)

    def domain_of(self, variable: int) -> int:
        """The values of a variable before anything was demanded of it."""
        table = self.tables[variable]
        if table is None:
            return ABSENT | ON
        is_given = table.name.startswith("__") and table.records
        return table.domain ^ ABSENT if is_given else table.domain

    def place_of(self, text: str) -> int:
        """The place of a spec or constraint among those of the caller."""
        return self._places.get(text, len(self._places))

    def variable_of(self, name: str) -> int:
        """The variable of a package name; the first time, loads its records."""
        variable = self._variables.get(name)
        if variable is None:
            # Loading may take long, and a chain of dependencies loads many before a decision.
            self.tick()
            table = self._made.load(name)
            self.tick()
            variable = self._add_table(table, self.search.add_variable)
        return variable

    def _add_virtual_packages(self, packages: Sequence[GenericVirtualPackage]) -> None:
        by_name: dict[str, list[RepoDataRecord]] = {}
        for package in packages:
            record = RepoDataRecord(
                name=package.name,
                version=VersionWithSource(package.version),
                build=str(package.build_string),
            )
            by_name.setdefault(record.name, []).append(record)
        for name, records in by_name.items():
            table = make_candidates(name, records)
            # They are there whether needed or not, so that constraints on them count.
            self._add_table(table, lambda domain: self.search.add_variable(domain ^ ABSENT))

    def _add_table(self, table: Candidates, add: Callable[[int], int]) -> int:
        variable = add(table.domain)
        self.names.append(str(table.name))
        self.tables.append(table)
        self._encoded.append({})
        self._variables[table.name] = variable
        for origin in self._waiting.pop(table.name, ()):
            self._released += self._constraint_clauses(origin.owner, origin.owners, origin.text)
        return variable

    def _variable_of_extra(self, owner: int, extra: str) -> int:
        name = f"{self.names[owner]}[{extra}]"
        variable = self._variables.get(name)
        if variable is None:
            variable = self.search.add_variable(ABSENT | ON)
            self.names.append(name)
            self.tables.append(None)
            self._encoded.append({})
            self._variables[name] = variable
            self._extras[variable] = (owner, extra)
            self._extras_of.setdefault(owner, []).append(variable)
            # Its candidates were expanded without this extra.
            self.search.expand_again(owner)
        return variable

    # Texts

    def target_of(
        self, text: str, spec: MatchSpec | None = None
    ) -> tuple[int, int, MatchSpec | None]:
        """Evaluate a text, once; with a spec, that is what the text means.

        Returns:
            The variable it is about, the candidates it allows, and the spec itself where it has
            extras or a condition.

        Raises:
            InvalidTextError: The text is not a match spec for one package.
        """
        if spec is not None:
            return self._evaluate(spec, text)
        target = self._targets.get(text)
        if target is None:
            target = self._targets[text] = self._evaluate(MatchSpec(text), text)
        return target

    def _plain_target(self, text: str) -> tuple[int, int, bool]:
        """The same for nearly all texts; the last is False for those that need more care."""
        try:
            variable, mask, rich = self._targets.get(text) or self.target_of(text)
        except InvalidTextError:
            return -1, 0, False
        return variable, mask, rich is None

    def _evaluate(self, spec: MatchSpec, text: str) -> tuple[int, int, MatchSpec | None]:
        name = spec.name.exact
        if name is None:
            raise InvalidTextError(text, "a dependency names one package")
        variable = self.variable_of(name)
        table = self.tables[variable]
        assert table is not None
        is_plain = not spec.extras and spec.condition is None
        return variable, table.mask_of(spec), None if is_plain else spec

    def mask_of_text(self, text: str) -> tuple[Candidates, int]:
        """The table of the name that a dependency is about, and the candidates it allows."""
        try:
            variable, mask, _ = self.target_of(text)
        except InvalidTextError:
            return Candidates("", (), (), [], [], []), 0
        table = self.tables[variable]
        assert table is not None
        return table, mask

    # Clauses

    def root_clauses(
        self,
        specs: Iterable[tuple[str, MatchSpec]],
        constraints: Iterable[tuple[str, MatchSpec]],
    ) -> Iterator[Clause]:
        """The clauses of the caller: specs that must be met, constraints on what is installed.

        Each comes with its text, in the caller's own words.
        """
        for text, spec in specs:
            self._places.setdefault(text, len(self._places))
            yield from self._requirement_clauses("spec", -1, 0, text, spec)
        for text, spec in constraints:
            self._places.setdefault(text, len(self._places))
            yield from self._constraint_clauses(-1, 0, text, spec)
        yield from self._take_released()

    def _expand(self, variable: int, value: int) -> list[Clause]:
        """All clauses about one candidate that are not there yet."""
        table = self.tables[variable]
        if table is None:
            return self._expand_extra(variable)
        record = table.record_of(value)
        clauses: list[Clause] = []
        encoded = self._encoded[variable]
        for text in record.depends:
            if not encoded.get(text, 0) & value:
                owners = table.dependents_of(text, value)
                encoded[text] = encoded.get(text, 0) | owners
                target, mask, is_plain = self._plain_target(text)
                if is_plain and target != variable:
                    origin = Origin("depends", text, variable, owners, target, mask)
                    literals = ((variable, table.domain ^ owners), (target, mask))
                    clauses.append(Clause(literals, origin))
                else:
                    clauses += self._requirement_clauses("depends", variable, owners, text)
        for text in record.constrains:
            key = "constrains " + text
            if not encoded.get(key, 0) & value:
                owners = table.constrainers_of(text, value)
                encoded[key] = encoded.get(key, 0) | owners
                clauses += self._constraint_clauses(variable, owners, text)
        if self.python_needs_pip and table.name == "python" and "python pip" not in encoded:
            encoded["python pip"] = table.all
            clauses += self._requirement_clauses("depends", variable, table.all, "pip")
        for extra in self._extras_of.get(variable, ()):
            clauses += self._extra_clauses(extra, table, record)
        clauses += self._take_released()
        return clauses

    def _expand_extra(self, variable: int) -> list[Clause]:
        owner = self._extras[variable][0]
        table = self.tables[owner]
        value = self.search.domains[owner]
        assert table is not None
        if value & (value - 1) or value == ABSENT:
            return []  # the owner's expansion sees to it
        return [
            *self._extra_clauses(variable, table, table.record_of(value)),
            *self._take_released(),
        ]

    def _extra_clauses(
        self, variable: int, table: Candidates, record: RepoDataRecord
    ) -> Iterator[Clause]:
        owner, extra = self._extras[variable]
        for text in record.extra_depends.get(extra, ()):
            key = f"[{extra}] {text}"
            if key not in self._encoded[owner]:
                owners = self._encoded[owner][key] = table.extra_dependents_of(extra, text)
                unless = [(variable, ABSENT)]
                yield from self._requirement_clauses("depends", owner, owners, text, None, unless)

    def clauses_about(self, variable: int, value: int) -> list[Clause]:
        """All clauses about a candidate, or an extra, for those who search in another way."""
        if self.tables[variable] is not None:
            return self._expand(variable, value)
        table = self.tables[self._extras[variable][0]]
        assert table is not None
        found = [
            c for record in table.records for c in self._extra_clauses(variable, table, record)
        ]
        return found + self._take_released()

    def _take_released(self) -> list[Clause]:
        released, self._released = self._released, []
        return released

    def _requirement_clauses(
        self,
        kind: str,
        owner: int,
        owners: int,
        text: str,
        spec: MatchSpec | None = None,
        unless: Sequence[tuple[int, int]] = (),
    ) -> Iterator[Clause]:
        """The clauses of one requirement: one for each way in which its condition can hold."""
        try:
            target, mask, rich = self.target_of(text, spec)
            ways = self._ways(rich, unless)
        except InvalidTextError:
            if owner < 0:
                raise
            yield self._invalid(owner, owners, text)
            return
        for way in ways:
            origin = Origin(kind, text, owner, owners, target, mask, bool(way))
            yield self._clause(origin, mask, way)
            for extra in () if rich is None else rich.extras:
                wanted = self._variable_of_extra(target, extra)
                yield self._clause(
                    Origin(kind, text, owner, owners, wanted, ON, bool(way)), ON, way
                )

    def _constraint_clauses(
        self, owner: int, owners: int, text: str, spec: MatchSpec | None = None
    ) -> Iterator[Clause]:
        kind = "constraint" if owner < 0 else "constrains"
        try:
            name = spec.name.exact if spec is not None else package_name_of(text)
            if name is not None and name not in self._variables:
                self._waiting.setdefault(name, []).append(Origin(kind, text, owner, owners))
                return
            target, mask, rich = self.target_of(text)
            ways = self._ways(rich, ())
        except InvalidTextError:
            if owner < 0:
                raise
            yield self._invalid(owner, owners, text)
            return
        for way in ways:
            origin = Origin(kind, text, owner, owners, target, mask, bool(way))
            yield self._clause(origin, mask | ABSENT, way)

    def _clause(self, origin: Origin, allowed: int, way: Sequence[tuple[int, int]]) -> Clause:
        """Either not one of the owners, or one of what is allowed, or the condition fails."""
        if origin.owner < 0 and not way:
            return Clause(((origin.target, allowed),), origin)
        domains = self.tables
        literals: dict[int, int] = {}
        if origin.owner >= 0:
            table = domains[origin.owner]
            assert table is not None
            literals[origin.owner] = table.domain ^ origin.owners
        for variable, mask in (*way, (origin.target, allowed)):
            literals[variable] = literals.get(variable, 0) | mask
        return Clause(tuple(literals.items()), origin)

    def _invalid(self, owner: int, owners: int, text: str) -> Clause:
        table = self.tables[owner]
        assert table is not None
        origin = Origin("invalid", text, owner, owners)
        return Clause(((owner, table.domain ^ owners),), origin)

    def _ways(
        self, spec: MatchSpec | None, unless: Sequence[tuple[int, int]]
    ) -> list[list[tuple[int, int]]]:
        """For each way in which a spec's condition can hold, the literals that say it does not."""
        if spec is None or spec.condition is None:
            return [list(unless)]
        return [[*unless, *way] for way in self._denials(spec.condition)]

    def _denials(self, condition: Condition) -> list[list[tuple[int, int]]]:
        if condition.spec is not None:
            variable, mask, rich = self._evaluate(condition.spec, str(condition.spec))
            table = self.tables[variable]
            assert table is not None
            extras = () if rich is None else rich.extras
            wanted = [(self._variable_of_extra(variable, extra), ABSENT) for extra in extras]
            return [[(variable, table.domain ^ mask), *wanted]]
        parts = [self._denials(operand) for operand in condition.operands]
        if condition.joined_by == "or":
            return [way for part in parts for way in part]
        return [[literal for way in ways for literal in way] for ways in product(*parts)]

    # Choices

    def prefer(self, variable: int, mask: int) -> int:
        """The best candidate in a mask."""
        best = mask & -mask
        table = self.tables[variable]
        assert table is not None
        if not table.has_equal_after(best):
            return best
        group = table.group_of(best)
        if mask & group == best:
            return best
        order = self._orders.get((variable, group))
        if order is None:
            is_lowest = self._strategy == "lowest"
            order = order_group(table, group, self, lowest=is_lowest)
            self._orders[variable, group] = order
        return next(value for value in order if value & mask)
