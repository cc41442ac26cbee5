"""The subdirs of a gateway: each opened once, by whoever wants it first."""

from __future__ import annotations

import os
import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from hognose.errors import FetchRepoDataError
from hognose.net import path_of_file_url, redact
from hognose.repodata.channel_relations import order_channels, relation_edges
from hognose.repodata.source import MultiSource, RepoDataSource, SparseSubdir, SuppliedSubdir
from hognose.repodata.sparse_repo_data import SparseRepoData
from hognose.repodata.tier import Tier
from hognose.types import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hognose.repodata.source import Subdir
    from hognose.types import Platform

    Source = Channel | str | SparseRepoData | RepoDataSource | MultiSource
    Opening = tuple[Channel, dict[str, Future[Subdir | None]]] | Tier
    Opener = Callable[[Channel, str], Subdir | None]

__all__ = ("SubdirPool",)


class SubdirPool:
    """Opens subdirs in the threads of an executor, and remembers them; safe in several threads.

    Args:
        open_subdir: Opens a subdir of a channel; None where the channel does not have it.
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
        executor: ThreadPoolExecutor,
        *,
        max_depth: int,
    ) -> list[Tier]:
        """Open every platform of every source, all at once, and of the channels they name.

        Args:
            sources: Channels, their names, URLs or paths, and other sources.
            platforms: The subdirs to open.
            executor: Whose threads do it.
            max_depth: How many steps to follow channels that channels name (CEP 42).

        Returns:
            The tiers, highest priority first. Without relations they are the sources in order.

        Raises:
            FetchRepoDataError: A channel does not exist, its repodata is broken, or relations
                contradict each other or lead too far.
            NetworkError: A server does not answer, or refuses.
        """
        given = self._open_all(list(sources), platforms, executor)
        if not max_depth:
            return given
        known: dict[str, Tier] = {}
        keys = []
        for number, tier in enumerate(given):
            # A source that stands twice in the list stays twice in the result.
            key = tier.source.base_url if isinstance(tier.source, Channel) else f"#{number}"
            key = key if key not in known else f"#{number}"
            known[key] = tier
            keys.append(key)
        edges: list[tuple[str, str]] = []
        latest = [key for key in keys if not key.startswith("#")]
        for depth in range(max_depth + 1):
            for key in latest:
                edges += relation_edges(key, [subdir.info for subdir in known[key].subdirs])
            latest = list(dict.fromkeys(key for edge in edges for key in edge if key not in known))
            if not latest:
                break
            if depth == max_depth:
                shown = redact(latest[0])
                message = f"the relations of channels lead more than {max_depth} steps, to {shown}"
                hint = "raise `channel_relations_max_depth`, or set it to 0 to leave them out"
                raise FetchRepoDataError(message, hint=hint, url=shown)
            related = self._open_all([Channel(key) for key in latest], platforms, executor)
            known.update(zip(latest, related, strict=True))
        return [known[key] for key in order_channels(keys, edges)] if edges else given

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
        self, sources: Sequence[Source], platforms: Sequence[Platform], executor: ThreadPoolExecutor
    ) -> list[Tier]:
        groups = [each.sources if isinstance(each, MultiSource) else (each,) for each in sources]
        begun = [[self._begin(each, platforms, executor) for each in group] for group in groups]
        tiers: list[Tier] = []
        for source, openings in zip(sources, begun, strict=True):
            opened = [
                opening if isinstance(opening, Tier) else self._finish(*opening, executor)
                for opening in openings
            ]
            if isinstance(source, MultiSource):
                subdirs = [subdir for tier in opened for subdir in tier.subdirs]
                opened = [Tier(source, subdirs)]
            tiers += opened
        return tiers

    def _begin(
        self, source: object, platforms: Sequence[Platform], executor: ThreadPoolExecutor
    ) -> Opening:
        """Begin to open the platforms of one source."""
        if isinstance(source, SparseRepoData):
            is_wanted = source.subdir in map(str, platforms)
            return Tier(source, [SparseSubdir(source)] if is_wanted else [])
        if isinstance(source, Channel | str):
            channel = Channel(source)
            futures = {
                str(platform): self._start(channel, str(platform), executor)
                for platform in channel.platforms or platforms
            }
            return channel, futures
        if isinstance(source, RepoDataSource):
            return Tier(source, [SuppliedSubdir(source, platform) for platform in platforms])
        message = f"not a source of records: {source!r}"
        raise TypeError(message)

    def _start(
        self, channel: Channel, subdir: str, executor: ThreadPoolExecutor
    ) -> Future[Subdir | None]:
        """Begin to open a subdir, or join whoever began before."""
        key = (channel.base_url, subdir)
        with self._lock:
            future = self._subdirs.get(key)
            if future is not None and not (future.done() and _has_failed(future)):
                return future
            future = self._subdirs[key] = executor.submit(self._open_subdir, channel, subdir)
        return future

    def _wait(
        self,
        channel: Channel,
        subdir: str,
        future: Future[Subdir | None],
        executor: ThreadPoolExecutor,
    ) -> Subdir | None:
        """Wait for a subdir; one that another query began and gave up is begun anew."""
        while True:
            try:
                return future.result()
            except CancelledError:
                future = self._start(channel, subdir, executor)

    def _finish(
        self,
        channel: Channel,
        futures: Mapping[str, Future[Subdir | None]],
        executor: ThreadPoolExecutor,
    ) -> Tier:
        """Wait for a channel's subdirs; those that it does not have are empty (CEP 26, CEP 36)."""
        opened = {
            subdir: self._wait(channel, subdir, future, executor)
            for subdir, future in futures.items()
        }
        found = [subdir for subdir in opened.values() if subdir is not None]
        if "noarch" in opened:
            is_channel = opened["noarch"] is not None
        else:
            is_channel = bool(found) or (
                self._start(channel, "noarch", executor).result() is not None
            )
        if not is_channel:
            where = redact(channel.base_url)
            raise FetchRepoDataError(
                f"{where} is not a channel: {_what_is_missing(channel)}",
                hint="a channel is a folder, local or on a server, with `noarch/repodata.json` "
                "and one folder like it for each platform",
                url=where,
            )
        return Tier(channel, found)


def _what_is_missing(channel: Channel) -> str:
    if channel.is_local:
        directory = path_of_file_url(channel.base_url)
        if not os.path.isdir(directory):
            return f"there is no directory {directory}"
    return "there is no `noarch/repodata.json` in it"


def _has_failed(future: Future[Subdir | None]) -> bool:
    return future.cancelled() or future.exception() is not None
