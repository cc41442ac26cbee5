"""Which file ends where, once all packages of a transaction are known. Pure: computes renames.

`package_linker` has put every file at its place or, where something was in the way, into the
journal's folder. Here the clobbers are resolved for the environment as a whole, and the renames are
listed that bring each file to where it belongs, in an order in which no rename meets a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from hognose.install.clobber import ClobberedPath, clobber_path, resolve_clobbers

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("Arrangement", "PackagePaths", "arrange")


class PackagePaths(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The files of one package of the environment to be.

    Attributes:
        name: The package's name.
        paths: Where its files belong.
        places: Where they are now, in the same order.
    """

    name: str
    paths: Sequence[str]
    places: Sequence[str]


class Arrangement(msgspec.Struct, frozen=True, kw_only=True):
    """The renames that bring files to their places, in three rounds.

    Attributes:
        aside: From places where a file may not stay, to where losers are kept.
        into_place: To places that are free once everything else is out of the way.
        final_places: By package, where its files are in the end, for packages of which one is not
            where it belongs, or was not before.
        clobbered: The paths that several packages ship.
    """

    aside: tuple[tuple[str, str], ...] = ()
    into_place: tuple[tuple[str, str], ...] = ()
    final_places: Mapping[str, Sequence[str]] = msgspec.field(default_factory=dict)
    clobbered: tuple[ClobberedPath, ...] = ()

    @property
    def targets(self) -> Iterable[str]:
        """Every path that a file is moved to."""
        yield from (target for _, target in self.aside)
        yield from (target for _, target in self.into_place)


def arrange(packages: Sequence[PackagePaths]) -> Arrangement:
    """Decide where each file of an environment belongs.

    Args:
        packages: All packages of the environment to be, in topological order.
    """
    clobbered = resolve_clobbers([(package.name, package.paths) for package in packages])
    losing = {(name, item.path) for item in clobbered for name in item.losers}
    aside: list[tuple[str, str]] = []
    into_place: list[tuple[str, str]] = []
    final_places: dict[str, Sequence[str]] = {}
    losers = {name for name, _ in losing}
    # The lists are equal for nearly every package, which compares in C.
    moving = [
        package for package in packages if package.name in losers or package.paths != package.places
    ]
    if not moving:
        return Arrangement(clobbered=clobbered)
    # Other tools let several records name one file; only the last of them can be moved with it.
    holder = {place: package.name for package in packages for place in package.places}
    for package in moving:
        name = package.name
        final = [
            clobber_path(name, path) if (name, path) in losing else path for path in package.paths
        ]
        final_places[name] = final
        for index, (path, place) in enumerate(zip(package.paths, package.places, strict=True)):
            if holder[place] != name:
                final[index] = place
            elif place != final[index]:
                (into_place if final[index] == path else aside).append((place, final[index]))
    return Arrangement(
        aside=tuple(aside),
        into_place=tuple(into_place),
        final_places=final_places,
        clobbered=clobbered,
    )
