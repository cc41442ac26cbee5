"""Decides whether and when to ask again; the waiting itself is the client's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("RetryPolicy", "is_transient_status", "parse_retry_after")

_TRANSIENT_STATUSES = frozenset({408, 425, 429})


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often and after which pauses a request is repeated.

    Attributes:
        max_retries: How many times a request is repeated after the first attempt.
        first_delay: The pause before the first repetition; each further one doubles it.
        max_delay: The longest pause, also where a server asks for a longer one.
    """

    max_retries: int = 3
    first_delay: float = 0.25
    max_delay: float = 60.0

    @property
    def max_attempts(self) -> int:
        """How many times a request is sent at most."""
        return self.max_retries + 1

    def delay_after(
        self, attempt: int, *, random: Callable[[], float], retry_after: float | None = None
    ) -> float | None:
        """Return the pause after a failed attempt, or None to give up.

        The pause is spread over its upper half, so that many clients that failed together do not
        come back together.

        Args:
            attempt: The zero-based number of the attempt that failed.
            random: Gives numbers from 0 to 1.
            retry_after: The pause that the server asked for, in seconds.
        """
        if attempt >= self.max_retries:
            return None
        delay = self.first_delay * 2.0**attempt * (0.5 + random() / 2)
        return min(max(delay, retry_after or 0.0), self.max_delay)


def is_transient_status(status: int) -> bool:
    """Whether a status says that the same request may succeed later.

    501 and 505 are about what the server cannot do at all, and stay as they are.
    """
    return status in _TRANSIENT_STATUSES or (status >= 500 and status not in (501, 505))


def parse_retry_after(text: str | None, *, now: float) -> float | None:
    """Return the seconds that a `Retry-After` field asks for, or None if it is unusable.

    Args:
        text: The field: a number of seconds or an HTTP date.
        now: The time of the answer, in seconds since the epoch.
    """
    if text is None:
        return None
    text = text.strip()
    if text.isdecimal():
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None
