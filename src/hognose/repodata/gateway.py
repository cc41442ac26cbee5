"""The gateway: the records of any channels, fetched and decoded as far as a query reaches."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from hognose._closing import Closing
from hognose._several import require_several
from hognose.errors import InvalidChannelError, InvalidUrlError
from hognose.net import redact
from hognose.repodata.channel_relations import DEFAULT_MAX_DEPTH
from hognose.repodata.query import GatewayQueryResult, Query
from hognose.repodata.shards import ShardedSubdir
from hognose.repodata.source_config import SourceConfig
from hognose.repodata.subdir_pool import SubdirPool
from hognose.repodata.tier import ChannelSource, Tier
from hognose.types import Channel, MatchSpec, PackageName, Platform

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hognose.net import Client
    from hognose.repodata.channel_notices import ChannelNotice
    from hognose.repodata.dependents import Dependent, Target
    from hognose.repodata.notice_watch import NoticeWatch
    from hognose.repodata.run_exports import ArchiveReader, RunExportsFinder
    from hognose.repodata.source import Subdir
    from hognose.repodata.subdir_fetch import SubdirFetcher
    from hognose.repodata.subdir_pool import Source
    from hognose.types import ChannelRelations, RepoDataRecord, RunExportsJson

__all__ = ("Gateway",)

# Tells the files of channels that are read as a whole from those that are read shard by shard.
_WHOLE = "whole"


class Gateway(Closing):
    """Finds records in channels; a context manager, and safe in several threads.

    A subdir is opened once in the life of a gateway, however many queries want it, and records are
    remembered: the same objects come back, so treat them as shared.

    Args:
        client: What fetches. The gateway does not close it.
        cache_dir: The directory for repodata on disk, shared by any number of processes; None
            keeps everything in memory.
        default_config: What may be tried at a channel.
        per_channel_config: The same for single channels, by base URL (or its beginning) or name.
        max_concurrent_requests: How many requests are under way at once. More than this makes
            more connections, each with its own handshake, than it saves.
        channel_relations_max_depth: How many steps to follow channels that channels name
            (CEP 42); 0 uses only the channels that are asked for, None is 10.
        clock: Tells the seconds since the epoch.
    """

    def __init__(
        self,
        client: Client,
        *,
        cache_dir: str | os.PathLike[str] | None = None,
        default_config: SourceConfig | None = None,
        per_channel_config: Mapping[str, SourceConfig] | None = None,
        max_concurrent_requests: int = 32,
        channel_relations_max_depth: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        self._client = client
        self._cache_dir = cache_dir
        self._default_config = default_config or SourceConfig()
        self._per_channel_config = dict(per_channel_config or {})
        self._width = max_concurrent_requests
        self._clock = clock
        depth = channel_relations_max_depth
        self._max_depth = DEFAULT_MAX_DEPTH if depth is None else depth
        self._pool = SubdirPool(self._open_subdir)
        # Whole documents of channels that are otherwise read shard by shard.
        self._whole = SubdirPool(self._open_whole)
        self._run_exports: RunExportsFinder | None = None

    def query(
        self,
        channels: Iterable[Source],
        platforms: Iterable[Platform | str],
        specs: Iterable[MatchSpec | str],
        *,
        recursive: bool = True,
        channel_relations_max_depth: int | None = None,
    ) -> GatewayQueryResult:
        """Return the records that specs match and, recursively, all that those may need.

        Of a name that is in `specs`, the records that match one of its specs are taken; of a name
        that is only needed, all of them.

        Args:
            channels: Channels, their names, URLs or paths, `SparseRepoData`, own sources, or a
                `MultiSource` for several with one priority.
            platforms: The subdirs to look into, usually one and `noarch`.
            specs: Names and match specs; a pattern stands for every name that it matches.
            recursive: Whether to follow dependencies.
            channel_relations_max_depth: In place of the gateway's.

        Raises:
            InvalidChannelError: A channel's URL has a scheme that is not known.
            FetchRepoDataError: A channel does not exist, or its repodata is broken.
            NetworkError: A server does not answer, or refuses.
            InvalidPackageFileError: A record is malformed.
            HashMismatchError: A shard is not the one promised.
            TypeError: There is one value where several are taken.
        """
        several = require_several("specs", specs)
        wanted = [spec if isinstance(spec, MatchSpec) else MatchSpec(str(spec)) for spec in several]
        with self._executor() as executor:
            try:
                tiers = self._open(channels, platforms, executor, channel_relations_max_depth)
                query = Query(tiers, wanted, is_recursive=recursive)
                found = query.run(executor, width=self._width)
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                raise
            finally:
                self._flush()
        return found

    def names(
        self, channels: Iterable[Source], platforms: Iterable[Platform | str]
    ) -> list[PackageName]:
        """Return the names of all packages in some channels, sorted.

        Raises:
            FetchRepoDataError: A channel does not exist, or its repodata is broken.
            NetworkError: A server does not answer, or refuses.
        """
        found: set[str] = set()
        for tier in self.open(channels, platforms):
            for subdir in tier.subdirs:
                found.update(subdir.package_names())
        return [PackageName.unchecked(name) for name in sorted(found)]

    def sources(
        self, channels: Iterable[Source], platforms: Iterable[Platform | str]
    ) -> list[ChannelSource]:
        """Return a lazy source for each channel; they stay usable as long as the gateway's client.

        Raises:
            FetchRepoDataError: A channel does not exist, or its repodata is broken.
            NetworkError: A server does not answer, or refuses.
        """
        tiers = self.open(channels, platforms)
        return [ChannelSource(tier.name, tier.subdirs) for tier in tiers]

    def open(self, channels: Iterable[Source], platforms: Iterable[Platform | str]) -> list[Tier]:
        """Open channels and those that they name (CEP 42), highest priority first.

        Raises:
            FetchRepoDataError: A channel does not exist, or its repodata is broken.
            NetworkError: A server does not answer, or refuses.
        """
        with self._executor() as executor:
            return self._open(channels, platforms, executor)

    def who_needs(
        self,
        channels: Iterable[Source],
        platforms: Iterable[Platform | str],
        target: Target,
    ) -> list[Dependent]:
        """Return the packages that refer to one: its reverse dependencies.

        Every record has to be looked into, so a channel with shards is read from its whole
        repodata where it has that too.

        Args:
            channels: As for `query`; channels that they name are not looked into.
            platforms: As for `query`.
            target: A name, which is met by every dependency on it, or a record or virtual
                package, which is met only by dependencies that allow it.

        Raises:
            FetchRepoDataError: A channel does not exist, or its repodata is broken.
            NetworkError: A server does not answer, or refuses.
            InvalidPackageFileError: A record is malformed.
        """
        from hognose.repodata.dependents import find_dependents, name_of_target

        text = name_of_target(target)
        with self._executor() as executor:
            try:
                tiers = self._whole.open(
                    require_several("channels", channels),
                    _platforms("platforms", platforms),
                    executor,
                    max_depth=0,
                )
                found: list[Dependent] = []
                for tier in tiers:
                    for subdir in tier.subdirs:
                        for records in executor.map(subdir.load_records, subdir.mentioning(text)):
                            found += find_dependents(records, target)
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                raise
            finally:
                self._flush()
        return found

    def run_exports(
        self,
        records: Iterable[RepoDataRecord],
        *,
        read_archive: ArchiveReader | None = None,
    ) -> list[RunExportsJson | None]:
        """Return the run exports of each record: from it, its channel's file, or its archive.

        Args:
            records: The packages.
            read_archive: Reads them out of a package whose channel has no `run_exports.json`;
                without it the answer for such a package is None.

        Raises:
            NetworkError: A server does not answer.
            InvalidPackageFileError: A `run_exports.json` is malformed.
        """
        from hognose.repodata.run_exports import RunExportsFinder

        if self._run_exports is None:
            self._run_exports = RunExportsFinder(
                self._client, cache_dir=self._cache_dir, clock=self._clock
            )
        several = require_several("records", records)
        with self._executor() as executor:
            return self._run_exports.find(several, executor, read_archive)

    def channel_notices(self, channels: Iterable[Channel | str]) -> list[ChannelNotice]:
        """Return what channels have to say (CEP 6); nothing that goes wrong is an error."""
        with self._executor() as executor:
            fetch = partial(self._fetch_notices, client=self._client)
            listed = executor.map(fetch, _distinct(channels))
            return [notice for notices in listed for notice in notices]

    def watch_notices(self, channels: Iterable[Channel | str], *, limit: int = 5) -> NoticeWatch:
        """Begin to fetch what channels have to say, beside other work.

        Args:
            channels: The channels.
            limit: The most notices to show; 0 fetches nothing.

        Returns:
            What tells at the end of the work which notices are new.
        """
        from pathlib import Path

        from hognose.net import Cancellation
        from hognose.repodata.notice_watch import NoticeWatch

        wanted = _distinct(channels)
        cancellation = Cancellation()
        client = self._client.cancelled_by(cancellation)

        def fetch() -> Iterator[ChannelNotice]:
            # One after another: these threads must not outlive the command, and an executor's do.
            for channel in wanted:
                yield from self._fetch_notices(channel, client)

        return NoticeWatch(
            fetch,
            seen_path=None
            if self._cache_dir is None
            else Path(self._cache_dir) / "notices-seen.json",
            now=self._clock(),
            limit=limit,
            cancel=cancellation.cancel,
        )

    def channel_relations(
        self, channel: Channel | str, platform: Platform | str
    ) -> ChannelRelations | None:
        """Return which channels one says that it stands on or overrides (CEP 42).

        Raises:
            FetchRepoDataError: The channel does not exist, or its repodata is broken.
            NetworkError: A server does not answer, or refuses.
        """
        with self._executor() as executor:
            tiers = self._open([channel], [platform], executor, 0)
        infos = [subdir.info for tier in tiers for subdir in tier.subdirs]
        return infos[0].channel_relations if infos else None

    def clear_repodata_cache(
        self,
        channel: Channel | str,
        subdirs: Iterable[Platform | str] | None = None,
        *,
        clear_disk: bool = False,
    ) -> None:
        """Forget a channel, so that the next query opens it anew.

        Args:
            channel: The channel.
            subdirs: The only subdirs of it to forget.
            clear_disk: Whether to remove the files on disk, too.
        """
        forgotten = Channel(channel)
        names = None if subdirs is None else [str(each) for each in _platforms("subdirs", subdirs)]
        self._flush()
        for pool in (self._pool, self._whole):
            pool.clear(forgotten.base_url, names)
        self._run_exports = None
        if clear_disk and self._cache_dir is not None:
            from hognose.repodata.document_cache import DocumentCache
            from hognose.repodata.run_exports import RUN_EXPORTS

            for name in names or map(str, Platform.all()):
                for variant in ("", _WHOLE, RUN_EXPORTS):
                    url = f"{forgotten.platform_url(name)}/"
                    DocumentCache(self._cache_dir, url, variant=variant).remove()

    def clear(self) -> None:
        """Forget every subdir that is open, after writing what is worth keeping."""
        self._flush()
        self._pool.clear()
        self._whole.clear()
        self._run_exports = None

    close = clear

    def _flush(self) -> None:
        for subdir in (*self._pool.open_subdirs(), *self._whole.open_subdirs()):
            subdir.flush()

    def _fetch_notices(self, channel: Channel, client: Client) -> list[ChannelNotice]:
        from hognose.repodata.channel_notices import fetch_notices
        from hognose.repodata.document_cache import DocumentCache

        path = None
        if self._cache_dir is not None:
            path = DocumentCache(self._cache_dir, channel.base_url).directory / "notices.json"
        return fetch_notices(channel, client=client, path=path, now=self._clock())

    def _open_whole(self, channel: Channel, subdir: str) -> Subdir | None:
        """Open a subdir in one piece if there is such a one, else shard by shard."""
        config = self._config_for(channel)
        opened = self._open_subdir(channel, subdir)
        if not isinstance(opened, ShardedSubdir):
            return opened
        config = msgspec.structs.replace(config, sharded_enabled=False)
        return self._fetcher(channel, subdir, config, variant=_WHOLE).open() or opened

    def _open_subdir(self, channel: Channel, subdir: str) -> Subdir | None:
        try:
            return self._fetcher(channel, subdir, self._config_for(channel)).open()
        except InvalidUrlError as error:
            # What the caller wrote is the channel, not the first file that was looked for in it.
            if not error.text.startswith(redact(channel.base_url)):
                raise
            raise InvalidChannelError(redact(channel.base_url), error.rule) from error

    def _fetcher(
        self, channel: Channel, subdir: str, config: SourceConfig, *, variant: str = ""
    ) -> SubdirFetcher:
        from hognose.repodata.subdir_fetch import SubdirFetcher

        return SubdirFetcher(
            channel,
            subdir,
            client=self._client,
            config=config,
            cache_dir=self._cache_dir,
            now=self._clock(),
            variant=variant,
        )

    def _config_for(self, channel: Channel) -> SourceConfig:
        """The configuration whose key is the channel's name or the longest start of its URL."""
        best: str | None = None
        for key in self._per_channel_config:
            is_match = key == channel.name or channel.base_url.startswith(key.rstrip("/") + "/")
            if is_match and (best is None or len(key) > len(best)):
                best = key
        return self._default_config if best is None else self._per_channel_config[best]

    def _open(
        self,
        sources: Iterable[Source],
        platforms: Iterable[Platform | str],
        executor: ThreadPoolExecutor,
        max_depth: int | None = None,
    ) -> list[Tier]:
        several = require_several("channels", sources)
        wanted = _platforms("platforms", platforms)
        depth = self._max_depth if max_depth is None else max_depth
        return self._pool.open(several, wanted, executor, max_depth=depth)

    def _executor(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._width, "hognose-repodata")


def _distinct(channels: Iterable[Channel | str]) -> list[Channel]:
    return list(dict.fromkeys(map(Channel, require_several("channels", channels))))


def _platforms(argument: str, given: Iterable[Platform | str]) -> list[Platform]:
    return [Platform(each) for each in require_several(argument, given)]
