"""The whole of a `repodata.json` (CEP 36, CEP 15, CEP 48) as one value.

Reading only the records that a solve needs is the business of `hognose.repodata`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin

import msgspec
from msgspec import field

from hognose._collector import collector_paused
from hognose._url_secrets import without_secrets
from hognose.types import wire
from hognose.types.always import no_records, no_texts
from hognose.types.package_record import PackageRecord, RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hognose.types.channel import Channel
    from hognose.types.patch_instructions import PatchInstructions

__all__ = ("ChannelInfo", "ChannelRelations", "RepoData", "RepodataRevisionMetadata", "V3Packages")


class ChannelRelations(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """Channels that a channel stands on (`base`) or gives way to (`overrides`), CEP 42."""

    base: str | None = None
    overrides: str | None = None


class RepodataRevisionMetadata(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """What a channel tells of one repodata revision (CEP 48); times are milliseconds."""

    message: str | None = None
    n_packages: int | None = None
    oldest: int | None = None
    newest: int | None = None


class ChannelInfo(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """The `info` of a repodata file.

    Attributes:
        subdir: The platform folder it is for.
        base_url: What archives' file names are relative to, if not the folder itself (CEP 15).
        channel_relations: The channels it belongs with (CEP 42).
        repodata_revisions: The revisions it holds, `v3` and so on (CEP 48).
        virtual_package_detectors: Packages that detect virtual packages, by name.
    """

    subdir: str | None = None
    base_url: str | None = None
    channel_relations: ChannelRelations | None = None
    repodata_revisions: dict[str, RepodataRevisionMetadata] = {}
    virtual_package_detectors: dict[str, list[str]] | None = None


class V3Packages(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """The `v3` part of repodata: records by file stem, for each archive type (CEP 48)."""

    conda: dict[str, PackageRecord] = {}
    tar_bz2: dict[str, PackageRecord] = field(name="tar.bz2", default_factory=dict)


class RepoData(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """The content of a `repodata.json`; every part is optional (CEP 36).

    Attributes:
        info: What the file tells of the channel.
        packages: The `.tar.bz2` records by file name.
        conda_packages: The `.conda` records by file name.
        v3: Records that need the third revision.
        removed: File names of packages that were withdrawn.
        repodata_version: 1, or 2 where `info.base_url` is used.
    """

    info: ChannelInfo | None = None
    packages: dict[str, PackageRecord] = field(default_factory=no_records)
    conda_packages: dict[str, PackageRecord] = field(
        name="packages.conda", default_factory=no_records
    )
    v3: V3Packages | None = None
    removed: tuple[str, ...] = field(default_factory=no_texts)
    repodata_version: int | None = None

    @classmethod
    def decode(cls, data: bytes | str, *, what: str = "repodata") -> Self:
        """Decode a `repodata.json`; an empty file is empty repodata.

        Raises:
            InvalidPackageFileError: It is no JSON, or not of this shape.
        """
        if not data:
            return cls()
        with collector_paused():
            return wire.decode_json(data, cls, what=what)

    @classmethod
    def from_path(cls, path: str | os.PathLike[str]) -> Self:
        """Read a `repodata.json`.

        Raises:
            InvalidPackageFileError: Its content cannot be used.
            OSError: It cannot be read.
        """
        return cls.decode(Path(path).read_bytes(), what=os.fspath(path))

    def encode(self, *, pretty: bool = False) -> bytes:
        """Encode to JSON with sorted keys."""
        return wire.encode_json(self, pretty=pretty, sort_keys=True)

    @property
    def version(self) -> int | None:
        """The version of the file's format."""
        return self.repodata_version

    @property
    def repodata_revisions(self) -> dict[str, RepodataRevisionMetadata]:
        """The revisions that the file says it holds."""
        return self.info.repodata_revisions if self.info else {}

    def iter_package_records(self) -> Iterator[tuple[str, PackageRecord]]:
        """Yield the file name and the record of every package, of every revision known."""
        yield from self.packages.items()
        yield from self.conda_packages.items()
        if self.v3 is not None:
            for stem, record in self.v3.tar_bz2.items():
                yield f"{stem}.tar.bz2", record
            for stem, record in self.v3.conda.items():
                yield f"{stem}.conda", record

    def iter_records(self, channel: Channel, subdir: str) -> Iterator[RepoDataRecord]:
        """Yield every package with where it lies, without secrets; removed ones are left out.

        Args:
            channel: The channel it was read from.
            subdir: The platform folder, where `info` does not name it.
        """
        folder = f"{channel.platform_url(subdir)}/"
        base = urljoin(folder, self.info.base_url) if self.info and self.info.base_url else folder
        base = without_secrets(base if base.endswith("/") else f"{base}/")
        removed = frozenset(self.removed)
        for file_name, record in self.iter_package_records():
            if file_name in removed:
                continue
            placed: Any = RepoDataRecord.from_package_record(
                record, file_name=file_name, url=base + file_name, channel=channel.canonical_name
            )
            placed.subdir = placed.subdir or subdir
            yield placed

    def apply_patches(self, instructions: PatchInstructions) -> None:
        """Correct the records as the channel asks, in place; see `PatchInstructions.apply`."""
        instructions.apply(self)

    def into_repo_data(self, channel: Channel) -> list[RepoDataRecord]:
        """Return every package with where it lies; like `iter_records`."""
        subdir = self.info.subdir if self.info and self.info.subdir else "noarch"
        return list(self.iter_records(channel, subdir))
