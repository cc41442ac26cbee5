"""What the library says besides results and errors while a command runs: warnings, and its log."""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hognose.console import Console

__all__ = ("library_messages",)


@contextmanager
def library_messages(console: Console) -> Iterator[None]:
    """Say what the library warns of, each thing once, and with `-v` what it logs.

    JSON documents have `warnings`.

    A warning is for whoever runs the command. That it may be an error to those who run tests with
    `PYTHONWARNINGS=error` makes no difference here.
    """
    said: set[str] = set()

    def say(message: Warning | str, *_: object) -> None:
        text = " ".join(str(message).split())
        if text in said:
            return
        said.add(text)
        console.remarks["warnings"] = sorted(said)
        if not console.quiet:
            console.warn(text)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        # Called by name, with arguments of which only the first one is of interest.
        warnings.showwarning = say  # type: ignore[assignment]  # the other arguments are taken too
        if console.verbose:
            from hognose.cli.console_log import show_log

            show_log(console)
        try:
            yield
        finally:
            if "hognose.cli.console_log" in sys.modules:
                from hognose.cli.console_log import hide_log

                hide_log()
