"""Channel notices for commands that have something else to do (CEP 6).

A command begins to watch when it begins to work, and asks at its end what has come meanwhile. The
files are fetched in a thread beside the work, and only those whose copies on disk have run out, so
nobody waits for them; what comes too late is there for the next command.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import msgspec

from hognose._closing import Closing
from hognose.repodata.atomic_file import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from hognose.repodata.channel_notices import ChannelNotice

__all__ = ("NoticeWatch",)

_log = logging.getLogger("hognose.repodata")
_FORGET_AFTER = 366 * 86_400.0
# When each notice was shown last, by channel and id.
_SEEN_DECODER = msgspec.json.Decoder(dict[str, float])


class NoticeWatch(Closing):
    """Fetches notices in a thread of its own, until it is closed.

    Args:
        fetch: Fetches the notices of one channel after another.
        seen_path: The file that remembers which ones were shown; None forgets them.
        now: The time, in seconds since the epoch.
        limit: The most notices to show; 0 fetches nothing.
        cancel: Has what is being fetched end.
    """

    def __init__(
        self,
        fetch: Callable[[], Iterable[ChannelNotice]],
        *,
        seen_path: Path | None,
        now: float,
        limit: int,
        cancel: Callable[[], object] = bool,
    ) -> None:
        """Begin to fetch."""
        self._cancel = cancel
        self._fetch = fetch
        self._seen_path = seen_path
        self._now = now
        self._limit = limit
        self._notices: list[ChannelNotice] = []
        # A daemon, so that a server that does not answer does not hold up the end of the command.
        self._thread = threading.Thread(target=self._run, name="hognose-notices", daemon=True)
        if limit > 0:
            self._thread.start()

    def close(self) -> None:
        """Fetch no more: nobody is going to ask."""
        self._cancel()

    def new_notices(self, *, wait: float = 0.0) -> list[ChannelNotice]:
        """Return what is to be shown now, and remember that it was shown. Nothing is an error.

        A notice is shown once, or again after the interval that its channel wishes, until it
        expires.

        Args:
            wait: How many seconds to wait if something is still under way.
        """
        if self._thread.is_alive():
            self._thread.join(wait)
        if self._thread.is_alive() or not self._notices:
            return []
        seen = self._read_seen()
        found = [notice for notice in self._notices if self._is_due(notice, seen)][: self._limit]
        if found:
            seen.update((_key(notice), self._now) for notice in found)
            self._write_seen(seen)
        return found

    def _run(self) -> None:
        try:
            self._notices = list(self._fetch())
        except Exception as error:  # notices are a courtesy
            _log.debug("no notices: %s", error)

    def _is_due(self, notice: ChannelNotice, seen: dict[str, float]) -> bool:
        if notice.has_expired(self._now):
            return False
        shown = seen.get(_key(notice))
        if shown is None:
            return True
        return notice.interval is not None and self._now - shown >= notice.interval

    def _read_seen(self) -> dict[str, float]:
        if self._seen_path is None:
            return {}
        try:
            seen = _SEEN_DECODER.decode(self._seen_path.read_bytes())
        except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
            return {}
        return {key: shown for key, shown in seen.items() if self._now - shown < _FORGET_AFTER}

    def _write_seen(self, seen: dict[str, float]) -> None:
        if self._seen_path is not None:
            replace_file(str(self._seen_path), msgspec.json.encode(seen))


def _key(notice: ChannelNotice) -> str:
    return f"{notice.channel} {notice.id}"
