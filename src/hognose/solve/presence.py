"""Why a package is in an environment, and why in this version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hognose.solve.task import by_name, with_text
from hognose.types import MatchSpec, RepoDataRecord, package_name_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

_MAX_CHAINS = 8


class PresenceDemand(msgspec.Struct, frozen=True, omit_defaults=True):
    """A demand on the package.

    Attributes:
        package: The package that has it, as `name version build`; empty for the user's own.
        text: The spec, dependency or constraint.
        kind: `spec`, `depends` or `constrains`.
    """

    package: str
    text: str
    kind: str

    def __str__(self) -> str:
        """As a sentence without an end."""
        if not self.package:
            return f"`{self.text}` was asked for"
        verb = "needs" if self.kind == "depends" else "works only with"
        return f"{self.package} {verb} `{self.text}`"


class NewerVersion(msgspec.Struct, frozen=True, omit_defaults=True):
    """A higher version that is not here, and what stands against it.

    Attributes:
        version: The version.
        reasons: Demands of the environment that it does not meet, or its own that the environment
            does not meet; empty if nothing stands against it.
    """

    version: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """As a sentence without an end."""
        if not self.reasons:
            return f"{self.version} would fit: an update would bring it"
        return f"{self.version} does not fit: {'; '.join(self.reasons)}"


class Presence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a package is here.

    Attributes:
        package: The package, as `name version build`.
        requested: The user's own specs for it.
        chains: For each package that was asked for, the shortest way from it to this one, by
            names; the shortest first.
        demands: Every demand on it, which together leave the versions that are possible.
        newer: Higher versions, the highest first, where candidates were given.
    """

    package: str
    requested: tuple[str, ...] = ()
    chains: tuple[tuple[str, ...], ...] = ()
    demands: tuple[PresenceDemand, ...] = ()
    newer: tuple[NewerVersion, ...] = ()

    def __str__(self) -> str:
        """The answer for a person."""
        lines = [self.package]
        lines += [f"  asked for: `{text}`" for text in self.requested]
        shown = [" → ".join(chain) for chain in self.chains if len(chain) > 1]
        if len(shown) > _MAX_CHAINS:
            shown[_MAX_CHAINS - 1 :] = [f"... and {len(shown) - _MAX_CHAINS + 1} other ways"]
        if shown:
            lines += ["  needed by", *(f"    {text}" for text in shown)]
        if not self.requested and not shown:
            lines.append("  nothing needs it")
        limits = [demand for demand in self.demands if demand.package]
        if limits:
            lines += ["  in this version because", *(f"    {demand}" for demand in limits)]
        if self.newer:
            lines += ["  newer versions", *(f"    {version}" for version in self.newer)]
        return "\n".join(lines)


def why(
    package: RepoDataRecord | str,
    records: Iterable[RepoDataRecord],
    *,
    specs: Iterable[MatchSpec | str] | None = None,
    candidates: Iterable[RepoDataRecord] = (),
) -> Presence:
    """Tell why a package is in an environment, and why in this version.

    Args:
        package: The package, or its name.
        records: The environment.
        specs: What the user asked for; by default what the records note in `requested_specs`.
        candidates: Records of the package that could be there instead, to tell what stands
            against higher versions.

    Raises:
        ValueError: The environment has no package of that name.
    """
    there = by_name(records)
    name = package.lower() if isinstance(package, str) else str(package.name)
    if name not in there:
        raise ValueError(f"there is no package `{name}`")
    record = there[name]
    if specs is None:
        specs = [t for found in there.values() for t in getattr(found, "requested_specs", ())]
    asked = [(text, spec) for text, spec in map(with_text, specs) if spec.name.exact in there]
    requested = tuple(text for text, spec in asked if spec.name.exact == name)
    own = [PresenceDemand("", text, "spec") for text in requested]
    demands = (*own, *_demands((name,), there).get(name, ()))
    return Presence(
        package=_describe(record),
        requested=requested,
        chains=_chains(name, there, [str(spec.name.exact) for _, spec in asked]),
        demands=demands,
        newer=_newer(record, candidates, demands, there),
    )


