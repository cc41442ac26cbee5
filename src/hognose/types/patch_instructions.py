"""Corrections of a channel's records, from a `patch_instructions.json` (CEP 21).

A channel corrects the metadata of packages that it cannot build again: the archive stays as it is,
and what its index says about the archive changes. `RepoData.apply_patches` carries them out.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec
from msgspec import UNSET, UnsetType, field

from hognose.errors import InvalidPackageFileError
from hognose.types import wire
from hognose.types.package.run_exports_json import RunExportsJson

if TYPE_CHECKING:
    from hognose.types.package_record import PackageRecord
    from hognose.types.repo_data import RepoData

__all__ = ("PackageRecordPatch", "PatchInstructions", "V3PackagePatches")

NEWEST_VERSION = 2
REVOKED = "package_has_been_revoked"
"""The dependency, met by no package, that keeps a revoked package from being chosen."""

_EMPTY: dict[str, type[tuple[str, ...] | dict[str, object]]] = {
    "depends": tuple,
    "constrains": tuple,
    "flags": tuple,
    "extra_depends": dict,
}


class PackageRecordPatch(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """New values for fields of one record; None takes a value away, UNSET leaves it alone.

    What identifies a package or its archive (name, version, build, hashes, size) and when it was
    indexed (CEP 47) are not for patches to change: such keys are ignored.
    """

    depends: tuple[str, ...] | UnsetType | None = UNSET
    constrains: tuple[str, ...] | UnsetType | None = UNSET
    extra_depends: dict[str, tuple[str, ...]] | UnsetType | None = UNSET
    flags: tuple[str, ...] | UnsetType | None = UNSET
    features: str | UnsetType | None = UNSET
    track_features_source: str | tuple[str, ...] | UnsetType | None = field(
        name="track_features", default=UNSET
    )
    license: str | UnsetType | None = UNSET
    license_family: str | UnsetType | None = UNSET
    purls: tuple[str, ...] | UnsetType | None = UNSET
    run_exports: RunExportsJson | UnsetType | None = UNSET

    def apply(self, record: PackageRecord) -> None:
        """Change a record in place."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is None and name in _EMPTY:
                value = _EMPTY[name]()
            if value is not UNSET:
                setattr(record, name, value)


class V3PackagePatches(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """Patches of the records under `v3`, by file stem (CEP 48)."""

    conda: dict[str, PackageRecordPatch] = {}
    tar_bz2: dict[str, PackageRecordPatch] = field(name="tar.bz2", default_factory=dict)


class PatchInstructions(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """The patch instructions of one platform folder, version 1 or 2.

    An entry for `NAME.tar.bz2` is for `NAME.conda` as well, which is the same package; entries of
    `packages.conda` come after it.

    Attributes:
        patch_instructions_version: 1, or 2 if run exports are patched too.
        packages: Patches of `.tar.bz2` records by file name.
        conda_packages: Patches of `.conda` records by file name.
        v3: Patches of records of the third revision.
        remove: File names of packages to withdraw.
        revoke: File names of packages that stay listed, but cannot be installed.
    """

    patch_instructions_version: int = 1
    packages: dict[str, PackageRecordPatch] = {}
    conda_packages: dict[str, PackageRecordPatch] = field(
        name="packages.conda", default_factory=dict
    )
    v3: V3PackagePatches | None = None
    remove: tuple[str, ...] = ()
    revoke: tuple[str, ...] = ()

    @classmethod
    def decode(cls, data: bytes | str, *, what: str = "patch_instructions.json") -> Self:
        """Decode a `patch_instructions.json`.

        Raises:
            InvalidPackageFileError: It is no JSON, not of this shape, or of a version above 2.
        """
        instructions = wire.decode_json(data, cls, what=what)
        version = instructions.patch_instructions_version
        if version > NEWEST_VERSION:
            message = f"{what} cannot be used: patch instructions of version {version}"
            hint = f"versions up to {NEWEST_VERSION} are known"
            raise InvalidPackageFileError(message, path=what, hint=hint)
        return instructions

    @classmethod
    def from_path(cls, path: str | os.PathLike[str]) -> Self:
        """Read a `patch_instructions.json`.

        Raises:
            InvalidPackageFileError: Its content cannot be used.
            OSError: It cannot be read.
        """
        return cls.decode(Path(path).read_bytes(), what=os.fspath(path))

    def encode(self, *, pretty: bool = False) -> bytes:
        """Encode to JSON with sorted keys."""
        return wire.encode_json(self, pretty=pretty, sort_keys=True)

    def apply(self, repo_data: RepoData) -> None:
        """Carry the instructions out on repodata, in place; names that are not there are ignored.

        Each patched record gets its new values first; revoked ones get a dependency that nothing
        meets; removed ones go from the records to the names in `removed`.
        """
        conda_of_tar = {_conda_twin(name): patch for name, patch in self.packages.items()}
        self._patch(repo_data.packages, self.packages)
        self._patch(repo_data.conda_packages, conda_of_tar)
        self._patch(repo_data.conda_packages, self.conda_packages)
        sections: list[tuple[dict[str, PackageRecord], str]] = [
            (repo_data.packages, ""),
            (repo_data.conda_packages, ""),
        ]
        if repo_data.v3 is not None:
            if self.v3 is not None:
                self._patch(repo_data.v3.tar_bz2, self.v3.tar_bz2)
                self._patch(repo_data.v3.conda, self.v3.conda)
            sections += [(repo_data.v3.tar_bz2, ".tar.bz2"), (repo_data.v3.conda, ".conda")]

        revoked, unwanted = _with_twins(self.revoke), _with_twins(self.remove)
        removed = set(repo_data.removed)
        for records, extension in sections:
            for name in [name for name in records if name + extension in revoked]:
                records[name].depends += (REVOKED,)
            for name in [name for name in records if name + extension in unwanted]:
                del records[name]
                removed.add(name + extension)
        repo_data.removed = tuple(sorted(removed))

    def _patch(
        self, records: dict[str, PackageRecord], patches: dict[str, PackageRecordPatch]
    ) -> None:
        takes_run_exports = self.patch_instructions_version >= 2
        for name, patch in patches.items():
            if (record := records.get(name)) is None:
                continue
            run_exports = record.run_exports
            patch.apply(record)
            if not takes_run_exports:
                record.run_exports = run_exports


def _conda_twin(file_name: str) -> str:
    return f"{file_name.removesuffix('.tar.bz2')}.conda"


def _with_twins(file_names: tuple[str, ...]) -> set[str]:
    return {*file_names, *(_conda_twin(name) for name in file_names if name.endswith(".tar.bz2"))}
