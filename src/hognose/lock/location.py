"""Where a locked package lies, and what its location says about it.

A lock file names packages by *locations*: a URL, or a path for what lies on this machine. The
fields of a record that can be read off its location are not written, so these rules belong to the
format: changing them changes what existing lock files mean.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import NamedTuple

from hognose._url_secrets import split_secrets
from hognose.types import Platform

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_DRIVE = re.compile(r"/?[A-Za-z]:[\\/]")
_TRAILING_NUMBER = re.compile(r"[0-9]+\Z")
_PLATFORMS = {str(platform): platform for platform in Platform.all()}
_ARCHIVES = (".conda", ".tar.bz2")


class Derived(NamedTuple):
    """What a location says; None for what it does not say."""

    file_name: str | None
    name: str | None
    version: str | None
    build: str | None
    subdir: str | None
    channel: str | None


_NOTHING = Derived(None, None, None, None, None, None)


def is_url(location: str) -> bool:
    """Tell a URL from a path."""
    if location.startswith(("https://", "http://")):
        return True
    return _SCHEME.match(location) is not None and _DRIVE.match(location) is None


def is_archive(location: str) -> bool:
    """Whether a location ends in the file name of a conda package."""
    return location.endswith(_ARCHIVES) and derive(location).name is not None


def from_url(url: str) -> str:
    """Make the location of a URL: a path for `file://`, and no secrets otherwise."""
    if not url.startswith("file:"):
        return split_secrets(url).url.partition("?")[0]
    from urllib.parse import unquote

    path = unquote(url.removeprefix("file:").removeprefix("//"))
    path = path.removeprefix("localhost")
    return path[1:] if _DRIVE.match(path) else path


def to_url(location: str, base_directory: str | None = None) -> str:
    """Make the URL of a location; a relative path starts from the lock file's directory."""
    if is_url(location):
        return location
    from urllib.parse import quote

    path = location.replace("\\", "/") if _DRIVE.match(location) else location
    if not path.startswith("/") and not _DRIVE.match(path):
        path = os.path.abspath(os.path.join(base_directory or os.curdir, path))
        path = path.replace(os.sep, "/")
    return f"file://{'' if path.startswith('/') else '/'}{quote(path, safe=_UNQUOTED)}"


# What the URL standard leaves as it is in a path.
_UNQUOTED = "/:!$&'()*+,;=@~"


def without_secrets(url: str) -> str:
    """Take user names, passwords and tokens out of a URL: a lock file is for other people.

    A query stays, because pip's addresses have parts there.
    """
    return split_secrets(url).url


@lru_cache(maxsize=16384)
def derive(location: str) -> Derived:
    """Read off a location what it says about the package."""
    head, _, file_name = location.rpartition("/")
    if not file_name:
        return _NOTHING
    channel, _, subdir = head.rpartition("/")
    stem = file_name.removesuffix(".conda").removesuffix(".tar.bz2")
    # From the right: names hold dashes, versions and builds do not (CEP 26).
    parts = stem.rsplit("-", 2)
    if not is_url(location):
        channel = subdir = ""
    if stem == file_name or len(parts) != 3 or not all(parts):
        return Derived(file_name, None, None, None, None, channel or None)
    name, version, build = parts
    return Derived(
        file_name, name, version, build, subdir if subdir in _PLATFORMS else None, channel or None
    )


def derive_build_number(build: str) -> int:
    """The number that a build string ends with, 0 if it ends with none."""
    found = _TRAILING_NUMBER.search(build)
    return int(found[0]) if found else 0


def derive_noarch(subdir: str, build: str) -> str | None:
    """The kind of a package in `noarch`: of Python if its build string says `py`."""
    if subdir != "noarch":
        return None
    return "python" if "py" in build else "generic"


def derive_arch(subdir: str) -> tuple[str | None, str | None]:
    """The architecture and the operating system of a subdir."""
    platform = _PLATFORMS.get(subdir)
    if platform is None or platform.arch is None:
        return None, None
    return str(platform.arch), platform.only_platform
