"""Where the packages of a transaction come from: the cache, which fetches what it does not have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from hognose._closing import Closing
from hognose._interpreters import usable_processors
from hognose._workers.worker_pool import prepare_workers
from hognose.archive import ExtractionWorkers, worth_processes
from hognose.install.execution_options import ExecutionOptions
from hognose.install.free_space import require_free_space, required_bytes, shares_files
from hognose.install.hard_links import HardLinks, worth_a_process
from hognose.install.interrupts import run_to_its_end
from hognose.net import Cancellation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hognose.cache import CacheReporter, PackageCache
    from hognose.install.reporter import ReporterCalls
    from hognose.install.transaction import Transaction
    from hognose.net import Client
    from hognose.types import RepoDataRecord

__all__ = ("PackageSupply", "prepare_install")

_ROLES = (ExtractionWorkers.ROLE, HardLinks.ROLE)


def prepare_install(
    transaction: Transaction, cache: PackageCache, *, workers: int | None = None
) -> None:
    """Have the processes started that `install` will want, while a user looks at the plan.

    Returns at once. If nothing is installed after all, they end by themselves some seconds later.

    Args:
        transaction: The plan.
        cache: As for `install`.
        workers: As for `install`.

    Raises:
        PackageCacheError: A record's name, version or build is unfit for a file name.
    """
    missing = [record for record in transaction.installed if cache.directory_of(record) is None]
    width = _extraction_width(missing, ExecutionOptions(workers=workers))
    if width:
        prepare_workers(_ROLES, width + 1)
    elif worth_a_process(record.size for record in transaction.installed):
        prepare_workers((HardLinks.ROLE,), 1)


def _extraction_width(missing: Sequence[RepoDataRecord], options: ExecutionOptions) -> int:
    """Return how many processes are worth extracting packages at a time, 0 if none."""
    width = min(options.fetch_width, len(missing))
    if width < 2 or not worth_processes(record.size for record in missing):
        return 0
    if all(record.url.startswith("file:") for record in missing):
        # Nobody waits for a network: twice the processors keep those busy.
        return min(width, 2 * usable_processors())
    return width


class PackageSupply(Closing):
    """Packages out of a cache; a context manager, which ends the processes that extract them."""

    def __init__(
        self,
        cache: PackageCache,
        client: Client,
        prefix: str,
        *,
        options: ExecutionOptions,
        report: ReporterCalls,
        reporter: object | None,
    ) -> None:
        """Prepare for one prefix.

        Args:
            cache: Where packages are kept.
            client: What fetches those that are not there yet.
            prefix: The environment that they are for.
            options: How its transaction is carried out.
            report: Where events go.
            reporter: The object behind `report`, or None.
        """
        self._cache = cache
        self._cancellation = Cancellation()
        self._client = client.cancelled_by(self._cancellation)
        self._prefix = prefix
        self._options = options
        self._report = report
        self._reporter = reporter
        self._workers: ExtractionWorkers | None = None

    def close(self) -> None:
        """End what was started; no thread may be fetching."""
        run_to_its_end(self._end)

    def _end(self) -> None:
        # For a second interrupt that came in the middle of what the first one set off.
        self.stop()
        if self._workers is not None:
            self._workers.close()

    def locate(self, transaction: Transaction) -> dict[int, str]:
        """Find the packages that are in the cache, and make ready to fetch the others.

        Returns:
            The indices of operations, and where their new packages lie extracted.

        Raises:
            TransactionError: The others do not fit on the disk.
        """
        found: dict[int, str] = {}
        missing = []
        for index, operation in enumerate(transaction.operations):
            if operation.new is not None:
                directory = self._cache.directory_of(operation.new)
                if directory is None:
                    missing.append(operation.new)
                else:
                    found[index] = directory
        self._require_space(transaction, found, missing)
        width = _extraction_width(missing, self._options)
        if width:
            # One more makes the links.
            prepare_workers(_ROLES, width + 1)
            self._workers = ExtractionWorkers(width)
        return found

    def _require_space(
        self, transaction: Transaction, found: Mapping[int, str], missing: Sequence[RepoDataRecord]
    ) -> None:
        cache = os.fspath(self._cache.root)
        present = {
            path: record
            for index, path in found.items()
            if (record := transaction.operations[index].new) is not None
        }
        require_free_space(
            required_bytes(
                missing,
                present,
                cache=cache,
                prefix=self._prefix,
                shares=shares_files(cache, self._prefix, self._options.link_options),
            )
        )

    def stop(self) -> None:
        """Make all threads that fetch end soon, and leave nothing of what they were at."""
        self._cancellation.cancel()

    def fetch(self, record: RepoDataRecord, index: int) -> str:
        """Return where a package lies extracted, having fetched it; for any thread.

        Raises:
            FetchCancelledError: `stop` was called.
            NetworkError, ArchiveError, PackageCacheError: It cannot be had.
        """
        token = self._report("populate_cache_start", index, str(record.name))
        package = self._cache.fetch(
            record,
            self._client,
            # The cache calls those methods that the reporter has, whatever it is.
            reporter=cast("CacheReporter | None", self._reporter),
            entry=token,
            workers=self._workers,
        )
        self._report("populate_cache_complete", token)
        return package.directory
