"""Processes that are lent: taken again, replaced when they have ended, and never left behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hognose._interpreters import can_start_interpreters
from hognose._workers import worker_pool
from hognose._workers.worker_pool import borrow_workers, give_back, prepare_workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hognose._workers.worker_pool import Worker

pytestmark = pytest.mark.skipif(not can_start_interpreters(), reason="workers are forked")

ROLE = "hognose.install.link_process"

BORROWING = f"""
import sys
from hognose._workers.worker_pool import borrow_workers, give_back

workers = borrow_workers({ROLE!r}, 3)
assert all(worker.is_ready() for worker in workers)
give_back(workers[:2])
print(workers[0]._interpreter._process.pid, flush=True)
sys.stdin.read()
give_back(workers)
"""


@pytest.fixture(autouse=True)
def _no_others() -> Iterator[None]:
    def clear() -> None:
        for worker in worker_pool._POOL.take(100):
            worker.close()

    clear()
    yield
    clear()


def process_of(worker: Worker) -> int:
    return worker._interpreter._process.pid


def test_those_that_were_given_back_are_lent_again() -> None:
    first = borrow_workers(ROLE, 2)
    assert [True, True] == [worker.is_ready() for worker in first]
    give_back(first)
    second = borrow_workers(ROLE, 2)
    assert set(first) == set(second)
    assert [True, True] == [worker.is_ready() for worker in second]
    give_back(second)


def test_what_was_never_used_is_lent_again_too() -> None:
    first = borrow_workers(ROLE, 1)
    give_back(first)
    second = borrow_workers(ROLE, 1)
    assert first == second
    assert second[0].is_ready()
    give_back(second)


def test_those_that_are_missing_are_started_besides() -> None:
    first = borrow_workers(ROLE, 1)
    give_back(first)
    second = borrow_workers(ROLE, 3)
    assert 3 == len(second)
    assert first[0] in second
    assert 2 == len({process_of(worker) for worker in second})
    give_back(second)


def test_those_that_were_prepared_are_lent() -> None:
    prepare_workers([ROLE], 2)
    prepare_workers([ROLE], 2)
    idle = worker_pool._POOL.take(10)
    assert 2 == len(idle)
    worker_pool._POOL.put(idle)
    lent = borrow_workers(ROLE, 2)
    assert set(idle) == set(lent)
    give_back(lent)


def test_one_that_was_killed_while_idle_is_replaced() -> None:
    first = borrow_workers(ROLE, 1)
    give_back(first)
    first[0].kill()
    second = borrow_workers(ROLE, 1)
    assert first != second
    assert second[0].is_ready()
    give_back(second)


def test_one_that_is_closed_has_ended() -> None:
    (worker,) = borrow_workers(ROLE, 1)
    worker.close()
    assert worker._interpreter._process.returncode is not None
    assert not worker.is_ready()
    assert not worker.begin(ROLE)
    give_back([worker])
    assert [] == worker_pool._POOL.take(1)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="becomes another user")
def test_they_are_not_lent_to_a_process_that_has_become_another_user() -> None:
    first = borrow_workers(ROLE, 1)
    assert first[0].is_ready()
    give_back(first)
    os.seteuid(65534)
    try:
        second = borrow_workers(ROLE, 1)
    finally:
        os.seteuid(0)
    assert first != second
    assert first[0].descriptor < 0
    give_back(second)
    # It would not be allowed now what this process is.
    assert [] == worker_pool._POOL.take(1)


def test_the_dead_are_not_kept() -> None:
    first = borrow_workers(ROLE, 2)
    assert [True, True] == [worker.is_ready() for worker in first]
    give_back(first)
    first[0].kill()
    poll = select.poll()
    poll.register(first[1].descriptor, select.POLLIN)
    assert poll.poll(20_000)
    give_back([])
    assert [] == worker_pool._POOL._idle
    assert first[0]._interpreter._process.returncode is not None


def test_one_that_does_not_end_is_made_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "_LONGEST_END", 0.05)
    first, second = borrow_workers(ROLE, 2)
    assert first.is_ready()
    assert second.is_ready()
    assert second._process is not None
    os.kill(second._process, signal.SIGSTOP)
    second.close()
    assert second.descriptor < 0
    # The other one has nothing to do with that.
    assert first.end()
    assert first.begin(ROLE)
    assert first.is_ready()
    first.close()


def test_one_that_does_not_begin_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    first = borrow_workers(ROLE, 1)
    assert first[0].is_ready()
    give_back(first)
    assert first[0]._process is not None
    os.kill(first[0]._process, signal.SIGSTOP)
    monkeypatch.setattr(worker_pool, "_LONGEST_START", 0.05)
    monkeypatch.setattr(worker_pool, "_LONGEST_END", 0.05)
    second = borrow_workers(ROLE, 1)
    assert first == second
    assert not second[0].is_ready()


def test_those_that_nobody_wants_end_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "PATIENCE", 0.05)
    prepare_workers([ROLE], 3)
    idle = worker_pool._POOL.take(3)
    for worker in idle:
        poll = select.poll()
        poll.register(worker.descriptor, select.POLLIN)
        # There is nothing to read but the end.
        assert poll.poll(20_000)
        assert not worker.is_of_use()
    assert 0 == idle[0]._interpreter._process.returncode


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="there is no /proc")
def test_they_are_in_no_folder_that_somebody_may_want_to_unmount() -> None:
    workers = borrow_workers(ROLE, 1)
    process = process_of(workers[0])
    assert "/" == os.readlink(f"/proc/{process}/cwd")
    give_back(workers)


def test_where_none_can_be_started_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert [] == borrow_workers(ROLE, 2)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_of_this_process_leaves_them_alone() -> None:
    first = borrow_workers(ROLE, 1)
    assert first[0].is_ready()
    give_back(first)
    child = os.fork()
    if not child:
        own = borrow_workers(ROLE, 1)
        is_another = process_of(own[0]) != process_of(first[0])
        for worker in own:
            worker.close()
        os._exit(0 if is_another and own[0] is not first[0] else 1)
    _, status = os.waitpid(child, 0)
    assert 0 == status
    second = borrow_workers(ROLE, 1)
    assert first == second
    assert second[0].is_ready()
    give_back(second)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process of others")
@pytest.mark.parametrize("killed", [False, True])
def test_none_outlives_the_process_that_borrowed_them(*, killed: bool) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", BORROWING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        assert parent.stderr is not None
        interpreter = os.pidfd_open(int(parent.stdout.readline()))
        if killed:
            parent.kill()
        else:
            parent.stdin.close()
        complaints = parent.stderr.read()
    try:
        ended, _, _ = select.select([interpreter], [], [], 20)
    finally:
        os.close(interpreter)
    assert [interpreter] == ended
    assert b"" == complaints
