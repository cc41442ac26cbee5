"""Sets of versions as sorted borders between order keys.

A set is a flat tuple `(start, stop, start, stop, ...)` of strings in rising order: the versions
whose order key lies in one of the half-open ranges. `""` is below every key, `TOP` above. Whether
a key is in the set is the parity of one `bisect`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from hognose.types.version_parser import AFTER_ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.types.version import Version

__all__ = (
    "ANY",
    "NONE",
    "TOP",
    "Borders",
    "complement",
    "contains",
    "intersection",
    "mask_of_keys",
    "mask_of_versions",
    "union",
)

Borders: TypeAlias = tuple[str, ...]

_order_key = attrgetter("_key")

TOP: Final = AFTER_ALL
ANY: Final[Borders] = ("", TOP)
NONE: Final[Borders] = ()


def contains(borders: Borders, key: str) -> bool:
    """Return whether a key is in the set."""
    return bool(bisect_right(borders, key) & 1)


def complement(borders: Borders) -> Borders:
    """Return the set of all other keys."""
    borders = borders[1:] if borders[:1] == ("",) else ("", *borders)
    return borders[:-1] if borders[-1:] == (TOP,) else (*borders, TOP)


def union(sets: Iterable[Borders]) -> Borders:
    """Return the set of the keys that are in one of the sets."""
    ranges = sorted(
        (borders[i], borders[i + 1]) for borders in sets for i in range(0, len(borders), 2)
    )
    merged: list[str] = []
    for start, stop in ranges:
        if start >= stop:
            continue
        if merged and start <= merged[-1]:
            merged[-1] = max(merged[-1], stop)
        else:
            merged += (start, stop)
    return tuple(merged)


def intersection(sets: Sequence[Borders]) -> Borders:
    """Return the set of the keys that are in all the sets."""
    start, stop = "", TOP
    for borders in sets:
        if len(borders) != 2:
            break
        start = max(start, borders[0])
        stop = min(stop, borders[1])
    else:
        return (start, stop) if start < stop else NONE
    return complement(union([complement(borders) for borders in sets]))


def mask_of_versions(borders: Borders, versions: Sequence[Version]) -> int:
    """Return an integer whose bit `i` says whether `versions[i]` is in the set.

    Args:
        borders: The set.
        versions: Distinct versions in rising order; only those that a bisection meets are asked
            for their keys.
    """
    bits = 0
    for i in range(0, len(borders), 2):
        start = bisect_left(versions, borders[i], key=_order_key)
        stop = bisect_left(versions, borders[i + 1], start, key=_order_key)
        bits |= ((1 << (stop - start)) - 1) << start
    return bits


def mask_of_keys(borders: Borders, keys: Sequence[str]) -> int:
    """Return an integer whose bit `i` says whether `keys[i]` is in the set; the keys rise."""
    bits = 0
    for i in range(0, len(borders), 2):
        start = bisect_left(keys, borders[i])
        stop = bisect_left(keys, borders[i + 1], start)
        bits |= ((1 << (stop - start)) - 1) << start
    return bits
