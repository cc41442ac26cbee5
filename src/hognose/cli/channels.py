"""Which channels a command uses when none is given on its command line."""

from __future__ import annotations

import glob
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hognose.config import Config
    from hognose.console import Console
    from hognose.types import Channel, MatchSpec, PrefixRecord

__all__ = (
    "channels_of_specs",
    "configured_specs",
    "directory_hint",
    "environment_channels",
    "expand_channel",
    "faults_of_channels",
    "find_channels",
    "tell_of_channels",
    "tell_of_default_channels",
    "tell_of_unknown_logins",
    "unique_channels",
)

DEFAULT_CHANNELS = ("conda-forge",)
# What stands for a secret in the records of environments.
_REDACTED = re.compile(r"\*{8}|<TOKEN>")


def find_channels(
    given: Sequence[str],
    *,
    config: Config | None = None,
    environ: Mapping[str, str] = os.environ,
) -> tuple[Channel, ...]:
    """Return the channels to use, highest priority first.

    Those given win; else those of the configuration; else conda-forge. What an environment knows
    of its channels is for the caller to give: `environment_channels`.

    Args:
        given: The channels of a command line.
        config: The configuration; read where it is None.
        environ: The environment, to find the configuration.

    Raises:
        InvalidChannelError: One of them is no channel.
        ConfigError: The configuration cannot be read, or forbids one of them.
    """
    from hognose.cli.channel_policy import require_allowed
    from hognose.cli.settings import load_config

    config = load_config(environ) if config is None else config
    names = dict.fromkeys(given or config.default_channels or DEFAULT_CHANNELS)
    channels = [channel for name in names for channel in expand_channel(name, config)]
    require_allowed(channels, config)
    return unique_channels(channels)


def expand_channel(name: str, config: Config) -> tuple[Channel, ...]:
    """Return the channels that a name stands for.

    Raises:
        InvalidChannelError: One of them is no channel. If the configuration names it, the hint
            says where.
    """
    from hognose.errors import InvalidChannelError
    from hognose.types import Channel

    try:
        return Channel.expand(name, config.channel_config)
    except InvalidChannelError as error:
        place = _place_of(name, config)
        if place:
            error.hint = "; ".join(filter(None, (f"it is from {place}", error.hint)))
        raise


def faults_of_channels(config: Config) -> list[str]:
    """Say which of the channels that a configuration names are none, where, and why."""
    from hognose.errors import InvalidChannelError

    faults = []
    for name in config.default_channels or ():
        try:
            expand_channel(name, config)
        except InvalidChannelError as error:
            faults.append(f"{error.message} ({error.hint})")
    return faults


def directory_hint(channels: Iterable[Channel], message: str) -> str | None:
    """Say which of the channels that an error is about may have been meant as a directory."""
    for channel in channels:
        name = channel.name
        if name and channel.is_named and channel.canonical_name in message and os.path.isdir(name):
            return f"`{name}` is the name of a channel; `./{name}` is the directory"
    return None


def unique_channels(channels: Iterable[Channel]) -> tuple[Channel, ...]:
    """Leave out channels that are there already, but for the secrets of their addresses.

    Of several spellings of one place the first that has a secret is the one that opens it.
    """
    found: dict[Channel, Channel] = {}
    for channel in channels:
        known = found.get(channel)
        if known is None or (
            known.base_url == known.canonical_name and channel.base_url != channel.canonical_name
        ):
            found[channel] = channel
    return tuple(found.values())


def channels_of_specs(specs: Iterable[MatchSpec], config: Config) -> tuple[Channel, ...]:
    """Return the channels that specs name, as in `bioconda::samtools`.

    Raises:
        ConfigError: The configuration forbids one of them.
    """
    from hognose.cli.channel_policy import require_allowed
    from hognose.types import Channel

    aliases = config.channel_config
    found = unique_channels(
        channel
        for spec in specs
        if spec.channel is not None
        for channel in Channel.expand(spec.channel, aliases)
    )
    require_allowed(found, config)
    return found


