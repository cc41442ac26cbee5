"""A row of the table `mirrors`, in which channels may be named instead of their URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.config.setting_fault import setting_fault
from hognose.config.toml_text import format_key
from hognose.errors import HognoseError

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
        return text if "://" in text else _channel_url(text, channels, key, source)

    return resolve(place), tuple(map(resolve, mirrors))


def _channel_url(name: str, channels: ChannelConfig, key: str, source: str) -> str:
    from hognose.types import Channel

    try:
        named = Channel.expand(name, channels)
    except HognoseError as error:
        raise setting_fault(key, f": {error.message}", source=source) from error
    if len(named) > 1:
        said = f": `{name}` stands for several channels"
        raise setting_fault(key, said, source=source, hint="name each of them")
    return named[0].base_url
