"""A repodata file of which only the records that are asked for are decoded.

A file in memory is cut into records once, in C and without looking into them (15 ms for 24,000
records); a name's records are found by bisection over the sorted file names and decoded when they
are first asked for. A large plain file stays on the disk: it is looked through for where its
records lie (0.1 s for 300,000) when something is first asked of it, unless that is everything.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Self

from hognose._closing import Closing
from hognose._collector import collector_paused
from hognose.repodata.closure import Closure
from hognose.repodata.decompression import DEFAULT_MAX_SIZE, compression_of_name, read_all
from hognose.repodata.every_record import load_every_record
from hognose.repodata.format_selection import PackageFormatSelection, is_hidden, select
from hognose.repodata.large_file import LargeFile
from hognose.repodata.placement import Placement
from hognose.repodata.record_texts import decode_records
from hognose.repodata.repo_data_contents import RepoDataContents

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.repodata.record_section import Section
    from hognose.repodata.removed_package import RemovedPackage
    from hognose.types import (
        Channel,
        ChannelInfo,
        MatchSpec,
        RepoDataRecord,
        RepodataRevisionMetadata,
    )

__all__ = ("SparseRepoData",)

_PREFER_CONDA = PackageFormatSelection.PREFER_CONDA
# A larger file is left on the disk: a solve for a few platforms needs half the memory.
_LARGE = 1 << 23


class SparseRepoData(Closing):
    """The records of one subdir, decoded name by name; what was decoded is remembered.

    Treat the records as shared: the same objects come back the next time. May be used by several
    threads at once. A `PackageSource` for the solver.

    Attributes:
        channel: The channel that the records belong to.
        subdir: The platform folder.
    """

    __slots__ = (
        "_contents",
        "_file",
        "_known",
        "_lock",
        "_placement",
        "_what",
        "channel",
        "subdir",
    )

    def __init__(
        self,
        channel: Channel,
        subdir: str,
        path: str | os.PathLike[str],
        *,
        max_size: int = DEFAULT_MAX_SIZE,
        in_memory_up_to: int = _LARGE,
    ) -> None:
        """Open a `repodata.json`, or a compressed one (`.zst`, `.bz2`).

        Args:
            channel: The channel that the records belong to.
            subdir: The platform folder that the file is of.
            path: The file.
            max_size: The largest acceptable size in bytes, decompressed.
            in_memory_up_to: The largest plain file, in bytes, that is read at once. Of a larger one
                little is ever in memory, it must not be written to in place, and most of what may
                be wrong with it is noticed when something is first asked of it.

        Raises:
            OSError: The file cannot be read.
            FetchRepoDataError: It is too large or broken.
            InvalidPackageFileError: It is not repodata.
        """
        what = os.fspath(path)
        file = None
        compression = compression_of_name(what)
        if (
            compression is None
            and hasattr(os, "preadv")
            and in_memory_up_to < os.stat(path).st_size <= max_size
        ):
            file = LargeFile(what)
            if not file.looks_whole():
                file = None
        contents = None if file else _read(what, max_size)
        self._set(channel, subdir, contents, file, what)

    @classmethod
    def from_bytes(
        cls, channel: Channel, subdir: str, data: bytes | bytearray, *, what: str = "repodata"
    ) -> Self:
        """Cut a `repodata.json` that is in memory into records.

        Raises:
            InvalidPackageFileError: It is not repodata.
        """
        made = cls.__new__(cls)
        made._set(channel, subdir, RepoDataContents.of_bytes(data, what=what), None, what)
        return made

    def _set(
        self,
        channel: Channel,
        subdir: str,
        contents: RepoDataContents | None,
        file: LargeFile | None,
        what: str,
    ) -> None:
        self.channel = channel
        self.subdir = str(subdir)
        self._what = what
        self._file = file
        self._contents = contents
        self._placement: Placement | None = None
        self._lock = threading.Lock()
        self._known: dict[tuple[str, PackageFormatSelection], list[RepoDataRecord]] = {}

    @property
    def info(self) -> ChannelInfo:
        """What the file says of itself.

        Raises:
            InvalidPackageFileError: It is not repodata.
        """
        return self._open().facts.info

    @property
    def repodata_revisions(self) -> dict[str, RepodataRevisionMetadata]:
        """The revisions that the file says it holds (CEP 48)."""
        return self.info.repodata_revisions

    def package_names(
        self, package_format_selection: PackageFormatSelection = _PREFER_CONDA
    ) -> list[str]:
        """Return the names of all packages, sorted."""
        return sorted(
            {
                file_name.rsplit("-", 2)[0].lower()
                for section in self._sections(package_format_selection)
                for file_name in section.file_names()
            }
        )

    def record_count(self, package_format_selection: PackageFormatSelection = _PREFER_CONDA) -> int:
        """Return how many records `load_all_records` has."""
        hidden = self._hidden(package_format_selection)
        return sum(
            file_name not in hidden
            for section in self._sections(package_format_selection)
            for file_name in section.file_names()
        )

    def load_records(
        self,
        package_name: str,
        package_format_selection: PackageFormatSelection = _PREFER_CONDA,
    ) -> list[RepoDataRecord]:
        """Return the records of one name in the order of their file names; none for an unknown one.

        Raises:
            InvalidPackageFileError: A record is malformed; the error names its file.
        """
        name = package_name.lower()
        known = self._known.get((name, package_format_selection))
        if known is None:
            contents = self._open()
            tar_bz2, conda = contents.tar_bz2.load(name), contents.conda.load(name)
            chosen = dict(select(tar_bz2, conda, package_format_selection))
            known = self._get_placement().place(name, chosen, chosen.values())
            self._known[name, package_format_selection] = known
        return known

    def load_all_records(
        self, package_format_selection: PackageFormatSelection = _PREFER_CONDA
    ) -> list[RepoDataRecord]:
        """Return every record, newly made.

        Raises:
            InvalidPackageFileError: A record is malformed; the error names its file.
        """
        file = self._file
        with collector_paused():
            records = (
                load_every_record(file, package_format_selection, self._placement_for)
                if file
                else None
            )
            if records is None:
                hidden = self._hidden(package_format_selection)
                records = []
                for section in self._sections(package_format_selection):
                    for batch in section.batches():
                        texts = {each: raw for each, raw in batch.items() if each not in hidden}
                        decoded = decode_records(texts, what=self._what)
                        records += self._get_placement().place(None, decoded, decoded.values())
        return records

    def load_matching_records(
        self,
        specs: Iterable[MatchSpec],
        package_format_selection: PackageFormatSelection = _PREFER_CONDA,
    ) -> list[RepoDataRecord]:
        """Return the records that at least one spec matches.

        Raises:
            InvalidPackageFileError: A record is malformed; the error names its file.
        """
        wanted = list(specs)
        exact = [spec.name.exact for spec in wanted]
        names = (
            dict.fromkeys(str(name) for name in exact)
            if all(exact)
            else self.package_names(package_format_selection)
        )
        return [
            record
            for name in names
            for record in self.load_records(name, package_format_selection)
            if any(spec.matches(record) for spec in wanted)
        ]

    def load_removed(self, package_name: str | None = None) -> list[str]:
        """Return the file names of withdrawn packages, of one name or of all."""
        return [
            file_name
            for file_name in self._open().facts.removed
            if package_name is None or file_name.rsplit("-", 2)[0].lower() == package_name.lower()
        ]

    def load_removed_packages(self, package_name: str | None = None) -> list[RemovedPackage]:
        """Return the withdrawn packages, of one name or of all, with where they lay."""
        from hognose.repodata.removed_package import RemovedPackage

        found = (
            RemovedPackage.of(file_name, self._get_placement())
            for file_name in self.load_removed(package_name)
        )
        return [package for package in found if package is not None]

    def names_mentioning(self, text: str) -> list[str]:
        """Return the names of packages whose records hold a text in lower case, sorted."""
        wanted = text.encode()
        return sorted(
            {
                file_name.rsplit("-", 2)[0].lower()
                for section in self._sections(PackageFormatSelection.BOTH)
                for batch in section.batches()
                for file_name, raw in batch.items()
                if wanted in bytes(raw).lower()
            }
        )

    @staticmethod
    def load_records_recursive(
        repo_data: Sequence[SparseRepoData],
        package_names: Iterable[str],
        package_format_selection: PackageFormatSelection = _PREFER_CONDA,
    ) -> list[list[RepoDataRecord]]:
        """Return the records of some names and of everything that those may need, and so on.

        Returns:
            One list for each of `repo_data`; the names in the order in which they were reached.

        Raises:
            InvalidPackageFileError: A record is malformed; the error names its file.
        """
        found: list[list[RepoDataRecord]] = [[] for _ in repo_data]
        closure = Closure(package_names)
        with collector_paused():
            while (name := closure.next_name()) is not None:
                for records, source in zip(found, repo_data, strict=True):
                    loaded = source.load_records(name, package_format_selection)
                    closure.add(loaded)
                    records += loaded
        return found

    def close(self) -> None:
        """Let go of the file's content; asking for more records is an error from now on."""
        self._contents = self._file = None

    def __repr__(self) -> str:
        return f"SparseRepoData({self.channel.canonical_name!r}, {self.subdir!r})"

    def _open(self) -> RepoDataContents:
        """Return what the file holds, looking through it now if that has not been done."""
        contents = self._contents
        if contents is None:
            with self._lock:
                if self._contents is None:
                    self._contents = self._look_through()
                contents = self._contents
        return contents

    def _look_through(self) -> RepoDataContents:
        if self._file is None:
            message = f"{self!r} is closed"
            raise ValueError(message)
        with collector_paused():
            contents = RepoDataContents.of_file(self._file)
        if contents is None:
            contents = RepoDataContents.of_bytes(self._file.read_all(), what=self._what)
            self._file = None
        return contents

    def _get_placement(self) -> Placement:
        if self._placement is None:
            self._placement = self._placement_for(self.info)
        return self._placement

    def _placement_for(self, info: ChannelInfo) -> Placement:
        return Placement.make(self.channel, self.subdir, info.base_url)

    def _sections(self, selection: PackageFormatSelection) -> list[Section]:
        contents = self._open()
        if selection is PackageFormatSelection.ONLY_TAR_BZ2:
            return [contents.tar_bz2]
        if selection is PackageFormatSelection.ONLY_CONDA:
            return [contents.conda]
        return [contents.tar_bz2, contents.conda]

    def _hidden(self, selection: PackageFormatSelection) -> set[str]:
        """The file names that do not count because there is a newer format."""
        contents = self._open()
        if selection is not _PREFER_CONDA or not (contents.tar_bz2 and contents.conda):
            return set()
        newer = set(contents.conda.file_names())
        return {each for each in contents.tar_bz2.file_names() if is_hidden(each, newer)}


def _read(path: str, max_size: int) -> RepoDataContents:
    """Read a file as a whole."""
    with open(path, "rb", buffering=0) as file:
        compression = compression_of_name(path)
        data = (
            file.readall()
            if compression is None
            else read_all(file, compression, max_size=max_size, what=path)
        )
    return RepoDataContents.of_bytes(data, what=path)
