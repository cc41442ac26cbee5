"""What must come to its end although somebody is impatient."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("run_to_its_end",)


def run_to_its_end(
    action: Callable[[], object], *, on_interrupt: Callable[[], object] = lambda: None
) -> None:
    """Do something that an interrupt from the keyboard may delay, but not prevent.

    Undoing a change half, or closing what threads still use, is worse than a moment's wait.

    Args:
        action: What to do. It is begun again after an interrupt, so it must go on where it was.
        on_interrupt: Called first then, to make it quick.

    Raises:
        KeyboardInterrupt: There was one; it is done all the same.
    """
    interrupt: KeyboardInterrupt | None = None
    while True:
        try:
            if interrupt is not None:
                on_interrupt()
            action()
            break
        except KeyboardInterrupt as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt
