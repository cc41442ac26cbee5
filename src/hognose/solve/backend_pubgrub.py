"""The back end `pubgrub`: version solving after PubGrub, done by `nab-resolver`.

It works on the clauses and candidate masks of `encoding.py`, so whatever those express it can
solve: the clause "A not in S, or B in M" is the PubGrub incompatibility "A in S, and not B in M".
A literal that allows ABSENT becomes a positive term on the values it forbids, any other literal a
negative term on the values it allows.

The order of its decisions is its own: packages of the specs come first, but a conflict may put
another one before them, so their versions need not be the best in the order of the specs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

from hognose.errors import SolverBackendError, UnsolvableError
from hognose.solve.clause import ABSENT, Clause
from hognose.solve.encoding import ON, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from hognose.solve.task import SolveTask
    from hognose.types import RepoDataRecord


class PubGrubBackend:
    """Solves with `nab-resolver`."""

    name = "pubgrub"

    def solve(self, task: SolveTask) -> list[RepoDataRecord]:
        """Find an environment.

        Raises:
            UnsolvableError: There is none; explained as with the default back end.
            SolverBackendError: `nab-resolver` is not installed, or gave up.
            SolveCancelledError: It was time to stop.
        """
        try:
            errors = import_module("nab_resolver.errors")
            resolving = import_module("nab_resolver.resolver")
            types = import_module("nab_resolver.types")
        except ImportError as error:
            raise SolverBackendError(
                "the back end `pubgrub` needs the package nab-resolver",
                hint="install it with `pip install 'hognose[pubgrub]'`",
                backend=self.name,
            ) from error
        problem = Problem(task)
        provider = _Provider(problem, types)
        observer = _Observer(problem)
        resolver = resolving.Resolver(provider, observer, range_type=MaskRange)
        requirements = [
            types.RootRequirement(variable, MaskRange(mask), clause)
            for variable, mask, clause in provider.roots(task)
        ]
        try:
            resolver.solve(requirements)
        except errors.ResolutionTerminatedError as error:
            message = f"nab-resolver gave up: {error}"
            raise SolverBackendError(message, backend=self.name) from error
        except errors.ResolutionError as error:
            from hognose.solve.explain import explain

            found = error.incompatibility.walk() if error.incompatibility is not None else ()
            core = [item.origin for item in found if isinstance(item.origin, Clause)]
            conflict = explain(problem, core, task.virtual_packages)
            raise UnsolvableError(str(conflict), conflict=conflict) from None
        return [
            table.record_of(value)
            for _, variable, value in observer.decided
            if (table := problem.tables[variable]) is not None and not table.name.startswith("__")
        ]


class MaskRange:
    """A set of values as PubGrub wants it: a bit mask, whose complement is endless."""

    __slots__ = ("mask",)

    def __init__(self, mask: int) -> None:
        self.mask = mask

    @classmethod
    def empty(cls) -> Self:
        """No value."""
        return cls(0)

    @classmethod
    def full(cls) -> Self:
        """Every value."""
        return cls(-1)

    @classmethod
    def singleton(cls, value: int) -> Self:
        """One value, itself a mask of one bit."""
        return cls(value)

    @property
    def is_empty(self) -> bool:
        """Whether no value is in it."""
        return not self.mask

    def __contains__(self, value: int) -> bool:
        return bool(self.mask & value)

    def __and__(self, other: MaskRange) -> MaskRange:
        return MaskRange(self.mask & other.mask)

    def __or__(self, other: MaskRange) -> MaskRange:
        return MaskRange(self.mask | other.mask)

    def __invert__(self) -> MaskRange:
        return MaskRange(~self.mask)

    def __sub__(self, other: MaskRange) -> MaskRange:
        return MaskRange(self.mask & ~other.mask)

    def is_subset(self, other: MaskRange) -> bool:
        """Whether the other one has every value of this one."""
        return not self.mask & ~other.mask

    def is_superset(self, other: MaskRange) -> bool:
        """Whether this one has every value of the other one."""
        return not other.mask & ~self.mask

    def is_disjoint(self, other: MaskRange) -> bool:
        """Whether they share no value."""
        return not self.mask & other.mask

    def relation(self, other: MaskRange) -> Any:
        """Both at once, as the resolver's own type."""
        relation = import_module("nab_resolver.types").RangeRelation
        return relation((self.is_subset(other), self.is_disjoint(other)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MaskRange) and self.mask == other.mask

    def __hash__(self) -> int:
        return hash(self.mask)

    def __repr__(self) -> str:
        return f"MaskRange({self.mask:#x})"


class _Observer:
    """Keeps the decisions that stand, and stops the search when it is time."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.decided: list[tuple[int, int, int]] = []  # level, variable, value

    def on_decision(self, package: int, version: int, level: int) -> None:
        """Note a decision."""
        self._problem.tick()
        self._forget(level - 1)
        self.decided.append((level, package, version))

    def on_backjump(self, from_level: int, to_level: int) -> None:
        """Forget what was undone."""
        del from_level
        self._problem.tick()
        self._forget(to_level)

    def _forget(self, level: int) -> None:
        while self.decided and self.decided[-1][0] > level:
            self.decided.pop()

    def __getattr__(self, name: str) -> Any:
        """Every other event is of no interest."""
        if name.startswith("on_"):
            return lambda *_, **__: None
        raise AttributeError(name)


class _Provider:
    """Gives candidates and, beside each choice, the clauses about it."""

    def __init__(self, problem: Problem, types: ModuleType) -> None:
        self._problem = problem
        self._types = types
        self._pending: list[Any] = []
        self._order: dict[int, int] = {}
        self._leaders = 0

    def roots(self, task: SolveTask) -> list[tuple[int, int, Clause]]:
        """What the caller requires; any other clause of theirs waits for the first choice."""
        problem = self._problem
        required = []
        clauses = list(problem.root_clauses(task.specs, task.constraints))
        for clause in clauses:
            (variable, mask), *others = clause.literals
            if others or mask & ABSENT:
                self._pending.append(self._incompatibility(clause))
            else:
                required.append((variable, mask, clause))
        for package in task.virtual_packages:
            variable = problem.find(package.name)
            mask = problem.domain_of(variable)
            required.append((variable, mask, Clause(((variable, mask),))))
        for variable, _, _ in required:
            self._order.setdefault(variable, len(self._order))
        self._leaders = len(self._order)
        return required

    def choose_version(self, package: int, version_range: MaskRange) -> int | None:
        """The best candidate in a range."""
        problem = self._problem
        table = problem.tables[package]
        mask = version_range.mask & (ON if table is None else table.all)
        if not mask:
            return None
        value = mask if table is None else problem.prefer(package, mask)
        clauses = problem.clauses_about(package, value)
        self._pending += [self._incompatibility(clause) for clause in clauses]
        return value

    def has_satisfying_version(self, package: int, version_range: MaskRange) -> bool:
        """Whether a range has a candidate."""
        table = self._problem.tables[package]
        return bool(version_range.mask & (ON if table is None else table.all))

    def get_dependencies(self, package: int, version: int) -> Mapping[int, MaskRange]:
        """Nothing: dependencies come as clauses, which say it of all candidates they hold for."""
        del package, version
        return {}

    def prioritize(
        self,
        package: int,
        version_range: MaskRange,
        conflict_counts: Mapping[int, int],
        culprit_counts: Mapping[int, int] | None = None,
    ) -> tuple[int, int, int]:
        """Packages of the specs first, then those with conflicts, then the first one reached."""
        del version_range
        order = self._order.setdefault(package, len(self._order))
        if order < self._leaders:
            return 0, 0, order
        conflicts = conflict_counts.get(package, 0)
        if culprit_counts is not None:
            conflicts += culprit_counts.get(package, 0)
        return 1, -conflicts, order

    def consume_pending_clauses(self) -> list[Any]:
        """The clauses about what was chosen last."""
        pending, self._pending = self._pending, []
        return pending

    def begin_decision_scan(self) -> None:
        """Nothing changes between scans."""

    def is_ready(self, package: int) -> bool:
        """Every package is: records are loaded when a clause names them."""
        del package
        return True

    def receive_partial_solution_hint(self, positive_ranges: Any, decisions: Any) -> None:
        """Looks at nothing ahead."""

    def consume_force_backtrack_targets(self) -> list[int]:
        """None."""
        return []

    def widen_decision(self, package: int, version: int) -> MaskRange | None:
        """Clauses are about sets of candidates as it is."""
        del package, version
        return None

    def narrow_for_display(self, package: int, constraint: MaskRange) -> MaskRange:
        """Reports are made from the clauses instead."""
        del package
        return constraint

    def _incompatibility(self, clause: Clause) -> Any:
        term = self._types.Term
        terms = [
            term(variable, MaskRange(self._problem.domain_of(variable) & ~mask), positive=True)
            if mask & ABSENT
            else term(variable, MaskRange(mask), positive=False)
            for variable, mask in clause.literals
        ]
        cause = self._types.IncompatibilityCause.DEPENDENCY
        return self._types.Incompatibility(terms, cause, origin=clause)
