"""Other places for what lies below a URL, and which of them to ask first."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from hognose.net.redaction import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ("Mirrors",)

# For how many seconds a mirror is left alone; each further time it is twice as long.
_FIRST_REST = 30.0
_LONGEST_REST = 600.0
# One bad answer may be an accident.
_BAD_ANSWERS = 2


class Mirrors:
    """Rewrites URLs to mirrors; safe in several threads.

    The longest prefix decides. Only the mirrors that are listed are asked, so the original server
    is a fall-back only where it is in its own list. Secrets of the original URL do not go to a
    mirror: credentials are looked up for the mirror's own address.

    A mirror that does not answer at all, or badly twice in a row, is put aside for half a minute,
    later for longer: until then it is asked only for what no other mirror can tell anything of.

    Args:
        table: For each URL what to ask in its place, in order of preference.
        clock: Tells seconds that never go back.
    """

    def __init__(
        self, table: Mapping[str, Sequence[str]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Sort the prefixes, the longest first.

        Raises:
            ValueError: One of them is no URL; `hognose.config` knows the names of channels.
        """
        for text in (each for row in table.items() for each in (row[0], *row[1])):
            if "://" not in text:
                message = f"`{text}` in the table of mirrors is no URL"
                raise ValueError(message)
        rows = [
            (_with_slash(without_secrets(prefix)), tuple(map(_with_slash, mirrors)))
            for prefix, mirrors in table.items()
            if mirrors
        ]
        self._rows = sorted(rows, key=lambda row: -len(row[0]))
        self._clock = clock
        self._lock = threading.Lock()
        self._health = {mirror: _Health() for _, mirrors in rows for mirror in mirrors}

    def targets(self, url: str) -> list[str]:
        """Return the URLs to try in place of one.

        Those of mirrors that failed less come first, those of mirrors that were put aside last.
        """
        bare = without_secrets(url) if self._rows else url
        for prefix, mirrors in self._rows:
            if bare.startswith(prefix):
                rest = bare[len(prefix) :]
                with self._lock:
                    ordered = sorted(mirrors, key=lambda mirror: self._health[mirror].rank)
                return [mirror + rest for mirror in ordered]
        return [url]

    def note_failure(self, target: str, *, is_dead: bool = False) -> None:
        """Remember that a mirror did not answer as it should, or not at all."""
        health = self._health_of(target)
        if health is not None:
            with self._lock:
                health.fail(self._clock(), is_dead=is_dead)

    def note_answer(self, target: str) -> None:
        """Remember that a mirror answered."""
        health = self._health_of(target)
        if health is not None:
            with self._lock:
                health.recover()

    def is_aside(self, target: str) -> bool:
        """Whether a mirror is to be left alone; when its time is up, not for the next caller."""
        health = self._health_of(target)
        if health is None:
            return False
        with self._lock:
            return health.is_resting(self._clock())

    def _health_of(self, target: str) -> _Health | None:
        found = [mirror for mirror in self._health if target.startswith(mirror)]
        return self._health[max(found, key=len)] if found else None


class _Health:
    """What is known of a mirror; its owner looks after threads."""

    __slots__ = ("_bad_answers", "_failures", "_rest", "_until")

    def __init__(self) -> None:
        # Never forgotten: of two mirrors the one that always worked is the better one.
        self._failures = 0
        self._bad_answers = 0
        self._rest = 0.0
        self._until: float | None = None

    @property
    def rank(self) -> tuple[bool, int]:
        return self._until is not None, self._failures

    def fail(self, now: float, *, is_dead: bool) -> None:
        self._failures += 1
        self._bad_answers += 1
        # Many threads find out at once; together they are one reason to put it aside.
        is_resting = self._until is not None and now < self._until
        if not is_resting and (is_dead or self._bad_answers >= _BAD_ANSWERS):
            self._begin_rest(now)

    def recover(self) -> None:
        self._bad_answers = 0
        self._rest = 0.0
        self._until = None

    def is_resting(self, now: float) -> bool:
        if self._until is None:
            return False
        if now < self._until:
            return True
        self._begin_rest(now)
        return False

    def _begin_rest(self, now: float) -> None:
        self._rest = min(self._rest * 2 or _FIRST_REST, _LONGEST_REST)
        self._until = now + self._rest


def _with_slash(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"
