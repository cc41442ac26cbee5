"""The walk of a gateway's query over names, and what it found."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from hognose._collector import collector_paused
from hognose.repodata.closure import Closure
from hognose.repodata.shards import ShardedSubdir
from hognose.types import PackageName, RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from hognose.repodata.channel_notices import ChannelNotice
    from hognose.repodata.gateway_call import GatewayCall
    from hognose.repodata.removed_package import RemovedPackage
    from hognose.repodata.reporter import Reports
    from hognose.repodata.source import MultiSource, RepoDataSource, Subdir
    from hognose.repodata.sparse_repo_data import SparseRepoData
    from hognose.repodata.tier import Tier, UnknownRevision
    from hognose.types import Channel, MatchSpec

__all__ = ("GatewayNamesResult", "GatewayQueryResult", "Query")

# Two threads keep a server busy that answers at once; more would fight for the interpreter's lock,
# and each needs a connection with its handshake. As long as fewer than 1,000 answers come in a
# second there are soon more: 32 after 20 ms.
_FIRST_THREADS = 2
_PERIOD = 0.005
_MANY_ANSWERS = 5

_Key = tuple[int, int, str]


class GatewayQueryResult(list[list[RepoDataRecord]]):
    """The records that a query found: one list for each source, in the order of the sources.

    Channels that channels name as related (CEP 42) are sources too: `sources` says which list is
    whose.

    In a list the records are grouped by name, names in alphabetical order, so the same channels
    give the same result whatever order they answered in.

    Attributes:
        notices: What the channels have to say (CEP 6), where the query asked for it.
    """

    __slots__ = ("_names", "_tiers", "notices")

    def __init__(
        self,
        records: Iterable[list[RepoDataRecord]] = (),
        *,
        tiers: Sequence[Tier] = (),
        names: Collection[str] = (),
    ) -> None:
        """Keep the lists, and where they came from."""
        super().__init__(records)
        self.notices: list[ChannelNotice] = []
        self._tiers = tiers
        self._names = names

    @property
    def record_count(self) -> int:
        """How many records there are in all."""
        return sum(map(len, self))

    @property
    def sources(self) -> list[Channel | SparseRepoData | RepoDataSource | MultiSource]:
        """Whose each list is: the channels and other sources, in the same order."""
        # One that stands for another says so, as decorated functions do.
        return [getattr(tier.source, "__wrapped__", tier.source) for tier in self._tiers]

    @property
    def removed(self) -> list[list[RemovedPackage]]:
        """For each source, what it has withdrawn of the names that the query reached."""
        return [
            [
                package
                for name in sorted(self._names)
                for subdir in tier.subdirs
                for package in subdir.removed(name)
            ]
            for tier in self._tiers
        ]

    @property
    def unknown_revisions(self) -> list[UnknownRevision]:
        """Parts of the channels' repodata that this version of hognose cannot read (CEP 48)."""
        return [revision for tier in self._tiers for revision in tier.unknown_revisions()]


class GatewayNamesResult(list[PackageName]):
    """The names of all packages in some channels, sorted.

    Attributes:
        notices: What the channels have to say (CEP 6), where that was asked for.
    """

    __slots__ = ("notices",)

    def __init__(
        self, names: Iterable[PackageName] = (), notices: Iterable[ChannelNotice] = ()
    ) -> None:
        """Keep both."""
        super().__init__(names)
        self.notices = list(notices)


