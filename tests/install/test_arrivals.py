"""Packages linked as they arrive, also where threads are hard to come by."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from hognose.errors import PackageCacheError, TransactionError
from hognose.install.arrivals import link_arrivals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hognose.install.transaction import Operation

NAMES = [f"p{number}" for number in range(12)]


def operations() -> Sequence[Operation]:
    made = [
        SimpleNamespace(new=SimpleNamespace(name=name, size=100 * number))
        for number, name in enumerate(NAMES)
    ]
    return cast("Sequence[Operation]", made)


def run(fetch: Callable[[Any, int], str], count: int = len(NAMES), **options: Any) -> list[Any]:
    def link(record: Any, index: int, directory: str) -> Any:
        assert threading.current_thread() is threading.main_thread()
        return record.name, index, directory

    options = {"present": {}, "width": 3, **options}
    return link_arrivals(operations()[:count], fetch, link, **options)


def fetch(record: Any, index: int) -> str:
    return f"/{record.name}/{index}"


EXPECTED = [(name, index, f"/{name}/{index}") for index, name in enumerate(NAMES)]


def test_packages_come_in_the_order_of_the_operations() -> None:
    assert EXPECTED == run(fetch)


def test_what_is_there_already_is_not_fetched() -> None:
    fetched: list[int] = []

    def noting(record: Any, index: int) -> str:
        fetched.append(index)
        return fetch(record, index)

    linked = run(noting, present={3: "/there", 5: "/there too"})
    assert ("p3", 3, "/there") == linked[3]
    assert [] == [index for index in fetched if index in {3, 5}]


@pytest.mark.parametrize("possible", [0, 1])
def test_with_fewer_threads_than_wanted_everything_arrives(
    possible: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start
    started: list[threading.Thread] = []

    def limited(self: threading.Thread) -> None:
        if len(started) == possible:
            raise RuntimeError("can't start new thread")
        started.append(self)
        start(self)

    monkeypatch.setattr(threading.Thread, "start", limited)
    assert EXPECTED == run(fetch)


def test_interrupts_upon_interrupts_while_threads_start_are_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = threading.Thread.start

    def confused(self: threading.Thread) -> None:
        start(self)
        # As `threading.Condition` does where a second one comes while the first is handled.
        error = RuntimeError("release unlocked lock")
        error.__context__ = KeyboardInterrupt()
        raise error

    monkeypatch.setattr(threading.Thread, "start", confused)
    stopped: list[bool] = []
    with pytest.raises(KeyboardInterrupt):
        run(fetch, stop=lambda: stopped.append(True))
    assert stopped
    assert [] == [each.name for each in threading.enumerate() if each.name == "hognose-fetch"]


def test_all_failures_are_told_in_the_order_of_the_operations() -> None:
    barrier = threading.Barrier(3)

    def failing(record: Any, index: int) -> str:
        barrier.wait(20)
        raise PackageCacheError(f"no {record.name}", path=None)

    with pytest.raises(TransactionError, match="3 packages cannot be made available") as caught:
        run(failing, count=3)
    reasons = str(caught.value).splitlines()[1:4]
    assert sorted(reasons, key=lambda reason: int(reason.rpartition("p")[2])) == reasons
