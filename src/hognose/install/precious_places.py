"""Directories that must not be deleted, whatever somebody takes them for.

Standard library only: `cx` asks here before it has anything else.
"""

from __future__ import annotations

import os
import sys

from hognose.errors import InstallerError

TYPE_CHECKING = False  # as in `typing`, whose import would double the start-up time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("require_not_precious",)


def require_not_precious(
    directory: str | os.PathLike[str], *, environ: Mapping[str, str] | None = None
) -> None:
    """Refuse a directory that more depends on than what was put into it.

    Args:
        directory: What is to be deleted.
        environ: Where the home directory is read from; this process's by default.

    Raises:
        InstallerError: It is a root directory, or it is or contains the home or the current
            directory; has `path`.
    """
    environ = os.environ if environ is None else environ
    path = os.path.realpath(directory)
    if not os.fspath(directory) or os.path.dirname(path) == path:
        raise InstallerError(f"refusing to delete {path or 'nothing'}: it is the root", path=path)
    for place, what in _precious(environ):
        if f"{place}{os.sep}".startswith(f"{path}{os.sep}"):
            kind = "is" if path == place else "contains"
            raise InstallerError(f"refusing to delete {path}: it {kind} {what}", path=path)


def _precious(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    name = "USERPROFILE" if sys.platform == "win32" else "HOME"
    yield os.path.realpath(environ.get(name) or os.path.expanduser("~")), "the home directory"
    try:
        current = os.getcwd()
    except OSError:
        # It was deleted while somebody is in it.
        return
    yield os.path.realpath(current), "the current directory"
