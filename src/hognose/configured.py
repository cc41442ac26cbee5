"""What a configuration means for clients, gateways, caches and indexes.

`hognose.config` reads settings and knows nothing else; `hognose.net` and `hognose.repodata` read
none. This is where they meet, for the commands and for whoever wants to behave as they do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from hognose.cache import PackageCache
    from hognose.config import Config, S3Options
    from hognose.net import (
        ChannelLogin,
        Client,
        CredentialStore,
        ProxySettings,
        S3Bucket,
        TlsSettings,
    )
    from hognose.repodata import Gateway, SourceConfig
    from hognose.solve import ExcludeNewer
    from hognose.types import Channel

__all__ = (
    "client_from_config",
    "client_settings",
    "exclude_newer_from_config",
    "gateway_from_config",
    "gateway_settings",
    "index_settings",
    "package_cache_from_config",
    "package_directories",
    "unknown_logins",
)

# What conda's plug-in `conda-auth` calls them in `channel_settings`.
_KINDS_OF_LOGIN: dict[str, Literal["http-basic", "token"]] = {
    "http-basic": "http-basic",
    "token": "token",
}


def client_from_config(
    config: Config, *, offline: bool = False, environ: Mapping[str, str] | None = None
) -> Client:
    """Make the client that a configuration asks for; the caller closes it.

    It has the stored credentials (see `hognose.net.default_credentials`), those that conda's
    `channel_settings` leads to, and the mirrors, proxies and certificates of the configuration.

    Args:
        config: The configuration; `Config.load()` reads that of this user and this machine.
        offline: Use nothing from the network, whatever the configuration says.
        environ: The environment; this process's where it is None.

    Raises:
        ConfigError: A row of `mirrors` names no channel, or several.
    """
    from hognose.net import Client

    return Client(**client_settings(config, offline=offline, environ=environ))


def client_settings(
    config: Config, *, offline: bool = False, environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the keywords of `hognose.net.Client`; see `client_from_config`."""
    environ = os.environ if environ is None else environ
    return {
        "offline": offline or bool(config.offline),
        "max_retries": 3 if config.max_retries is None else config.max_retries,
        "connect_timeout": config.connect_timeout or 30.0,
        "read_timeout": config.read_timeout or 60.0,
        "credentials": _credentials(config, environ),
        "token_places": _token_places(config),
        "proxies": _proxies(config, environ),
        "tls": _tls(config, environ),
        "mirrors": config.mirror_table,
        "s3_buckets": _Buckets(config.s3),
        "environ": environ,
    }


def gateway_from_config(
    config: Config,
    client: Client,
    *,
    cache_dir: str | os.PathLike[str] | None,
    reporter: object | None = None,
) -> Gateway:
    """Make the gateway that a configuration asks for.

    Args:
        config: The configuration.
        client: What fetches.
        cache_dir: Where repodata is kept; None keeps none.
        reporter: Is told what goes on; see `hognose.repodata.GatewayReporter`.
    """
    from hognose.repodata import Gateway

    return Gateway(client, cache_dir=cache_dir, reporter=reporter, **gateway_settings(config))


def gateway_settings(config: Config) -> dict[str, Any]:
    """Return the keywords of `hognose.repodata.Gateway`; see `gateway_from_config`."""
    default, per_channel = _source_configs(config)
    settings: dict[str, Any] = {
        "default_config": default,
        "per_channel_config": per_channel,
        "channel_relations_max_depth": config.channel_relations_max_depth,
    }
    if config.concurrency_downloads:
        settings["max_concurrent_requests"] = config.concurrency_downloads
    return settings


