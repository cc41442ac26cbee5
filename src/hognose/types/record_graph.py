"""What the records of one environment are to each other: who needs whom, and whether they fit.

Their order is in `topological_order.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.errors import ValidatePackageRecordsError
from hognose.types.match_spec import MatchSpec, package_name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hognose.types.package_record import PackageRecord


def dependencies(records: Iterable[PackageRecord]) -> dict[str, list[str]]:
    """For each name in the set, the names in it that it depends on, in the order it names them."""
    found = {record.name: list(map(package_name_of, record.depends)) for record in records}
    return {name: [other for other in names if other in found] for name, names in found.items()}


def dependents(records: Iterable[PackageRecord]) -> dict[str, list[str]]:
    """For each name in the set, the sorted names of those that depend on it."""
    found: dict[str, set[str]] = {record.name: set() for record in records}
    for record in records:
        for text in record.depends:
            name = package_name_of(text)
            if name in found:
                found[name].add(record.name)
    return {name: sorted(names) for name, names in found.items()}


def reachable(edges: Mapping[str, Iterable[str]], starts: Iterable[str]) -> set[str]:
    """Return those of the starts that the graph has, and all that their edges lead to.

    `edges` is a graph by name, as `dependencies` and `dependents` return it.
    """
    reached: set[str] = set()
    pending = list(starts)
    while pending:
        name = pending.pop()
        if name in edges and name not in reached:
            reached.add(name)
            pending += edges[name]
    return reached


def problems(records: Iterable[PackageRecord]) -> list[str]:
    """Return what keeps records from being one environment, a sentence each.

    Virtual packages (`__glibc`, ...) are left out: they are facts about a machine, not members of
    an environment.
    """
    by_name: dict[str, PackageRecord] = {}
    found = []
    for record in records:
        if record.name in by_name:
            found.append(f"package `{record}` is there beside `{by_name[record.name]}`")
        by_name[record.name] = record
    for record in by_name.values():
        for text in record.depends:
            name = package_name_of(text)
            if name.startswith("__"):
                continue
            other = by_name.get(name)
            if other is None:
                spec = MatchSpec(text)
                if spec.condition is None:
                    found.append(
                        f"package `{record}` has dependency `{text}`, which is not in the "
                        "environment"
                    )
            elif not MatchSpec(text).matches(other):
                found.append(
                    f"package `{record}` has dependency `{text}`, but the environment has `{other}`"
                )
        for text in record.constrains:
            other = by_name.get(package_name_of(text))
            if other is not None and not MatchSpec(text).matches(other):
                found.append(
                    f"package `{record}` has constraint `{text}`, but the environment has `{other}`"
                )
    return found


def validate(records: Iterable[PackageRecord]) -> None:
    """Check that records fit together as one environment.

    Raises:
        ValidatePackageRecordsError: They do not; `problems` lists every reason.
    """
    found = problems(records)
    if found:
        raise ValidatePackageRecordsError(found[0], problems=found)
