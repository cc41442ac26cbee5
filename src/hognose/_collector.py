"""Python's collector of reference cycles, kept out of the way of work that makes none.

Loading and solving make a million small objects and no cycles, so that looking for some finds
nothing and takes as long as all the rest together. The switch belongs to the whole process:

- While such work runs in one thread, cycles that other threads leave behind wait for its end.
- Several threads do not get in each other's way: each one that found the collector on switches it
  on at its end, and those that still run are slower from then on, nothing else.
- Whoever switches the collector off meanwhile finds it on again afterwards.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("collector_paused",)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the collector from running, if it was on."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        _call_survivors_old()
        gc.enable()


def _call_survivors_old() -> None:
    """Spare the collector the look at all that is left: mostly records, for a long time.

    Otherwise the next object that the process makes would have it look at all of them, which
    takes 5% of a solve, and 0.18 s after a load of 300,000 records. As old objects they are looked
    at when all others are.
    """
    # There is no other way to move objects to the oldest generation. Where somebody has frozen
    # some for good (before a fork, say), they must not be thawed.
    if hasattr(gc, "freeze") and not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
