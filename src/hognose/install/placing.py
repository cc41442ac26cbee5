"""Files moved to the places that `arrangement` has found for them.

Where the old file of a package that goes is in the way, the new one can take its place at the very
end, by one rename. Everything else is moved now, in the journal's sight: old files and files of
nobody away, then losers aside, then winners into place.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import msgspec

from hognose.install.unlink import is_removable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hognose.install.arrangement import Arrangement
    from hognose.install.journal import Journal

__all__ = ("Placement", "make_parents", "place_files")


_BYTE_CODE = (".pyc", ".pyo")


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """What `place_files` did and left to do.

    Attributes:
        displaced: The old files that were moved away.
        foreign: The files of no package that were moved away.
        replacements: From and to of the files that can take their places at the end.
    """

    displaced: frozenset[str] = frozenset()
    foreign: tuple[str, ...] = ()
    replacements: tuple[tuple[str, str], ...] = ()


def place_files(
    prefix: str,
    journal: Journal,
    arrangement: Arrangement,
    removed: frozenset[str],
    *,
    may_wait: bool,
    judge: Callable[[Sequence[str]], None],
    refuse: Callable[[str, Sequence[str]], None],
) -> Placement:
    """Bring files to their places.

    Args:
        prefix: The prefix.
        journal: Where moves are announced.
        arrangement: The moves.
        removed: The files of the packages that go.
        may_wait: Whether old files may be replaced at the end. Not if a program runs before.
        judge: Called with files of no package that are about to be moved away; raises to stop.
        refuse: Called with a folder at a file's place and the files of no package in it; raises.
    """
    root = f"{prefix}/"
    waiting: list[tuple[str, str]] = []
    moving: list[tuple[str, str]] = []
    for move in arrangement.into_place:
        # What cannot be replaced is moved now, while that can still be undone.
        can_wait = may_wait and move[1] in removed and is_removable(root + move[1])
        (waiting if can_wait else moving).append(move)
    sources = {source for source, _ in (*arrangement.aside, *moving)}
    displaced: dict[str, str] = {}
    kept_aside = len(arrangement.aside)
    in_the_way_aside: set[str] = set()
    for number, (_, target) in enumerate((*arrangement.aside, *moving)):
        blocker = _find_blocker(root, target, removed)
        if blocker is not None and blocker not in sources and blocker not in displaced:
            displaced[blocker] = journal.trash_path()
            if number < kept_aside:
                in_the_way_aside.add(blocker)
    # Also one that somebody has put in the place of a package's file.
    is_folder = {path: _is_directory(root + path) for path in displaced}
    files = [path for path in displaced if not is_folder[path]]
    folders = [path for path in displaced if is_folder[path]]
    foreign = [path for path in files if path not in removed]
    judge(foreign)
    journal.move((path, displaced[path]) for path in files)
    inside: list[str] = []

    def move_away(folders: Sequence[str]) -> None:
        found = _files_below(root, folders)
        judge([path for path in found if path not in removed])
        inside.extend(found)
        journal.move((path, displaced[path]) for path in folders)

    # Where losers are kept, a folder has nothing but what their package kept there before. Other
    # folders may hold files that have to be moved aside first.
    move_away([path for path in folders if path in in_the_way_aside])
    make_parents(root, journal, (target for _, target in arrangement.aside))
    journal.move(arrangement.aside)
    for folder in folders:
        if folder not in in_the_way_aside:
            strangers = [path for path in _files_below(root, [folder]) if path not in removed]
            if any(not path.endswith(_BYTE_CODE) for path in strangers):
                refuse(folder, strangers)
    move_away([path for path in folders if path not in in_the_way_aside])
    foreign += [path for path in inside if path not in removed]
    make_parents(root, journal, (target for _, target in moving))
    journal.move(moving)
    return Placement(
        displaced=frozenset(path for path in (*files, *inside) if path in removed),
        foreign=tuple(foreign),
        replacements=tuple(waiting),
    )


def _is_directory(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _find_blocker(root: str, target: str, removed: frozenset[str]) -> str | None:
    """Return what is in the way of a file: something at its place, or instead of a folder."""
    if os.path.lexists(root + target):
        return target
    parent = target.rpartition("/")[0]
    while parent and not os.path.isdir(root + parent):
        if os.path.lexists(root + parent):
            return parent
        parent = parent.rpartition("/")[0]
    while parent:
        if parent in removed and os.path.islink(root + parent):
            return parent
        parent = parent.rpartition("/")[0]
    return None


def _files_below(root: str, folders: Iterable[str]) -> list[str]:
    found = []
    for folder in folders:
        for directory, _, names in os.walk(root + folder):
            found += [f"{directory[len(root) :]}/{name}" for name in names]
    return found


def make_parents(root: str, journal: Journal, paths: Iterable[str]) -> None:
    """Make the folders that some files need and that are not there."""
    missing: dict[str, None] = {}
    for path in paths:
        chain = []
        parent = path.rpartition("/")[0]
        while parent and parent not in missing and not os.path.isdir(root + parent):
            chain.append(parent)
            parent = parent.rpartition("/")[0]
        missing.update(dict.fromkeys(reversed(chain)))
    journal.make_directories(missing)