def exclude_newer_from_config(
    config: Config, channels: Iterable[Channel], *, now: datetime | None = None
) -> ExcludeNewer | None:
    """Return which packages a configuration wants hidden because they are too new.

    Args:
        config: The configuration.
        channels: The channels in use, which `channel_settings` may name by patterns.
        now: What ages are counted back from.

    Raises:
        ConfigError: A date or an age is not readable.
    """
    from datetime import UTC, datetime

    from hognose.config import parse_cut_off
    from hognose.solve import ExcludeNewer

    now = now or datetime.now(UTC)
    general = parse_cut_off(config.exclude_newer or "", key="exclude-newer", now=now)
    packages = {
        name.lower(): parse_cut_off(when, key=f"exclude-newer-package.{name}", now=now)
        for name, when in config.exclude_newer_package.items()
    }
    by_channel = {}
    for channel in channels:
        for entry in _entries_for(config, channel):
            if "exclude_newer" in entry:
                key = f"channel_settings.{entry['channel']}.exclude_newer"
                when = parse_cut_off(entry["exclude_newer"], key=key, now=now)
                by_channel[channel.canonical_name] = when
    if general is None and not packages and not by_channel:
        return None
    return ExcludeNewer(cutoff=general, packages=packages, channels=by_channel)


def unknown_logins(config: Config, channels: Iterable[Channel]) -> list[tuple[Channel, str]]:
    """Return which of the channels in use want a kind of login that only conda knows.

    Returns:
        Each such channel, and the name of the plug-in's handler.
    """
    found = []
    for channel in channels:
        kinds = [entry["auth"] for entry in _entries_for(config, channel) if "auth" in entry]
        if kinds and kinds[-1] not in _KINDS_OF_LOGIN:
            found.append((channel, kinds[-1]))
    return found


def _entries_for(config: Config, channel: Channel) -> list[Mapping[str, str]]:
    """The entries of `channel_settings` that are about a channel; the last one counts."""
    return [
        entry
        for entry in config.channel_settings
        if (pattern := _pattern_of(entry, config)) is not None
        and re.match(pattern, channel.base_url)
    ]


def _pattern_of(entry: Mapping[str, str], config: Config) -> str | None:
    from hognose.net import channel_pattern
    from hognose.types import Channel

    text = entry["channel"]
    is_pattern = any(mark in text for mark in "*?[")
    channels = () if is_pattern else Channel.expand(text, config.channel_config)
    return channel_pattern(text, [channel.base_url for channel in channels])


def _credentials(config: Config, environ: Mapping[str, str]) -> CredentialStore:
    """The stores of secrets, and before them what `channel_settings` says of single channels."""
    from hognose.net import ChannelCredentials, default_credentials

    stores = default_credentials(environ, path=config.authentication_override_file)
    logins = [login for entry in config.channel_settings if (login := _login(entry, config))]
    return ChannelCredentials(logins, stores) if logins else stores


def _token_places(config: Config) -> tuple[str, ...]:
    """Where the paths of channels with names begin: conda puts its tokens there."""
    channels = config.channel_config
    return tuple(dict.fromkeys((channels.channel_alias, *channels.custom_channels.values())))


def _login(entry: Mapping[str, str], config: Config) -> ChannelLogin | None:
    from hognose.net import ChannelLogin
    from hognose.types import Channel

    kind, pattern = entry.get("auth"), _pattern_of(entry, config)
    if kind not in _KINDS_OF_LOGIN or pattern is None:
        return None
    text = entry["channel"].rstrip("/")
    named = Channel(text, config.channel_config)
    targets = (entry.get("auth_target"), text, named.base_url.rstrip("/"), named.name)
    return ChannelLogin(
        pattern=pattern,
        kind=_KINDS_OF_LOGIN[kind],
        targets=tuple(dict.fromkeys(target for target in targets if target)),
        username=entry.get("username") or entry.get("user"),
        allows_plaintext=entry.get("auth_allow_plaintext_http", "").lower() in {"true", "yes", "1"},
    )


def package_cache_from_config(
    config: Config, environ: Mapping[str, str] | None = None
) -> PackageCache:
    """Open the package caches that a configuration names, or the one that rattler uses as well.

    As for conda, the first of `pkgs-dirs` that can be written to is added to, and all are read.

    Args:
        config: The configuration.
        environ: The environment; this process's where it is None.

    Raises:
        PackageCacheError: No cache is named, and the environment names no home directory.
    """
    from hognose.cache import PackageCache

    directories = package_directories(config)
    if directories:
        return PackageCache.layered(directories)
    return PackageCache.default(environ)


