"""Telling one value from several: a `str` is an iterable of letters, and never meant as one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

__all__ = ("require_several",)

T = TypeVar("T")

_MAX_SHOWN = 60


def require_several(argument: str, given: Iterable[T]) -> Iterable[T]:
    """Return what was given for an argument that takes several values.

    Args:
        argument: The argument's name, for the message.
        given: What the caller passed.

    Raises:
        TypeError: It is a single value.

    >>> require_several("specs", "python")
    Traceback (most recent call last):
    TypeError: `specs` takes several values, not one str: write `['python']`
    """
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        # An address may hold a password.
        is_short = isinstance(given, str) and len(given) <= _MAX_SHOWN and "://" not in given
        shown = repr(str(given)) if is_short else "..."
        kind = type(given).__name__
        message = f"`{argument}` takes several values, not one {kind}: write `[{shown}]`"
        raise TypeError(message)
    return given
