"""What goes wrong while a transaction is carried out, said in words."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from hognose.errors import HognoseError, InstallerError, TransactionError
from hognose.install.free_space import readable_size
from hognose.install.link_method import NO_SPACE
from hognose.install.unfinished import JOURNAL_DIRECTORY, has_unfinished_transaction
from hognose.install.unlink import is_removable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("explain_failure", "join_failures", "tell_missing_space")

# A sharing violation and a lock violation of Windows.
_IN_USE = frozenset({32, 33})
_BUSY = frozenset({errno.EBUSY, errno.ETXTBSY})


def join_failures(errors: Sequence[BaseException]) -> BaseException:
    """Return the one failure, or one error that carries all of them as its cause."""
    if len(errors) == 1:
        return errors[0]
    reasons = [error.message if isinstance(error, HognoseError) else str(error) for error in errors]
    message = "\n- ".join([f"{len(errors)} packages cannot be made available:", *reasons])
    # One cause, such as a full disk, has one remedy.
    hints = {error.hint if isinstance(error, HognoseError) else None for error in errors}
    hint = hints.pop() if len(hints) == 1 else None
    combined = TransactionError(message, hint=hint, errors=tuple(errors))
    combined.__cause__ = BaseExceptionGroup(message, errors)
    return combined


def explain_failure(error: OSError, prefix: str) -> HognoseError:
    """Return the error to raise for a failure of the operating system."""
    path = error.filename or prefix
    if getattr(error, "winerror", None) in _IN_USE or error.errno in _BUSY:
        message = f"in use by another program, or a mount point: {path}"
        hint = "close what runs in the environment, and try again"
    elif error.errno in NO_SPACE:
        message = f"no space left on the file system of {prefix}"
        hint = f"free some space and try again; {_state(prefix)}"
    elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        message = f"not allowed to write: {path}"
        hint = "check who owns the environment, and that it is not on a read-only file system"
        if os.path.isfile(path) and not is_removable(path):
            hint = "the file is marked as immutable, or for appending only: take that mark away"
    else:
        message = f"the environment {prefix} cannot be changed: {error}"
        hint = None
    return InstallerError(message, hint=hint, path=path, errno=error.errno)


def tell_missing_space(error: BaseException, prefix: str, missing: Callable[[], int]) -> None:
    """Have an error about a full disk say how much room is missing, where that is known.

    Args:
        error: What went wrong; left alone if it is about something else.
        prefix: The environment.
        missing: Tells how many bytes are missing at least, or zero. Asked when the change is
            undone.
    """
    if not isinstance(error, InstallerError) or getattr(error, "errno", None) not in NO_SPACE:
        return
    with suppress(OSError):
        count = missing()
        if count:
            error.hint = f"free at least {readable_size(count)} and try again; {_state(prefix)}"


def _state(prefix: str) -> str:
    """Say what became of a change that failed."""
    if os.path.exists(f"{prefix}/{JOURNAL_DIRECTORY}/commit.json"):
        return "the change is made, and the next one of the environment tidies up after it"
    if has_unfinished_transaction(prefix):
        return "the next change of the environment brings back the state before"
    return "the environment is as it was before"
