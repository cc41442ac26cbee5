"""Records in `conda-meta` as conda writes them, where that is not what the others do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hognose.types import MatchSpec, PrefixPaths, PrefixPathsEntry

if TYPE_CHECKING:
    from hognose.types import PrefixRecord, RepoDataRecord

__all__ = ("NO_CHANNEL", "channel_of_record", "spec_of_note", "with_real_paths")

# What conda writes for a package that came from no channel.
NO_CHANNEL = "<unknown>"

_SITE_PACKAGES, _SCRIPTS = _PATHS_IN_PACKAGES = ("site-packages/", "python-scripts/")


def channel_of_record(record: RepoDataRecord) -> str:
    """Return the channel of a record without the folder of its platform.

    CEP 32 has the channel alone there. conda appends the folder, except where it knows of no
    channel, for a package that came from a file: then it writes `<unknown>`.
    """
    channel = record.channel.rstrip("/")
    folder = f"/{record.subdir}"
    # A channel may have the name of a platform itself.
    if not channel.endswith(folder) or record.url.startswith(f"{channel}{folder}/"):
        return record.channel
    return channel.removesuffix(folder)


def spec_of_note(text: str) -> MatchSpec:
    """Return what a record or a log has for the spec that a package was asked for by.

    Of a package that came from a file, conda notes that it is from `<unknown>`. That is no channel
    that could be asked for it.

    Raises:
        InvalidMatchSpecError: The text is no spec.
    """
    spec = MatchSpec(text)
    if spec.channel is not None and spec.channel.name == NO_CHANNEL:
        return spec.with_channel(None)
    return spec


def with_real_paths(record: PrefixRecord) -> PrefixRecord:
    """Return a record whose entries say where the files are in the prefix.

    conda leaves the entries of `noarch: python` packages as they are in the package, such as
    `site-packages/rich/cells.py`, and before version 4.4 it wrote none; `files` is right in all
    records.
    """
    entries = record.paths_data.paths
    if not entries:
        if not record.files:
            return record
        real = [PrefixPathsEntry(relative_path=path) for path in record.files]
    elif record.noarch.is_python and any(
        entry.relative_path.startswith(_PATHS_IN_PACKAGES) for entry in entries
    ):
        places = {_path_in_package(path): path for path in record.files}
        present = frozenset(record.files)
        real = [
            entry
            if (path := entry.relative_path) in present or path not in places
            else msgspec.structs.replace(entry, relative_path=places[path])
            for entry in entries
        ]
    else:
        return record
    return msgspec.structs.replace(record, paths_data=PrefixPaths(paths=tuple(real)))


def _path_in_package(path: str) -> str:
    """Return where a file of a prefix is in a `noarch: python` package."""
    folder, found, rest = path.partition(_SITE_PACKAGES)
    if found and folder.endswith("/"):
        return found + rest
    folder, _, name = path.partition("/")
    return f"{_SCRIPTS}{name}" if folder in {"bin", "Scripts"} else path
