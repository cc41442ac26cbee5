"""The end of a transaction: undone by the steps of its journal, or finished by its commit.

Either may be begun again wherever it broke off. A journal may have come with a prefix from somebody
else. Its paths are judged before anything moves, but what is moved then can be a link that leads
out. So each single step looks at the folders on its way right before it is taken; folders are
remembered until something is moved that may be a link or hold one.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from hognose.archive import outlast, rename
from hognose.errors import TransactionError
from hognose.install.journal_steps import Creating, Moving, Scripting, Started
from hognose.install.recorded_paths import PrefixLinks
from hognose.install.script_traces import remove_traces
from hognose.install.unfinished import JOURNAL_DIRECTORY
from hognose.install.unlink import (
    discard,
    is_refused,
    remove_directory,
    remove_empty_directories,
    remove_file,
    replace_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.install.journal_steps import Commit, Step

__all__ = ("finish", "undo")

_HISTORY = "conda-meta/history"
# What makes two texts one path, in a text with a NUL round each path.
_AMBIGUOUS = ("//", "/./", "/../", "/\0", "/.\0", "/..\0", "\0/", "\0./", "\0../")


class _Ground:
    """The files of one prefix, and nothing behind a link that leads out of it.

    Attributes:
        left: Files that were to be removed and cannot be.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._links = PrefixLinks(root.rstrip("/"))
        # Folders that are really inside: there are thousands of files, and one look-up for each.
        self._inside: set[str] = set()
        self._is_settled = False
        self.left: list[str] = []

    def require(self, path: str) -> None:
        """Refuse a path that is really outside."""
        folder = path.rpartition("/")[0]
        if folder not in self._inside:
            end = self._links.end_outside(folder)
            if end:
                self._refuse(path, end)
            self._inside.add(folder)

    def require_file(self, path: str) -> None:
        """Refuse a path that is outside, or a link that leads there."""
        self.require(path)
        end = self._links.link_outside(path)
        if end:
            self._refuse(path, end)

    def _refuse(self, path: str, end: str) -> None:
        message = (
            f"an interrupted change goes on at {self._root}{path}, which is behind a link that "
            f"leads out of the environment, to {end}"
        )
        raise TransactionError(
            message,
            path=path,
            hint="remove the link; then any command goes on",
            journal=f"{self._root}{JOURNAL_DIRECTORY}",
        )

    def move_back(self, source: str, target: str) -> None:
        """Undo one rename, unless it was never done or is undone."""
        root = self._root
        self.require(source)
        self.require(target)
        if not os.path.lexists(root + source) and os.path.lexists(root + target):
            rename(root + target, root + source, operation=os.rename)
            self._look_at(source)

    def settle(self, commit: Commit) -> None:
        """Look at all folders once, where no step can change what they lead to.

        That is the rule: thousands of files come to places in folders that are there.
        """
        folders = _settled_folders(self._root, commit)
        self._inside |= folders
        self._is_settled = bool(folders)

    def replace(self, moves: Iterable[tuple[str, str]]) -> None:
        """Put files that wait into their places, unless that was done."""
        if self._is_settled:
            for source, target in moves:
                replace_file(self._root, source, target)
            return
        for source, target in moves:
            self.require(source)
            self.require(target)
            replace_file(self._root, source, target)
            self._look_at(target)

    def _look_at(self, path: str) -> None:
        """Judge folders anew where something came that may be a link, or hold one."""
        try:
            mode = os.lstat(self._root + path).st_mode
        except OSError:
            return
        if not stat.S_ISREG(mode):
            self._links.forget()
            self._inside.clear()

    def remove(self, path: str) -> None:
        """Remove a file; one that nobody may remove stays, so that there is an end."""
        folder = path.rpartition("/")[0]
        if folder not in self._inside:
            if self._links.end_outside(folder):
                self.left.append(path)
                return
            self._inside.add(folder)
        try:
            remove_file(self._root, path)
        except OSError as error:
            # Where the whole folder is closed, somebody else may be allowed to go on.
            is_open = os.access(self._root + folder, os.W_OK | os.X_OK)
            if not is_refused(error) or not is_open:
                raise
            self.left.append(path)

    def holds(self, folder: str) -> bool:
        """Tell whether a folder really is inside, as far as its parents decide that."""
        return not self._links.end_outside(folder.rpartition("/")[0])