def _describe(record: RepoDataRecord) -> str:
    return f"{record.name} {record.version} {record.build}"


def _demands(
    names: Container[str], there: Mapping[str, RepoDataRecord]
) -> dict[str, list[PresenceDemand]]:
    """Every demand of the packages that are there on one of the names, by name."""
    found: dict[str, list[PresenceDemand]] = {}
    for record in sorted(there.values(), key=lambda record: record.name):
        for kind, texts in (("depends", record.depends), ("constrains", record.constrains)):
            for text in texts:
                name = package_name_of(text)
                if name in names:
                    demand = PresenceDemand(_describe(record), text, kind)
                    found.setdefault(name, []).append(demand)
    return found


def _chains(
    name: str, there: Mapping[str, RepoDataRecord], asked: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """The shortest ways to a package, found from it backwards, level by level."""
    dependents: dict[str, set[str]] = {}
    for record in there.values():
        for text in record.depends:
            dependents.setdefault(package_name_of(text), set()).add(str(record.name))
    following: dict[str, str] = {name: ""}
    level = [name]
    while level:
        found = []
        for current in level:
            for dependent in sorted(dependents.get(current, ())):
                if dependent not in following:
                    following[dependent] = current
                    found.append(dependent)
        level = found
    # Without a note of what was asked for, it is what nothing else needs.
    roots = asked or [other for other in there if not dependents.get(other, set()) - {other}]
    chains = []
    for root in dict.fromkeys(roots):
        if root in following:
            chain = [root]
            while following[chain[-1]]:
                chain.append(following[chain[-1]])
            chains.append(tuple(chain))
    return tuple(sorted(chains, key=lambda chain: (len(chain), chain)))


def _newer(
    record: RepoDataRecord,
    candidates: Iterable[RepoDataRecord],
    demands: Sequence[PresenceDemand],
    there: Mapping[str, RepoDataRecord],
) -> tuple[NewerVersion, ...]:
    """What stands against each higher version: the least that does against one of its builds."""
    best: dict[str, tuple[str, ...]] = {}
    higher = [c for c in candidates if c.name == record.name and c.version > record.version]
    for candidate in sorted(higher, key=lambda c: c.version, reverse=True):
        reasons = _objections(candidate, demands, there)
        version = str(candidate.version)
        if version not in best or len(reasons) < len(best[version]):
            best[version] = reasons
    return tuple(NewerVersion(version, reasons) for version, reasons in best.items())


def objections(
    packages: Iterable[RepoDataRecord], records: Iterable[RepoDataRecord]
) -> dict[str, tuple[str, ...]]:
    """Tell what stands against packages in an environment.

    Args:
        packages: Packages of different names that could be there.
        records: The environment.

    Returns:
        By name, a sentence without an end for each demand of the other packages that the package
        does not meet, and for each of its own that they do not meet.
    """
    wanted, there = by_name(packages), by_name(records)
    demands = _demands(wanted, there)
    return {
        name: _objections(record, demands.get(name, ()), there) for name, record in wanted.items()
    }


def _objections(
    record: RepoDataRecord,
    demands: Iterable[PresenceDemand],
    there: Mapping[str, RepoDataRecord],
) -> tuple[str, ...]:
    with_it = {**there, str(record.name): record}

    def is_met(spec: MatchSpec) -> bool:
        """Whether a package of the environment meets a spec."""
        other = with_it.get(spec.name.exact or "")
        return other is not None and spec.matches(other)

    def is_broken(spec: MatchSpec) -> bool:
        if spec.condition is not None and not spec.condition.evaluate(is_met):
            return False
        return not is_met(spec)

    found = [str(demand) for demand in demands if is_broken(MatchSpec(demand.text))]
    for verb, texts in (("needs", record.depends), ("works only with", record.constrains)):
        for text in texts:
            spec = MatchSpec(text)
            other = with_it.get(spec.name.exact or "")
            if other is not None and other is not record and is_broken(spec):
                found.append(f"it {verb} `{text}`, and {other.name} {other.version} is here")
    return tuple(dict.fromkeys(found))
