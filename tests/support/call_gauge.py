"""How much work is done between two looks at whether to stop, measured without a clock.

The measure is the number of calls of functions, Python's and those written in C. A millisecond
has room for some ten thousand.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import FrameType


class CallGauge:
    """Counts while it is entered.

    Attributes:
        most: The most calls between two looks, the beginning or the end.
        looks: How often somebody looked.
    """

    def __init__(self) -> None:
        """Start at nothing."""
        self.most = 0
        self.looks = 0
        self._calls = 0

    def look(self) -> bool:
        """Look, as a solver's `cancelled`, and say that it may go on."""
        self.most = max(self.most, self._calls)
        self.looks += 1
        self._calls = 0
        return False

    def __enter__(self) -> Self:
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        self.most = max(self.most, self._calls)

    def _count(self, frame: FrameType, event: str, argument: object) -> None:
        del frame, argument
        self._calls += event in {"call", "c_call"}
