"""Packages linked in the order in which they arrive, while others are being fetched.

Fetching is done by threads, linking by the thread that calls, because it is system calls all the
way: two threads that link are slower than one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import zip_longest
from typing import TYPE_CHECKING

from hognose.install.failures import join_failures

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from concurrent.futures import Future

    from hognose.install.package_linker import LinkedPackage
    from hognose.install.transaction import Operation
    from hognose.types import RepoDataRecord

__all__ = ("link_arrivals",)


def link_arrivals(
    operations: Sequence[Operation],
    fetch: Callable[[RepoDataRecord, int], str],
    link: Callable[[RepoDataRecord, int, str], LinkedPackage],
    *,
    present: Mapping[int, str],
    width: int,
    first: Collection[str] = (),
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

    Returns:
        The packages, in the order of the operations.

    Raises:
        HognoseError: What `link` raised, or what all threads that failed raised; no thread is
            fetching any more.
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
    pool = ThreadPoolExecutor(width, thread_name_prefix="hognose-fetch")
    try:
        futures = {
            pool.submit(fetch, record, index): (index, record)
            for index, record in wanted
            if index not in present
        }
        # What is in the cache is linked while the rest is on its way.
        for index, record in wanted:
            if (directory := present.get(index)) is not None:
                linked[index] = link(record, index, directory)
        for future in as_completed(futures):
            if future.exception() is not None:
                pool.shutdown(wait=True, cancel_futures=True)
                raise join_failures(_errors_of(futures))
            index, record = futures[future]
            linked[index] = link(record, index, future.result())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return [linked[index] for index in sorted(linked)]


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
