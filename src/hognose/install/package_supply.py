"""Where the packages of a transaction come from: the cache, which fetches what it does not have."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, cast

from hognose._closing import Closing
from hognose._interpreters import usable_processors
from hognose.archive import ExtractionWorkers, worth_processes
from hognose.install.free_space import require_free_space, required_bytes, shares_files
from hognose.install.interrupts import run_to_its_end
from hognose.net import Cancellation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hognose.cache import CacheReporter, PackageCache
    from hognose.install.execution_options import ExecutionOptions
    from hognose.install.reporter import ReporterCalls
    from hognose.install.transaction import Transaction
    from hognose.net import Client
    from hognose.types import RepoDataRecord

__all__ = ("PackageSupply",)


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
        self._awaited = 0
        self._guard = threading.Lock()

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
                path = self._cache.lookup(operation.new)
                if path is None:
                    missing.append(operation.new)
                else:
                    found[index] = os.fspath(path)
        self._require_space(transaction, found, missing)
        self._awaited = len(missing)
        if missing:
            width = min(self._options.fetch_width, len(missing))
            if width > 1 and worth_processes(record.size for record in missing):
                if all(record.url.startswith("file:") for record in missing):
                    # Nobody waits for a network: one more than processors keeps those busy.
                    width = min(width, usable_processors() + 1)
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

    def _count_down(self) -> None:
        """Let the processes end with the last package, while it is linked."""
        with self._guard:
            self._awaited -= 1
            if not self._awaited and self._workers is not None:
                self._workers.dismiss()

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
        try:
            package = self._cache.fetch(
                record,
                self._client,
                # The cache calls those methods that the reporter has, whatever it is.
                reporter=cast("CacheReporter | None", self._reporter),
                entry=token,
                workers=self._workers,
            )
        finally:
            self._count_down()
        self._report("populate_cache_complete", token)
        return os.fspath(package.path)