def package_directories(config: Config) -> tuple[str, ...]:
    """Return the directories of the package caches that a configuration names, in their order."""
    return tuple(dict.fromkeys(map(os.path.expanduser, config.pkgs_dirs or ())))


def index_settings(config: Config, directory: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the keywords of `hognose.channel.index_channel` that a configuration has.

    Args:
        config: The configuration.
        directory: The channel's directory.

    Raises:
        ConfigError: What is said of this channel is of the wrong kind.
    """
    options = config.resolve_index_config(os.path.abspath(directory))
    said = {
        "write_zst": options.write_zst,
        "write_shards": options.write_shards,
        "base_url": options.base_url,
    }
    return {name: value for name, value in said.items() if value is not None}


class _Buckets(Mapping[str, "S3Bucket"]):
    """How buckets are reached; one whose options are wrong is an error when it is asked for."""

    def __init__(self, options: Mapping[str, S3Options]) -> None:
        self._options = options

    def __getitem__(self, name: str) -> S3Bucket:
        from hognose.net import S3Bucket

        options = self._options[name]
        return S3Bucket(
            endpoint_url=options.endpoint_url,
            region=options.region,
            force_path_style=options.force_path_style,
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._options)

    def __len__(self) -> int:
        return len(self._options)


def _proxies(config: Config, environ: Mapping[str, str]) -> ProxySettings | None:
    """The proxies of the environment, and those of the configuration where it has none."""
    named = {
        "http": config.proxy_config_http,
        "https": config.proxy_config_https,
        "all": config.proxy_config_all,
    }
    configured = {scheme: url for scheme, url in named.items() if url} | dict(config.proxy_servers)
    if not configured and config.proxy_config_non_proxy_hosts is None:
        return None
    from hognose.net import ProxySettings

    found = ProxySettings.from_environment(environ)
    return ProxySettings(
        by_scheme={**configured, **found.by_scheme},
        exceptions=found.exceptions or config.proxy_config_non_proxy_hosts or (),
    )


def _tls(config: Config, environ: Mapping[str, str]) -> TlsSettings | None:
    wants_bundled = config.tls_root_certs == "webpki"
    if config.ssl_verify is None and config.client_ssl_cert is None and not wants_bundled:
        return None
    from hognose.net import TlsSettings

    bundle = config.ssl_verify if isinstance(config.ssl_verify, str) else None
    if bundle is None and wants_bundled:
        bundle = _bundled_certificates()
    return TlsSettings(
        ca_bundle=bundle or TlsSettings.from_environment(environ).ca_bundle,
        client_certificate=config.client_ssl_cert,
        client_key=config.client_ssl_cert_key,
        is_verified=config.ssl_verify is not False,
    )


def _bundled_certificates() -> str:
    """The authorities that browsers trust, as the package `certifi` has them."""
    from importlib import import_module

    try:
        path: str = import_module("certifi").where()
    except ImportError as error:
        from hognose.errors import ConfigError

        message = '`tls-root-certs = "webpki"` needs the package `certifi`'
        hint = "run `pip install certifi`, or use `system`"
        raise ConfigError(message, hint=hint, key="tls-root-certs") from error
    return path


def _source_configs(config: Config) -> tuple[SourceConfig, dict[str, SourceConfig]]:
    """Return what may be tried at any channel, and at single ones by their URLs."""
    from hognose.repodata import SourceConfig

    default = SourceConfig(
        sharded_enabled=not config.repodata_config_disable_sharded,
        zstd_enabled=not config.repodata_config_disable_zstd,
        bz2_enabled=not config.repodata_config_disable_bzip2,
    )
    per_channel = {
        channel: SourceConfig(
            sharded_enabled=not table.get("disable-sharded", not default.sharded_enabled),
            zstd_enabled=not table.get("disable-zstd", not default.zstd_enabled),
            bz2_enabled=not table.get("disable-bzip2", not default.bz2_enabled),
        )
        for channel, table in config.repodata_per_channel.items()
    }
    return default, per_channel
