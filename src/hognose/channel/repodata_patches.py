"""A channel's corrections of what its packages say: find them, and carry them out on copies.

They lie in `<subdir>/patch_instructions.json`, in the channel itself, in a directory elsewhere, or
in a package that holds the files of all subdirs, as conda-forge publishes one. What such a file can
say is in `hognose.types.PatchInstructions`.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hognose.archive import PackageArchive
from hognose.channel import repodata_files
from hognose.errors import ChannelBuildError
from hognose.types import PatchInstructions, RepoData, V3Packages

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from hognose.types import PackageRecord

PATCH_FILE: Final = "patch_instructions.json"
_ARCHIVE_ENDS: Final = (".conda", ".tar.bz2")


def read_patches(
    root: Path, subdirs: Iterable[str], source: str | os.PathLike[str] | None
) -> dict[str, PatchInstructions]:
    """Read the instructions for each subdir that has some.

    Args:
        root: The channel's directory.
        subdirs: The subdirs of interest.
        source: A package (its path, or its file name in the channel's `noarch`), or a directory
            that is laid out like a channel; None for the channel's directory itself.

    Raises:
        ArchiveError: The package is damaged.
        ChannelBuildError: `source` is there, but has no instructions for any subdir at all, or it
            is not there.
        InvalidPackageFileError: A file of instructions cannot be used.
        OSError: A file cannot be read.
    """
    if source is None:
        return _read_directory(root, subdirs)
    path = Path(source)
    if path.name.endswith(_ARCHIVE_ENDS):
        if not path.exists() and path.name == str(source):
            path = root / "noarch" / path
        patches = _read_package(path)
    elif path.is_dir():
        patches = _read_directory(path, (entry.name for entry in path.iterdir()))
    else:
        message = f"there are no patches at `{path}`: neither a package nor a directory"
        raise ChannelBuildError(message, path=str(path))
    if not patches:
        message = f"there are no patches in `{path}`"
        raise ChannelBuildError(message, path=str(path), hint=f"it has no `<subdir>/{PATCH_FILE}`")
    return {subdir: patches[subdir] for subdir in subdirs if subdir in patches}


def _read_directory(directory: Path, subdirs: Iterable[str]) -> dict[str, PatchInstructions]:
    paths = {subdir: directory / subdir / PATCH_FILE for subdir in subdirs}
    return {
        subdir: PatchInstructions.from_path(path) for subdir, path in paths.items() if path.exists()
    }


def _read_package(path: Path) -> dict[str, PatchInstructions]:
    patches = {}
    with PackageArchive.open(path) as archive:
        for entry in archive.iter_entries("pkg"):
            subdir, _, name = entry.name.partition("/")
            if entry.is_file and name == PATCH_FILE:
                what = f"{path}: {entry.name}"
                patches[subdir] = PatchInstructions.decode(entry.read(), what=what)
    return patches


def patched(repodata: RepoData, instructions: PatchInstructions) -> RepoData:
    """Carry out instructions on a copy; the records that were given stay as they are."""
    v3 = repodata.v3
    result = RepoData(
        info=copy.copy(repodata.info),
        packages=_copies(repodata.packages),
        conda_packages=_copies(repodata.conda_packages),
        v3=v3 and V3Packages(conda=_copies(v3.conda), tar_bz2=_copies(v3.tar_bz2)),
        removed=repodata.removed,
        repodata_version=repodata.repodata_version,
    )
    result.apply_patches(instructions)
    repodata_files.describe_revisions(result)
    return result


def _copies(records: Mapping[str, PackageRecord]) -> dict[str, PackageRecord]:
    return {name: copy.copy(record) for name, record in records.items()}
