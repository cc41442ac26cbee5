"""The platform that an environment is for.

Packages for one platform tell it. An environment of `noarch` packages alone does not, so that of
another platform than the machine's is noted where conda notes it: as `subdir` in the environment's
own `.condarc`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hognose.errors import ConfigError, InstallerError, ParseSubdirError
from hognose.types import Platform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.types import PackageRecord

__all__ = ("note_platform", "read_platform")


def read_platform(
    prefix: str | os.PathLike[str], installed: Iterable[PackageRecord]
) -> Platform | None:
    """Return the platform that an environment was made for, or None where nothing tells it.

    Args:
        prefix: The environment.
        installed: Its packages.

    Raises:
        InstallerError: Nothing else tells it, and its `.condarc` cannot be read.
    """
    subdirs = {record.subdir for record in installed} - {"noarch", ""}
    if len(subdirs) == 1:
        return Platform(subdirs.pop())
    path = _path(prefix)
    subdir = _settings(path).get("subdir")
    if subdir is None:
        return None
    try:
        return Platform(str(subdir))
    except ParseSubdirError as error:
        raise InstallerError(f"{path} cannot be used: {error.message}", path=path) from error


def note_platform(prefix: str | os.PathLike[str], platform: Platform) -> None:
    """Note in an environment that it is for another platform than this machine's.

    The machine's own is not noted, and what `.condarc` says already stays.

    Raises:
        InstallerError: `.condarc` is there and cannot be read.
        OSError: It cannot be written.
    """
    path = _path(prefix)
    if platform == Platform.current() or "subdir" in _settings(path):
        return
    with open(path, "a+", encoding="utf-8") as stream:
        stream.seek(0)
        text = stream.read()
        begin = "" if text.endswith("\n") or not text else "\n"
        stream.write(f"{begin}subdir: {platform}\n")


def _path(prefix: str | os.PathLike[str]) -> str:
    return os.path.join(os.path.abspath(prefix), ".condarc")


def _settings(path: str) -> dict[str, Any]:
    if not os.path.exists(path):
        return {}
    from hognose.config import condarc_values

    try:
        return condarc_values(path, os.environ)
    except ConfigError as error:
        raise InstallerError(error.message, path=path) from error
