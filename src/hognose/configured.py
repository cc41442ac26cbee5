"""What a configuration means for clients, gateways, caches and indexes.

`hognose.config` reads settings and knows nothing else; `hognose.net` and `hognose.repodata` read
none. This is where they meet, for the commands and for whoever wants to behave as they do.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hognose.config import Config, S3Options
    from hognose.net import Client, ProxySettings, S3Bucket, TlsSettings
    from hognose.repodata import Gateway, SourceConfig

__all__ = ("client_from_config", "client_settings", "gateway_from_config")


def client_from_config(
    config: Config, *, offline: bool = False, environ: Mapping[str, str] | None = None
) -> Client:
    """Make the client that a configuration asks for; the caller closes it.

    It has the stored credentials (see `hognose.net.default_credentials`), and the mirrors, proxies
    and certificates of the configuration.

    Args:
        config: The configuration; `Config.load()` reads that of this user and this machine.
        offline: Use nothing from the network, whatever the configuration says.
        environ: The environment; this process's where it is None.

    Raises:
        ConfigError: The options of a bucket are incomplete.
    """
    from hognose.net import Client

    return Client(**client_settings(config, offline=offline, environ=environ))


def client_settings(
    config: Config, *, offline: bool = False, environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the keywords of `hognose.net.Client`; see `client_from_config`."""
    from hognose.net import default_credentials

    environ = os.environ if environ is None else environ
    return {
        "offline": offline or bool(config.offline),
        "max_retries": 3 if config.max_retries is None else config.max_retries,
        "connect_timeout": config.connect_timeout or 30.0,
        "read_timeout": config.read_timeout or 60.0,
        "credentials": default_credentials(environ, path=config.authentication_override_file),
        "proxies": _proxies(config, environ),
        "tls": _tls(config, environ),
        "mirrors": config.mirrors,
        "s3_buckets": {name: _bucket(options) for name, options in config.s3.items()},
        "environ": environ,
    }


def gateway_from_config(
    config: Config, client: Client, *, cache_dir: str | os.PathLike[str] | None
) -> Gateway:
    """Make the gateway that a configuration asks for.

    Args:
        config: The configuration.
        client: What fetches.
        cache_dir: Where repodata is kept; None keeps none.
    """
    from hognose.repodata import Gateway

    default, per_channel = _source_configs(config)
    return Gateway(
        client,
        cache_dir=cache_dir,
        default_config=default,
        per_channel_config=per_channel,
        channel_relations_max_depth=config.channel_relations_max_depth,
    )


def _bucket(options: S3Options) -> S3Bucket:
    from hognose.net import S3Bucket

    return S3Bucket(
        endpoint_url=options.endpoint_url,
        region=options.region,
        force_path_style=options.force_path_style,
    )


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
