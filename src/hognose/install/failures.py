"""What goes wrong while a transaction is carried out, said in words."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from hognose.errors import HognoseError, InstallerError, TransactionError
from hognose.install.link_method import NO_SPACE
from hognose.install.unfinished import JOURNAL_DIRECTORY, has_unfinished_transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("explain_failure", "join_failures")


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
    if error.errno in NO_SPACE:
        message = f"no space left on the file system of {prefix}"
        hint = f"free some space and try again; {_state(prefix)}"
    elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        message = f"not allowed to write: {path}"
        hint = "check who owns the environment, and that it is not on a read-only file system"
    else:
        message = f"the environment {prefix} cannot be changed: {error}"
        hint = None
    return InstallerError(message, hint=hint, path=path, errno=error.errno)


def _state(prefix: str) -> str:
    """Say what became of a change that failed."""
    if os.path.exists(f"{prefix}/{JOURNAL_DIRECTORY}/commit.json"):
        return "the change is made, and the next one of the environment tidies up after it"
    if has_unfinished_transaction(prefix):
        return "the next change of the environment brings back the state before"
    return "the environment is as it was before"
