"""Other places for what lies below a URL, and which of them to ask first."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from hognose.net.redaction import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ("Mirrors",)


class Mirrors:
    """Rewrites URLs to mirrors; safe in several threads.

    The longest prefix decides. Only the mirrors that are listed are asked, so the original server
    is a fall-back only where it is in its own list. Secrets of the original URL do not go to a
    mirror: credentials are looked up for the mirror's own address.

    Args:
        table: For each URL what to ask in its place, in order of preference.
    """

    def __init__(self, table: Mapping[str, Sequence[str]]) -> None:
        """Sort the prefixes, the longest first."""
        rows = [
            (_with_slash(without_secrets(prefix)), tuple(map(_with_slash, mirrors)))
            for prefix, mirrors in table.items()
            if mirrors
        ]
        self._rows = sorted(rows, key=lambda row: -len(row[0]))
        self._lock = threading.Lock()
        self._failures: dict[str, int] = {}

    def targets(self, url: str) -> list[str]:
        """Return the URLs to try in place of one: those of mirrors that failed less come first."""
        bare = without_secrets(url) if self._rows else url
        for prefix, mirrors in self._rows:
            if bare.startswith(prefix):
                rest = bare[len(prefix) :]
                with self._lock:
                    ordered = sorted(mirrors, key=lambda mirror: self._failures.get(mirror, 0))
                return [mirror + rest for mirror in ordered]
        return [url]

    def note_failure(self, target: str) -> None:
        """Remember that a mirror did not answer as it should."""
        with self._lock:
            for _, mirrors in self._rows:
                for mirror in mirrors:
                    if target.startswith(mirror):
                        self._failures[mirror] = self._failures.get(mirror, 0) + 1
                        return


def _with_slash(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"
