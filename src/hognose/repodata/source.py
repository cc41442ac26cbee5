"""The subdirs of a gateway: one shape for files, shards and other people's objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.net import Client
    from hognose.repodata.removed_package import RemovedPackage
    from hognose.repodata.sparse_repo_data import SparseRepoData
    from hognose.types import Channel, ChannelInfo, PackageName, Platform, RepoDataRecord

__all__ = ("MultiSource", "RepoDataSource", "SparseSubdir", "Subdir", "SuppliedSubdir")


@runtime_checkable
class RepoDataSource(Protocol):
    """Records from anywhere; given to a gateway in place of a channel.

    The methods may be called from several threads. Nothing that they return is kept.
    """

    def fetch_package_records(
        self, platform: Platform, name: PackageName, /
    ) -> Iterable[RepoDataRecord]:
        """Return the records of a name for a platform."""
        ...

    def package_names(self, platform: Platform, /) -> Iterable[str]:
        """Return the names that there are for a platform."""
        ...


class MultiSource:
    """Several sources that share one priority: given to a gateway in place of a channel.

    Strict channel priority sees them as one channel. Channels that they name (CEP 42) are not
    looked into.

    Attributes:
        name: What the group is called.
        sources: Channels, their names, URLs or paths, files, or own sources.
    """

    __slots__ = ("name", "sources")

    def __init__(
        self, name: str, sources: Iterable[Channel | str | SparseRepoData | RepoDataSource]
    ) -> None:
        """Group some sources."""
        self.name = name
        self.sources = list(sources)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"MultiSource({self.name!r}, {self.sources!r})"


class Subdir(Protocol):
    """One platform folder of a channel, open."""

    @property
    def info(self) -> ChannelInfo:
        """What the repodata says of itself."""
        ...

    def package_names(self) -> Sequence[str]:
        """Return all names."""
        ...

    def mentioning(self, text: str, /) -> Sequence[str]:
        """Return the names whose records may hold a text in lower case, and perhaps more."""
        ...

    def removed(self, name: str, /) -> Sequence[RemovedPackage]:
        """Return what was withdrawn of a name."""
        ...

    def load_at_hand(self, name: str, /) -> list[RepoDataRecord] | None:
        """Return a name's records if that takes no waiting, else None."""
        ...

    def load_records(self, name: str, /, client: Client | None = None) -> list[RepoDataRecord]:
        """Return a name's records, waiting for the network where needed.

        A client fetches in place of the one that the subdir was opened with.
        """
        ...

    def flush(self) -> None:
        """Write what was fetched and is worth keeping to the disk."""
        ...


class SparseSubdir:
    """A subdir whose repodata is in memory."""

    def __init__(self, repo_data: SparseRepoData) -> None:
        """Wrap a file that was read."""
        self._repo_data = repo_data

    @property
    def info(self) -> ChannelInfo:
        """What the file says of itself."""
        return self._repo_data.info

    def package_names(self) -> Sequence[str]:
        """Return all names."""
        return self._repo_data.package_names()

    def mentioning(self, text: str, /) -> Sequence[str]:
        """Return the names whose records hold a text."""
        return self._repo_data.names_mentioning(text)

    def removed(self, name: str, /) -> Sequence[RemovedPackage]:
        """Return what was withdrawn of a name."""
        return self._repo_data.load_removed_packages(name)

    def load_at_hand(self, name: str, /) -> list[RepoDataRecord]:
        """Return a name's records."""
        return self._repo_data.load_records(name)

    def load_records(self, name: str, /, client: object = None) -> list[RepoDataRecord]:  # noqa: ARG002  a seam
        """Return a name's records."""
        return self.load_at_hand(name)

    def flush(self) -> None:
        """Do nothing: the file is where it was."""


class SuppliedSubdir:
    """A platform of a `RepoDataSource`."""

    def __init__(self, source: RepoDataSource, platform: Platform) -> None:
        """Bind a source to a platform."""
        self._source = source
        self._platform = platform

    @property
    def info(self) -> ChannelInfo:
        """Nothing: a source has no file."""
        from hognose.types import ChannelInfo

        return ChannelInfo(subdir=str(self._platform))

    def package_names(self) -> Sequence[str]:
        """Return all names."""
        return [str(name) for name in self._source.package_names(self._platform)]

    def mentioning(self, text: str, /) -> Sequence[str]:  # noqa: ARG002  the seam's signature
        """Return all names: nobody knows what a source has."""
        return self.package_names()

    def removed(self, name: str, /) -> Sequence[RemovedPackage]:  # noqa: ARG002  a seam
        """Return nothing: a source gives only what there is."""
        return ()

    def load_at_hand(self, name: str, /) -> list[RepoDataRecord] | None:  # noqa: ARG002  a seam
        """Return None: nobody knows how long a source takes."""
        return None

    def load_records(self, name: str, /, client: object = None) -> list[RepoDataRecord]:  # noqa: ARG002  a seam
        """Ask the source."""
        from hognose.types import PackageName

        return list(self._source.fetch_package_records(self._platform, PackageName.unchecked(name)))

    def flush(self) -> None:
        """Do nothing: what a source gives is its own."""
