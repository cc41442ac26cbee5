"""A source of a gateway, open: its subdirs, and what they tell of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hognose.net import redact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hognose.repodata.source import MultiSource, RepoDataSource, Subdir
    from hognose.repodata.sparse_repo_data import SparseRepoData
    from hognose.types import Channel, ChannelInfo, RepoDataRecord

__all__ = ("ChannelSource", "Tier", "UnknownRevision", "unknown_revisions")

_KNOWN_REVISIONS = frozenset({"v3"})


class UnknownRevision(msgspec.Struct, frozen=True, kw_only=True):
    """Records that only newer tools can read (CEP 48).

    Attributes:
        channel: The channel, without secrets.
        subdir: The platform folder.
        revision: The revision, such as `v4`.
        package_count: How many records it has, where the channel says so.
        message: What the channel has to say about it.
    """

    channel: str
    subdir: str | None
    revision: str
    package_count: int | None = None
    message: str | None = None


class Tier:
    """One source and its subdirs; all of them have the same priority."""

    __slots__ = ("source", "subdirs")

    def __init__(
        self,
        source: Channel | SparseRepoData | RepoDataSource | MultiSource,
        subdirs: Sequence[Subdir],
    ) -> None:
        """Join a source with its open subdirs."""
        self.source = source
        self.subdirs = subdirs

    @property
    def name(self) -> str:
        """The source, for people."""
        return redact(str(self.source))

    def unknown_revisions(self) -> Iterator[UnknownRevision]:
        """Yield what the subdirs have that cannot be read."""
        for subdir in self.subdirs:
            yield from unknown_revisions(self.name, subdir.info)


def unknown_revisions(channel: str, info: ChannelInfo) -> Iterator[UnknownRevision]:
    """Yield what repodata says that it has and that cannot be read."""
    for revision, about in info.repodata_revisions.items():
        if revision not in _KNOWN_REVISIONS:
            yield UnknownRevision(
                channel=channel,
                subdir=info.subdir,
                revision=revision,
                package_count=about.n_packages,
                message=about.message,
            )


class ChannelSource:
    """A channel as the solver's lazy source: records are loaded when a name is asked for.

    Good where the records are on this machine; over a network `Gateway.query` is faster, because
    it fetches many names at once.
    """

    __slots__ = ("_subdirs", "name")

    def __init__(self, name: str, subdirs: Sequence[Subdir]) -> None:
        """Join the subdirs of a channel."""
        self.name = name
        self._subdirs = subdirs

    def load_records(self, name: str, /) -> list[RepoDataRecord]:
        """Return the records of a name in all subdirs.

        Raises:
            NetworkError: A shard cannot be fetched.
            HashMismatchError: A shard is not the one promised.
            InvalidPackageFileError: A record is malformed.
        """
        if len(self._subdirs) == 1:
            return self._subdirs[0].load_records(name)
        return [record for subdir in self._subdirs for record in subdir.load_records(name)]
