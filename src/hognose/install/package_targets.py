"""Where the files of packages belong in one prefix, and which places no package may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hognose.errors import LinkError, TransactionError
from hognose.install.clobber import CLOBBERS_DIRECTORY
from hognose.install.entry_points import plan_entry_point
from hognose.install.long_paths import has_long_paths, require_short_paths
from hognose.install.package_paths import cleaned, find_twin
from hognose.install.path_spelling import PathSpelling
from hognose.install.prefix_replacement import check_room
from hognose.install.unlink import TRASH_DIRECTORY
from hognose.install.windows_launcher import find_launcher
from hognose.types import LinkJson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hognose.install.entry_points import EntryPointFile
    from hognose.install.noarch_python import PythonInfo
    from hognose.types import Platform, PrefixPathsEntry, RepoDataRecord

__all__ = ("PackageTargets",)

_RESERVED = ("conda-meta", CLOBBERS_DIRECTORY, TRASH_DIRECTORY)


class PackageTargets:
    """The judge of where packages want to have their files, one package after the other."""

    def __init__(
        self,
        prefix: str,
        *,
        platform: Platform,
        python: PythonInfo | None,
        target_prefix: str,
        owned: frozenset[str],
        fold: Callable[[str], str] | None,
        warn: Callable[[str], None],
    ) -> None:
        """Prepare for a prefix.

        Args:
            prefix: The prefix, absolute.
            platform: The platform that is installed for.
            python: The environment's Python, for `noarch: python` packages.
            target_prefix: The path that is written into files in the place of placeholders.
            owned: The paths of the packages that are in the prefix.
            fold: Makes paths equal that are one here, if any are.
            warn: Called with what a person should know.
        """
        self._root = f"{prefix}/"
        self._platform = platform
        self._python = python
        self._target_prefix = target_prefix
        self._fold = fold
        self._warn = warn
        # Two paths that are one are written in one way from here on.
        self._spelling = None if fold is None else PathSpelling(owned, fold=fold)
        self._reserved = frozenset(_RESERVED if fold is None else map(fold, _RESERVED))
        self._has_long_paths = has_long_paths()

    def find(
        self, record: RepoDataRecord, entries: list[PrefixPathsEntry], *, cache: str
    ) -> list[str]:
        """Return where each path of a package belongs, and have the entries say so.

        Args:
            record: The package.
            entries: What its list says, of which no two shall be one.
            cache: The folder of the package cache, relative to the prefix; empty if it is not
                below that.

        Raises:
            LinkError: A path is not the package's to have; has `path` and `package`.
            TransactionError: A `noarch: python` package without Python.
            UnsafeArchiveError: A path would leave the prefix.
        """
        package = record.file_stem
        sources = [entry.relative_path for entry in entries]
        targets = cleaned(sources)
        if record.noarch.is_python:
            if self._python is None:
                message = f"{package} needs Python to be linked, and none is in the environment"
                raise TransactionError(message, record=package, hint="install `python`")
            targets = cleaned(list(map(self._python.target_path, sources)))
        if self._spelling is not None:
            targets = list(map(self._spelling.settle, targets))
        if targets is not sources:
            for entry, target in zip(entries, targets, strict=True):
                entry.relative_path = target
        self._refuse_reserved(package, targets, cache)
        if not self._has_long_paths:
            require_short_paths(package, self._root, targets)
        fold = self._fold
        if len(set(targets if fold is None else map(fold, targets))) != len(targets):
            message = f"{package} ships two paths that are one on this system"
            raise LinkError(message, package=package, path=find_twin(targets, fold or str))
        if not self._platform.is_windows:
            self._require_room(package, entries)
        return targets

    def _refuse_reserved(self, package: str, targets: Sequence[str], cache: str) -> None:
        fold = self._fold or str
        cache = fold(f"{cache}/") if cache else ""
        for first in {path.partition("/")[0] for path in targets}:
            if fold(first) in self._reserved:
                message = f"{package} ships a path that belongs to the environment: {first}"
                raise LinkError(message, path=first, package=package)
            if cache.startswith(fold(f"{first}/")):
                for path in targets:
                    if fold(f"{path}/").startswith(cache):
                        message = f"{package} ships a path that belongs to the cache: {path}"
                        raise LinkError(message, path=path, package=package)

    def _require_room(self, package: str, entries: Iterable[PrefixPathsEntry]) -> None:
        placeholders = {
            entry.prefix_placeholder for entry in entries if entry.file_mode == "binary"
        }
        for placeholder in placeholders - {None}:
            assert placeholder is not None
            try:
                check_room(placeholder, self._target_prefix)
            except LinkError as error:
                error.add_note(f"while linking {package}")
                raise

    def plan_entry_points(self, record: RepoDataRecord, directory: str) -> list[EntryPointFile]:
        """Return the files to make for the commands of a package; no two have one path.

        Args:
            record: The package, which `find` was called for.
            directory: Where it is extracted.

        Raises:
            InvalidPackageFileError: The commands cannot be understood.
            LinkError: A command cannot be a file.
        """
        if not record.noarch.is_python:
            return []
        try:
            links = LinkJson.from_package_directory(directory).noarch
        except FileNotFoundError:
            return []
        if links is None or not links.entry_points:
            return []
        assert self._python is not None
        launcher = find_launcher(self._platform)
        if launcher is None and self._platform.is_windows:
            self._warn(
                f"there is no launcher for {self._platform}: the commands of {record.name} are "
                "scripts only; installing `distlib` beside hognose brings launchers"
            )
        planned = [
            file
            for entry_point in links.entry_points
            for file in plan_entry_point(
                entry_point,
                self._python,
                self._target_prefix,
                platform=self._platform,
                launcher=launcher,
            )
        ]
        if self._spelling is not None:
            settle = self._spelling.settle
            planned = [msgspec.structs.replace(file, path=settle(file.path)) for file in planned]
        if not self._has_long_paths:
            require_short_paths(record.file_stem, self._root, [file.path for file in planned])
        # A command that is listed twice is what the last line says, as it is with conda.
        return list({file.path: file for file in planned}.values())
