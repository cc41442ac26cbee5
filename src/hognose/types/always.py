"""Defaults of record fields that are written even when they are empty.

`omit_defaults` leaves out what equals its default, which is right for most fields of a record.
Other tools expect a few of them always (`depends`, `constrains`, `build_number`, ...); msgspec
cannot see through a function of ours, so a field with such a factory is never left out.
"""

from __future__ import annotations

from typing import Any


def no_texts() -> tuple[str, ...]:
    """Return an empty tuple."""
    return ()


def no_entries() -> tuple[Any, ...]:
    """Return an empty tuple."""
    return ()


def no_records() -> dict[str, Any]:
    """Return a new empty dictionary."""
    return {}


def zero() -> int:
    """Return 0."""
    return 0


def one() -> int:
    """Return 1."""
    return 1
