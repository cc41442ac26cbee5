"""Extract several packages at once, on threads that the call owns."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import msgspec

from hognose.archive.archive_digest import Readable
from hognose.archive.extraction import extract

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.archive.archive_digest import ArchiveDigest
    from hognose.archive.extract_limits import ExtractLimits


class ExtractionJob(msgspec.Struct, frozen=True):
    """One package to extract, for `extract_many`.

    Attributes:
        source: The archive's path, or a stream that only this job reads.
        destination: The directory to make, as in `extract`.
        expected_sha256: The hash that the archive must have, if it is known.
        archive_name: What to call the archive in errors, when `source` is a stream.
    """

    source: str | os.PathLike[str] | Readable
    destination: str | os.PathLike[str]
    expected_sha256: bytes | None = None
    archive_name: str | None = None


def extract_many(
    jobs: Iterable[ExtractionJob],
    *,
    threads: int | None = None,
    limits: ExtractLimits | None = None,
) -> list[ArchiveDigest]:
    """Extract several packages, each as `extract` does.

    A package that cannot be extracted does not keep the others from it: at the end every
    destination is whole or as it was before. When the call is interrupted, what is being extracted
    is given up and removed, and what is finished stays.

    Args:
        jobs: The packages; their destinations must differ.
        threads: How many are extracted at a time; the machine's cores when None.
        limits: What to accept from each.

    Returns:
        The hashes and sizes of the archives, in the order of the jobs.

    Raises:
        ExceptionGroup: Holds what `extract` raised for each package that failed, in their order.
        ValueError: Two jobs have the same destination, or `threads` is less than one.
    """
    wanted = list(jobs)
    _check_destinations(wanted)
    if threads is not None and threads < 1:
        message = f"threads must be at least 1, not {threads}"
        raise ValueError(message)
    width = min(threads or os.cpu_count() or 1, len(wanted))
    stopping = threading.Event()

    def give_up_if_asked(_bytes_read: int) -> None:
        if stopping.is_set():
            raise _StoppedError

    def run(job: ExtractionJob) -> ArchiveDigest | Exception:
        try:
            give_up_if_asked(0)
            return extract(
                job.source,
                job.destination,
                limits=limits,
                expected_sha256=job.expected_sha256,
                archive_name=job.archive_name,
                progress=give_up_if_asked,
            )
        except Exception as error:
            return error

    if width <= 1:
        results = [run(job) for job in wanted]
    else:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(width, "hognose-extract") as pool:
            try:
                results = list(pool.map(run, wanted))
            except BaseException:
                # Leaving the pool waits for the threads, which end at their next read.
                stopping.set()
                raise
    failures = [result for result in results if isinstance(result, Exception)]
    if failures:
        message = f"cannot extract {len(failures)} of {len(wanted)} packages"
        raise ExceptionGroup(message, failures)
    return [result for result in results if not isinstance(result, Exception)]


class _StoppedError(Exception):
    """Ends an extraction whose caller has gone; seen by nobody."""


def _check_destinations(jobs: Sequence[ExtractionJob]) -> None:
    seen: set[str] = set()
    for job in jobs:
        destination = os.path.abspath(os.fspath(job.destination))
        if destination in seen:
            message = f"two packages have the destination `{destination}`"
            raise ValueError(message)
        seen.add(destination)
