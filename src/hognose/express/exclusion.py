"""Leaving packages out of a solved environment, and with them what only they need.

The solver knows nothing of this: the result violates the dependencies of whoever wanted the
excluded package. What was left out, and why, is therefore recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hognose.types import RepoDataRecord, package_name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Exclusion(msgspec.Struct, frozen=True):
    """The outcome of an exclusion.

    Attributes:
        kept: The records that stay, in their order.
        removed: The names of the others, sorted, each with the reason.
    """

    kept: tuple[RepoDataRecord, ...]
    removed: dict[str, str]


def exclude_packages(
    records: Sequence[RepoDataRecord],
    excluded: Iterable[str],
    *,
    requested: Iterable[str] = (),
) -> Exclusion:
    """Leave out packages and whatever nothing else needs any more.

    A package stays if it was requested by name, if no excluded package ever led to it, or if a
    package that stays needs it. So packages that need each other do not keep each other.
    `constrains` and virtual packages play no part; names that are not there are ignored.

    Args:
        records: A solved environment.
        excluded: The names to leave out; they go even if they were requested.
        requested: The names that the user asked for.
    """
    index = {str(record.name): number for number, record in enumerate(records)}
    needs = [
        [index[name] for name in map(package_name_of, record.depends) if name in index]
        for record in records
    ]
    named = {index[name] for name in excluded if name in index}
    if not named:
        return Exclusion(tuple(records), {})
    suspects = _reach(named, needs, barred=set())
    roots = set(range(len(records))) - suspects
    roots |= {index[name] for name in requested if name in index} - named
    kept = _reach(roots, needs, barred=named)
    removed = {
        str(records[number].name): _reason(number, records, needs, kept, named)
        for number in suspects - kept
    }
    return Exclusion(
        tuple(record for number, record in enumerate(records) if number not in suspects - kept),
        dict(sorted(removed.items())),
    )


def _reach(start: set[int], needs: Sequence[Sequence[int]], *, barred: set[int]) -> set[int]:
    """Find what can be reached from somewhere without passing what is barred."""
    seen = set(start)
    stack = list(start)
    while stack:
        for number in needs[stack.pop()]:
            if number not in seen and number not in barred:
                seen.add(number)
                stack.append(number)
    return seen


def _reason(
    number: int,
    records: Sequence[RepoDataRecord],
    needs: Sequence[Sequence[int]],
    kept: set[int],
    named: set[int],
) -> str:
    if number in named:
        users = [str(records[user].name) for user in kept if number in needs[user]]
        return f"excluded, though needed by {', '.join(sorted(users))}" if users else "excluded"
    users = [
        str(record.name) for record, needed in zip(records, needs, strict=True) if number in needed
    ]
    return f"needed only by {', '.join(sorted(users))}"
