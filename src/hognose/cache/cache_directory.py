"""Where caches lie: the folders that rattler, pixi and hognose share, and what kinds there are."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import PackageCacheError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This directory is a cache of conda packages; backup programs may leave it out.\n"
    "# https://bford.info/cachedir/\n"
)


class CacheKind(msgspec.Struct, frozen=True, gc=False):
    """One kind of cache below the cache directory.

    Attributes:
        name: What commands call it.
        folder: Its folder.
        is_packages: Whether it holds extracted packages, which environments may be linked to.
    """

    name: str
    folder: str
    is_packages: bool = False


# Everything that cleans or counts goes through this list, so that no kind is forgotten.
CACHE_KINDS = (
    CacheKind("packages", "pkgs", is_packages=True),
    CacheKind("repodata", "repodata"),
    CacheKind("run-exports", "run-exports"),
    CacheKind("exec", "exec"),
)


def default_cache_dir(
    environ: Mapping[str, str] | None = None, *, platform: str = sys.platform
) -> Path:
    """Return the cache directory that rattler would use; nothing is created.

    `RATTLER_CACHE_DIR` decides if it is set. Otherwise it is `rattler/cache` below the user's
    cache directory: `XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches` on macOS, `LOCALAPPDATA`
    on Windows. Packages are below `pkgs`, repodata is below `repodata`.

    Args:
        environ: The environment variables; this process's by default.
        platform: Python's name of the operating system.

    Raises:
        PackageCacheError: The environment names no home directory.
    """
    environ = os.environ if environ is None else environ
    if chosen := environ.get("RATTLER_CACHE_DIR"):
        return Path(chosen)
    if platform == "win32":
        base = environ.get("LOCALAPPDATA")
        if base:
            return Path(base, "rattler", "cache")
        home = environ.get("USERPROFILE")
        parts: tuple[str, ...] = ("AppData", "Local")
    else:
        home = environ.get("HOME") or _home_of_user(environ)
        parts = ("Library", "Caches") if platform == "darwin" else (".cache",)
        xdg = environ.get("XDG_CACHE_HOME", "")
        # The specification says that a relative path here is to be ignored.
        if platform != "darwin" and xdg.startswith("/"):
            return Path(xdg, "rattler", "cache")
    if not home:
        message = "cannot tell where the cache is: the environment names no home directory"
        hint = "set `RATTLER_CACHE_DIR`"
        raise PackageCacheError(message, path=None, hint=hint)
    return Path(home, *parts, "rattler", "cache")


def _home_of_user(environ: Mapping[str, str]) -> str | None:
    if environ is not os.environ:
        return None
    home = os.path.expanduser("~")
    return None if home == "~" else home


def ensure_cache_directory(path: str) -> None:
    """Create a cache directory, and mark it so that backup programs leave it out.

    Raises:
        PackageCacheError: It cannot be created.
    """
    tag = os.path.join(path, "CACHEDIR.TAG")
    if os.path.exists(tag):
        return
    try:
        os.makedirs(path, exist_ok=True)
        with open(tag, "x", encoding="ascii") as stream:
            stream.write(_TAG)
    except FileExistsError:
        if not os.path.isdir(path):
            message = f"cannot use `{path}` as a package cache: it is not a directory"
            raise PackageCacheError(message, path=path) from None
    except OSError as error:
        message = f"cannot write to package cache `{path}`: {error.strerror}"
        hint = "choose another one with `RATTLER_CACHE_DIR`"
        raise PackageCacheError(message, path=path, hint=hint) from error
