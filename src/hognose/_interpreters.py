"""Whether interpreters can be started beside this process, and have a processor to run on."""

from __future__ import annotations

import os
import sys

__all__ = ("can_start_interpreters", "usable_processors")


def can_start_interpreters() -> bool:
    """Tell whether `sys.executable` is an interpreter, on a system where starting one is cheap."""
    # A program that Python is built into names itself, and would start once more.
    name = os.path.basename(sys.executable or "").lower()
    is_interpreter = name.startswith(("python", "pypy")) and not getattr(sys, "frozen", False)
    return is_interpreter and hasattr(os, "fork")


def usable_processors() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
