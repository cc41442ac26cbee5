"""Renames and removals that outlast a virus scanner.

On Windows an indexer or a scanner can hold a file for a moment after it was written, and a rename
answers "access denied" meanwhile. A few short waits are enough in practice.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Callable

_ATTEMPTS = 10
_FIRST_WAIT = 0.01
_HELD = frozenset((5, 32, 33))  # access denied, sharing violation, lock violation


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
    pause = _FIRST_WAIT
    for _ in range(_ATTEMPTS):
        try:
            operation(source, target)
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _HELD:
                raise
            wait(pause)
            pause *= 2
        else:
            return
    operation(source, target)


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
