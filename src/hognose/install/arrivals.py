"""Packages linked in the order in which they arrive, while others are being fetched.

Fetching is done by threads, linking by the thread that calls, because it is system calls all the
way: two threads that link are slower than one.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from itertools import zip_longest
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import msgspec

from hognose.install.failures import join_failures
from hognose.install.interrupts import run_to_its_end
from hognose.types import RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from hognose.install.package_linker import LinkedPackage
    from hognose.install.transaction import Operation

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
    errors: dict[int, BaseException] = {}
    fetching = _Fetching(fetch, [item for item in wanted if item[0] not in present], width)
    is_done = False
    try:
        fetching.start()
        # What is in the cache is linked while the rest is on its way.
        for index, record in wanted:
            if (directory := present.get(index)) is not None:
                linked[index] = link(record, index, directory)
        while (arrival := fetching.next(check)) is not None:
            if arrival.error is not None:
                errors[arrival.index] = arrival.error
                fetching.give_up_the_rest()
            elif not errors:
                linked[arrival.index] = link(arrival.record, arrival.index, arrival.directory)
        is_done = True
    finally:

        def end() -> None:
            if not is_done:
                stop()
            fetching.close()

        # The threads use what the caller closes.
        run_to_its_end(end, on_interrupt=stop)
    if errors:
        raise join_failures([errors[index] for index in sorted(errors)])
    return [linked[index] for index in sorted(linked)]


class _Arrival(msgspec.Struct, frozen=True, gc=False):
    index: int
    record: RepoDataRecord
    directory: str = ""
    error: BaseException | None = None


class _Fetching:
    """Threads that make packages available, one after the other in their order."""

    def __init__(
        self,
        fetch: Callable[[RepoDataRecord, int], str],
        wanted: Sequence[tuple[int, RepoDataRecord]],
        width: int,
    ) -> None:
        self._fetch = fetch
        self._waiting = deque(wanted)
        self._outstanding = len(wanted)
        self._arrived: SimpleQueue[_Arrival] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name="hognose-fetch", daemon=True)
            for _ in range(min(width, len(wanted)))
        ]

    def start(self) -> None:
        """Begin, with as many threads as there can be; without any, fetch everything here."""
        for number, thread in enumerate(self._threads):
            try:
                thread.start()
            except RuntimeError as error:
                # The lock that `start` waits with is confused by one interrupt upon the other.
                if isinstance(error.__context__, KeyboardInterrupt):
                    raise error.__context__ from None
                if not number:
                    self._work()
                return

    def _work(self) -> None:
        while True:
            try:
                index, record = self._waiting.popleft()
            except IndexError:
                return
            try:
                arrival = _Arrival(index, record, self._fetch(record, index))
            except BaseException as error:
                arrival = _Arrival(index, record, error=error)
            self._arrived.put(arrival)

    def next(self, check: Callable[[], object]) -> _Arrival | None:
        """Wait for a package; None after the last one."""
        if not self._outstanding:
            return None
        while True:
            check()
            try:
                arrival = self._arrived.get(timeout=_TICK)
            except Empty:
                continue
            self._outstanding -= 1
            return arrival

    def give_up_the_rest(self) -> None:
        """Fetch no more than what is on its way."""
        while True:
            try:
                self._waiting.pop()
            except IndexError:
                return
            self._outstanding -= 1

    def close(self) -> None:
        """Wait for the threads."""
        # One whose start was interrupted finds nothing to do.
        self.give_up_the_rest()
        for thread in self._threads:
            while thread.is_alive():
                # It is not to be joined in its very first moment.
                with suppress(RuntimeError):
                    thread.join()


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