def configured_specs(spec: MatchSpec, config: Config) -> tuple[MatchSpec, ...]:
    """Return what a spec means where the configuration says what the name of its channel means.

    They are several for a multichannel, one for each of its channels, in their order.
    """
    if spec.channel is None or not spec.channel.is_named:
        return (spec,)
    from hognose.types import Channel

    channels = Channel.expand(spec.channel, config.channel_config)
    return (spec,) if channels == (spec.channel,) else tuple(map(spec.with_channel, channels))


def environment_channels(installed: Iterable[PrefixRecord]) -> list[str]:
    """Return the channels that the packages of an environment came from.

    The one with the most packages comes first, which with conda's channels is the one that the
    others build upon. Directories that are no channels, where single archives came from, are left
    out. Secrets are masked, as they are in the records.

    Raises:
        UsageError: One is a directory that is not there, as one that is not mounted: another
            channel in its place might have other packages of the same names.
    """
    counts: dict[str, int] = {}
    for record in installed:
        name = record.channel.rstrip("/").removesuffix(f"/{record.subdir}")
        if not name or name.startswith("<"):
            continue
        if name not in counts:
            if name.startswith("file:") and record.url.startswith(f"{name}/{record.subdir}/"):
                _require_directory(name)
            if not _may_be_channel(name):
                continue
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: -counts[name])


def tell_of_channels(names: Sequence[str], console: Console) -> list[str]:
    """Say that the channels of an environment are used, and return them fit for use.

    The secrets in their addresses are not kept in environments; stored ones are found without.
    """
    from hognose.net import without_secrets
    from hognose.types import Channel

    bare = [without_secrets(name) for name in names]
    if list(map(Channel, bare)) != list(map(Channel, DEFAULT_CHANNELS)):
        console.detail(f"channels: {', '.join(bare)} (where the environment's packages are from)")
    for name, place in zip(names, bare, strict=True):
        if _REDACTED.search(name):
            console.hint(
                f"{place} was used with a secret, which environments do not keep: "
                "`hognose auth login` stores it, or give the channel with `-c`"
            )
    return bare


def tell_of_default_channels(console: Console) -> None:
    """Say that conda-forge is used for want of any other channel."""
    console.detail(f"channels: {', '.join(DEFAULT_CHANNELS)} (the default: none is named)")


def tell_of_unknown_logins(channels: Sequence[Channel], config: Config, console: Console) -> None:
    """Say which channels want a login that only a plug-in of conda can do, and have no other."""
    from hognose.cli.auth import credential_chain
    from hognose.configured import unknown_logins
    from hognose.net import redact

    for channel, kind in unknown_logins(config, channels):
        if credential_chain(config).get(channel.base_url) is None:
            url = redact(channel.base_url)
            console.warn(
                f"`channel_settings` wants the handler `{kind}` of a conda plug-in for {url}, "
                f"which hognose does not have: `hognose auth login {url}` keeps a secret for it"
            )


def _place_of(name: str, config: Config) -> str:
    """The files, or the variable, in which the configuration has a channel; empty if it has not."""
    settings: dict[str, Iterable[str] | None] = {
        "default-channels": config.default_channels,
        "custom-multichannels": config.custom_multichannels,
        "custom-channels": config.custom_channels,
        "allowlist-channels": config.allowlist_channels,
        "denylist-channels": config.denylist_channels,
    }
    places = [config.source_of(key) for key, names in settings.items() if name in (names or ())]
    return ", ".join(dict.fromkeys(filter(None, places)))


def _require_directory(name: str) -> None:
    from hognose.errors import UsageError
    from hognose.net import path_of_file_url

    directory = path_of_file_url(name)
    if not os.path.isdir(directory):
        raise UsageError(
            f"the channel {directory}, where packages of the environment are from, is not there",
            hint="bring it back, or name the channels to use with `-c`",
        )


def _may_be_channel(name: str) -> bool:
    if not name.startswith("file:"):
        return True
    from hognose.net import path_of_file_url

    directory = path_of_file_url(name)
    return any(glob.iglob(f"{glob.escape(directory)}/*/repodata*.json*"))
