"""Which places in a prefix are free for the files of packages that are linked one by one.

Folders are looked at once, before anything is put into them, and remembered: what a package finds
taken is either what was there before or what an earlier package claimed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.errors import LinkError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("PrefixPlaces",)

_EMPTY: frozenset[str] = frozenset()


class PrefixPlaces:
    """The places of one prefix during one transaction."""

    def __init__(
        self, prefix: str, *, owned: frozenset[str], staging_path: Callable[[], str]
    ) -> None:
        """Look into a prefix that exists.

        Args:
            prefix: The prefix, absolute.
            owned: The paths of the packages that are in the prefix.
            staging_path: Returns a fresh place for a file whose own is taken.
        """
        self._root = f"{prefix}/"
        self._prefix = prefix
        self._owned = owned
        self._staging_path = staging_path
        self._claimed: set[str] = set()
        # What was in a folder before; None where something that is no folder is in its place.
        self._folders: dict[str, frozenset[str] | None] = {"": frozenset(os.listdir(prefix))}
        # Two paths that differ in case only are one on some file systems.
        self.fold: Callable[[str], str] | None = None
        if os.path.exists(f"{prefix}/CONDA-META"):
            self.fold = str.casefold
            self._folders[""] = frozenset(map(str.casefold, self._folders[""] or ()))

    def find(self, targets: list[str], asked_for: Sequence[str]) -> tuple[list[str], list[str]]:
        """Decide where each file of a package goes now, which takes these places.

        Args:
            targets: Where the files belong; no two are one path on this file system.
            asked_for: The folders that the package asks for.

        Returns:
            Where they go, in the same order, and the folders to make for that, parents first.

        Raises:
            LinkError: A folder is a link that leads out of the environment.
        """
        new_folders: list[str] = []
        fold = self.fold
        parents = {target.rpartition("/")[0] for target in targets}
        taken = {parent: self._enter(parent, new_folders) for parent in sorted(parents)}
        for folder in asked_for:
            self._enter(folder, new_folders)
        keys = set(targets if fold is None else map(fold, targets))
        claimed, folders = self._claimed, self._folders
        is_free = (
            claimed.isdisjoint(keys)
            and folders.keys().isdisjoint(targets)
            and not any(names is None or names for names in taken.values())
        )
        if is_free:
            claimed |= keys
            return list(targets), new_folders
        places: list[str] = []
        for target in targets:
            parent, _, name = target.rpartition("/")
            key = target if fold is None else fold(target)
            names = taken[parent]
            if (
                names is None
                or key in claimed
                or (names and (name if fold is None else fold(name)) in names)
                or target in folders
            ):
                places.append(self._staging_path())
            else:
                places.append(target)
            claimed.add(key)
        return places, new_folders

    def _enter(self, folder: str, new_folders: list[str]) -> frozenset[str] | None:
        """Return the names that were in a folder before; None if it cannot be a folder."""
        if folder in self._folders:
            return self._folders[folder]
        parent, _, name = folder.rpartition("/")
        around = self._enter(parent, new_folders)
        fold = self.fold or str
        found: frozenset[str] | None
        if around is None or fold(folder) in self._claimed:
            found = None
        elif around and fold(name) in around:
            found = self._look_into(folder)
        else:
            found = _EMPTY
            new_folders.append(folder)
        self._folders[folder] = found
        return found

    def _look_into(self, folder: str) -> frozenset[str] | None:
        path = self._root + folder
        if os.path.islink(path):
            if folder in self._owned:
                return None
            inside, end = os.path.realpath(self._prefix), os.path.realpath(path)
            if os.path.commonpath((inside, end)) != inside:
                message = f"{folder} is a link that leads out of the environment, to {end}"
                raise LinkError(message, path=folder)
        try:
            return frozenset(map(self.fold or str, os.listdir(path)))
        except NotADirectoryError:
            return None
