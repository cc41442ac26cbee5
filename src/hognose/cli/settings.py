"""What the configuration means for the parts that a command works with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.cli.options import root_prefix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hognose.config import Config, S3Options
    from hognose.net import Client, ProxySettings, S3Bucket, TlsSettings
    from hognose.repodata import SourceConfig

__all__ = ("load_config", "make_client", "source_configs")


def load_config(environ: Mapping[str, str] = os.environ) -> Config:
    """Read the configuration of this user and this machine.

    Raises:
        ConfigError: A file cannot be read, or has a value of the wrong kind.
    """
    from hognose.config import Config

    return Config.load(environ, root_prefix=root_prefix(environ))


def make_client(
    config: Config, *, offline: bool = False, environ: Mapping[str, str] = os.environ
) -> Client:
    """Make the client that the configuration asks for; the caller closes it.

    Raises:
        ConfigError: The options of a bucket are incomplete.
    """
    from hognose.net import Client, default_credentials

    return Client(
        offline=offline or bool(config.offline),
        max_retries=3 if config.max_retries is None else config.max_retries,
        connect_timeout=config.connect_timeout or 30.0,
        read_timeout=config.read_timeout or 60.0,
        credentials=default_credentials(environ, path=config.authentication_override_file),
        proxies=_proxies(config, environ),
        tls=_tls(config, environ),
        mirrors=config.mirrors,
        s3_buckets={name: _bucket(options) for name, options in config.s3.items()},
        environ=environ,
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
    configured = {scheme: url for scheme, url in named.items() if url}
    if not configured and config.proxy_config_non_proxy_hosts is None:
        return None
    from hognose.net import ProxySettings

    found = ProxySettings.from_environment(environ)
    return ProxySettings(
        by_scheme={**configured, **found.by_scheme},
        exceptions=found.exceptions or config.proxy_config_non_proxy_hosts or (),
    )


def _tls(config: Config, environ: Mapping[str, str]) -> TlsSettings | None:
    if config.ssl_verify is None and config.client_ssl_cert is None:
        return None
    from hognose.net import TlsSettings

    bundle = config.ssl_verify if isinstance(config.ssl_verify, str) else None
    return TlsSettings(
        ca_bundle=bundle or TlsSettings.from_environment(environ).ca_bundle,
        client_certificate=config.client_ssl_cert,
        client_key=config.client_ssl_cert_key,
        is_verified=config.ssl_verify is not False,
    )


def source_configs(config: Config) -> tuple[SourceConfig, dict[str, SourceConfig]]:
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
