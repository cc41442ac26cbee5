"""Say in conda's terms what a PyPI distribution needs.

Names: conda packages made from wheels are called as their wheel calls itself, in lower case, which
is conda-forge's name for most of them. A requirement is looked up by PyPI's normalised name in a
table of what a channel holds, and is taken as written, in lower case, if it is not there.

Markers: a noarch package is used by other Pythons and on other systems than the one that its
markers were evaluated for. So the package is limited to those where the outcome is the same.

Addresses: of `name @ https://...` only the name is kept; conda has no such requirement.

Extras: a requirement such as `coverage[toml]` adds what that extra needs to the package that asks,
if the other distribution's requirements are known. Extras of the package itself are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hognose.channel.requirement_reader import (
        DistributionRequirements,
        MarkerOutcome,
        Requirement,
        Specifier,
    )

_ORDER: Final = (">=", ">", "==", "~=", "!=", "<", "<=")
_SYSTEMS: Final = {"linux": "__linux", "darwin": "__osx", "win32": "__win"}


class Dependencies(msgspec.Struct, frozen=True, gc=False):
    """What a package needs, in conda's terms.

    Attributes:
        depends: The match specs, without Python itself.
        python: The version spec of the Pythons that fit; empty for all.
        lowest_minor: The lowest minor version of Python 3 that markers allow, or None.
        highest_minor: The highest one, or None.
        system: The virtual package of the only operating system that fits, or None.
        needs_machine: Whether the outcome holds for this kind of machine only.
    """

    depends: tuple[str, ...]
    python: str
    lowest_minor: int | None
    highest_minor: int | None
    system: str | None
    needs_machine: bool


def format_version_spec(specifiers: Iterable[Specifier]) -> str:
    """Write PEP 440 specifiers as a conda version spec; empty if there are none.

    `~=1.2` becomes `>=1.2,1.*`. That PEP 440 leaves pre-releases of 2 out of `<2` is not expressed.
    """
    parts: dict[str, None] = {}
    for specifier in sorted(
        specifiers, key=lambda one: (_ORDER.index(_known(one.operator)), one.version)
    ):
        if specifier.operator == "~=":
            parts[f">={specifier.version}"] = None
            parts[specifier.family] = None
        elif specifier.operator == "==" and specifier.version.endswith(".*"):
            parts[specifier.version] = None
        else:
            parts[f"{_known(specifier.operator)}{specifier.version}"] = None
    return ",".join(parts)


def _known(operator: str) -> str:
    return "==" if operator == "===" else operator


def plan_dependencies(
    distribution: DistributionRequirements,
    *,
    conda_names: Mapping[str, str],
    others: Mapping[str, DistributionRequirements],
) -> Dependencies:
    """Work out what a distribution without extras needs.

    Args:
        distribution: The distribution.
        conda_names: conda's names of distributions, by PyPI's normalised names.
        others: Distributions whose extras can be resolved, by PyPI's normalised names.
    """
    specs: dict[str, list[Specifier]] = {}
    outcomes: list[MarkerOutcome] = []
    for requirement, outcome in _iter_requirements(distribution, others):
        # A requirement that does not apply here limits the package just as one that does.
        outcomes.append(outcome)
        if not outcome.applies or requirement.canonical_name == distribution.canonical_name:
            continue
        name = conda_names.get(requirement.canonical_name, requirement.name.lower())
        specs.setdefault(name, []).extend(requirement.specifiers)
    lows = [one.lowest_minor for one in outcomes if one.lowest_minor is not None]
    highs = [one.highest_minor for one in outcomes if one.highest_minor is not None]
    needs_machine = any(one.needs_machine for one in outcomes)
    needs_system = needs_machine or any(one.needs_system for one in outcomes)
    return Dependencies(
        depends=tuple(
            f"{name} {spec}" if (spec := format_version_spec(specs[name])) else name
            for name in sorted(specs)
        ),
        python=format_version_spec(distribution.requires_python or ()),
        lowest_minor=max(lows, default=None),
        highest_minor=min(highs, default=None),
        system=_SYSTEMS.get(distribution.sys_platform) if needs_system else None,
        needs_machine=needs_machine,
    )


def _iter_requirements(
    distribution: DistributionRequirements, others: Mapping[str, DistributionRequirements]
) -> Iterator[tuple[Requirement, MarkerOutcome]]:
    """Yield what a distribution asks for, then what the extras ask for that it asks for, ..."""
    pending: list[tuple[DistributionRequirements, int]] = [(distribution, 0)]
    seen: set[tuple[str, str]] = set()
    known = {**others, distribution.canonical_name: distribution}
    while pending:
        asking, index = pending.pop(0)
        for requirement in asking.requirements:
            outcome = requirement.outcomes[index]
            if index and requirement.outcomes[0].applies:
                continue  # needed without the extra too, so the other package asks for it itself
            yield requirement, outcome
            other = known.get(requirement.canonical_name)
            if other is None or not outcome.applies:
                continue
            for extra in requirement.extras:
                if extra in other.extras and (other.canonical_name, extra) not in seen:
                    seen.add((other.canonical_name, extra))
                    pending.append((other, other.extras.index(extra) + 1))
