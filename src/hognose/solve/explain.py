"""From the clauses that contradict each other to an explanation."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

import msgspec

from hognose.solve.candidates import iter_bits
from hognose.solve.clause import Clause, Unsatisfiable
from hognose.solve.conflict import Conflict, ConflictNode, abbreviate, enumerate_texts
from hognose.solve.encoding import Origin
from hognose.solve.search import Search
from hognose.solve.unmet_field import describe_unmet_field
from hognose.types import MatchSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hognose.solve.encoding import Problem
    from hognose.types import GenericVirtualPackage, RepoDataRecord

# Each clause of the core costs one small search to find out whether it is needed.
_MAX_MINIMISED = 300
# Decisions and conflicts in all these searches; real environments need a few hundred.
_MAX_STEPS = 5000
# Links of a chain; nobody reads as many, and Python's stack has room for some 400.
_MAX_TOLD_DEPTH = 100
# Comparing with so many takes a few milliseconds.
_NAMES_AT_ONCE = 500
_OVERRIDES = {
    "__archspec": "CONDA_OVERRIDE_ARCHSPEC",
    "__cuda": "CONDA_OVERRIDE_CUDA",
    "__glibc": "CONDA_OVERRIDE_GLIBC",
    "__linux": "CONDA_OVERRIDE_LINUX",
    "__osx": "CONDA_OVERRIDE_OSX",
    "__win": "CONDA_OVERRIDE_WIN",
}
_EXAMPLES = {"__archspec": "x86_64_v3", "__cuda": "12.9"}
_SYSTEMS = {
    "__linux": ("Linux", "linux-64"),
    "__glibc": ("Linux with glibc", "linux-64"),
    "__osx": ("macOS", "osx-arm64"),
    "__win": ("Windows", "win-64"),
    "__unix": ("Linux or macOS", "linux-64"),
}
# Every machine of a platform has them, and no other: to pretend one would help nobody.
_PLATFORMS_OWN = ("__linux", "__osx", "__unix", "__win")


def explain(
    problem: Problem, core: Sequence[Clause], virtual_packages: Sequence[GenericVirtualPackage]
) -> Conflict:
    """Explain clauses that contradict each other.

    Args:
        problem: The problem they belong to.
        core: The clauses, with `Origin`s.
        virtual_packages: What the machine offers, for the hints.
    """
    if len(core) <= _MAX_MINIMISED:
        core = _minimise(problem, core)
    return _Story(problem, core, virtual_packages).tell()


def _minimise(problem: Problem, core: Sequence[Clause]) -> list[Clause]:
    """Leave out every clause that the contradiction does not need; specs go first."""
    numbers: dict[int, int] = {}
    for clause in core:
        for variable, _ in clause.literals:
            numbers.setdefault(variable, len(numbers))
    domains = [problem.domain_of(variable) for variable in numbers]
    small = {
        Clause(tuple((numbers[v], mask) for v, mask in clause.literals)): clause for clause in core
    }
    needed = list(small)
    from_the_end = list(reversed(needed))
    from_the_end.sort(key=lambda clause: _origin(small[clause]).owner >= 0)
    steps = iter(range(_MAX_STEPS))

    def tick() -> None:
        problem.tick()
        next(steps)

    try:
        for clause in from_the_end:
            if clause in needed:
                without = [other for other in needed if other is not clause]
                needed = _contradiction(domains, without, tick) or needed
    except StopIteration:
        pass  # a puzzle rather than an environment: it stays longer than it could be
    return [small[clause] for clause in needed]


def _origin(clause: Clause) -> Origin:
    assert isinstance(clause.origin, Origin), "all given clauses have one"
    return clause.origin


def _contradiction(
    domains: list[int], clauses: list[Clause], tick: Callable[[], None]
) -> list[Clause] | None:
    """Which of the clauses contradict each other, if any do; `tick` limits the work."""
    search = Search(lambda _variable, _value: (), lambda _variable, mask: mask & -mask, tick)
    for domain in domains:
        search.add_variable(domain)
    try:
        search.solve(clauses)
    except Unsatisfiable as unsatisfiable:
        return unsatisfiable.core
    return None


def _quote(text: str) -> str:
    return f"`{text}`"


def _describe_virtual(record: RepoDataRecord) -> str:
    return f"{record.version}" if record.build == "0" else f"{record.version} {record.build}"


class _Demand(msgspec.Struct, eq=False):
    """Demands of one package, or of the caller, on one package, told as one.

    Attributes:
        kind: As in `Origin`.
        owner: The variable of the package that demands; -1 for the caller.
        owners: Its candidates that have one of the texts.
        target: The variable demanded of; -1 for texts that cannot be read.
        allowed: The candidates that one of the texts allows.
        texts: The texts.
        root: The number of the caller's demand that this one follows from, once it is told.
    """

    kind: str
    owner: int
    owners: int
    target: int
    allowed: int
    texts: list[str]
    root: int = -1


class _Story:
    """Walks from the caller's demands to what they lead to, telling each demand once."""

    def __init__(
        self,
        problem: Problem,
        core: Iterable[Clause],
        virtual_packages: Sequence[GenericVirtualPackage],
    ) -> None:
        self.problem = problem
        self.virtual_packages = virtual_packages
        self.hints: list[str] = []
        self.told: list[_Demand] = []
        self.is_cut = False  # whether a chain was too long to be told to its end
        merged: dict[object, _Demand] = {}
        for clause in core:
            o = _origin(clause)
            key = (o.kind, o.owner, o.target, o.text if o.owner < 0 else "")
            demand = merged.setdefault(key, _Demand(o.kind, o.owner, 0, o.target, 0, []))
            demand.owners |= o.owners
            demand.allowed |= o.allowed
            if o.text not in demand.texts:
                demand.texts.append(o.text)
        self.demands = sorted(merged.values(), key=self._place)

    def _place(self, demand: _Demand) -> tuple[int, int]:
        if demand.owner < 0:
            return 0, self.problem.place_of(demand.texts[0])
        return self.problem.search.rank_of(demand.owner), demand.target

    def tell(self) -> Conflict:
        roots = [demand for demand in self.demands if demand.owner < 0]
        reasons = [self._node(demand, 0, number) for number, demand in enumerate(roots)]
        if not self.is_cut:
            # What is left speaks of packages that are there whatever the caller wants.
            reasons += [
                self._node(demand, demand.owners, -1)
                for demand in self.demands
                if demand not in self.told
            ]
        names = dict.fromkeys(self.problem.names[d.target] for d in self.demands if d.target >= 0)
        pinned = [self.problem.pinned[name] for name in names if name in self.problem.pinned]
        return Conflict(
            specs=tuple(dict.fromkeys(d.texts[0] for d in roots if d.kind == "spec")),
            constraints=tuple(d.texts[0] for d in roots if d.kind == "constraint"),
            pins=tuple(f"{r.name} {r.version} {r.build}" for r in pinned),
            packages=tuple(names),
            reasons=tuple(reasons),
            hints=tuple(dict.fromkeys(self.hints)),
        )

    def _node(self, demand: _Demand, possible: int, root: int, depth: int = 0) -> ConflictNode:
        """Tell of a demand, and of what the packages demand that would meet it."""
        self.problem.tick()
        others = [d for d in self.told if d.target == demand.target and d.target >= 0]
        demand.root = root
        self.told.append(demand)
        problem, reasons = "", []
        if not demand.allowed and self._can_say_why_empty(demand):
            problem = self._nothing_meets(demand)
        elif depth == _MAX_TOLD_DEPTH:
            problem, self.is_cut = "and so on", True
        elif demand.kind != "invalid":
            reasons = [
                self._node(d, demand.allowed, root, depth + 1)
                for d in self.demands
                if d.owner == demand.target and d.owners & demand.allowed and d not in self.told
            ]
            problem = self._contradiction(demand, others, is_end=not reasons)
        return ConflictNode(
            package=self.problem.names[demand.owner] if demand.owner >= 0 else "",
            versions=self._versions(demand.owner, demand.owners & possible),
            demands=tuple(demand.texts),
            kind=demand.kind,
            problem=problem,
            reasons=tuple(reasons),
        )

    def _can_say_why_empty(self, demand: _Demand) -> bool:
        if demand.kind == "constrains":
            # Often the point of it, as in `<0.0a0`; but a machine could be another.
            return self.problem.names[demand.target].startswith("__")
        return demand.kind != "invalid"

    def _contradiction(self, demand: _Demand, others: list[_Demand], *, is_end: bool) -> str:
        """Say with which demands, told before, a demand does not go together."""
        # Builds that exclude each other do not contradict each other.
        others = [
            d for d in others if d.owner != demand.owner or d.owner < 0 or d.owners & demand.owners
        ]
        # Demands of the same root may belong to versions that exclude each other anyway.
        others = [d for d in others if d.root != demand.root] or others
        excluding = [d for d in others if not d.allowed & demand.allowed]
        if demand.kind == "constrains" and not demand.allowed and not excluding:
            return f"which rules out every {self.problem.names[demand.target]} there is"
        if excluding:
            for excluded in (demand, *excluding):
                self._hint_at_hidden(excluded)
            return f"which contradicts {enumerate_texts(map(self._name, excluding[:3]))}"
        all_told = all(d in self.told for d in self.demands if d.target == demand.target)
        # What is left may be out of the question for what it needs, which is told elsewhere.
        is_empty = not reduce(and_, (d.allowed for d in others), demand.allowed)
        if others and is_end and all_told and is_empty:
            names = enumerate_texts(map(self._name, [*others, demand]))
            return f"and nothing meets {names} at once"
        return ""

    def _name(self, demand: _Demand) -> str:
        shown = f"`{demand.texts[0]}`"
        if demand.owner >= 0:
            shown += f" of {self.problem.names[demand.owner]}"
        return shown

    def _versions(self, variable: int, mask: int) -> str:
        """Which candidates a mask means: nothing if all, runs of versions, or builds."""
        table = self.problem.tables[variable] if variable >= 0 else None
        if table is None or not mask or (mask == table.all and mask & (mask - 1)):
            return ""
        indices = sorted({table.version_indices[bit - 1] for bit in iter_bits(mask)})
        if len(indices) == 1:
            of_version = table.all_of_version(indices[0])
            builds = [record.build for record in table.records_of(mask)]
            version = str(table.versions[indices[0]])
            if mask == of_version or len(builds) > 2:
                return version
            return f"{version} {' and '.join(dict.fromkeys(builds))}"
        runs: list[tuple[int, int]] = []
        for index in indices:
            if runs and runs[-1][1] == index - 1:
                runs[-1] = (runs[-1][0], index)
            else:
                runs.append((index, index))
        shown = [str(version) for version in table.versions]
        return abbreviate([(shown[a], shown[b], b > a + 1) for a, b in runs])

    def _nothing_meets(self, demand: _Demand) -> str:
        """Say why no candidate meets a demand, and leave a hint where one is known."""
        name = self.problem.names[demand.target]
        table = self.problem.tables[demand.target]
        assert table is not None, "an extra can always be switched on"
        spec = MatchSpec(demand.texts[0])
        if name.startswith("__"):
            self._hint_at_machine(name, spec)
            found = enumerate_texts(map(_describe_virtual, table.records))
            return f"but the machine has {name} {found}" if found else f"but there is no {name}"
        pin = self.problem.pinned.get(name)
        if pin is not None and not table.records:
            self.hints.append(
                f"{pin.name} {pin.version} is left out: {self.problem.tiers.excluded[pin.url]}"
            )
            return f"but {name} is pinned to a package that is left out"
        if pin is not None:
            return f"but {name} is pinned to {pin.version}"
        self._hint_at_hidden(demand)
        if not table.records and self.problem.tiers.hidden(name):
            return f"but all packages `{name}` are left out"
        if not table.records:
            similar = self._similar_names(name)
            if similar:
                self.hints.append(f"did you mean {enumerate_texts(map(_quote, similar), 'or')}?")
            return f"but no channel has a package `{name}`"
        of_version = [
            record
            for record in table.records
            if spec.version is None or spec.version.matches(record.version)
        ]
        if of_version:
            return f"but {describe_unmet_field(spec, of_version)}"
        if len(table.versions) == 1:
            return f"but there is only {name} {table.versions[0]}"
        lowest, highest = table.versions[0], table.versions[-1]
        if len(table.versions) == 2:
            return f"but {name} has versions {lowest} and {highest}, and none matches"
        return f"but {name} has versions {lowest} to {highest}, and none matches"

    def _similar_names(self, name: str) -> list[str]:
        """The names of packages that may have been meant."""
        names = sorted(self.problem.tiers.package_names())
        found: list[str] = []
        for start in range(0, len(names), _NAMES_AT_ONCE):
            self.problem.tick()
            found += get_close_matches(name, names[start : start + _NAMES_AT_ONCE], cutoff=0.75)
        return get_close_matches(name, found, cutoff=0.75)

    def _hint_at_machine(self, name: str, spec: MatchSpec) -> None:
        """Say what the machine has, and how to solve for another one."""
        if not self.virtual_packages:
            # No variable helps here: nobody has looked at a machine.
            self.hints.append(
                "this solve has no virtual packages: "
                "`virtual_packages=hognose.virtual_packages.detect()` passes those of this machine"
            )
            return
        table = self.problem.tables[self.problem.find(name)]
        is_missing = not (table and table.records)
        has_linux = any(package.name == "__linux" for package in self.virtual_packages)
        if is_missing and name in _SYSTEMS and not (name == "__glibc" and has_linux):
            system, platform = _SYSTEMS[name]
            self.hints.append(
                f"the package is for {system}: solve for one of its platforms, such as {platform}"
            )
        if name in _OVERRIDES and not (is_missing and name in _PLATFORMS_OWN):
            number = re.search(r"[0-9]+(?:\.[0-9]+)*", str(spec.version or ""))
            example = number.group() if number else _EXAMPLES.get(name, "1")
            if name == "__archspec":
                example = str(spec.build or _EXAMPLES[name])
            setting = f"`{_OVERRIDES[name]}={example}`"
            self.hints.append(f"set {setting} to solve for a machine that has it")
        detected = ", ".join(map(str, self.virtual_packages))
        self.hints.append(f"the virtual packages of this solve are {detected}")

    def _hint_at_hidden(self, demand: _Demand) -> None:
        """Mention records that would meet a demand if they were not hidden."""
        if demand.target < 0 or self.problem.tables[demand.target] is None:
            return
        name = self.problem.names[demand.target]
        if name.startswith("__") or name in self.problem.pinned:
            return
        specs = [MatchSpec(text) for text in demand.texts]
        fitting = [
            hidden
            for hidden in self.problem.tiers.hidden(name)
            if hidden.reason == "requested channel"
            or any(spec.matches(hidden.record) for spec in specs)
        ]
        for reason in dict.fromkeys(h.reason for h in fitting):
            same = [h for h in fitting if h.reason == reason]
            versions = list(dict.fromkeys(str(h.record.version) for h in same))
            shown = ", ".join(versions[:3]) + (", ..." if len(versions) > 3 else "")
            builds = f"{len(same)} build{'s' if len(same) > 1 else ''} of {name} ({shown})"
            if reason == "excluded":
                verb = "are" if len(same) > 1 else "is"
                causes = enumerate_texts(dict.fromkeys(h.detail for h in same))
                self.hints.append(f"{builds} {verb} left out: {causes}")
            elif reason == "exclude newer":
                self.hints.append(f"`exclude_newer` hides {builds}: the limit is {same[0].detail}")
            elif reason == "channel priority":
                channels = enumerate_texts(dict.fromkeys(h.record.channel for h in same))
                self.hints.append(
                    f"strict channel priority hides {builds} of {channels}, "
                    f"because {same[0].detail} has a package of this name"
                )
            else:
                verb = "are" if len(same) > 1 else "is"
                self.hints.append(
                    f"{builds} {verb} not from the requested channel {same[0].detail}"
                )
