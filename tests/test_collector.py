"""The collector of cycles rests during a load, and is as it was afterwards."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from hognose._collector import collector_paused

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_the_collector_runs_again_after_an_error() -> None:
    def fail() -> None:
        with collector_paused():
            assert not gc.isenabled()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    with collector_paused():
        pass
    assert not gc.isenabled()


def test_what_was_made_meanwhile_is_still_collected() -> None:
    class Node:
        pass

    collected: list[bool] = []
    with collector_paused():
        node = Node()
        node.itself = node  # type: ignore[attr-defined]  # a cycle
        weakref.finalize(node, collected.append, True)
        del node
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert collected == [True]


def test_what_others_froze_stays_frozen() -> None:
    gc.freeze()
    count = gc.get_freeze_count()
    with collector_paused():
        pass
    assert gc.get_freeze_count() > count // 2
