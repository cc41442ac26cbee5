"""Packages linked in the order in which they arrive, while others are being fetched.

Fetching is done by threads, linking by the thread that calls, because it is system calls all the
way: two threads that link are slower than one.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from itertools import zip_longest
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from hognose.install.failures import join_failures
from hognose.install.interrupts import run_to_its_end

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from hognose.install.package_linker import LinkedPackage
    from hognose.install.transaction import Operation
    from hognose.types import RepoDataRecord

__all__ = ("link_arrivals",)

# Seconds between two looks at whether the change is still wanted.
_TICK = 0.1


def link_arrivals(
    operations: Sequence[Operation],
    fetch: Callable[[RepoDataRecord, int], str],
    link: Callable[[RepoDataRecord, int, str], LinkedPackage],
    *,
    present: Mapping[int, str],
    width: int,
    first: Collection[str] = (),
    check: Callable[[], object] = lambda: None,
    stop: Callable[[], object] = lambda: None,
) -> list[LinkedPackage]:
    """Fetch and link what a transaction brings.

    Args:
        operations: The transaction's operations.
        fetch: Makes a package available: record and index of its operation to the folder it is
            extracted in. Called by several threads.
        link: Links a package: record, index and folder. Called by this thread.
        present: The packages that need no fetching: index of the operation to the folder.
        width: How many are fetched at a time.
        first: Names of packages that others wait for.
        check: Called several times a second while nothing arrives, and between packages; if it
            raises, that is the end.
        stop: Makes the threads that fetch end soon, with an error. Called when nothing of what they
            fetch will be linked any more; after a package that cannot be had the others that are on
            their way still come into the cache.

    Returns:
        The packages, in the order of the operations.

    Raises:
        HognoseError: What `link` or `check` raised, or what all threads that failed raised; no
            thread is fetching any more.
        KeyboardInterrupt: No thread is fetching any more here, either.
    """
    wanted = [
        (index, operation.new)
        for index, operation in enumerate(operations)
        if operation.new is not None
    ]
    wanted.sort(key=lambda item: item[1].size or 0, reverse=True)
    urgent = [item for item in wanted if item[1].name in first]
    wanted = urgent + _in_turns([item for item in wanted if item[1].name not in first])
    linked: dict[int, LinkedPackage] = {}
    arrived: SimpleQueue[Future[str]] = SimpleQueue()
    has_failed = is_done = False
    pool = ThreadPoolExecutor(width, thread_name_prefix="hognose-fetch")
    try:
        futures = {
            pool.submit(fetch, record, index): (index, record)
            for index, record in wanted
            if index not in present
        }
        for future in futures:
            future.add_done_callback(arrived.put)
        # What is in the cache is linked while the rest is on its way.
        for index, record in wanted:
            if (directory := present.get(index)) is not None:
                linked[index] = link(record, index, directory)
        for _ in futures:
            future = _next(arrived, check)
            if future.cancelled() or future.exception() is not None:
                has_failed = True
                pool.shutdown(wait=False, cancel_futures=True)
            elif not has_failed:
                index, record = futures[future]
                linked[index] = link(record, index, future.result())
        is_done = True
    finally:

        def end() -> None:
            if not is_done:
                stop()
            pool.shutdown(wait=True, cancel_futures=True)

        # The threads use what the caller closes.
        run_to_its_end(end, on_interrupt=stop)
    if has_failed:
        raise join_failures(_errors_of(futures))
    return [linked[index] for index in sorted(linked)]


def _next(arrived: SimpleQueue[Future[str]], check: Callable[[], object]) -> Future[str]:
    while True:
        check()
        try:
            return arrived.get(timeout=_TICK)
        except Empty:
            continue


def _in_turns(items: list[tuple[int, RepoDataRecord]]) -> list[tuple[int, RepoDataRecord]]:
    """Order packages, given the largest first, so that fetching and linking both have work.

    The largest takes longest, and everything else fits beside it. After each large package comes a
    small one: if all small ones came at the end, they would arrive faster than they are linked.
    """
    half = -(-len(items) // 2)
    ordered = []
    for large, small in zip_longest(items[:half], reversed(items[half:])):
        ordered += [large] if small is None else [large, small]
    return ordered


def _errors_of(futures: Mapping[Future[str], object]) -> list[BaseException]:
    return [
        error
        for future in futures
        if not future.cancelled() and (error := future.exception()) is not None
    ]
