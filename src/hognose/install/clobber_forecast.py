"""What can be told, before anything is fetched or linked, of paths that packages contest.

A package's paths are in the package. Of those in the cache and in the environment they are known;
what the others ship is found when they are there. So a forecast may lack something, and it names
the packages that it knows nothing about. What it says comes true.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import msgspec

from hognose.cache import PackageCache
from hognose.errors import HognoseError, TransactionError
from hognose.install.arguments import require_kind
from hognose.install.clobber import ClobberedPath, resolve_clobbers
from hognose.install.contested_paths import (
    describe_clobber,
    describe_refused_folder,
    describe_replaced,
    is_contested_by,
)
from hognose.install.package_paths import read_entries
from hognose.install.package_targets import PackageTargets
from hognose.install.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hognose.types import RepoDataRecord

__all__ = ("ClobberForecast", "PathInTheWay", "forecast_clobbers")

_BYTE_CODE = (".pyc", ".pyo")


class PathInTheWay(msgspec.Struct, frozen=True, kw_only=True):
    """Something in the environment that belongs to no package, where a package will have a file.

    Attributes:
        path: The path, relative to the prefix.
        package: The package.
        inside: If it is a folder, a file in it: a folder is never replaced.
    """

    path: str
    package: str
    inside: str | None = None


class ClobberForecast(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the paths that the packages of a transaction will contest.

    Attributes:
        prefix: The environment.
        clobbered: Paths of packages that come which other packages ship as well.
        in_the_way: Paths of no package that packages that come ship.
        unknown: The names of the packages whose paths are not known yet.
    """

    prefix: str
    clobbered: tuple[ClobberedPath, ...] = ()
    in_the_way: tuple[PathInTheWay, ...] = ()
    unknown: tuple[str, ...] = ()

    def judge(self, policy: Literal["ignore", "warn", "error"]) -> list[str]:
        """Return what is to be warned of, as `install` does it.

        Args:
            policy: `LinkOptions.clobber`.

        Raises:
            TransactionError: `install` would raise it.
        """
        for item in self.in_the_way:
            if item.inside is not None:
                message = describe_refused_folder(item.package, item.path, item.inside)
                raise TransactionError(message, path=item.path, hint="move the folder away")
        if policy == "ignore":
            return []
        told = []
        for each in self.clobbered:
            message, outcome = describe_clobber(each)
            if policy == "error":
                raise TransactionError(message, path=each.path)
            # A package that is still to be fetched may win.
            told.append(message if self.unknown else f"{message}; {outcome}")
        for item in self.in_the_way:
            message = describe_replaced(self.prefix, item.package, item.path)
            if policy == "error":
                raise TransactionError(message, path=item.path)
            told.append(f"{message}: it is replaced")
        return told


def forecast_clobbers(
    transaction: Transaction, prefix: str | os.PathLike[str], cache: PackageCache
) -> ClobberForecast:
    """Find what the packages of a transaction will contest, as far as it is known; changes nothing.

    Args:
        transaction: The plan.
        prefix: The environment, which need not exist.
        cache: Where packages may be already.

    Raises:
        TypeError: An argument is of another kind than it takes.
    """
    require_kind("transaction", transaction, Transaction)
    require_kind("cache", cache, PackageCache)
    root = os.path.abspath(prefix)
    current = (*transaction.unchanged, *transaction.removed)
    owned = frozenset(path for record in current for path in record.files)
    # How a file system folds names is found out by writing to it. This much all do that fold.
    is_folding = os.path.exists(f"{root}/CONDA-META")
    targets = PackageTargets(
        root,
        platform=transaction.platform,
        python=transaction.python,
        target_prefix=root,
        owned=owned,
        fold=str.lower if is_folding else None,
        warn=lambda _: None,
    )
    coming: dict[str, list[str]] = {}
    unknown = []
    for record in transaction.installed:
        try:
            paths = _paths_of(record, targets, cache)
        except (HognoseError, OSError):
            # What is wrong with it is for the change to say, which may fetch it anew.
            paths = None
        if paths is None:
            unknown.append(str(record.name))
        else:
            coming[str(record.name)] = paths
    staying = {
        str(record.name): [
            entry.original_path or entry.relative_path
            for entry in record.paths_data.paths
            if entry.path_type != "directory"
        ]
        for record in transaction.unchanged
    }
    known: Mapping[str, Sequence[str]] = {**staying, **coming}
    clobbered = resolve_clobbers(
        [(name, known[name]) for name in transaction.order if name in known]
    )
    losing = {(name, item.path) for item in clobbered for name in item.losers}
    placed = {
        name: [path for path in paths if (name, path) not in losing]
        for name, paths in coming.items()
    }
    return ClobberForecast(
        prefix=root,
        clobbered=tuple(item for item in clobbered if is_contested_by(item, coming)),
        in_the_way=tuple(_in_the_way(root, placed, owned)),
        unknown=tuple(unknown),
    )


def _paths_of(
    record: RepoDataRecord, targets: PackageTargets, cache: PackageCache
) -> list[str] | None:
    """Return where the files of a package in the cache belong; None if it is not there."""
    directory = cache.directory_of(record)
    if directory is None:
        return None
    entries = [entry for entry in read_entries(directory) if entry.path_type != "directory"]
    paths = targets.find(record, entries, cache="")
    generated = [file.path for file in targets.plan_entry_points(record, directory)]
    # A script of the package may have the place of an entry point, which goes over it.
    return list(dict.fromkeys([*paths, *generated]))


def _in_the_way(
    prefix: str, coming: Mapping[str, Sequence[str]], owned: frozenset[str]
) -> Iterator[PathInTheWay]:
    if not os.path.isdir(prefix):
        return
    seen: set[str] = set()
    for package, paths in coming.items():
        for path in paths:
            yield from _above(prefix, path, package, owned, seen)
            place = f"{prefix}/{path}"
            if path in seen or not os.path.lexists(place):
                continue
            seen.add(path)
            if os.path.islink(place) or not os.path.isdir(place):
                if path not in owned:
                    yield PathInTheWay(path=path, package=package)
                continue
            inside = next(_strangers(prefix, path, owned), None)
            if inside is not None:
                yield PathInTheWay(path=path, package=package, inside=inside)


def _above(
    prefix: str, path: str, package: str, owned: frozenset[str], seen: set[str]
) -> Iterator[PathInTheWay]:
    """Yield the file that is where a file's folder has to be, if there is one."""
    folder = path.rpartition("/")[0]
    while folder and folder not in seen:
        seen.add(folder)
        place = f"{prefix}/{folder}"
        if folder not in owned and os.path.lexists(place) and not os.path.isdir(place):
            yield PathInTheWay(path=folder, package=package)
        folder = folder.rpartition("/")[0]


def _strangers(prefix: str, folder: str, owned: frozenset[str]) -> Iterator[str]:
    for directory, _, names in os.walk(f"{prefix}/{folder}"):
        for name in sorted(names):
            path = f"{directory[len(prefix) + 1 :]}/{name}".replace(os.sep, "/")
            if path not in owned and not path.endswith(_BYTE_CODE):
                yield path
