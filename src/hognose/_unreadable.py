"""Why a file cannot be read, in one line and without its name; for messages that name it."""

from __future__ import annotations

__all__ = ("unreadable",)


def unreadable(error: Exception) -> str:
    """Return the reason that an error of the system, of decoding or of YAML gives.

    >>> unreadable(FileNotFoundError(2, "No such file or directory", "x"))
    'No such file or directory'
    """
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, UnicodeDecodeError):
        return f"it is not in UTF-8 (byte {error.start})"
    # A YAML error tells what and where in five lines.
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None or problem is None:
        return " ".join(str(error).split())
    return f"{problem} (line {mark.line + 1}, column {mark.column + 1})"
