"""Which channels an administrator allows: conda's `allowlist_channels` and `denylist_channels`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.config import Config
    from hognose.types import Channel

__all__ = ("require_allowed",)


def require_allowed(channels: Iterable[Channel], config: Config) -> None:
    """Refuse channels that the configuration forbids; secrets in their URLs make no difference.

    Raises:
        ConfigError: A channel is on the list of those denied, or there is a list of those allowed
            and it is not on that.
        InvalidChannelError: What is on a list is no channel.
    """
    allowed, denied = config.allowlist_channels, config.denylist_channels
    if not allowed and not denied:
        return
    allowed_urls, denied_urls = _urls(allowed, config), _urls(denied, config)
    for channel in channels:
        url = channel.canonical_name
        for is_forbidden, key in (
            (url in denied_urls, "denylist-channels"),
            (bool(allowed) and url not in allowed_urls, "allowlist-channels"),
        ):
            if is_forbidden:
                source = config.sources.get(key, "the configuration")
                message = f"the channel {channel} is not allowed here"
                raise ConfigError(message, hint=f"`{key}` in {source} decides that", key=key)


def _urls(names: Iterable[str] | None, config: Config) -> frozenset[str]:
    from hognose.cli.channels import expand_channel

    return frozenset(
        channel.canonical_name for name in names or () for channel in expand_channel(name, config)
    )
