"""Cancellation: a solve looks often whether it is to stop, whatever it is doing.

How often is counted in calls of functions (`support.call_gauge`), which is the same on every
machine.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from hognose.errors import SolveCancelledError, UnsolvableError
from hognose.solve import solve
from support.call_gauge import CallGauge
from support.toy_packages import packages

if TYPE_CHECKING:
    from hognose.types import RepoDataRecord


def gauge(specs: list[str], source: list[RepoDataRecord], **options: Any) -> CallGauge:
    found = CallGauge()
    with found, suppress(UnsolvableError):
        solve(specs, [source], cancelled=found.look, **options)
    return found


def layers(width: int, depth: int) -> list[RepoDataRecord]:
    """A wide and deep ecosystem, in which every package needs two others of the next layer."""
    texts = [
        f"p{level}x{place} {version}: "
        + "; ".join(
            f"p{level + 1}x{(place + step) % width} >={version}" for step in (0, 1) if level < depth
        )
        for level, place, version in product(range(depth + 1), range(width), range(1, 5))
    ]
    return packages(*texts)


def pigeons(count: int) -> list[RepoDataRecord]:
    """One package more than there are places: an argument without a short end."""
    birds = range(count)
    texts = [
        f"bird{bird} {place}: " + "; ".join(f"bird{o} !={place}" for o in birds if o != bird)
        for bird, place in product(birds, range(1, count))
    ]
    return packages(*texts)


def test_a_large_solve_is_never_long_without_a_look() -> None:
    found = gauge(["p0x0"], layers(20, 12))
    assert found.looks > 200
    assert found.most < 5000


def test_a_puzzle_is_never_long_without_a_look() -> None:
    found = gauge([f"bird{number}" for number in range(6)], pigeons(6))
    assert found.looks > 1000
    assert found.most < 5000


def test_many_records_at_hand_are_never_long_without_a_look() -> None:
    source = packages(*(f"n{number} 1" for number in range(10_000)))
    assert gauge(["n1"], source).most < 10_000


def test_looking_for_the_name_that_was_meant_is_never_long_without_a_look() -> None:
    source = packages(*(f"python-library-{number} 1" for number in range(3000)))
    found = gauge(["python-libary-77"], source)
    assert found.most < 100_000


@pytest.mark.parametrize("number", [1, 2, 5, 10, 40])
def test_a_solve_can_be_cancelled_at_any_look(number: int) -> None:
    looks = iter(range(number))
    with pytest.raises(SolveCancelledError, match="was cancelled"):
        solve(["p0x0"], [layers(6, 6)], cancelled=lambda: next(looks, None) is None)


def test_an_explanation_can_be_cancelled() -> None:
    source = packages("a 1: b", "b 1: c >2", "c 1", "c 2")
    counting = CallGauge()
    with pytest.raises(UnsolvableError):
        solve(["a"], [source], cancelled=counting.look)
    looks = iter(range(counting.looks - 2))
    with pytest.raises(SolveCancelledError):
        solve(["a"], [source], cancelled=lambda: next(looks, None) is None)


def test_time_counts_from_the_first_record() -> None:
    # The clock goes one second at each look at it.
    seconds = iter(range(100_000))
    source = packages(*(f"n{number} 1" for number in range(10_000)))
    with pytest.raises(SolveCancelledError, match="did not end within 3 seconds"):
        solve(["n1"], [source], timeout=3, clock=lambda: float(next(seconds)))
