"""The library's log on the console: all of it with `-v`, only long pauses without.

A module of its own because it imports `logging`, which commands without a network do without.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from hognose.net import redact

if TYPE_CHECKING:
    from hognose.console import Console

__all__ = ("hide_log", "show_log", "show_pauses")

_EVERYTHING = "hognose"
_PAUSES = "hognose.net.pauses"
# In seconds. What is over sooner looks like a slow server; after more people wonder.
_LONG_PAUSE = 3.0


class ConsoleHandler(logging.Handler):
    """Says records on a console, each on one line."""

    def __init__(self, console: Console) -> None:
        """Take records of every level."""
        super().__init__(logging.DEBUG)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Say a record: a detail with `-v`, and a long pause in any case."""
        text = " ".join(redact(record.getMessage()).split())
        with suppress(OSError):  # what cannot be shown must not stop what it tells of
            if self._console.verbose:
                self._console.detail(text)
            elif getattr(record, "pause", 0.0) >= _LONG_PAUSE:
                self._console.hint(text)


def show_log(console: Console) -> None:
    """Show all that the library logs, until `hide_log`."""
    _attach(console, _EVERYTHING)


def show_pauses(console: Console) -> None:
    """Show why the network is waited for, where that takes seconds, until `hide_log`."""
    if not console.verbose:
        _attach(console, _PAUSES)


def hide_log() -> None:
    """Show nothing of it any more."""
    for name in (_EVERYTHING, _PAUSES):
        logger = logging.getLogger(name)
        for handler in logger.handlers[:]:
            if isinstance(handler, ConsoleHandler):
                logger.removeHandler(handler)
                logger.setLevel(logging.NOTSET)


def _attach(console: Console, name: str) -> None:
    logger = logging.getLogger(name)
    if not any(isinstance(handler, ConsoleHandler) for handler in logger.handlers):
        logger.addHandler(ConsoleHandler(console))
        logger.setLevel(logging.DEBUG)
