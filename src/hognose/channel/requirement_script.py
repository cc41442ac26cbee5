"""The program that `requirement_reader` runs in an interpreter with pip; not to be imported.

Reads a list of `DistributionQuestion` as JSON from standard input, writes a list of answers:
`{"answer": DistributionRequirements}` or `{"error": text}`. Needs nothing but pip.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from pip._vendor.packaging.markers import Marker, default_environment
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.specifiers import SpecifierSet
from pip._vendor.packaging.utils import canonicalize_name
from pip._vendor.packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE: dict[str, Any] = {**default_environment()}
MINOR = sys.version_info[1]
MINORS = range(max(40, MINOR + 10))
PYTHON = {"python_version", "python_full_version"}
SYSTEM = {"os_name", "platform_system", "sys_platform"}
MACHINE = {"platform_machine", "platform_release", "platform_version"}
SYSTEMS = (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))
MACHINES = (HERE["platform_machine"], "x86_64", "aarch64", "arm64", "AMD64", "ppc64le", "other")
ALWAYS = {
    "applies": True,
    "lowest_minor": None,
    "highest_minor": None,
    "needs_system": False,
    "needs_machine": False,
}


def specifiers(found: Iterable[Any]) -> list[dict[str, str]]:
    """Take version specifiers apart, and normalise their versions."""
    answer = []
    for one in found:
        operator, version = one.operator, one.version
        family = ""
        if version.endswith(".*"):
            version = f"{Version(version[:-2])}.*"
        elif operator != "===":
            parsed = Version(version)
            version = str(parsed)
            if operator == "~=":
                epoch = f"{parsed.epoch}!" if parsed.epoch else ""
                family = f"{epoch}{'.'.join(map(str, parsed.release[:-1]))}.*"
        answer.append({"operator": operator, "version": version, "family": family})
    return sorted(answer, key=lambda one: (one["operator"], one["version"]))


def variables(node: object) -> set[str]:
    """Collect the variables of a parsed marker: nested lists of (left, operator, right)."""
    if isinstance(node, tuple):
        return {str(side.value) for side in node if type(side).__name__ == "Variable"}
    return set().union(*map(variables, node)) if isinstance(node, list) else set()


def outcome(marker: Marker, extra: str) -> dict[str, Any]:
    """Evaluate a marker, and find for which other Pythons, systems and machines that holds."""
    used = variables(marker._markers)  # there is no public view

    def holds(
        minor: int | None = None,
        system: Sequence[str] | None = None,
        machine: str | None = None,
    ) -> bool:
        changes = {"extra": extra}
        if minor is not None:
            changes["python_version"] = f"3.{minor}"
            changes["python_full_version"] = f"3.{minor}.0"
        if system is not None:
            changes["sys_platform"], changes["platform_system"], changes["os_name"] = system
        if machine is not None:
            changes["platform_machine"] = machine
        return bool(marker.evaluate({**HERE, **changes}))

    now = holds()
    answer: dict[str, Any] = {**ALWAYS, "applies": now}
    minors: list[int | None] = [None]
    if used & PYTHON:
        same = [minor == MINOR or holds(minor) == now for minor in MINORS]
        low = next((m + 1 for m in range(MINOR - 1, -1, -1) if not same[m]), None)
        high = next((m - 1 for m in range(MINOR + 1, len(MINORS)) if not same[m]), None)
        answer["lowest_minor"], answer["highest_minor"] = low, high
        last = len(MINORS) if high is None else high + 1
        minors = [m for m in range(low or 0, last) if m != MINOR]
    if used & MACHINE:
        answer["needs_machine"] = any(
            holds(minor, None, machine) != now for minor in minors for machine in MACHINES
        )
    if used & (SYSTEM | MACHINE):
        answer["needs_system"] = any(
            holds(minor, system, machine) != now
            for minor in (*minors, None)
            for system in SYSTEMS
            for machine in (MACHINES if used & MACHINE else MACHINES[:1])
        )
    return answer


def requirement(text: str, extras: list[str]) -> dict[str, Any]:
    """Take a requirement apart."""
    parsed = Requirement(text)
    return {
        "name": parsed.name,
        "canonical_name": canonicalize_name(parsed.name),
        "extras": sorted(map(canonicalize_name, parsed.extras)),
        "url": parsed.url,
        "specifiers": specifiers(parsed.specifier),
        "outcomes": [
            ALWAYS if parsed.marker is None else outcome(parsed.marker, extra)
            for extra in ("", *extras)
        ],
    }


def requires_python(text: str | None) -> list[dict[str, str]] | None:
    """Take `Requires-Python` apart; None for what pip ignores too, such as the old `>=3.6.*`."""
    try:
        return specifiers(SpecifierSet(text)) if text else None
    except ValueError:
        return None


def distribution(asked: dict[str, Any]) -> dict[str, Any]:
    """Answer for one distribution."""
    extras: list[str] = sorted(map(canonicalize_name, asked["extras"]))
    return {
        "canonical_name": canonicalize_name(asked["name"]),
        "version": str(Version(asked["version"])),
        "extras": extras,
        "requires_python": requires_python(asked["requires_python"]),
        "requirements": [requirement(text, extras) for text in asked["requirements"]],
        "sys_platform": sys.platform,
    }


def answer_all(questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answer for all distributions; one that breaks the standards does not stop the others."""
    answers: list[dict[str, Any]] = []
    for asked in questions:
        try:
            answers.append({"answer": distribution(asked)})
        except ValueError as error:
            answers.append({"error": str(error)})
    return answers


if __name__ == "__main__":
    json.dump(answer_all(json.load(sys.stdin)), sys.stdout)
