"""Paths that are too long for Windows, unless it was told to allow longer ones.

Without that it answers that there is no such file, whatever is wrong. Nothing here is needed on
other systems, whose answer can be understood.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hognose.errors import LinkError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("has_long_paths", "require_short_paths")

# In characters, without the end: MAX_PATH, and what it leaves for a folder to have files in.
_LONGEST_FILE = 259
_LONGEST_FOLDER = 247


def has_long_paths() -> bool:
    """Tell whether this process can use paths of any length."""
    if sys.platform == "win32":
        import ctypes

        try:
            return bool(ctypes.windll.ntdll.RtlAreLongPathsEnabled())
        except AttributeError:
            # Before Windows 10.
            return False
    return True


def require_short_paths(package: str, root: str, paths: Iterable[str]) -> None:
    """Refuse files that Windows could not make.

    Args:
        package: What errors call the package.
        root: The prefix, with a slash at its end.
        paths: The files, relative to it.

    Raises:
        LinkError: A path is too long; has `path` and `package`.
    """
    for path in paths:
        place = root + path
        if len(place) > _LONGEST_FILE or len(place.rpartition("/")[0]) > _LONGEST_FOLDER:
            message = (
                f"{path} of {package} would have {len(place)} characters in this environment, and "
                f"Windows allows {_LONGEST_FILE}, {_LONGEST_FOLDER} of them for the folder"
            )
            hint = (
                "choose a shorter path for the environment, or have an administrator set "
                "`LongPathsEnabled` of `HKLM\\SYSTEM\\CurrentControlSet\\Control\\FileSystem` to 1"
            )
            raise LinkError(message, hint=hint, path=path, package=package)
