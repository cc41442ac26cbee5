"""What a repodata file holds, with every record still as text: in memory, or in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec
from msgspec import field

from hognose.repodata.record_places import locate_records
from hognose.repodata.record_scan import RepoDataFacts
from hognose.repodata.record_section import RecordSection, Section
from hognose.types import ChannelInfo, wire

if TYPE_CHECKING:
    from hognose.repodata.large_file import LargeFile

__all__ = ("RepoDataContents", "RepoDataPieces")


class _V3Pieces(msgspec.Struct, gc=False):
    conda: dict[str, msgspec.Raw] = {}
    tar_bz2: dict[str, msgspec.Raw] = field(name="tar.bz2", default_factory=dict)


class RepoDataPieces(msgspec.Struct, gc=False):
    """A repodata file with every record still as text."""

    info: ChannelInfo | None = None
    packages: dict[str, msgspec.Raw] = {}
    conda_packages: dict[str, msgspec.Raw] = field(name="packages.conda", default_factory=dict)
    v3: _V3Pieces | None = None
    removed: tuple[str, ...] = ()

    @classmethod
    def cut(cls, data: bytes | bytearray, *, what: str) -> Self:
        """Cut a file into its records; an empty file is empty repodata (CEP 36).

        Raises:
            InvalidPackageFileError: It is no JSON, or not repodata.
        """
        if not data:
            return cls()
        pieces = wire.decode_json(data, cls, what=what)  # type: ignore[arg-type]  # any buffer
        if pieces.v3 is not None:
            for suffix, target, source in (
                (".tar.bz2", pieces.packages, pieces.v3.tar_bz2),
                (".conda", pieces.conda_packages, pieces.v3.conda),
            ):
                for stem, raw in source.items():
                    target.setdefault(stem + suffix, raw)
            pieces.v3 = None
        for file_name in pieces.removed:
            pieces.packages.pop(file_name, None)
            pieces.conda_packages.pop(file_name, None)
        return pieces


class RepoDataContents(msgspec.Struct, frozen=True):
    """A repodata file whose records can be found."""

    facts: RepoDataFacts
    tar_bz2: Section
    conda: Section

    @classmethod
    def of_bytes(cls, data: bytes | bytearray, *, what: str) -> Self:
        """Cut a file that is in memory; see `RepoDataPieces.cut`."""
        pieces = RepoDataPieces.cut(data, what=what)
        return cls(
            RepoDataFacts(pieces.info or ChannelInfo(), pieces.removed),
            RecordSection(pieces.packages, what=what),
            RecordSection(pieces.conda_packages, what=what),
        )

    @classmethod
    def of_file(cls, file: LargeFile) -> Self | None:
        """Find out where the records are in a file.

        Returns:
            None where it has to be read as a whole, or is broken.

        Raises:
            OSError: It cannot be read.
        """
        located = locate_records(file)
        if located is None:
            return None
        return cls(*located)