class Query:
    """One walk over the names that specs reach, in all sources at once.

    What is at hand is decoded in the calling thread; only names that need the network go to the
    pool, so that a query on warm caches costs no switching between threads. A thread that has a
    name's records finds out itself what they lead to and goes on with that: handing both over to
    the calling thread took a quarter of the time of a query over loopback.
    """

    def __init__(
        self,
        tiers: Sequence[Tier],
        specs: Iterable[MatchSpec],
        *,
        is_recursive: bool,
        call: GatewayCall,
        report: Reports,
    ) -> None:
        """Find out which names the specs mean.

        Args:
            tiers: Where to look.
            specs: What is wanted.
            is_recursive: Whether to follow dependencies.
            call: Whose threads wait for the network, and what fetches.
            report: Is told how far the fetching is.
        """
        self._tiers = tiers
        self._call = call
        self._report = report
        self._progress = report.method("shards_progress")
        self._is_recursive = is_recursive
        # For a name of the specs: which of its records count; no entry means all of them.
        self._filters: dict[str, list[MatchSpec]] = {}
        self._closure = Closure(self._root_names(list(specs)))
        self._found: dict[_Key, list[RepoDataRecord]] = {}
        self._names: set[str] = set()
        # What follows and what is above is shared by threads, and guarded by one lock.
        lock = threading.Lock()
        self._has_work = threading.Condition(lock)
        self._has_progress = threading.Condition(lock)
        self._waiting: deque[tuple[_Key, Subdir]] = deque()
        self._busy_count = 0
        self._done_count = 0
        self._wanted_count = 0
        self._error: BaseException | None = None

    def run(self) -> GatewayQueryResult:
        """Walk until nothing new is reached."""
        with collector_paused():
            with self._has_work:
                self._take_what_is_at_hand()
            if self._waiting:
                self._fetch()
            self._tell_of_shards()
            return self._collect()

    def _fetch(self) -> None:
        """Walk on in threads, of which there are more the longer answers take."""
        executor, width = self._call.executor, self._call.width
        thread_count, wanted = 0, min(_FIRST_THREADS, width)
        try:
            while wanted > thread_count:
                for _ in range(wanted - thread_count):
                    executor.submit(self._work)
                thread_count = wanted
                with self._has_progress:
                    while not self._is_over() and wanted == thread_count:
                        done_count = self._done_count
                        self._has_progress.wait(_PERIOD if thread_count < width else None)
                        if self._waiting and self._done_count - done_count < _MANY_ANSWERS:
                            wanted = min(2 * thread_count, width)
        except BaseException as error:
            self._fail(error)
            raise
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        """Fetch the records of one name after another; one of several threads that do so."""
        while (taken := self._take()) is not None:
            key, subdir = taken
            try:
                records = subdir.load_records(key[2], self._call.client)
                with self._has_work:
                    self._add(key, records)
                    self._take_what_is_at_hand()
                    self._done_count += 1
                    fetched, wanted = self._done_count, self._wanted_count
                # Before it may all be over, so that what it raises is not lost.
                if self._progress is not None:
                    self._progress(fetched, wanted)
            except BaseException as error:  # raised by the calling thread
                self._fail(error)
            with self._has_work:
                self._busy_count -= 1
                if self._is_over():
                    self._wake_all()

    def _take(self) -> tuple[_Key, Subdir] | None:
        """Wait for something to do; None when there will be nothing any more."""
        with self._has_work:
            while not self._is_over():
                if self._waiting:
                    self._busy_count += 1
                    return self._waiting.popleft()
                self._has_work.wait()
        return None

    def _fail(self, error: BaseException) -> None:
        with self._has_work:
            self._error = self._error or error
            self._wake_all()

    def _wake_all(self) -> None:
        self._has_work.notify_all()
        self._has_progress.notify_all()

    def _is_over(self) -> bool:
        """Whether nothing is to be done, neither now nor after what others are doing."""
        return self._error is not None or not (self._waiting or self._busy_count)

    def _take_what_is_at_hand(self) -> None:
        """Add the records that are on this machine, and note which ones are not."""
        before = len(self._waiting)
        while (name := self._closure.next_name()) is not None:
            if self._call.is_cancelled:
                self._call.check(name)
            self._names.add(name)
            for tier_index, tier in enumerate(self._tiers):
                for subdir_index, subdir in enumerate(tier.subdirs):
                    key = (tier_index, subdir_index, name)
                    records = subdir.load_at_hand(name)
                    if records is None:
                        self._waiting.append((key, subdir))
                        self._wanted_count += 1
                    else:
                        self._add(key, records)
        # The thread that found them takes one itself.
        self._has_work.notify(max(0, len(self._waiting) - before - 1))

    def _add(self, key: _Key, records: list[RepoDataRecord]) -> None:
        specs = self._filters.get(key[2])
        if specs is not None:
            records = [record for record in records if any(spec.matches(record) for spec in specs)]
        if records:
            self._found[key] = records
            if self._is_recursive:
                self._closure.add(records)

    def _tell_of_shards(self) -> None:
        if self._report.method("shards_complete") is None:
            return
        sharded = sum(
            isinstance(self._tiers[tier_index].subdirs[subdir_index], ShardedSubdir)
            for tier_index, subdir_index, _ in self._found
        )
        self._report("shards_complete", self._done_count, max(0, sharded - self._done_count))

    def _collect(self) -> GatewayQueryResult:
        found = self._found
        records = [
            [
                record
                for name in sorted(self._names)
                for subdir_index in range(len(tier.subdirs))
                for record in found.get((tier_index, subdir_index, name), ())
            ]
            for tier_index, tier in enumerate(self._tiers)
        ]
        return GatewayQueryResult(records, tiers=self._tiers, names=self._names)

    def _root_names(self, specs: list[MatchSpec]) -> list[str]:
        names: dict[str, None] = {}
        unfiltered = set()
        for spec in specs:
            for name in self._names_of(spec):
                names[name] = None
                if str(spec) == name:
                    unfiltered.add(name)
                self._filters.setdefault(name, []).append(spec)
        for name in unfiltered:
            del self._filters[name]
        return list(names)

    def _names_of(self, spec: MatchSpec) -> list[str]:
        exact = spec.name.exact
        if exact is not None:
            return [str(exact)]
        everything = {
            name
            for tier in self._tiers
            for subdir in tier.subdirs
            for name in subdir.package_names()
        }
        return sorted(name for name in everything if spec.name.matches(name))
