"""Files and folders taken out of a prefix.

A file that Windows refuses to delete because a program runs it is renamed into the prefix's
`.trash` folder, which the system allows, and deleted by a later run. So is what was moved out of
the way of a change and turns out to be somebody else's.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import stat
import time
from typing import TYPE_CHECKING

from hognose.archive import delete, delete_tree, is_held, outlast, rename

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = (
    "TRASH_DIRECTORY",
    "discard",
    "empty_trash",
    "is_refused",
    "is_removable",
    "remove_directory",
    "remove_empty_directories",
    "remove_file",
    "replace_file",
)

TRASH_DIRECTORY = ".trash"

_logger = logging.getLogger("hognose.install")
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY})
_NOT_EMPTY = frozenset({errno.ENOTEMPTY, errno.EEXIST}) | _REFUSED
# What is said of a path that nothing can ever have had: too long, a name that the system does not
# allow, links in a circle.
_IMPOSSIBLE = frozenset({errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP})

# A program that runs a file does so for long, and there is the trash: half a second is enough.
_ATTEMPTS = 6

# What makes a file immutable, or lets it only be appended to; the latter of `linux/fs.h`.
_FIXED = stat.UF_IMMUTABLE | stat.UF_APPEND | stat.SF_IMMUTABLE | stat.SF_APPEND
_LINUX_GET_FLAGS = 0x80086601
_LINUX_FIXED = 0x10 | 0x20


def is_refused(error: OSError) -> bool:
    """Tell whether an error is about who may, or about who is at it, and not about the disk."""
    return error.errno in _REFUSED


def remove_file(root: str, path: str) -> None:
    """Delete one file or link below a prefix; one that is gone already is fine.

    A folder in its place is somebody's, and stays.

    Args:
        root: The prefix with a slash at its end.
        path: The file, relative to the prefix.

    Raises:
        OSError: The file can neither be deleted nor moved away.
    """
    place = root + path
    try:
        os.unlink(place)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        if error.errno in _IMPOSSIBLE and not os.path.lexists(place):
            return
        # What unlinking a folder is called differs by system.
        if os.path.isdir(place) and not os.path.islink(place):
            return
        if not is_held(error):
            raise
        _remove_held(root, path)


def _remove_held(root: str, path: str) -> None:
    """Delete a file that Windows does not let go of, or put it into the trash."""
    try:
        delete(root + path, attempts=_ATTEMPTS)
    except FileNotFoundError:
        pass
    except PermissionError:
        outlast(lambda: _move_to_trash(root, path), attempts=_ATTEMPTS)


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
    except PermissionError as error:
        if not is_held(error):
            raise
        if os.path.lexists(root + target):
            _remove_held(root, target)
        rename(root + source, root + target)


def is_removable(path: str) -> bool:
    """Tell whether nothing but its folder decides if a file can be removed.

    A file can be immutable, or for appending only. Costs two system calls where it may be written
    to, and some more where it may not. What is not there, and folders, cannot be removed.
    """
    try:
        status = os.lstat(path)
    except OSError:
        return False
    if not stat.S_ISREG(status.st_mode):
        return not stat.S_ISDIR(status.st_mode)
    if os.access(path, os.W_OK):
        return True
    flags: int | None = getattr(status, "st_flags", None)
    if flags is not None:
        return not flags & _FIXED
    try:
        return not _linux_flags(path) & _LINUX_FIXED
    except OSError:
        # The file system knows nothing of the kind.
        return True


def _linux_flags(path: str) -> int:
    try:
        import fcntl
    except ImportError:
        return 0
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        answer = fcntl.ioctl(descriptor, _LINUX_GET_FLAGS, bytes(8))
    finally:
        os.close(descriptor)
    return int.from_bytes(answer, byteorder="little")


def discard(root: str, path: str) -> None:
    """Delete a file or a folder with all in it; what cannot be deleted goes into the trash.

    Args:
        root: The prefix with a slash at its end.
        path: What to delete, relative to the prefix.

    Raises:
        OSError: Something can neither be deleted nor moved.
    """
    place = root + path
    is_folder = os.path.isdir(place) and not os.path.islink(place)
    try:
        if is_folder:
            delete_tree(place, attempts=_ATTEMPTS)
        else:
            delete(place, attempts=_ATTEMPTS)
    except FileNotFoundError:
        pass
    except OSError as error:
        if not is_refused(error):
            raise
        try:
            _move_to_trash(root, path)
        except OSError:
            if not is_folder:
                raise
            # A folder does not move while somebody has a file in it open.
            for name in os.listdir(place):
                discard(root, f"{path}/{name}")
            outlast(lambda: os.rmdir(place), attempts=_ATTEMPTS)


def _move_to_trash(root: str, path: str) -> None:
    folder = f"{root}{TRASH_DIRECTORY}"
    try:
        os.mkdir(folder)
    except FileExistsError:
        if os.path.islink(folder):
            raise
    # A name has 255 bytes, and a character up to four.
    name = path.rpartition("/")[2][:50]
    os.rename(root + path, f"{folder}/{name}.{time.monotonic_ns():x}.trash")


def empty_trash(prefix: str | os.PathLike[str]) -> int:
    """Delete what earlier runs could not; return how much is still in use."""
    folder = os.path.join(prefix, TRASH_DIRECTORY)
    if os.path.islink(folder):
        # Nobody of us makes it a link, and what it leads to is not ours.
        return 0
    try:
        entries = list(os.scandir(folder))
    except OSError:
        # There is none, or it is a file of somebody's, or not for us to look into.
        return 0
    left = 0
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                delete_tree(entry.path, attempts=0)
            else:
                delete(entry.path, attempts=0)
        except FileNotFoundError:
            pass
        except OSError:
            left += 1
    if not left:
        try:
            os.rmdir(folder)
        except OSError as error:
            _logger.debug("left in place: %s", error)
    return left


def remove_directory(path: str) -> None:
    """Remove a folder if it is there and empty."""
    try:
        os.rmdir(path)
    except OSError:
        # Somebody else has put something into it, or it was never made.
        _logger.debug("left in place: %s", path)


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
        if error.errno in _IMPOSSIBLE:
            return not os.path.lexists(path)
        if error.errno not in _NOT_EMPTY:
            raise
        return may_hold_byte_code and _remove_byte_code(path)
    return True


def _remove_byte_code(path: str) -> bool:
    """Remove a folder in which only byte-code is left; return whether it is gone."""
    try:
        if os.listdir(path) != ["__pycache__"]:
            return False
        shutil.rmtree(path)
    except OSError as error:
        # It may be somebody else's, who ran a program here.
        if not is_refused(error):
            raise
        return False
    return True
