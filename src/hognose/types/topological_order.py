"""The order of the packages of an environment: dependencies first.

Many orders would do, but who owns a contested path depends on the one that is chosen, and an
environment may be changed by rattler today and by us tomorrow. So the choice is rattler's: walk
from the packages that nobody needs, backwards by name, and where packages need each other in a
circle let `noarch` packages come later. The result does not depend on the order of the input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hognose.types.match_spec import package_name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hognose.types.package_record import PackageRecord

    Record = TypeVar("Record", bound=PackageRecord)

__all__ = ("sort_topologically",)

Edge = tuple[str, str]


def sort_topologically(records: Iterable[Record]) -> list[Record]:
    """Order records of distinct names so that each comes after what it depends on.

    Where records depend on each other in a circle, one of its dependencies is disregarded: one of
    a package for a platform on a `noarch` one, if there is such a dependency. Takes time linear in
    the number of dependencies, but for sorting the names.
    """
    by_name: dict[str, Record] = {record.name: record for record in records}
    needed = {
        name: [package_name_of(text) for text in record.depends] for name, record in by_name.items()
    }
    broken = _edges_to_break(by_name, needed)
    if broken:
        for name, others in needed.items():
            needed[name] = [other for other in others if (name, other) not in broken]
    has_dependents = {other for others in needed.values() for other in others}
    stack = sorted(name for name in by_name if name not in has_dependents)
    ordered: list[Record] = []
    seen: set[str] = set()
    while True:
        _walk(stack, by_name, needed, seen, ordered)
        # A circle that nobody outside needs has no start of its own.
        stack = sorted(name for name in by_name if name not in seen)
        if not stack:
            return ordered


def _walk(
    names: Iterable[str],
    by_name: Mapping[str, Record],
    needed: Mapping[str, Sequence[str]],
    seen: set[str],
    ordered: list[Record],
) -> None:
    """Append what is reachable from some names, in post-order, the last name first."""
    stack = [(name, False) for name in names]
    while stack:
        name, is_done = stack.pop()
        if is_done:
            ordered.append(by_name[name])
        elif name not in seen and name in by_name:
            seen.add(name)
            stack.append((name, True))
            stack += [(other, False) for other in sorted(needed[name]) if other not in seen]


def _edges_to_break(
    by_name: Mapping[str, PackageRecord], needed: Mapping[str, Sequence[str]]
) -> set[Edge]:
    broken: set[Edge] = set()
    for circle in _find_circles(by_name, needed):
        for index, name in enumerate(circle):
            following = circle[(index + 1) % len(circle)]
            is_bound = by_name[name].noarch.is_none
            is_following_bound = by_name[following].noarch.is_none
            if is_bound and not is_following_bound:
                broken.add((name, following))
                break
            if (is_following_bound and not is_bound) or index == len(circle) - 1:
                broken.add((following, name))
                break
    return broken


def _find_circles(
    by_name: Mapping[str, PackageRecord], needed: Mapping[str, Sequence[str]]
) -> list[list[str]]:
    """Return the circles that one depth-first walk meets."""
    circles: list[list[str]] = []
    seen: set[str] = set()
    for start in sorted(by_name):
        if start in seen:
            continue
        seen.add(start)
        path, pending = [start], [iter(needed[start])]
        place_in_path = {start: 0}
        while pending:
            name = next(pending[-1], None)
            if name is None:
                del place_in_path[path.pop()]
                pending.pop()
            elif name in place_in_path:
                circles.append(path[place_in_path[name] :])
            elif name not in seen and name in by_name:
                seen.add(name)
                place_in_path[name] = len(path)
                path.append(name)
                pending.append(iter(needed[name]))
    return circles
