"""Which channels a command uses when none is given on its command line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hognose.config import Config
    from hognose.types import Channel

__all__ = ("find_channels",)

DEFAULT_CHANNELS = ("conda-forge",)


def find_channels(
    given: Sequence[str],
    *,
    config: Config | None = None,
    environ: Mapping[str, str] = os.environ,
) -> tuple[Channel, ...]:
    """Return the channels to use, highest priority first.

    Those given win; else those of the configuration; else conda-forge.

    Args:
        given: The channels of a command line.
        config: The configuration; read where it is None.
        environ: The environment, to find the configuration.

    Raises:
        InvalidChannelError: One of them is no channel.
        ConfigError: The configuration cannot be read.
    """
    from hognose.cli.settings import load_config
    from hognose.types import Channel

    config = load_config(environ) if config is None else config
    names = dict.fromkeys(given or config.default_channels or DEFAULT_CHANNELS)
    aliases = config.channel_config
    channels = [channel for name in names for channel in Channel.expand(name, aliases)]
    return tuple(dict.fromkeys(channels))
