"""The configuration: one value out of several files and the environment."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from hognose._unreadable import unreadable
from hognose.config.condarc import (
    Entry,
    Marks,
    iter_condarc_files,
    merge_entries,
    read_condarc,
)
from hognose.config.settings import BY_CONDA_KEY, BY_KEY, SETTINGS, Setting, convert
from hognose.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.types import ChannelConfig

__all__ = ("Config", "S3Options", "UnusedKey")

_TABLES = frozenset(setting.key.partition(".")[0] for setting in SETTINGS if "." in setting.key)
_PER_CHANNEL = "repodata-config"
_ENVIRONMENT = "environment"
_S3_KEYS = {"endpoint-url", "region", "force-path-style", "addressing-style"}


class UnusedKey(msgspec.Struct, frozen=True):
    """A key that nothing here reads: misspelt, or another tool's.

    Attributes:
        source: The file, or the environment.
        key: The key.
    """

    source: str
    key: str


class S3Options(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """How an S3 bucket is reached.

    Attributes:
        endpoint_url: The server.
        region: The region that requests are signed for.
        force_path_style: Whether the bucket is a part of the path rather than of the host.
    """

    endpoint_url: str
    region: str = "us-east-1"
    force_path_style: bool = False


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting; a field that no source sets is None or empty.

    conda's files and variables are joined as conda does it (`hognose.config.condarc`): of several
    lists the later one's items come first, and `#!final` ends it. In a TOML file a list replaces
    that of an earlier source, conda's included; tables are united. `sources` tells where each came
    from, by the setting's key, the most important first.
    """

    default_channels: tuple[str, ...] | None = None
    channel_alias: str | None = None
    channel_priority: str | None = None
    custom_channels: Mapping[str, str] = {}
    custom_multichannels: Mapping[str, tuple[str, ...]] = {}
    defaults_channels: tuple[str, ...] | None = None
    allowlist_channels: tuple[str, ...] | None = None
    denylist_channels: tuple[str, ...] | None = None
    pinned_packages: tuple[str, ...] | None = None
    channel_relations_max_depth: int | None = None
    number_channel_notices: int | None = None
    mirrors: Mapping[str, tuple[str, ...]] = {}
    offline: bool | None = None
    max_retries: int | None = None
    connect_timeout: float | None = None
    read_timeout: float | None = None
    concurrency_downloads: int | None = None
    always_yes: bool | None = None
    root_prefix: str | None = None
    envs_dirs: tuple[str, ...] | None = None
    proxy_config_http: str | None = None
    proxy_config_https: str | None = None
    proxy_config_all: str | None = None
    proxy_config_non_proxy_hosts: tuple[str, ...] | None = None
    proxy_servers: Mapping[str, str] = {}
    ssl_verify: bool | str | None = None
    tls_root_certs: str | None = None
    client_ssl_cert: str | None = None
    client_ssl_cert_key: str | None = None
    authentication_override_file: str | None = None
    repodata_config_disable_sharded: bool | None = None
    repodata_config_disable_zstd: bool | None = None
    repodata_config_disable_bzip2: bool | None = None
    repodata_per_channel: Mapping[str, Mapping[str, bool]] = {}
    s3_options: Mapping[str, Mapping[str, Any]] = {}
    sources: Mapping[str, str] = {}
    unused_keys: tuple[UnusedKey, ...] = ()
    loaded_from: tuple[str, ...] = ()

    @classmethod
    def load(
        cls, environ: Mapping[str, str] | None = None, *, root_prefix: Path | None = None
    ) -> Self:
        """Read every file that exists, and the environment.

        Raises:
            ConfigError: One of them cannot be read, or has a value of the wrong kind.
        """
        environ = os.environ if environ is None else environ
        from hognose.config.locations import search_paths

        places = search_paths(environ, root_prefix=root_prefix)
        paths = [path for place in places for path in iter_condarc_files(place)]
        return cls.load_from_files(paths, environ=environ)

    @classmethod
    def load_from_files(
        cls,
        paths: Iterable[str | os.PathLike[str]],
        *,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Read some files, the least important first, and then the environment if it is given.

        conda's files count as less important than TOML files, whatever the order.

        Raises:
            ConfigError: One of them cannot be read, or has a value of the wrong kind.
        """
        reading = _Reading()
        for path in map(Path, paths):
            reading.loaded_from.append(str(path))
            if path.suffix == ".toml":
                reading.add_toml(_read_toml(path), str(path))
            else:
                variables = os.environ if environ is None else environ
                reading.add_conda(read_condarc(path, variables), str(path))
        if environ is not None:
            reading.add_environment(environ)
        return cls(**reading.finish())

    @classmethod
    def from_toml(cls, text: str, *, source: str = "TOML") -> Self:
        """Read a TOML document that is in memory.

        Raises:
            ConfigError: It is no TOML, or has a value of the wrong kind.
        """
        reading = _Reading()
        reading.add_toml(_parse_toml(text, source), source)
        return cls(**reading.finish())

    @property
    def channel_config(self) -> ChannelConfig:
        """How names of channels become URLs."""
        from hognose.types import ChannelConfig

        multichannels = dict(self.custom_multichannels)
        if self.defaults_channels is not None:
            multichannels["defaults"] = self.defaults_channels
        if self.channel_alias is None:
            return ChannelConfig(custom_channels=self.custom_channels, multichannels=multichannels)
        return ChannelConfig(
            channel_alias=self.channel_alias,
            custom_channels=self.custom_channels,
            multichannels=multichannels,
        )

    @property
    def s3(self) -> dict[str, S3Options]:
        """How S3 buckets are reached, by their names.

        Raises:
            ConfigError: A bucket's options are incomplete or of the wrong kind.
        """
        found = {}
        for bucket, values in self.s3_options.items():
            options = dict(values)
            style = options.pop("addressing-style", None)
            if style is not None:
                options["force-path-style"] = style == "path"
            try:
                found[bucket] = msgspec.convert(options, S3Options)
            except msgspec.ValidationError as error:
                message = f"`s3-options.{bucket}`: {error}"
                raise ConfigError(message, key=f"s3-options.{bucket}") from error
        return found

    def items(self) -> Iterator[tuple[str, Any]]:
        """Yield key and value of each setting that is set."""
        for setting in SETTINGS:
            if setting.key in self.sources:
                yield setting.key, getattr(self, setting.field)


class _Reading:
    """Collects values while sources are read, and joins them at the end."""

    def __init__(self) -> None:
        # By the setting's key: what conda's sources say, in order; what later ones say, the last
        # of which counts.
        self.conda: dict[str, list[Entry]] = {}
        self.ours: dict[str, tuple[Any, str]] = {}
        self.per_channel: dict[str, dict[str, bool]] = {}
        self.unused: list[UnusedKey] = []
        self.loaded_from: list[str] = []

    def finish(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for setting in SETTINGS:
            found = self._join(setting)
            if found is not None:
                values[setting.field], sources[setting.key] = found
        _split_proxies(values, sources)
        return {
            **values,
            "repodata_per_channel": self.per_channel,
            "sources": sources,
            "unused_keys": tuple(self.unused),
            "loaded_from": tuple(self.loaded_from),
        }

    def add_toml(self, tree: Mapping[str, Any], source: str) -> None:
        for key, value in _flatten(tree):
            # pixi accepts its older spelling too.
            name = key if key in BY_KEY else key.replace("_", "-")
            setting = BY_KEY.get(name)
            if setting is not None:
                self._set(setting, value, key, source)
            elif key.startswith(f"{_PER_CHANNEL}.") and isinstance(value, dict):
                self._add_channel(key.partition(".")[2], value, source)
            else:
                self.unused.append(UnusedKey(source, key))
        for bucket, options in tree.get("s3-options", {}).items():
            for unknown in options.keys() - _S3_KEYS:
                self.unused.append(UnusedKey(source, f"s3-options.{bucket}.{unknown}"))

    def add_conda(self, tree: Mapping[str, tuple[Any, Marks]], source: str) -> None:
        for key, (value, marks) in tree.items():
            if value is None:
                continue
            if key in BY_CONDA_KEY:
                self._add_entry(BY_CONDA_KEY[key], value, marks, key, source)
            else:
                self.unused.append(UnusedKey(source, key))

    def add_environment(self, environ: Mapping[str, str]) -> None:
        for key, setting in BY_CONDA_KEY.items():
            variable = f"CONDA_{key.upper()}"
            if environ.get(variable):
                # conda's own way of saying `#!final` in a variable.
                value, important, _ = environ[variable].partition("!important")
                mark = Marks("final") if important else Marks()
                self._add_entry(setting, value.strip(), mark, variable, _ENVIRONMENT)
        for setting in SETTINGS:
            if environ.get(setting.variable):
                self._set(setting, environ[setting.variable], setting.variable, _ENVIRONMENT)

    def _add_channel(self, channel: str, table: Mapping[str, Any], source: str) -> None:
        kept = self.per_channel.setdefault(channel, {})
        for key, value in table.items():
            setting = BY_KEY.get(f"{_PER_CHANNEL}.{key.replace('_', '-')}")
            where = f"{_PER_CHANNEL}.{channel}.{key}"
            if setting is None:
                self.unused.append(UnusedKey(source, where))
            else:
                kept[key.replace("_", "-")] = convert(setting, value, key=where, source=source)

    def _add_entry(self, setting: Setting, value: Any, marks: Marks, key: str, source: str) -> None:
        made = convert(setting, value, key=key, source=source)
        self.conda.setdefault(setting.key, []).append(Entry(source, made, marks))

    def _set(self, setting: Setting, value: Any, key: str, source: str) -> None:
        made = convert(setting, value, key=key, source=source)
        before, where = self.ours.get(setting.key, ({}, ""))
        if setting.is_merged:
            made = {**before, **made}
            source = f"{source}, {where}" if where not in ("", source) else source
        self.ours[setting.key] = made, source

    def _join(self, setting: Setting) -> tuple[Any, str] | None:
        """The value of a setting and its sources.

        From the least to the most important: conda's files, TOML files, conda's variables, ours,
        and what conda's sources call final.
        """
        entries = self.conda.get(setting.key, [])
        ours = self.ours.get(setting.key)
        if not entries:
            return ours
        value, sources = merge_entries(entries)
        conda = value, ", ".join(sources)
        if ours is None or any(entry.is_final for entry in entries):
            return conda
        if setting.is_merged:
            return {**value, **ours[0]}, f"{ours[1]}, {conda[1]}"
        if entries[-1].source == _ENVIRONMENT and ours[1] != _ENVIRONMENT:
            return conda
        return ours


def _split_proxies(values: dict[str, Any], sources: dict[str, str]) -> None:
    """Hand what conda's `proxy_servers` says of a scheme to the setting for that scheme."""
    servers = dict(values.get("proxy_servers", {}))
    for scheme in ("http", "https", "all"):
        proxy = servers.pop(scheme, None)
        if proxy is not None and f"proxy_config_{scheme}" not in values:
            values[f"proxy_config_{scheme}"] = proxy
            sources[f"proxy-config.{scheme}"] = sources["proxy-servers"]
    if servers:
        values["proxy_servers"] = servers
    elif "proxy_servers" in values:
        del values["proxy_servers"], sources["proxy-servers"]


def _flatten(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        name = key.replace("_", "-")
        if name in _TABLES and isinstance(value, dict):
            for inner, each in value.items():
                yield f"{name}.{inner}", each
        else:
            yield key, value


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return _parse_toml(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {unreadable(error)}"
        raise ConfigError(message, path=str(path)) from error


def _parse_toml(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{source} cannot be read: {error}"
        raise ConfigError(message, path=source) from error
