"""The subdirs of a gateway: each opened once, by whoever wants it first."""

from __future__ import annotations

import copy
import os
import threading
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import TYPE_CHECKING

from hognose.errors import FetchCancelledError, FetchRepoDataError, NetworkError
from hognose.net import path_of_file_url, without_secrets
from hognose.repodata.channel_relations import RelationPolicy
from hognose.repodata.relation_walk import RelationWalk
from hognose.repodata.source import MultiSource, RepoDataSource, SparseSubdir, SuppliedSubdir
from hognose.repodata.sparse_repo_data import SparseRepoData
from hognose.repodata.tier import Tier
from hognose.types import Channel, Platform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hognose.net import Client
    from hognose.repodata.channel_relations import ChannelRelationsMode
    from hognose.repodata.gateway_call import GatewayCall
    from hognose.repodata.source import Subdir

    Source = Channel | str | SparseRepoData | RepoDataSource | MultiSource
    Opening = tuple[Channel, dict[str, Future[Subdir | None]]] | Tier
    Opener = Callable[[Channel, str, Client], Subdir | None]

__all__ = ("SubdirPool",)


class SubdirPool:
    """Opens subdirs in the threads of an executor, and remembers them; safe in several threads.

    Args:
        open_subdir: Opens a subdir of a channel by means of a client; None where the channel does
            not have it.
    """

    def __init__(self, open_subdir: Opener) -> None:
        """Keep the opener; nothing is opened yet."""
        self._open_subdir = open_subdir
        self._lock = threading.Lock()
        self._subdirs: dict[tuple[str, str], Future[Subdir | None]] = {}

    def open(
        self,
        sources: Iterable[Source],
        platforms: Sequence[Platform],
        call: GatewayCall,
        *,
        max_depth: int,
        relations: ChannelRelationsMode = "strict",
    ) -> list[Tier]:
        """Open every platform of every source, all at once, and of the channels they name.

        Args:
            sources: Channels, their names, URLs or paths, and other sources.
            platforms: The subdirs to open.
            call: Whose threads do it, and whose client.
            relations: What to do about channels that channels name.
            max_depth: How many steps to follow channels that channels name (CEP 42).

        Returns:
            The tiers, highest priority first. Without relations they are the sources in order.

        Raises:
            FetchCancelledError: The client was told to stop.
            FetchRepoDataError: A channel does not exist, its repodata is broken, or relations
                contradict each other or lead too far.
            NetworkError: A server does not answer, or refuses.
        """
        given = self._open_all(list(sources), platforms, call)
        if not max_depth or relations == "disabled":
            return given
        policy = RelationPolicy(relations)
        open_related = partial(self._open_related, platforms=platforms, call=call, policy=policy)
        return RelationWalk(given, policy).run(open_related, max_depth=max_depth)

    def _open_related(
        self,
        keys: Sequence[str],
        named_by: Mapping[str, str],
        *,
        platforms: Sequence[Platform],
        call: GatewayCall,
        policy: RelationPolicy,
    ) -> dict[str, Tier]:
        """Open channels that others name, by their base URLs."""
        channels = [Channel(key) for key in keys]
        begun = [self._begin(channel, platforms, call) for channel in channels]
        found = {}
        for key, opening in zip(keys, begun, strict=True):
            assert not isinstance(opening, Tier)
            try:
                found[key] = self._finish(*opening, call)
            except FetchCancelledError:
                raise
            except (FetchRepoDataError, NetworkError) as error:
                # Another query may be told of the same failure, so it stays as it is.
                told = copy.copy(error)
                named = f"the channel {without_secrets(named_by[key])} names it"
                told.args = (f"{error.message}; {named}",)
                policy.tolerate(told)
        return found

    def open_subdirs(self) -> list[Subdir]:
        """Return every subdir that is open now."""
        with self._lock:
            futures = list(self._subdirs.values())
        done = [future.result() for future in futures if future.done() and not _has_failed(future)]
        return [subdir for subdir in done if subdir is not None]

    def clear(self, base_url: str | None = None, subdirs: Sequence[str] | None = None) -> None:
        """Forget every subdir, those of one channel, or some of one channel."""
        with self._lock:
            for key in list(self._subdirs):
                if base_url in (None, key[0]) and (subdirs is None or key[1] in subdirs):
                    del self._subdirs[key]

    def _open_all(
        self, sources: Sequence[Source], platforms: Sequence[Platform], call: GatewayCall
    ) -> list[Tier]:
        groups = [each.sources if isinstance(each, MultiSource) else (each,) for each in sources]
        begun = [[self._begin(each, platforms, call) for each in group] for group in groups]
        tiers: list[Tier] = []
        for source, openings in zip(sources, begun, strict=True):
            opened = [
                opening if isinstance(opening, Tier) else self._finish(*opening, call)
                for opening in openings
            ]
            if isinstance(source, MultiSource):
                subdirs = [subdir for tier in opened for subdir in tier.subdirs]
                opened = [Tier(source, subdirs)]
            tiers += opened
        return tiers

    def _begin(self, source: object, platforms: Sequence[Platform], call: GatewayCall) -> Opening:
        """Begin to open the platforms of one source."""
        if isinstance(source, SparseRepoData):
            is_wanted = source.subdir in map(str, platforms)
            return Tier(source, [SparseSubdir(source)] if is_wanted else [])
        if isinstance(source, Channel | str):
            channel = Channel(source)
            futures = {
                str(platform): self._start(channel, str(platform), call)
                for platform in channel.platforms or platforms
            }
            return channel, futures
        if isinstance(source, RepoDataSource):
            from inspect import iscoroutinefunction

            if iscoroutinefunction(source.fetch_package_records):
                message = f"{source!r} answers with coroutines, which takes `hognose.aio.Gateway`"
                raise TypeError(message)
            return Tier(source, [SuppliedSubdir(source, platform) for platform in platforms])
        message = f"not a source of records: {source!r}"
        raise TypeError(message)

    def _start(self, channel: Channel, subdir: str, call: GatewayCall) -> Future[Subdir | None]:
        """Begin to open a subdir, or join whoever began before."""
        key = (channel.base_url, subdir)
        with self._lock:
            future = self._subdirs.get(key)
            if future is not None and not (future.done() and _has_failed(future)):
                return future
            future = self._subdirs[key] = call.executor.submit(
                self._open_subdir, channel, subdir, call.client
            )
        return future

    def _wait(
        self,
        channel: Channel,
        subdir: str,
        future: Future[Subdir | None],
        call: GatewayCall,
    ) -> Subdir | None:
        """Wait for a subdir; one that another query began and gave up is begun anew."""
        while True:
            _wait_for(future, call)
            call.check(channel.base_url)
            try:
                return future.result()
            except (CancelledError, FetchCancelledError):
                future = self._start(channel, subdir, call)

    def _finish(
        self,
        channel: Channel,
        futures: Mapping[str, Future[Subdir | None]],
        call: GatewayCall,
    ) -> Tier:
        """Wait for a channel's subdirs; those that it does not have are empty (CEP 26, CEP 36)."""
        opened = {
            subdir: self._wait(channel, subdir, future, call) for subdir, future in futures.items()
        }
        found = [subdir for subdir in opened.values() if subdir is not None]
        if "noarch" in opened:
            is_channel = opened["noarch"] is not None
        else:
            noarch = self._start(channel, "noarch", call) if not found else None
            is_channel = noarch is None or self._wait(channel, "noarch", noarch, call) is not None
        if not is_channel:
            where = channel.canonical_name
            raise FetchRepoDataError(
                f"{where} is not a channel: {_what_is_missing(channel)}",
                hint=_what_channels_are(channel),
                url=where,
            )
        return Tier(channel, found)


