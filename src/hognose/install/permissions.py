"""Whether the end of a change will be allowed, asked before it begins.

Old files are removed and replaced when there is no way back any more. What could stop that then is
looked for first: folders that are closed, files of others in a folder where everybody may only
remove their own, records and a history that cannot be changed. That costs two system calls for each
folder, and none for a file. Files that are immutable are found by `placing` if they are replaced.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from hognose.install.unlink import is_removable

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ("require_changeable",)


def require_changeable(root: str, *, files: Collection[str], books: Collection[str]) -> None:
    """Refuse a prefix that this user can change in part only.

    Args:
        root: The prefix with a slash at its end.
        files: The files that are going to be removed or replaced, relative to the prefix.
        books: The history and the records of what goes; they are few.

    Raises:
        PermissionError: Something cannot be removed or written; has its `filename`.
    """
    for path in books:
        if os.path.lexists(root + path) and not is_removable(root + path):
            raise _refusal(errno.EPERM, root + path)
    folders = {path.rpartition("/")[0] for path in files}
    folders.add("conda-meta")
    sticky = {folder for folder in folders if _is_sticky(root + folder)}
    if sticky:
        for path in (*files, *books):
            if path.rpartition("/")[0] in sticky:
                _require_own(root + path)
    _require_writable_history(f"{root}conda-meta/history")


def _is_sticky(folder: str) -> bool:
    """Tell whether this user may remove nothing but own files there; refuse a closed folder."""
    if not os.access(folder, os.W_OK | os.X_OK):
        if os.path.isdir(folder):
            raise _refusal(errno.EACCES, folder)
        # It is gone, and its files with it.
        return False
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        return False
    status = os.stat(folder)
    return bool(status.st_mode & stat.S_ISVTX) and status.st_uid != os.geteuid()


def _require_own(path: str) -> None:
    try:
        owner = os.lstat(path).st_uid
    except OSError:
        return
    if owner != os.geteuid():
        raise _refusal(errno.EPERM, path)


def _require_writable_history(path: str) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND))
    except FileNotFoundError:
        return


def _refusal(code: int, path: str) -> PermissionError:
    return PermissionError(code, os.strerror(code), path)
