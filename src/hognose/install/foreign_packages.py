"""Packages in an environment that another installer put there, such as pip or uv.

They are told by their `dist-info` folders: one that no conda package ships is foreign.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.types import PrefixRecord

__all__ = ("ForeignPackage", "find_foreign_packages", "find_owner")


class ForeignPackage(msgspec.Struct, frozen=True, kw_only=True):
    """A package that is not conda's.

    Attributes:
        name: The name of the distribution.
        version: Its version.
        installer: What its `INSTALLER` file says, or empty.
        metadata: Its `dist-info` or `egg-info` folder, relative to the prefix.
    """

    name: str
    version: str
    installer: str
    metadata: str

    def __str__(self) -> str:
        by = f" ({self.installer})" if self.installer else ""
        return f"{self.name} {self.version}{by}"


def find_foreign_packages(
    prefix: str | os.PathLike[str], records: Iterable[PrefixRecord], site_packages: str
) -> tuple[ForeignPackage, ...]:
    """Find the packages in the site-packages folder that no conda record accounts for.

    Args:
        prefix: The environment.
        records: All conda packages in it.
        site_packages: The folder of modules, relative to the prefix.
    """
    owned = {
        path.removeprefix(f"{site_packages}/").partition("/")[0]
        for record in records
        for path in record.files
        if path.startswith(f"{site_packages}/")
    }
    found = []
    for name in _metadata_folders(os.path.join(prefix, site_packages)):
        if name not in owned:
            package = _read(os.fspath(prefix), f"{site_packages}/{name}")
            if package is not None:
                found.append(package)
    return tuple(found)


def find_owner(prefix: str, path: str) -> ForeignPackage | None:
    """Return the foreign package whose list of files names this path, if there is one."""
    folder, marker, inside = path.partition("site-packages/")
    if not marker:
        return None
    site_packages = f"{folder}site-packages"
    for name in _metadata_folders(os.path.join(prefix, site_packages)):
        try:
            with open(f"{prefix}/{site_packages}/{name}/RECORD", encoding="utf-8") as file:
                if any(line.startswith(f"{inside},") for line in file):
                    return _read(prefix, f"{site_packages}/{name}")
        except (OSError, UnicodeDecodeError):
            continue
    return None


def _metadata_folders(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return sorted(name for name in names if name.endswith((".dist-info", ".egg-info")))


def _read(prefix: str, metadata: str) -> ForeignPackage | None:
    stem = metadata.rpartition("/")[2].rpartition(".")[0]
    name, _, version = stem.partition("-")
    try:
        with open(f"{prefix}/{metadata}/INSTALLER", encoding="utf-8") as file:
            installer = file.read(80).strip()
    except (OSError, UnicodeDecodeError):
        installer = ""
    if installer == "conda":
        return None
    return ForeignPackage(name=name, version=version, installer=installer, metadata=metadata)
