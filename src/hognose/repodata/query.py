"""The walk of a gateway's query over names, and what it found."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

from hognose.repodata.closure import Closure
from hognose.types import RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from concurrent.futures import Future, ThreadPoolExecutor

    from hognose.repodata.removed_package import RemovedPackage
    from hognose.repodata.source import RepoDataSource
    from hognose.repodata.sparse_repo_data import SparseRepoData
    from hognose.repodata.tier import Tier, UnknownRevision
    from hognose.types import Channel, MatchSpec

__all__ = ("GatewayQueryResult", "Query")


class GatewayQueryResult(list[list[RepoDataRecord]]):
    """The records that a query found: one list for each source, in the order of the sources.

    Channels that channels name as related (CEP 42) are sources too: `sources` says which list is
    whose.

    In a list the records are grouped by name, names in alphabetical order, so the same channels
    give the same result whatever order they answered in.
    """

    __slots__ = ("_names", "_tiers")

    def __init__(
        self,
        records: Iterable[list[RepoDataRecord]] = (),
        *,
        tiers: Sequence[Tier] = (),
        names: Collection[str] = (),
    ) -> None:
        """Keep the lists, and where they came from."""
        super().__init__(records)
        self._tiers = tiers
        self._names = names

    @property
    def record_count(self) -> int:
        """How many records there are in all."""
        return sum(map(len, self))

    @property
    def sources(self) -> list[Channel | SparseRepoData | RepoDataSource]:
        """Whose each list is: the channels and other sources, in the same order."""
        return [tier.source for tier in self._tiers]

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


class Query:
    """One walk over the names that specs reach, in all sources at once.

    What is at hand is decoded in the calling thread; only names that need the network go to the
    pool, so that a query on warm caches costs no switching between threads.
    """

    def __init__(
        self, tiers: Sequence[Tier], specs: Iterable[MatchSpec], *, is_recursive: bool
    ) -> None:
        """Find out which names the specs mean."""
        self._tiers = tiers
        self._is_recursive = is_recursive
        # For a name of the specs: which of its records count; no entry means all of them.
        self._filters: dict[str, list[MatchSpec]] = {}
        self._closure = Closure(self._root_names(list(specs)))
        self._found: dict[tuple[int, int, str], list[RepoDataRecord]] = {}
        self._names: set[str] = set()

    def run(self, executor: ThreadPoolExecutor) -> GatewayQueryResult:
        """Walk until nothing new is reached."""
        arrived: queue.SimpleQueue[Future[list[RepoDataRecord]]] = queue.SimpleQueue()
        keys: dict[Future[list[RepoDataRecord]], tuple[int, int, str]] = {}
        while True:
            while (name := self._closure.next_name()) is not None:
                self._names.add(name)
                for tier_index, tier in enumerate(self._tiers):
                    for subdir_index, subdir in enumerate(tier.subdirs):
                        key = (tier_index, subdir_index, name)
                        records = subdir.load_at_hand(name)
                        if records is not None:
                            self._add(key, records)
                            continue
                        future = executor.submit(subdir.load_records, name)
                        keys[future] = key
                        future.add_done_callback(arrived.put)
            if not keys:
                return self._collect()
            future = arrived.get()
            self._add(keys.pop(future), future.result())

    def _add(self, key: tuple[int, int, str], records: list[RepoDataRecord]) -> None:
        specs = self._filters.get(key[2])
        if specs is not None:
            records = [record for record in records if any(spec.matches(record) for spec in specs)]
        if records:
            self._found[key] = records
            if self._is_recursive:
                self._closure.add(records)

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
