"""Who owns a path that several packages ship. Pure: computed from lists of paths.

The package that comes later in the environment's topological order wins, so a package beats what it
depends on; no CEP fixes an order, and this one is rattler's. The loser's file is kept below
`__clobbers__/NAME/`, and moves to its place when the winner leaves. The outcome depends on which
packages are installed, never on the order in which they came.

A file may also stand where another package needs a directory. Then, from the top down, the last
package among those that have anything at or below a path decides whether it is a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ("CLOBBERS_DIRECTORY", "ClobberedPath", "clobber_path", "resolve_clobbers")

CLOBBERS_DIRECTORY = "__clobbers__"


class ClobberedPath(msgspec.Struct, frozen=True, gc=False):
    """A path that several packages ship.

    Attributes:
        path: The path below the prefix.
        winner: The package whose file is there, or None where the path is a directory.
        losers: The packages whose file is kept aside, in topological order.
    """

    path: str
    winner: str | None
    losers: tuple[str, ...]


def clobber_path(package: str, path: str) -> str:
    """Return where the file of a package that does not own its path is kept."""
    return f"{CLOBBERS_DIRECTORY}/{package}/{path}"


def resolve_clobbers(
    packages: Sequence[tuple[str, Sequence[str]]],
) -> tuple[ClobberedPath, ...]:
    """Find the paths that several packages claim, and who gets each.

    Args:
        packages: The name of every package of the environment with the paths that it ships (not
            its directories), in topological order, dependencies first.

    Returns:
        The contested paths, sorted.
    """
    owner: dict[str, int] = {}
    shared: dict[str, list[int]] = {}
    for rank, (_, paths) in enumerate(packages):
        # Nearly every package has its paths for itself, which is found out in C.
        if owner.keys().isdisjoint(paths):
            owner.update(dict.fromkeys(paths, rank))
            continue
        for path in paths:
            first = owner.setdefault(path, rank)
            if first != rank:
                shared.setdefault(path, [first]).append(rank)
    blocked = _paths_that_are_directories_too(owner)
    if not shared and not blocked:
        return ()
    losers: dict[str, set[int]] = {path: set(ranks[:-1]) for path, ranks in shared.items()}
    winners: dict[str, int | None] = {path: ranks[-1] for path, ranks in shared.items()}
    for top in _outermost(blocked):
        claims = {
            path: shared.get(path, [rank])
            for path, rank in owner.items()
            if path == top or path.startswith(f"{top}/")
        }
        _resolve_tree(top, claims, winners, losers)
    names = [name for name, _ in packages]
    found = []
    for path in sorted(losers):
        if losers[path]:
            winner = winners[path]
            kept_aside = tuple(names[rank] for rank in sorted(losers[path]))
            found.append(ClobberedPath(path, None if winner is None else names[winner], kept_aside))
    return tuple(found)


def _paths_that_are_directories_too(owner: Mapping[str, int]) -> set[str]:
    directories: set[str] = set()
    for parent in {path.rpartition("/")[0] for path in owner}:
        folder = parent
        while folder and folder not in directories:
            directories.add(folder)
            folder = folder.rpartition("/")[0]
    return {path for path in directories if path in owner}


def _outermost(paths: Iterable[str]) -> list[str]:
    chosen: list[str] = []
    for path in sorted(paths, key=lambda path: path.replace("/", "\0")):
        if not chosen or not path.startswith(f"{chosen[-1]}/"):
            chosen.append(path)
    return chosen


def _resolve_tree(
    top: str,
    claims: Mapping[str, Sequence[int]],
    winners: dict[str, int | None],
    losers: dict[str, set[int]],
) -> None:
    """Decide everything at and below `top`, where a file and a directory want the same place."""
    ranks = set(claims.get(top, ()))
    below = [path for path in claims if path != top]
    highest = max(rank for path in claims for rank in claims[path])
    if highest in ranks:
        winners[top] = highest
        losers[top] = ranks - {highest}
        for path in below:
            winners[path] = None
            losers[path] = set(claims[path])
        return
    if ranks:
        winners[top] = None
        losers[top] = ranks
    cut = len(top) + 1
    for child in sorted({f"{top}/{path[cut:].partition('/')[0]}" for path in below}):
        inside = {
            path: claims[path] for path in below if path == child or path.startswith(f"{child}/")
        }
        _resolve_tree(child, inside, winners, losers)