def _settled_folders(root: str, commit: Commit) -> set[str]:
    """Return all folders on the way of what a commit does, if it moves nothing into their places.

    Nothing is returned where any of them is a link now, or where two names can mean one place: then
    each step has to be looked at.
    """
    records = [f"conda-meta/{name}" for name in (*commit.records, *commit.obsolete_records)]
    targets = [target for _, target in commit.replacements] + records
    sources = [source for source, _ in commit.replacements]
    paths = [*targets, *sources, *commit.obsolete_files, *commit.obsolete_directories]
    text = "\0".join(["", *paths, ""])
    if os.name == "nt" or not text.isascii() or any(part in text for part in _AMBIGUOUS):
        return set()
    folders = {path.rpartition("/")[0] for path in paths}
    folders.add(f"{JOURNAL_DIRECTORY}/records")
    for folder in tuple(folders):
        parent = folder.rpartition("/")[0]
        while parent and parent not in folders:
            folders.add(parent)
            parent = parent.rpartition("/")[0]
    # Some file systems do not tell capital letters from small ones.
    taken = set(map(str.lower, targets))
    if any(folder.lower() in taken or os.path.islink(root + folder) for folder in folders):
        return set()
    return folders


def undo(root: str, steps: Sequence[Step]) -> list[str]:
    """Bring back the state before a transaction.

    Args:
        root: The prefix with a slash at its end.
        steps: What its journal says.

    Returns:
        Files that it made and that cannot be removed, relative to the prefix.

    Raises:
        TransactionError: A step leads out of the prefix; it and what follows is not done.
        OSError: A file cannot be moved or removed.
    """
    ground = _Ground(root)
    for step in reversed(steps):
        if isinstance(step, Moving):
            for source, target in reversed(step.moves):
                ground.move_back(source, target)
        elif isinstance(step, Creating):
            for path in step.files:
                ground.remove(path)
            for path in reversed(step.directories):
                if ground.holds(path):
                    remove_directory(root + path)
        elif isinstance(step, Scripting):
            remove_traces(root, frozenset(step.present))
        else:
            assert isinstance(step, Started)
    _remove_journal(root, ground, last="journal")
    return ground.left


def finish(root: str, commit: Commit) -> list[str]:
    """Do what is left after a transaction's commit.

    Args:
        root: The prefix with a slash at its end.
        commit: What there was to do; some of it may be done.

    Returns:
        Files that should be gone and cannot be removed, relative to the prefix.

    Raises:
        TransactionError: A step leads out of the prefix; it and what follows is not done.
        OSError: A file cannot be moved or removed.
    """
    ground = _Ground(root)
    ground.settle(commit)
    ground.replace(commit.replacements)
    for path in commit.obsolete_files:
        ground.remove(path)
    remove_empty_directories(
        root,
        [folder for folder in commit.obsolete_directories if ground.holds(folder)],
        kept=frozenset(commit.kept_directories),
        byte_code_only=frozenset(commit.byte_code_directories),
    )
    ground.replace(
        (f"{JOURNAL_DIRECTORY}/records/{name}", f"conda-meta/{name}") for name in commit.records
    )
    for name in commit.obsolete_records:
        ground.require(f"conda-meta/{name}")
        remove_file(root, f"conda-meta/{name}")
    # What the journal took on the disk is enough for the block, so that a full one is no obstacle.
    _clear_journal(root, ground, kept="commit.json")
    _log(root, ground, commit)
    _remove_journal(root, ground, last="commit.json")
    return ground.left


def _log(root: str, ground: _Ground, commit: Commit) -> None:
    ground.require_file(_HISTORY)
    with outlast(lambda: open(root + _HISTORY, "ab")) as history:
        # A second attempt to finish must not write the block twice.
        if history.tell() > commit.history_size:
            history.truncate(commit.history_size)
        history.write(commit.history.encode())


def _remove_journal(root: str, ground: _Ground, *, last: str) -> None:
    """Remove the journal's folder; the file that says what to do goes after all others."""
    _clear_journal(root, ground, kept=last)
    folder = f"{root}{JOURNAL_DIRECTORY}"
    if os.path.isdir(folder):
        remove_file(root, f"{JOURNAL_DIRECTORY}/{last}")
        outlast(lambda: os.rmdir(folder))


def _clear_journal(root: str, ground: _Ground, *, kept: str) -> None:
    ground.require_file(JOURNAL_DIRECTORY)
    folder = f"{root}{JOURNAL_DIRECTORY}"
    if not os.path.isdir(folder):
        return
    for name in os.listdir(folder):
        if name != kept:
            discard(root, f"{JOURNAL_DIRECTORY}/{name}")
