"""Measure hognose and its peers side by side.

The machines that run this are noisy, so contestants take turns and the median counts.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def compare(
    contestants: Mapping[str, Callable[[], object]],
    *,
    title: str,
    repeat: int = 15,
    warm_up: int = 1,
    per: int = 1,
    unit: str = "",
    before: Mapping[str, Callable[[], object]] = MappingProxyType({}),
) -> dict[str, float]:
    """Run each contestant `repeat` times, in turns, and print medians and ratios.

    The ratio of a contestant is its median over that of the first one: above 1 means that the
    first one is faster.

    Args:
        contestants: Functions without arguments, by name; ours first.
        title: What is measured, on which input.
        repeat: How many turns.
        warm_up: Turns before those that count.
        per: How many things one call handles; a rate is printed when it is not 1.
        unit: What these things are called.
        before: What a contestant has to do before each turn; it is not timed.

    Returns:
        The median seconds by name.
    """
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(warm_up + repeat):
        for name, function in contestants.items():
            before.get(name, int)()
            gc.collect()
            start = time.perf_counter()
            result = function()
            elapsed = time.perf_counter() - start
            del result  # what it costs to free is not what was asked
            if turn >= warm_up:
                times[name].append(elapsed)
    medians = {name: statistics.median(values) for name, values in times.items()}
    first = next(iter(medians.values()))
    print(f"\n{title}")
    for name, median in medians.items():
        rate = f"  {per / median:12,.0f} {unit}/s" if per != 1 else ""
        spread = f"{min(times[name]) * 1000:.2f}..{max(times[name]) * 1000:.2f}"
        print(f"  {name:14} {median * 1000:10.2f} ms{rate}  x{median / first:5.2f}  [{spread}]")
    if target := os.environ.get("HOGNOSE_BENCH_JSON"):
        with open(target, "a", encoding="utf-8") as stream:
            json.dump({"title": title, "medians": medians, "repeat": repeat}, stream)
            stream.write("\n")
    sys.stdout.flush()
    return medians
