"""A row of the table `mirrors`, in which channels may be named instead of their URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose._url_secrets import redact
from hognose.config.toml_text import format_key
from hognose.errors import ConfigError, HognoseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hognose.types import ChannelConfig

__all__ = ("resolve_mirrors",)


def resolve_mirrors(
    place: str, mirrors: Iterable[str], channels: ChannelConfig, sources: Mapping[str, str]
) -> tuple[str, tuple[str, ...]]:
    """Return what is mirrored and its mirrors as URLs.

    Args:
        place: The beginning of URLs, or the name of a channel.
        mirrors: What to ask in its place; names of channels are understood here, too.
        channels: What names of channels stand for.
        sources: Where the configuration says it, by key.

    Raises:
        ConfigError: A name is none of a channel, or stands for several.
    """
    key = format_key(("mirrors", place))
    source = sources.get(key, "")

    def resolve(text: str) -> str:
        return text if "://" in text else _channel_url(text, channels, redact(key), source)

    return resolve(place), tuple(map(resolve, mirrors))


def _channel_url(name: str, channels: ChannelConfig, key: str, source: str) -> str:
    from hognose.types import Channel

    where = f"{source}: " if source else ""
    try:
        named = Channel.expand(name, channels)
    except HognoseError as error:
        message = f"{where}`{key}`: {error.message}"
        raise ConfigError(message, path=source, key=key) from error
    if len(named) > 1:
        message = f"{where}`{key}`: `{name}` stands for several channels"
        raise ConfigError(message, hint="name each of them", path=source, key=key)
    return named[0].base_url