def _what_is_missing(channel: Channel) -> str:
    if channel.is_local:
        directory = path_of_file_url(channel.base_url)
        if not os.path.isdir(directory):
            return f"there is no directory {directory}"
    return "there is no `noarch/repodata.json` in it"


def _what_channels_are(channel: Channel) -> str:
    path = channel.canonical_name.rstrip("/")
    folder = path.rpartition("/")[2]
    if folder in set(map(str, Platform.all())):
        return f"`{folder}` is a folder of a channel: leave it out of the address"
    hint = (
        "a channel is a folder, local or on a server, with `noarch/repodata.json` and one folder "
        "like it for each platform"
    )
    if channel.is_local or channel.base_url != channel.canonical_name:
        return hint
    return (
        f"{hint}; a private one may look like this without a secret: `hognose auth login {path}` "
        "stores it, or give the whole address with `-c`"
    )


def _wait_for(future: Future[Subdir | None], call: GatewayCall) -> None:
    """Wait for the end of either: whose call began something is not told of the end of another."""
    is_over = threading.Event()

    def wake(_: object) -> None:
        is_over.set()

    future.add_done_callback(wake)
    with call.client.cancellation.waking(is_over):
        is_over.wait()


def _has_failed(future: Future[Subdir | None]) -> bool:
    return future.cancelled() or future.exception() is not None
