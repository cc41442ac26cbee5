"""What `conda-meta` says of a package once its files are in place (CEP 32)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from hognose.cache import complete_record
from hognose.install.conda_record import channel_of_record
from hognose.net import redact, without_secrets
from hognose.types import Link, LinkType, PrefixPaths, PrefixPathsEntry, PrefixRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hognose.install.package_linker import LinkedPackage

__all__ = ("altered_record", "new_record", "recorded_specs", "relocate")


def relocate(entries: Sequence[PrefixPathsEntry], final_places: Sequence[str] | None) -> None:
    """Make the entries of a package say where its files really are."""
    if final_places is None:
        return
    files = [entry for entry in entries if entry.path_type != "directory"]
    for entry, place in zip(files, final_places, strict=True):
        wanted = entry.original_path or entry.relative_path
        entry.relative_path = place
        entry.original_path = None if place == wanted else wanted


def recorded_specs(records: Iterable[PrefixRecord]) -> list[str]:
    """Return the specs that the packages of an environment were asked for by."""
    return [text for record in records for text in record.asked_by]


def _by_parts(entry: PrefixPathsEntry) -> str:
    """Return a key that sorts paths by their parts, so that a folder's content stays together."""
    return entry.relative_path.replace("/", "\0")


def new_record(package: LinkedPackage, specs: tuple[str, ...]) -> PrefixRecord:
    """Make the record of a package that was linked.

    Secrets in its addresses are taken out, and hashes that only the cache knows are put in. Where
    conda wrote the channel that it came from, the folder of the platform goes, as CEP 32 has it.
    """
    entries = sorted([*package.entries, *package.folders], key=_by_parts)
    record = complete_record(package.record, package.directory)
    url, channel = without_secrets(record.url), without_secrets(channel_of_record(record))
    if (url, channel) != (record.url, record.channel):
        record = msgspec.structs.replace(record, url=url, channel=channel)
    return PrefixRecord.from_repodata_record(
        record,
        package_tarball_full_path=_kept_archive(package.directory, record.file_name),
        extracted_package_dir=package.directory,
        files=tuple([entry.relative_path for entry in entries]),
        paths_data=PrefixPaths(paths=tuple(entries)),
        link=Link(source=package.directory, type=LinkType(package.link_type)),
        requested_specs=_without_secrets(specs),
    )


def _kept_archive(directory: str, file_name: str) -> str | None:
    """Return the archive beside an extracted package: conda keeps it, other programs do not."""
    if not file_name or "/" in file_name or "\\" in file_name:
        return None
    path = os.path.join(os.path.dirname(directory), file_name)
    return path if os.path.isfile(path) else None


def _without_secrets(specs: tuple[str, ...]) -> tuple[str, ...]:
    """Take secrets out of the addresses of channels that specs may name."""
    return tuple([redact(spec) if "://" in spec else spec for spec in specs])


def altered_record(
    record: PrefixRecord,
    specs: Mapping[str, tuple[str, ...]] | None,
    final_places: Sequence[str] | None = None,
) -> PrefixRecord | None:
    """Return what an installed package's record must say now, or None if it says so already."""
    altered = None
    if specs is not None:
        wanted = _without_secrets(specs.get(str(record.name), ()))
        if record.requested_specs != wanted or record.requested_spec is not None:
            altered = msgspec.structs.replace(record, requested_specs=wanted, requested_spec=None)
    if final_places is not None:
        entries = [msgspec.structs.replace(entry) for entry in record.paths_data.paths]
        relocate(entries, final_places)
        if entries != list(record.paths_data.paths):
            entries.sort(key=_by_parts)
            altered = msgspec.structs.replace(
                altered or record,
                files=tuple(entry.relative_path for entry in entries),
                paths_data=PrefixPaths(paths=tuple(entries)),
            )
    return altered
