"""What link scripts leave in an environment that was made for the very change that is undone.

Such an environment is to be gone again, and what came into it since the first script ran is theirs.
In an environment that was there before, the same difference would prove nothing: programs that run
in it, and other installers, write files while scripts run. What scripts write there stays.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from hognose.install.unfinished import JOURNAL_DIRECTORY
from hognose.install.unlink import remove_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ("iter_paths", "remove_traces")

_logger = logging.getLogger("hognose.install")


def iter_paths(root: str, folder: str = "") -> Iterator[str]:
    """Yield everything in an environment, but for the journal, with slashes and relative to it.

    Args:
        root: The prefix, with a slash at the end.
        folder: Where to begin, with a slash at the end if it is not empty.
    """
    for entry in os.scandir(root + folder):
        path = folder + entry.name
        if path != JOURNAL_DIRECTORY:
            yield path
            if entry.is_dir(follow_symlinks=False):
                yield from iter_paths(root, f"{path}/")


def remove_traces(root: str, present: Collection[str], folder: str = "") -> None:
    """Remove everything that was not there; what cannot be removed stays.

    Another environment that was made inside of this one meanwhile is nobody's trace.

    Args:
        root: The prefix, with a slash at the end.
        present: What was there, from `iter_paths`.
        folder: As for `iter_paths`.
    """
    for entry in list(os.scandir(root + folder)):
        path = folder + entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if path == JOURNAL_DIRECTORY or (
            is_folder and os.path.lexists(f"{entry.path}/conda-meta/history")
        ):
            continue
        try:
            if is_folder:
                remove_traces(root, present, f"{path}/")
                if path not in present:
                    os.rmdir(entry.path)
            elif path not in present:
                remove_file(root, path)
        except OSError as error:
            # An undo that could not end would leave the environment closed to every command.
            _logger.debug("left in place: %s", error)
