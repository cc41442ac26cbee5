"""Whether a change of an environment is under way, or was interrupted.

Asked by every command that looks at an environment, so this imports next to nothing.
"""

from __future__ import annotations

import os

__all__ = ("JOURNAL_DIRECTORY", "has_unfinished_transaction")

JOURNAL_DIRECTORY = "conda-meta/.transaction"


def has_unfinished_transaction(prefix: str | os.PathLike[str]) -> bool:
    """Tell whether a transaction in this prefix was interrupted, or is running."""
    return os.path.isdir(os.path.join(prefix, JOURNAL_DIRECTORY))
