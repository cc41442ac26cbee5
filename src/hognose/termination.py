"""Requests from outside to end: what they are to a command that has something to undo first."""

from __future__ import annotations

import signal

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from types import FrameType

__all__ = ("TerminatedError", "end_like_interrupts")


class TerminatedError(KeyboardInterrupt):
    """The process was asked to end; treated as Ctrl-C is, so that what was begun is undone.

    Attributes:
        signal_number: The signal; 128 more is the exit status.
    """

    def __init__(self, signal_number: int) -> None:
        """Keep the number."""
        super().__init__(f"ended by signal {signal_number}")
        self.signal_number = signal_number


def end_like_interrupts() -> None:
    """Have the signals that ask a process to end raise `TerminatedError` in the main thread.

    Only for the programs: a library leaves signals alone. A signal that is ignored, as SIGHUP is
    under `nohup`, stays so.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _raise)


def _raise(signal_number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the seam's signature
    raise TerminatedError(signal_number)
