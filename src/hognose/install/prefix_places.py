"""Which places in a prefix are free for the files of packages that are linked one by one.

Folders are looked at once, before anything is put into them, and remembered: what a package finds
taken is either what was there before or what an earlier package claimed.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Literal

from hognose.errors import LinkError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("PrefixPlaces",)

# Whether a folder is to be made, was there before, or cannot be one because something else is in
# its place.
_Folder = Literal["new", "old", "blocked"]


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
        self._folders: dict[str, _Folder] = {"": "old"}
        # Two paths that differ in case only are one on some file systems.
        self.fold: Callable[[str], str] | None = None
        if os.path.exists(f"{prefix}/CONDA-META"):
            self.fold = str.casefold

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
            and all(folder == "new" for folder in taken.values())
        )
        if is_free:
            claimed |= keys
            return list(targets), new_folders
        places: list[str] = []
        for target in targets:
            folder = taken[target.rpartition("/")[0]]
            key = target if fold is None else fold(target)
            if (
                folder == "blocked"
                or key in claimed
                or target in folders
                or (folder == "old" and self._is_there(target))
            ):
                places.append(self._staging_path())
            else:
                places.append(target)
            claimed.add(key)
        return places, new_folders

    def _is_there(self, path: str) -> bool:
        # Records know most of what is there without a look at the disk.
        return path in self._owned or os.path.lexists(self._root + path)

    def _enter(self, folder: str, new_folders: list[str]) -> _Folder:
        """Return what a folder is, taking note of it if it has to be made."""
        known = self._folders.get(folder)
        if known is not None:
            return known
        around = self._enter(folder.rpartition("/")[0], new_folders)
        found: _Folder
        if around == "blocked" or (self.fold or str)(folder) in self._claimed:
            found = "blocked"
        elif around == "old":
            found = self._look_at(folder)
        else:
            found = "new"
        if found == "new":
            new_folders.append(folder)
        self._folders[folder] = found
        return found

    def _look_at(self, folder: str) -> _Folder:
        path = self._root + folder
        try:
            mode = os.lstat(path).st_mode
        except FileNotFoundError:
            return "new"
        if stat.S_ISLNK(mode):
            if folder in self._owned:
                return "blocked"
            inside, end = os.path.realpath(self._prefix), os.path.realpath(path)
            if os.path.commonpath((inside, end)) != inside:
                message = f"{folder} is a link that leads out of the environment, to {end}"
                raise LinkError(message, path=folder)
            return "old" if os.path.isdir(path) else "blocked"
        return "old" if stat.S_ISDIR(mode) else "blocked"
