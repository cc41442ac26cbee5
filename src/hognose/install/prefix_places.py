"""Which places in a prefix are free for the files of packages that are linked one by one.

Folders are looked at once, before anything is put into them, and remembered: what a package finds
taken is either what was there before or what an earlier package claimed.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Any, Literal

from hognose.errors import LinkError
from hognose.install.path_spelling import find_fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("Bounds", "PrefixPlaces", "detect_fold")

# Whether a folder is to be made, was there before, or cannot be one because something else is in
# its place.
_Folder = Literal["new", "old", "blocked"]


def detect_fold(prefix: str, *, scratch: str) -> Callable[[str], str] | None:
    """Find out which paths of a prefix are one on its file system; see `find_fold`.

    Args:
        prefix: The prefix; exists, and has a `conda-meta`.
        scratch: A folder in the prefix, for a file.
    """
    # Others do not look at one thing and look at the rest.
    if not os.path.exists(f"{prefix}/CONDA-META") and sys.platform != "darwin":
        return None

    def makes_one(name: str, other: str) -> bool:
        with open(f"{scratch}/{name}", "wb"):
            pass
        try:
            return os.path.exists(f"{scratch}/{other}")
        finally:
            os.unlink(f"{scratch}/{name}")

    return find_fold(makes_one)


class Bounds:
    """A folder, and what is in it, judged by the text of paths alone."""

    def __init__(self, folder: str, *, flavour: Any = os.path) -> None:
        """Prepare for an absolute folder.

        Args:
            folder: The folder.
            flavour: The rules of its paths: `posixpath` or `ntpath`.
        """
        self._flavour = flavour
        self._folder = flavour.normcase(flavour.normpath(folder))
        self._start = self._folder.rstrip(flavour.sep) + flavour.sep

    def hold(self, path: str) -> bool:
        """Tell whether an absolute path is that of the folder, or of something in it."""
        normal = self._flavour.normcase(self._flavour.normpath(path))
        return bool(normal == self._folder or normal.startswith(self._start))

    def hold_end(self, link: str, text: str) -> bool:
        """Tell whether a link, absolute, with this text leads to something in the folder."""
        flavour = self._flavour
        return self.hold(flavour.join(flavour.dirname(link), text))


class PrefixPlaces:
    """The places of one prefix during one transaction.

    Attributes:
        has_contests: Whether a package may have met something that was there before it.
    """

    def __init__(
        self,
        prefix: str,
        *,
        owned: frozenset[str],
        staging_path: Callable[[], str],
        fold: Callable[[str], str] | None = None,
    ) -> None:
        """Look into a prefix that exists.

        Args:
            prefix: The prefix, absolute.
            owned: The paths of the packages that are in the prefix.
            staging_path: Returns a fresh place for a file whose own is taken.
            fold: Makes paths equal that are one here, if any are; see `detect_fold`.
        """
        self.has_contests = False
        self._root = f"{prefix}/"
        self._prefix = prefix
        self._owned = owned
        self._staging_path = staging_path
        self._claimed: set[str] = set()
        self._folders: dict[str, _Folder] = {"": "old"}
        self._fold = fold

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
        fold = self._fold
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
        self.has_contests = True
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
        if around == "blocked" or (self._fold or str)(folder) in self._claimed:
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
            end = os.path.realpath(path)
            if not Bounds(os.path.realpath(self._prefix)).hold(end):
                message = f"{folder} is a link that leads out of the environment, to {end}"
                raise LinkError(message, path=folder)
            return "old" if os.path.isdir(path) else "blocked"
        return "old" if stat.S_ISDIR(mode) else "blocked"
