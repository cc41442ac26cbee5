"""Renames and removals that outlast a virus scanner.

On Windows an indexer or a scanner can hold a file for a moment after it was written, and a rename
or a removal answers "access denied" meanwhile. A few short waits are enough in practice. A file
without write permission answers the same there, for good.
"""

from __future__ import annotations

import os
import stat
import time

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

_ATTEMPTS = 10
_FIRST_WAIT = 0.01
# Access denied, sharing violation, lock violation; a folder whose last file is still going.
_HELD = frozenset((5, 32, 33, 145))


def is_held(error: OSError) -> bool:
    """Tell whether Windows may answer otherwise in a moment; False on other systems."""
    return getattr(error, "winerror", None) in _HELD


def outlast(
    action: Callable[[], T],
    *,
    attempts: int = _ATTEMPTS,
    wait: Callable[[float], object] = time.sleep,
) -> T:
    """Do something, again and again while Windows says that somebody holds the file.

    Args:
        action: What to do.
        attempts: How often it may be refused before the last attempt. Each wait is twice as long
            as the one before: ten are about ten seconds, six are half of one.
        wait: What lets time pass.

    Raises:
        OSError: What the last attempt raised; on other systems there is only one.
    """
    pause = _FIRST_WAIT
    for _ in range(attempts):
        try:
            return action()
        except OSError as error:
            if not is_held(error):
                raise
            wait(pause)
            pause *= 2
    return action()


def rename(
    source: str,
    target: str,
    *,
    operation: Callable[[str, str], object] = os.replace,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Rename a file or a directory, trying for about ten seconds while Windows refuses.

    Args:
        source: What is renamed.
        target: Its new name.
        operation: What does it; `os.replace` replaces a file that has the name already.
        wait: What lets time pass.

    Raises:
        OSError: What the last attempt raised; on other systems there is only one.
    """
    outlast(lambda: operation(source, target), wait=wait)


def allow_writing(path: str) -> None:
    """Give a file or a directory the permission without which Windows does not let it go."""
    if not os.path.islink(path):
        try:
            os.chmod(path, stat.S_IREAD | stat.S_IWRITE)
        except OSError:
            # What is tried next says what is wrong.
            return


def delete(
    path: str,
    *,
    operation: Callable[[str], object] = os.unlink,
    attempts: int = _ATTEMPTS,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Delete a file, whatever its permissions are, trying again while Windows refuses.

    Args:
        path: The file.
        operation: What does it.
        attempts: As for `outlast`.
        wait: What lets time pass.

    Raises:
        OSError: What the last attempt raised; on other systems there is only one.
    """
    try:
        operation(path)
    except OSError as error:
        if not is_held(error):
            raise
        allow_writing(path)
        outlast(lambda: operation(path), attempts=attempts, wait=wait)


def delete_tree(path: str, *, attempts: int = _ATTEMPTS) -> None:
    """Remove a directory and all below it, as `delete` removes a file.

    Raises:
        OSError: Something cannot be removed; the rest of it is still there.
    """
    from shutil import rmtree

    def try_again(operation: Callable[[str], object], failed: str, error: BaseException) -> None:
        if not isinstance(error, OSError) or not is_held(error):
            raise error
        delete(failed, operation=operation, attempts=attempts)

    rmtree(path, onerror=lambda operation, failed, info: try_again(operation, failed, info[1]))


def remove_tree(path: str) -> None:
    """Remove a directory and all below it, as far as possible; never raises.

    Used to clean up after an error, which it must not hide. Directories without write permission
    are given it first.
    """
    from shutil import rmtree

    def allow_and_retry(_function: object, failed: str, _error: object) -> None:
        parent = os.path.dirname(failed)
        try:
            os.chmod(parent, 0o700)
            if os.path.isdir(failed) and not os.path.islink(failed):
                os.chmod(failed, 0o700)
                rmtree(failed, ignore_errors=True)
            else:
                os.unlink(failed)
        except OSError:
            return

    rmtree(path, onerror=allow_and_retry)
