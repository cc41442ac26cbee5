"""The collector of reference cycles: away during a solve, as it was afterwards."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from hognose.errors import UnsolvableError
from hognose.solve import solve
from hognose.solve.candidates import Candidates
from support.toy_packages import packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hognose.types import RepoDataRecord

RECORDS = packages("a 1: b", "b 1")


class Source:
    """Notes whether the collector is on when it is asked; does something before it answers."""

    channel = None

    def __init__(self, before: Callable[[], object] = bool) -> None:
        self.was_on: list[bool] = []
        self._before = before

    def load_records(self, name: str) -> Sequence[RepoDataRecord]:
        self._before()
        self.was_on.append(gc.isenabled())
        return [record for record in RECORDS if record.name == name]


@pytest.fixture(autouse=True)
def collector_on() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_the_collector_rests_during_a_solve_and_is_on_afterwards() -> None:
    source = Source()
    solve(["a"], [source])
    assert [False, False] == source.was_on
    assert gc.isenabled()


def test_the_collector_is_on_after_a_failure() -> None:
    with pytest.raises(UnsolvableError):
        solve(["zzz"], [Source()])
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    solve(["a"], [Source()])
    assert not gc.isenabled()


def test_solves_in_several_threads_leave_the_collector_on() -> None:
    # All of them have begun before any of them goes on.
    meeting = Barrier(8, timeout=20)
    sources = [Source(meeting.wait) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda source: solve(["a"], [source]), sources))
    assert [2] * 8 == [len(answer) for answer in answers]
    assert gc.isenabled()


def test_a_solve_leaves_nothing_for_the_collector() -> None:
    gc.collect()
    gc.disable()
    solve(["a"], [Source()])
    with pytest.raises(UnsolvableError):
        solve(["a", "b >1"], [Source()])
    assert not [found for found in gc.get_objects() if isinstance(found, Candidates)]


def test_what_somebody_froze_stays_frozen() -> None:
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        solve(["a"], [Source()])
        assert frozen > 1000
        # Some of it may have been freed meanwhile.
        assert gc.get_freeze_count() > frozen / 2
    finally:
        gc.unfreeze()
