"""Files and folders taken out of a prefix.

A file that Windows refuses to delete because a program runs it is renamed into the prefix's
`.trash` folder, which the system allows, and deleted by a later run.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = (
    "TRASH_DIRECTORY",
    "empty_trash",
    "remove_empty_directories",
    "remove_file",
    "replace_file",
)

TRASH_DIRECTORY = ".trash"

_logger = logging.getLogger("hognose.install")
_BUSY = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY})
_NOT_EMPTY = frozenset({errno.ENOTEMPTY, errno.EEXIST}) | _BUSY

# A virus scanner or indexer holds a new file for some tens of milliseconds.
_PAUSES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)


def remove_file(root: str, path: str) -> None:
    """Delete one file or link below a prefix; one that is gone already is fine.

    Args:
        root: The prefix with a slash at its end.
        path: The file, relative to the prefix.

    Raises:
        OSError: The file can neither be deleted nor moved away.
    """
    try:
        os.unlink(root + path)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except PermissionError:
        if os.name != "nt":
            raise
        _retry(lambda: _move_to_trash(root, path))


def replace_file(root: str, source: str, target: str) -> None:
    """Rename a file onto another below a prefix; one that was renamed already is fine.

    Args:
        root: The prefix with a slash at its end.
        source: The new file, relative to the prefix.
        target: The old file, relative to the prefix.
    """
    try:
        os.replace(root + source, root + target)
    except FileNotFoundError:
        if os.path.lexists(root + source):
            raise
    except PermissionError:
        if os.name != "nt":
            raise
        _retry(lambda: _move_to_trash(root, target))
        os.replace(root + source, root + target)


def _retry(action: Callable[[], None], *, pause: Callable[[float], None] = time.sleep) -> None:
    """Repeat what another program's open handle may block for a moment."""
    for seconds in _PAUSES:
        try:
            return action()
        except OSError as error:
            if error.errno not in _BUSY:
                raise
            pause(seconds)
    return action()


def _move_to_trash(root: str, path: str) -> None:
    folder = f"{root}{TRASH_DIRECTORY}"
    os.makedirs(folder, exist_ok=True)
    name = f"{path.rpartition('/')[2]}.{time.monotonic_ns():x}.trash"
    os.rename(root + path, f"{folder}/{name}")


def empty_trash(prefix: str | os.PathLike[str]) -> int:
    """Delete what earlier runs could not; return how many files are still in use."""
    folder = os.path.join(prefix, TRASH_DIRECTORY)
    if os.path.islink(folder):
        # Nobody of us makes it a link, and what it leads to is not ours.
        return 0
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return 0
    left = 0
    for entry in entries:
        try:
            os.unlink(entry.path)
        except FileNotFoundError:
            pass
        except OSError:
            left += 1
    if not left:
        os.rmdir(folder)
    return left


def remove_empty_directories(
    root: str,
    directories: Iterable[str],
    *,
    kept: frozenset[str] = frozenset(),
    byte_code_only: frozenset[str] = frozenset(),
) -> None:
    """Remove folders that have nothing left in them, and then their parents.

    Args:
        root: The prefix with a slash at its end; itself never removed.
        directories: Folders relative to the prefix.
        kept: Folders that stay although they are empty.
        byte_code_only: Folders that count as empty when only `__pycache__` is left in them: the
            interpreter made it, and its sources are gone.
    """
    # A path sorts behind its parent, so the deepest come first.
    pending = sorted(set(directories), reverse=True)
    seen = set(pending)
    for directory in pending:
        path, may_hold_byte_code = directory, directory in byte_code_only
        while path and path not in kept:
            if not _remove_if_empty(root + path, may_hold_byte_code=may_hold_byte_code):
                break
            path = path.rpartition("/")[0]
            if path in seen:
                break


def _remove_if_empty(path: str, *, may_hold_byte_code: bool) -> bool:
    try:
        os.rmdir(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError as error:
        if error.errno not in _NOT_EMPTY:
            raise
        if may_hold_byte_code and os.listdir(path) == ["__pycache__"]:
            shutil.rmtree(path)
            return True
        return False
    return True
