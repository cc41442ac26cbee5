"""What channels have to say to their users (CEP 6)."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from hognose.errors import FetchCancelledError, InvalidUrlError, NetworkError
from hognose.net import redact, without_secrets
from hognose.repodata.atomic_file import replace_file

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from hognose.net import Client
    from hognose.repodata.notice_watch import NoticeWatch
    from hognose.types import Channel

__all__ = ("ChannelNotice", "NoticeFetcher", "NoticeLevel")

NoticeLevel = Literal["info", "warning", "critical"]

_LEVELS = ("info", "warning", "critical")
_MAX_SIZE = 1 << 20
# Where a channel has no notices, or gives no time at which one ends.
_ASK_AGAIN_AFTER = 86_400.0
# What is kept until later than in a year was written by a clock that went wrong.
_LONGEST = 366 * 86_400.0


class ChannelNotice(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a channel.

    Attributes:
        channel: The channel's name, or its address without secrets.
        id: What tells the message apart from others.
        message: The text.
        level: How much it matters; what is unknown counts as `info`.
        created_at: When it was made, as the channel wrote it (ISO 8601).
        expires_at: Until when it is of interest, likewise.
        interval: After how many seconds it may be shown again.
    """

    channel: str
    id: str
    message: str
    level: NoticeLevel = "info"
    created_at: str | None = None
    expires_at: str | None = None
    interval: int | None = None

    def has_expired(self, now: float) -> bool:
        """Whether it is of no interest any more.

        Args:
            now: The time, in seconds since the epoch.
        """
        end = _seconds_of(self.expires_at)
        return end is not None and end <= now


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    until: float
    notices: list[ChannelNotice] = []


# Made at import: two threads must not make the first decoder of a Struct at the same time.
_KEPT_DECODER = msgspec.json.Decoder(_Kept)


class NoticeFetcher:
    """Fetches the notices of channels for a gateway, and keeps them in its cache.

    Args:
        client: What fetches.
        cache_dir: The directory for repodata on disk; None keeps nothing.
        clock: Tells the seconds since the epoch.
    """

    def __init__(
        self,
        client: Client,
        *,
        cache_dir: str | os.PathLike[str] | None,
        clock: Callable[[], float],
    ) -> None:
        """Keep the settings; nothing is fetched yet."""
        self._client = client
        self._cache_dir = cache_dir
        self._clock = clock

    def fetch(self, channel: Channel, client: Client) -> list[ChannelNotice]:
        """Return a channel's notices; none where it has no such file, or one that makes no sense.

        They are kept until the first one expires. Notices are a courtesy, so nothing that goes
        wrong with them is an error.

        Args:
            channel: The channel.
            client: What fetches.

        Raises:
            FetchCancelledError: The client was told to stop.
        """
        client.cancellation.check(channel.base_url)
        path, now = self._path_of(channel), self._clock()
        kept = None if path is None else _read(path)
        if kept is not None and (now < kept.until <= now + _LONGEST or client.offline):
            return kept.notices
        try:
            data = client.get(f"{channel.base_url}notices.json", max_size=_MAX_SIZE)
        except FetchCancelledError:
            # Not a sign that the channel has none, so nothing is kept.
            raise
        except InvalidUrlError:
            return []
        except NetworkError:
            data = b""
        notices = _decode(data, str(channel))
        if path is not None and not client.offline:
            ends = [
                end for notice in notices if (end := _seconds_of(notice.expires_at)) is not None
            ]
            until = min(ends, default=now + _ASK_AGAIN_AFTER)
            encoded = msgspec.json.encode(_Kept(until=until, notices=notices))
            with suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                replace_file(str(path), encoded)
        return notices

    def _path_of(self, channel: Channel) -> Path | None:
        from hognose.repodata.document_cache import DocumentCache

        if self._cache_dir is None:
            return None
        return DocumentCache(self._cache_dir, channel.base_url).directory / "notices.json"

    def watch(self, channels: Sequence[Channel], *, limit: int) -> NoticeWatch:
        """Begin to fetch the notices of channels beside other work; see `NoticeWatch`."""
        from pathlib import Path

        from hognose.net import Cancellation
        from hognose.repodata.notice_watch import NoticeWatch

        cancellation = Cancellation()
        client = self._client.cancelled_by(cancellation)

        def fetch() -> Iterator[ChannelNotice]:
            # One after another: these threads must not outlive the command, and an executor's do.
            for channel in channels:
                yield from self.fetch(channel, client)

        seen = None if self._cache_dir is None else Path(self._cache_dir) / "notices-seen.json"
        return NoticeWatch(
            fetch, seen_path=seen, now=self._clock(), limit=limit, cancel=cancellation.cancel
        )


def _read(path: Path) -> _Kept | None:
    try:
        return _KEPT_DECODER.decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _decode(data: bytes, channel: str) -> list[ChannelNotice]:
    try:
        tree = msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return []
    listed = tree.get("notices") if isinstance(tree, dict) else None
    notices: dict[str, ChannelNotice] = {}
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("message"), str):
            notice = _notice_of(entry, without_secrets(redact(channel)))
            notices.setdefault(notice.id, notice)
    return list(notices.values())


def _notice_of(entry: dict[str, Any], channel: str) -> ChannelNotice:
    message = entry["message"]
    level = entry.get("level")
    interval = entry.get("interval")
    return ChannelNotice(
        channel=channel,
        id=str(entry.get("id") or message),
        message=message,
        level=cast("NoticeLevel", level) if level in _LEVELS else "info",
        created_at=_text(entry.get("created_at")),
        expires_at=_text(entry.get("expires_at") or entry.get("expired_at")),
        interval=interval if isinstance(interval, int) else None,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _seconds_of(text: str | None) -> float | None:
    """Return the seconds since the epoch of an ISO 8601 date, None for anything else."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
