"""The gateway: the records of any channels, fetched and decoded as far as a query reaches."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hognose._closing import Closing
from hognose._several import require_several
from hognose.repodata.channel_relations import DEFAULT_MAX_DEPTH
from hognose.repodata.gateway_call import GatewayCall
from hognose.repodata.query import GatewayNamesResult, GatewayQueryResult, Query
from hognose.repodata.reporter import Reports
from hognose.repodata.source_config import SourceConfig
from hognose.repodata.subdir_opener import WHOLE, SubdirOpener
from hognose.repodata.subdir_pool import SubdirPool
from hognose.repodata.tier import ChannelSource, Tier
from hognose.types import Channel, MatchSpec, PackageName, Platform

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hognose.net import Cancellation, Client
    from hognose.repodata.channel_notices import ChannelNotice, NoticeFetcher
    from hognose.repodata.channel_relations import ChannelRelationsMode
    from hognose.repodata.dependents import Dependent, Target
    from hognose.repodata.notice_watch import NoticeWatch
    from hognose.repodata.run_exports import ArchiveReader, RunExportsFinder
    from hognose.repodata.source import Subdir
    from hognose.repodata.subdir_pool import Source
    from hognose.types import ChannelRelations, RepoDataRecord, RunExportsJson

__all__ = ("Gateway",)


class Gateway(Closing):
    """Finds records in channels; a context manager, and safe in several threads.

    A subdir is opened once in the life of a gateway, however many queries want it, and records are
    remembered: the same objects come back, so treat them as shared.

    Each method that may use the network takes `cancel`. While that is cancelled, what it fetches
    ends at once with `FetchCancelledError`; an interrupt (Ctrl-C) in the calling thread has the
    same effect. Neither leaves a thread behind, nor a part of a file. Only own sources, which
    nobody else can interrupt, are waited for.

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
        reporter: Is told what goes on: an object with some of the methods of `GatewayReporter`.
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
        reporter: object | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        self._client = client
        self._cache_dir = cache_dir
        self._width = max_concurrent_requests
        self._reporter = reporter
        self._clock = clock
        depth = channel_relations_max_depth
        self._max_depth = DEFAULT_MAX_DEPTH if depth is None else depth
        opener = SubdirOpener(
            client,
            cache_dir=cache_dir,
            default_config=default_config or SourceConfig(),
            per_channel_config=per_channel_config or {},
            clock=clock,
            reporter=reporter,
        )
        self._pool = SubdirPool(opener.open)
        # Whole documents of channels that are otherwise read shard by shard.
        self._whole = SubdirPool(opener.open_whole)
        self._run_exports: RunExportsFinder | None = None

    def query(
        self,
        channels: Iterable[Source],
        platforms: Iterable[Platform | str],
        specs: Iterable[MatchSpec | str],
        *,
        recursive: bool = True,
        channel_relations: ChannelRelationsMode = "strict",
        channel_relations_max_depth: int | None = None,
        channel_notices: bool = False,
        cancel: Cancellation | None = None,
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
            channel_relations: What to do about channels that channels name (CEP 42): `disabled`
                leaves them out, `warn` turns what is wrong with them into a `GatewayWarning`.
            channel_relations_max_depth: In place of the gateway's.
            channel_notices: Whether to fetch what the channels have to say as well (CEP 6).
            cancel: What ends the query.

        Raises:
            FetchCancelledError: It was cancelled.
            InvalidChannelError: A channel's URL has a scheme that is not known.
            FetchRepoDataError: A channel does not exist, or its repodata is broken.
            NetworkError: A server does not answer, or refuses.
            InvalidPackageFileError: A record is malformed.
            HashMismatchError: A shard is not the one promised.
            TypeError: There is one value where several are taken.
        """
        several = require_several("specs", specs)
        wanted = [spec if isinstance(spec, MatchSpec) else MatchSpec(str(spec)) for spec in several]
        with self._call(cancel) as call:
            tiers = self._open(
                channels, platforms, call, channel_relations_max_depth, channel_relations
            )
            query = Query(
                tiers, wanted, is_recursive=recursive, call=call, report=Reports(self._reporter)
            )
            found = query.run()
            if channel_notices:
                found.notices += self._notices_of(tiers, call)
        return found

    def names(
        self,
        channels: Iterable[Source],
        platforms: Iterable[Platform | str],
        *,
        channel_relations: ChannelRelationsMode = "strict",
        channel_relations_max_depth: int | None = None,
        channel_notices: bool = False,
        cancel: Cancellation | None = None,
    ) -> GatewayNamesResult:
        """Return the names of all packages in some channels, sorted; arguments as for `query`.

        Raises:
            FetchCancelledError: It was cancelled.
            FetchRepoDataError: A channel does not exist, or its repodata is broken.
            NetworkError: A server does not answer, or refuses.
        """
        with self._call(cancel) as call:
            tiers = self._open(
                channels, platforms, call, channel_relations_max_depth, channel_relations
            )
            notices = self._notices_of(tiers, call) if channel_notices else []
        found: set[str] = set()
        for tier in tiers:
            for subdir in tier.subdirs:
                found.update(subdir.package_names())
        return GatewayNamesResult(map(PackageName.unchecked, sorted(found)), notices)

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

    def open(
        self,
        channels: Iterable[Source],
        platforms: Iterable[Platform | str],
        *,
        cancel: Cancellation | None = None,
    ) -> list[Tier]:
        """Open channels and those that they name (CEP 42), highest priority first.

        Raises:
            FetchCancelledError: It was cancelled.
            FetchRepoDataError: A channel does not exist, or its repodata is broken.
            NetworkError: A server does not answer, or refuses.
        """
        with self._call(cancel) as call:
            return self._open(channels, platforms, call)

    def who_needs(
        self,
        channels: Iterable[Source],
        platforms: Iterable[Platform | str],
        target: Target,
        *,
        cancel: Cancellation | None = None,
    ) -> list[Dependent]:
        """Return the packages that refer to one: its reverse dependencies.

        Every record has to be looked into, so a channel with shards is read from its whole
        repodata where it has that too.

        Args:
            channels: As for `query`; channels that they name are not looked into.
            platforms: As for `query`.
            target: A name, which is met by every dependency on it, or a record or virtual
                package, which is met only by dependencies that allow it.
            cancel: What ends it.

        Raises:
            FetchCancelledError: It was cancelled.
            FetchRepoDataError: A channel does not exist, or its repodata is broken.
            NetworkError: A server does not answer, or refuses.
            InvalidPackageFileError: A record is malformed.
        """
        from hognose.repodata.dependents import find_dependents, name_of_target

        text = name_of_target(target)
        several = require_several("channels", channels)
        wanted = _platforms("platforms", platforms)
        found: list[Dependent] = []
        with self._call(cancel) as call:
            for tier in self._whole.open(several, wanted, call, max_depth=0):
                for subdir in tier.subdirs:

                    def load(name: str, subdir: Subdir = subdir) -> list[RepoDataRecord]:
                        call.check(name)
                        return subdir.load_records(name, call.client)

                    for records in call.executor.map(load, subdir.mentioning(text)):
                        found += find_dependents(records, target)
        return found

    def newest(
        self,
        channels: Iterable[Source],
        platforms: Iterable[Platform | str],
        *,
        cancel: Cancellation | None = None,
    ) -> list[RepoDataRecord]:
        """Return the newest record of each name that channels have, sorted by name.

        Arguments, errors and cost are those of `who_needs`.
        """
        from hognose.repodata.newest_records import find_newest_records

        several = require_several("channels", channels)
        wanted = _platforms("platforms", platforms)
        with self._call(cancel) as call:
            return find_newest_records(self._whole.open(several, wanted, call, max_depth=0), call)

    def run_exports(
        self,
        records: Iterable[RepoDataRecord],
        *,
        read_archive: ArchiveReader | None = None,
        cancel: Cancellation | None = None,
    ) -> list[RunExportsJson | None]:
        """Return the run exports of each record: from it, its channel's file, or its archive.

        Args:
            records: The packages.
            read_archive: Reads them out of a package whose channel has no `run_exports.json`;
                without it the answer for such a package is None.
            cancel: What ends it, as soon as `read_archive` returns.

        Raises:
            FetchCancelledError: It was cancelled.
            NetworkError: A server does not answer.
            InvalidPackageFileError: A `run_exports.json` is malformed.
        """
        from hognose.repodata.run_exports import RunExportsFinder

        if self._run_exports is None:
            self._run_exports = RunExportsFinder(
                cache_dir=self._cache_dir, clock=self._clock, reporter=self._reporter
            )
        several = require_several("records", records)
        with self._call(cancel) as call:
            return self._run_exports.find(several, call, read_archive)

    def channel_notices(
        self, channels: Iterable[Channel | str], *, cancel: Cancellation | None = None
    ) -> list[ChannelNotice]:
        """Return what channels have to say (CEP 6); nothing that goes wrong is an error.

        Raises:
            FetchCancelledError: It was cancelled.
        """
        with self._call(cancel) as call:
            return self._fetch_notices(_distinct(channels), call)

    def watch_notices(self, channels: Iterable[Channel | str], *, limit: int = 5) -> NoticeWatch:
        """Begin to fetch what channels have to say, beside other work.

        Args:
            channels: The channels.
            limit: The most notices to show; 0 fetches nothing.

        Returns:
            What tells at the end of the work which notices are new.
        """
        return self._notice_fetcher().watch(_distinct(channels), limit=limit)

    def channel_relations(
        self,
        channel: Channel | str,
        platform: Platform | str,
        *,
        cancel: Cancellation | None = None,
    ) -> ChannelRelations | None:
        """Return which channels one says that it stands on or overrides (CEP 42).

        Raises:
            FetchCancelledError: It was cancelled.
            FetchRepoDataError: The channel does not exist, or its repodata is broken.
            NetworkError: A server does not answer, or refuses.
        """
        with self._call(cancel) as call:
            tiers = self._open([channel], [platform], call, 0)
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
                for variant in ("", WHOLE, RUN_EXPORTS):
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

    def _notices_of(self, tiers: Iterable[Tier], call: GatewayCall) -> list[ChannelNotice]:
        channels = [tier.source for tier in tiers if isinstance(tier.source, Channel)]
        return self._fetch_notices(channels, call)

    def _fetch_notices(self, channels: Iterable[Channel], call: GatewayCall) -> list[ChannelNotice]:
        fetcher = self._notice_fetcher()
        fetched = call.executor.map(lambda channel: fetcher.fetch(channel, call.client), channels)
        return [notice for notices in fetched for notice in notices]

    def _notice_fetcher(self) -> NoticeFetcher:
        from hognose.repodata.channel_notices import NoticeFetcher

        return NoticeFetcher(self._client, cache_dir=self._cache_dir, clock=self._clock)

    def _open(
        self,
        sources: Iterable[Source],
        platforms: Iterable[Platform | str],
        call: GatewayCall,
        max_depth: int | None = None,
        relations: ChannelRelationsMode = "strict",
    ) -> list[Tier]:
        several = require_several("channels", sources)
        wanted = _platforms("platforms", platforms)
        depth = self._max_depth if max_depth is None else max_depth
        return self._pool.open(several, wanted, call, max_depth=depth, relations=relations)

    @contextmanager
    def _call(self, cancel: Cancellation | None) -> Iterator[GatewayCall]:
        """Give a call what it works with, and keep what it fetched, whatever comes of it."""
        try:
            with GatewayCall(self._client, width=self._width, cancel=cancel) as call:
                yield call
        finally:
            self._flush()


def _distinct(channels: Iterable[Channel | str]) -> list[Channel]:
    return list(dict.fromkeys(map(Channel, require_several("channels", channels))))


def _platforms(argument: str, given: Iterable[Platform | str]) -> list[Platform]:
    return [Platform(each) for each in require_several(argument, given)]
