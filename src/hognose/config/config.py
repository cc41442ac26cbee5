"""The configuration: one value out of several files and the environment."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from hognose.config.settings import BY_CONDA_KEY, BY_KEY, SETTINGS, Setting, convert
from hognose.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.types import ChannelConfig

__all__ = ("Config", "S3Options", "UnusedKey")

_TABLES = frozenset(setting.key.partition(".")[0] for setting in SETTINGS if "." in setting.key)
_PER_CHANNEL = "repodata-config"
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

    A list replaces that of an earlier source; tables are united. `sources` tells where each came
    from, by the setting's key.
    """

    default_channels: tuple[str, ...] | None = None
    channel_alias: str | None = None
    channel_priority: str | None = None
    custom_channels: Mapping[str, str] = {}
    custom_multichannels: Mapping[str, tuple[str, ...]] = {}
    defaults_channels: tuple[str, ...] | None = None
    channel_relations_max_depth: int | None = None
    number_channel_notices: int | None = None
    mirrors: Mapping[str, tuple[str, ...]] = {}
    offline: bool | None = None
    max_retries: int | None = None
    connect_timeout: float | None = None
    read_timeout: float | None = None
    concurrency_downloads: int | None = None
    concurrency_solves: int | None = None
    proxy_config_http: str | None = None
    proxy_config_https: str | None = None
    proxy_config_all: str | None = None
    proxy_config_non_proxy_hosts: tuple[str, ...] | None = None
    ssl_verify: bool | str | None = None
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
        cls, environ: Mapping[str, str] = os.environ, *, root_prefix: Path | None = None
    ) -> Self:
        """Read every file that exists, and the environment.

        Raises:
            ConfigError: One of them cannot be read, or has a value of the wrong kind.
        """
        from hognose.config.locations import search_paths

        paths = search_paths(environ, root_prefix=root_prefix)
        return cls.load_from_files([path for path in paths if path.is_file()], environ=environ)

    @classmethod
    def load_from_files(
        cls,
        paths: Iterable[str | os.PathLike[str]],
        *,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Read some files, a later one winning, and then the environment if it is given.

        Raises:
            ConfigError: One of them cannot be read, or has a value of the wrong kind.
        """
        reading = _Reading()
        for path in map(Path, paths):
            reading.loaded_from.append(str(path))
            if path.suffix == ".toml":
                reading.add_toml(_read_toml(path), str(path))
            else:
                reading.add_conda(_read_yaml(path), str(path))
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
    """Collects values while sources are read, the later ones winning."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.sources: dict[str, str] = {}
        self.per_channel: dict[str, dict[str, bool]] = {}
        self.unused: list[UnusedKey] = []
        self.loaded_from: list[str] = []

    def finish(self) -> dict[str, Any]:
        return {
            **self.values,
            "repodata_per_channel": self.per_channel,
            "sources": self.sources,
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

    def add_conda(self, tree: Mapping[str, Any], source: str) -> None:
        for key, value in tree.items():
            setting = BY_CONDA_KEY.get(key)
            if value is None:
                continue
            if setting is not None:
                self._set(setting, value, key, source)
            elif key == "proxy_servers" and isinstance(value, dict):
                for scheme, proxy in value.items():
                    self._add_proxy(str(scheme), proxy, source)
            else:
                self.unused.append(UnusedKey(source, key))

    def add_environment(self, environ: Mapping[str, str]) -> None:
        for key, setting in BY_CONDA_KEY.items():
            variable = f"CONDA_{key.upper()}"
            if environ.get(variable):
                self._set(setting, environ[variable], variable, "environment")
        for setting in SETTINGS:
            if environ.get(setting.variable):
                self._set(setting, environ[setting.variable], setting.variable, "environment")

    def _add_proxy(self, scheme: str, proxy: Any, source: str) -> None:
        key = f"proxy_servers.{scheme}"
        if key in BY_CONDA_KEY:
            self._set(BY_CONDA_KEY[key], proxy, key, source)
        else:
            self.unused.append(UnusedKey(source, key))

    def _add_channel(self, channel: str, table: Mapping[str, Any], source: str) -> None:
        kept = self.per_channel.setdefault(channel, {})
        for key, value in table.items():
            setting = BY_KEY.get(f"{_PER_CHANNEL}.{key.replace('_', '-')}")
            where = f"{_PER_CHANNEL}.{channel}.{key}"
            if setting is None:
                self.unused.append(UnusedKey(source, where))
            else:
                kept[key.replace("_", "-")] = convert(setting, value, key=where, source=source)

    def _set(self, setting: Setting, value: Any, key: str, source: str) -> None:
        made = convert(setting, value, key=key, source=source)
        if setting.is_merged:
            made = {**self.values.get(setting.field, {}), **made}
        self.values[setting.field] = made
        self.sources[setting.key] = source


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
        message = f"{path} cannot be read: {error}"
        raise ConfigError(message, path=str(path)) from error


def _parse_toml(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{source} cannot be read: {error}"
        raise ConfigError(message, path=source) from error


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = f"{path} cannot be read: {error}"
        raise ConfigError(message, path=str(path)) from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        message = f"{path} cannot be read: it is no table of settings"
        raise ConfigError(message, path=str(path))
    return {str(key): _expand(value) for key, value in tree.items()}


def _expand(value: Any) -> Any:
    """Fill in variables, as conda does in its files."""
    if isinstance(value, str):
        return os.path.expandvars(value)
    if isinstance(value, list):
        return [_expand(each) for each in value]
    if isinstance(value, dict):
        return {key: _expand(each) for key, each in value.items()}
    return value
