"""The configuration: one value out of several files and the environment, and what it means.

Its fields, and what is done with them by their keys, are in `setting_values`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from hognose.config.condarc import iter_condarc_files
from hognose.config.reading import Reading
from hognose.config.s3_options import S3Table
from hognose.config.setting_values import SettingValues
from hognose.config.settings import PER_CHANNEL
from hognose.config.toml_text import format_document, parse_document
from hognose.config.unused_key import ENVIRONMENT, FILE_VARIABLES, UnusedKey
from hognose.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hognose.config.index_options import IndexOptions
    from hognose.types import ChannelConfig

__all__ = ("Config",)

# What `defaults` is to conda.
_DEFAULTS_SERVER = "https://repo.anaconda.com"
_DEFAULTS = ("pkgs/main", "pkgs/r", *(("pkgs/msys2",) if os.name == "nt" else ()))


class Config(SettingValues, frozen=True, kw_only=True):
    """Every setting; a field that no source sets is None or empty.

    conda's files and variables are joined as conda does it (`hognose.config.condarc`): of several
    lists the later one's items come first, and `#!final` ends it. In a TOML file a list replaces
    that of an earlier source, conda's included; tables are united. `sources` tells where each came
    from, by the setting's key and by the keys of entries in tables, the most important first.

    A configuration does not change: `merge`, `set` and `unset` return another one.
    """

    @classmethod
    def load(
        cls, environ: Mapping[str, str] | None = None, *, root_prefix: Path | None = None
    ) -> Self:
        """Read every file that exists, and the environment.

        Raises:
            ConfigError: One of them cannot be read, or has a value of the wrong kind.
        """
        environ = os.environ if environ is None else environ
        from hognose.config.locations import config_search_paths, search_paths

        shared = dict(config_search_paths(environ=environ))
        places = search_paths(environ, root_prefix=root_prefix)
        locations = [
            (path, shared.get(place, False))
            for place in places
            for path in iter_condarc_files(place)
        ]
        config = cls.load_from_locations(locations, environ=environ)
        missing = tuple(
            UnusedKey(ENVIRONMENT, name)
            for name in FILE_VARIABLES
            if environ.get(name) and not Path(environ[name]).exists()
        )
        return msgspec.structs.replace(config, unused_keys=(*config.unused_keys, *missing))

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
        return cls.load_from_locations(((path, False) for path in paths), environ=environ)

    @classmethod
    def load_from_locations(
        cls,
        locations: Iterable[tuple[str | os.PathLike[str], bool]],
        *,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Read some files of which other tools share those marked by True.

        In these only the keys count that all of rattler's tools know, so that a file means the same
        to each of them.

        Raises:
            ConfigError: One of them cannot be read, or has a value of the wrong kind.
        """
        reading = Reading()
        for place, is_shared in locations:
            variables = os.environ if environ is None else environ
            reading.add_file(Path(place), variables, is_shared=is_shared)
        if environ is not None:
            reading.add_environment(environ)
        return cls(**reading.finish())

    @classmethod
    def load_from_default_locations(cls, tool: str = "hognose") -> Self:
        """Read the TOML files of a tool that exist, and no conda file and no variable.

        Raises:
            ConfigError: One of them cannot be read, or has a value of the wrong kind.
        """
        places = cls.config_search_paths(tool)
        return cls.load_from_locations(place for place in places if place[0].is_file())

    @staticmethod
    def config_search_paths(tool: str = "hognose") -> list[tuple[Path, bool]]:
        """Return where a tool's TOML files may be, and whether other tools share them.

        See `hognose.config.config_search_paths`.
        """
        from hognose.config.locations import config_search_paths

        return config_search_paths(tool)

    @classmethod
    def from_toml(cls, toml: str, *, shared: bool = False, source: str = "TOML") -> Self:
        """Read a TOML document that is in memory.

        Args:
            toml: The document.
            shared: Whether only the keys count that all of rattler's tools know.
            source: What errors call it.

        Raises:
            ConfigError: It is no TOML, or has a value of the wrong kind.
        """
        reading = Reading()
        reading.add_toml(parse_document(toml, source), source, is_shared=shared)
        return cls(**reading.finish())

    @classmethod
    def from_toml_with_unused_keys(
        cls, toml: str, *, shared: bool = False
    ) -> tuple[Self, tuple[str, ...]]:
        """Read a TOML document, and return with it the keys that have no effect, sorted.

        Raises:
            ConfigError: It is no TOML, or has a value of the wrong kind.
        """
        config = cls.from_toml(toml, shared=shared)
        return config, tuple(sorted(unused.key for unused in config.unused_keys))

    @property
    def channel_config(self) -> ChannelConfig:
        """How names of channels become URLs.

        `defaults` is what it is to conda where no source says what it is, and so are the names of
        what it stands for then, such as `pkgs/main`.
        """
        multichannels = dict(self.custom_multichannels)
        if self.defaults_channels is not None:
            multichannels["defaults"] = self.defaults_channels
        known = self._known_channels
        for name, place in self._mirrored_places(known).items():
            multichannels.setdefault(name, (place,))
        multichannels.setdefault("defaults", _DEFAULTS)
        return msgspec.structs.replace(known, multichannels=multichannels)

    @property
    def mirror_table(self) -> dict[str, tuple[str, ...]]:
        """What to ask in place of URLs: `mirrors`, and mamba's `mirrored_channels` by their URLs.

        Records, and so lock files, keep the URL that the channel's name stands for if that is one
        of its mirrors, and have the first mirror's otherwise.
        """
        places = self._mirrored_places(self._known_channels)
        named = {places[name]: mirrors for name, mirrors in self.mirrored_channels.items()}
        return {**named, **dict(map(self._resolve_mirrors, self.mirrors))}

    def _resolve_mirrors(self, place: str) -> tuple[str, tuple[str, ...]]:
        from hognose.config.mirror_row import resolve_mirrors

        return resolve_mirrors(place, self.mirrors[place], self.channel_config, self.sources)

    @property
    def _known_channels(self) -> ChannelConfig:
        from hognose.types import ChannelConfig

        custom_channels = self.custom_channels
        if self.defaults_channels is None and "defaults" not in self.custom_multichannels:
            custom_channels = {**dict.fromkeys(_DEFAULTS, _DEFAULTS_SERVER), **custom_channels}
        if self.channel_alias is None:
            return ChannelConfig(custom_channels=custom_channels)
        return ChannelConfig(channel_alias=self.channel_alias, custom_channels=custom_channels)

    def _mirrored_places(self, known: ChannelConfig) -> dict[str, str]:
        """The URL of each channel that has mirrors, by its name."""
        from hognose.types import Channel

        places = {}
        for name, mirrors in self.mirrored_channels.items():
            usual = Channel(name, known).base_url.rstrip("/")
            places[name] = usual if usual in (url.rstrip("/") for url in mirrors) else mirrors[0]
        return places

    @property
    def s3(self) -> S3Table:
        """How S3 buckets are reached, by their names; wrong options are an error when asked for."""
        return S3Table(self.s3_options, self.sources)

    def resolve_index_config(self, channel: str) -> IndexOptions:
        """Return how a channel is indexed: what is said of all, then of it, the longest name last.

        Args:
            channel: Its URL, or the path of its directory.

        Raises:
            ConfigError: A value that counts for it is of the wrong kind.
        """
        from hognose.config.index_options import resolve_index_options

        return resolve_index_options(self.index_config, channel, self.sources)

    @property
    def tls_no_verify(self) -> bool | None:
        """Whether certificates of servers are not checked: rattler's name for `ssl_verify`."""
        return None if self.ssl_verify is None else self.ssl_verify is False

    @property
    def proxy_http(self) -> str | None:
        """The proxy for `http:`."""
        return self.proxy_config_http

    @property
    def proxy_https(self) -> str | None:
        """The proxy for `https:`."""
        return self.proxy_config_https

    @property
    def proxy_non_proxy_hosts(self) -> tuple[str, ...]:
        """The hosts that are reached without a proxy."""
        return self.proxy_config_non_proxy_hosts or ()

    @property
    def repodata_config(self) -> dict[str, Any]:
        """What of repodata is not asked for, as in the table of that name."""
        table: dict[str, Any] = self.to_tree().get(PER_CHANNEL, {})
        return table

    @property
    def faults(self) -> tuple[ConfigError, ...]:
        """What is wrong in tables that are looked at only by those who need them."""
        from hognose.config.index_options import index_tables

        checks: list[tuple[Callable[[str], object], str]] = [
            (self.s3.__getitem__, name) for name in self.s3
        ]
        checks += [
            (self.resolve_index_config, name) for name in ("", *index_tables(self.index_config))
        ]
        checks += [(self._resolve_mirrors, place) for place in self.mirrors]
        found: dict[str, ConfigError] = {}
        for check, argument in checks:
            try:
                check(argument)
            except ConfigError as error:
                found.setdefault(error.message, error)
        return tuple(found.values())

    def validate(self) -> None:
        """Look at all tables whose values are looked at only when they are needed.

        Raises:
            ConfigError: One of them is wrong; if several are, an ExceptionGroup of these.
        """
        faults = self.faults
        if len(faults) > 1:
            raise ExceptionGroup("the configuration cannot be used", list(faults))
        for fault in faults:
            raise fault

    def to_toml(self) -> str:
        """Return what is set as a TOML document, with secrets if there are some in it."""
        return format_document(self.to_tree())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write what is set to a TOML file, which takes the place of the one that is there.

        A file with secrets in it is one that nobody else can read.

        Raises:
            ConfigError: The file cannot be written.
        """
        from hognose.config.editing import write_document

        write_document(Path(path), self.to_toml())
