"""Whether packages of another installer still have their files, and a Python that reads them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from hognose.install.foreign_packages import (
    ForeignPackage,
    TakenFiles,
    find_foreign_packages,
    find_stranded_packages,
    find_taken_files,
    is_file_of,
    read_file_list,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from hognose.types import PrefixRecord

__all__ = ("BrokenPackage", "ForeignHealth", "examine_foreign_packages")


class BrokenPackage(msgspec.Struct, frozen=True, kw_only=True):
    """A foreign package that lacks files.

    Attributes:
        package: The package.
        paths: The files that are missing, or that a conda package has replaced, sorted.
        files: How many it has by its own list.
    """

    package: ForeignPackage
    paths: tuple[str, ...]
    files: int


class ForeignHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of foreign packages.

    Attributes:
        packages: Those that the environment's Python reads.
        stranded: Those that were installed for another Python.
        taken: The conda packages in whose place some of them are.
        broken: Those that lack files.
    """

    packages: tuple[ForeignPackage, ...] = ()
    stranded: tuple[ForeignPackage, ...] = ()
    taken: tuple[TakenFiles, ...] = ()
    broken: tuple[BrokenPackage, ...] = ()


def examine_foreign_packages(
    prefix: str | os.PathLike[str], records: Sequence[PrefixRecord], site_packages: str | None
) -> ForeignHealth:
    """Look at all packages of other installers in an environment.

    Args:
        prefix: The environment.
        records: All conda packages in it.
        site_packages: The folder that its Python reads, relative to the prefix; None without one.
    """
    packages = (
        () if site_packages is None else (find_foreign_packages(prefix, records, site_packages))
    )
    taken = find_taken_files(prefix, records, packages)
    return ForeignHealth(
        packages=packages,
        stranded=find_stranded_packages(prefix, records, site_packages),
        taken=taken,
        broken=tuple(_find_broken(prefix, records, packages)),
    )


def _find_broken(
    prefix: str | os.PathLike[str],
    records: Sequence[PrefixRecord],
    packages: Iterable[ForeignPackage],
) -> Iterable[BrokenPackage]:
    owned: Collection[str] | None = None
    for package in packages:
        hashes = read_file_list(prefix, package.metadata)
        if owned is None:
            owned = {path for record in records for path in record.files}
        lacking = [
            path
            for path in hashes
            # Byte-code comes and goes as interpreters like.
            if not path.endswith(".pyc")
            and (
                not os.path.lexists(os.path.join(prefix, path))
                or (path in owned and is_file_of(prefix, path, hashes) is False)
            )
        ]
        if lacking:
            yield BrokenPackage(package=package, paths=tuple(sorted(lacking)), files=len(hashes))
