"""What a repodata file holds, with every record still as text: in memory, or in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec

from hognose.repodata.record_places import locate_records
from hognose.repodata.record_scan import RepoDataFacts
from hognose.repodata.record_section import RecordSection, Section
from hognose.repodata.wire_document import WireDocument
from hognose.types import ChannelInfo, wire

if TYPE_CHECKING:
    from hognose.repodata.large_file import LargeFile

__all__ = ("RepoDataContents", "RepoDataPieces")


class RepoDataPieces(WireDocument[msgspec.Raw], gc=False):
    """A repodata file with every record still as text."""

    info: ChannelInfo | None = None

    @classmethod
    def cut(cls, data: bytes | bytearray, *, what: str) -> Self:
        """Cut a file into its records; an empty file is empty repodata (CEP 36).

        Raises:
            InvalidPackageFileError: It is no JSON, or not repodata.
        """
        if not data:
            return cls()
        pieces = wire.decode_json(data, cls, what=what)  # type: ignore[arg-type]  # any buffer
        pieces.settle()
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
