"""The path of an environment: which there can be, and which packages fit into it."""

from __future__ import annotations

import os
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from hognose.errors import LinkError
from hognose.types import Platform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.types import RepoDataRecord

__all__ = (
    "final_path",
    "normal_path",
    "not_a_directory",
    "require_installable",
    "require_short",
    "require_usable",
)

# What build tools pad the build prefix to; a binary cannot hold a longer path.
_LONGEST_PREFIX = 255


def require_installable(
    target_prefix: str | os.PathLike[str],
    records: Iterable[RepoDataRecord] = (),
    *,
    platform: Platform | str | None = None,
) -> None:
    """Refuse a path at which `install` would not make an environment. Changes nothing.

    Args:
        target_prefix: The environment, which need not exist.
        records: What it shall contain.
        platform: The platform to install for; by default the one that runs.

    Raises:
        TypeError: The path is no path of text.
        ParseSubdirError: There is no such platform.
        LinkError: The path cannot be an environment's, is too long for the packages, or leads
            through a file; has `path`.
    """
    prefix = normal_path(target_prefix)
    require_usable(prefix)
    require_short(prefix, records, Platform.current() if platform is None else Platform(platform))
    path = f"{prefix}/conda-meta"
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    if not os.path.isdir(path):
        raise not_a_directory(path)


def not_a_directory(path: str) -> LinkError:
    """Return the error for a file at or above an environment's place."""
    what = "a link that leads nowhere" if os.path.islink(path) else "a file"
    return LinkError(f"the environment cannot be made: {path} is {what}", path=path)


def final_path(prefix: str | os.PathLike[str]) -> str:
    """Return the absolute path to write into files, of whatever platform it is."""
    path = os.fspath(prefix)
    # It is a path of the platform that is installed for, which need not be this one's.
    if not (PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()):
        message = f"the path to write into files is not absolute: {path!r}"
        raise LinkError(message, path=path)
    return path


def normal_path(prefix: str | os.PathLike[str]) -> str:
    """Return an environment's path, absolute, with slashes.

    Raises:
        TypeError: It is no path of text.
        LinkError: It is empty, or not valid text.
    """
    given = os.fspath(prefix) if isinstance(prefix, os.PathLike) else prefix
    if not isinstance(given, str):
        raise TypeError(f"`target_prefix` is a str or a path of one, not {type(given).__name__}")
    if not given:
        raise LinkError("the environment's path is empty", path=given)
    # A relative path in a package's files would mean something else tomorrow.
    path = os.path.abspath(prefix)
    try:
        path.encode()
    except UnicodeEncodeError:
        message = f"the environment's path is not valid text: {path!a}"
        raise LinkError(message, path=path) from None
    return path.replace("\\", "/") if os.name == "nt" else path


def require_usable(prefix: str) -> None:
    """Refuse to make an environment at a path that `PATH`, or a list of lines, cannot hold.

    One that is there stays.
    """
    if any(mark in prefix for mark in "\n\r") and not os.path.isdir(f"{prefix}/conda-meta"):
        message = f"the environment's path has a line break in it: {prefix!r}"
        raise LinkError(message, path=prefix, hint="choose a path without it")
    # The drive of a Windows path has a colon, which separates nothing there.
    if os.pathsep in prefix and not os.path.isdir(f"{prefix}/conda-meta"):
        message = (
            f"the environment's path has a `{os.pathsep}` in it, which separates the directories "
            f"of `PATH`, so its programs would not be found: {prefix}"
        )
        raise LinkError(message, path=prefix, hint="choose a path without it")


def require_short(prefix: str, records: Iterable[RepoDataRecord], platform: Platform) -> None:
    """Refuse a path that is longer than what packages were built to hold."""
    length = len(prefix.encode())
    if length <= _LONGEST_PREFIX or platform.is_windows:
        return
    bound = [record for record in records if record.subdir != "noarch"]
    if bound:
        message = (
            f"the environment's path is {length} bytes long, and packages for one platform can be "
            f"installed in at most {_LONGEST_PREFIX}: {prefix}"
        )
        raise LinkError(message, path=prefix, hint="choose a shorter path for the environment")
