"""The value of every setting, and where it is from; looked up, changed and merged by its key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

import msgspec

from hognose.config.reading import Reading, unite
from hognose.config.setting_names import BY_KEY
from hognose.config.setting_place import (
    Place,
    convert_value,
    find_place,
    look_up,
    with_value,
    without_value,
)
from hognose.config.settings import PER_CHANNEL, SETTINGS
from hognose.config.toml_text import decode_value, format_key
from hognose.config.unused_key import UnusedKey

__all__ = ("SettingValues",)

# Where values are from that a program gave.
_PROGRAM = "the program"


class SettingValues(msgspec.Struct, frozen=True, kw_only=True):
    """A field for each setting; one that no source sets is None or empty.

    Attributes:
        sources: Where each value came from, the most important first, by the setting's key and by
            the keys of entries in tables.
        unused_keys: What the sources say that has no effect.
        loaded_from: The files that were read.
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
    mirrored_channels: Mapping[str, tuple[str, ...]] = {}
    channel_settings: tuple[Mapping[str, str], ...] = ()
    exclude_newer: str | None = None
    exclude_newer_package: Mapping[str, str] = {}
    offline: bool | None = None
    max_retries: int | None = None
    connect_timeout: float | None = None
    read_timeout: float | None = None
    concurrency_downloads: int | None = None
    concurrency_solves: int | None = None
    always_yes: bool | None = None
    root_prefix: str | None = None
    envs_dirs: tuple[str, ...] | None = None
    pkgs_dirs: tuple[str, ...] | None = None
    add_pip_as_python_dependency: bool | None = None
    run_post_link_scripts: Literal["insecure", "false"] | None = None
    allow_symbolic_links: bool | None = None
    allow_hard_links: bool | None = None
    allow_ref_links: bool | None = None
    always_copy: bool | None = None
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
    index_config: Mapping[str, Any] = {}
    build_package_format: str | None = None
    virtual_package_detectors: Mapping[str, Any] = {}
    sources: Mapping[str, str] = {}
    unused_keys: tuple[UnusedKey, ...] = ()
    loaded_from: tuple[str, ...] = ()

    def items(self) -> Iterator[tuple[str, Any]]:
        """Yield key and value of each setting that is set."""
        unset = type(self)()
        for setting in SETTINGS:
            value = getattr(self, setting.field)
            if value != getattr(unset, setting.field):
                yield setting.key, value

    def entries(self) -> Iterator[tuple[str, Any, str]]:
        """Yield key, value and source of each setting that is set, and of each entry of tables."""
        for key, value in self.items():
            if BY_KEY[key].depth:
                for name, each in value.items():
                    inner = format_key((*BY_KEY[key].names, name))
                    yield inner, each, self._source_of(inner, key)
            else:
                yield key, value, self.sources.get(key, "")
        for channel, table in self.repodata_per_channel.items():
            for name, value in table.items():
                key = format_key((PER_CHANNEL, channel, name))
                yield key, value, self.sources.get(key, "")

    def _source_of(self, key: str, table: str) -> str:
        """Where a value is from, or all its entries are; the table's sources if nobody knows."""
        below = [where for name, where in self.sources.items() if name.startswith(f"{key}.")]
        found = self.sources.get(key) or ", ".join(dict.fromkeys(below))
        return found or self.sources.get(table, "")

    @staticmethod
    def keys() -> tuple[str, ...]:
        """Return the key of each setting, as in TOML."""
        return tuple(BY_KEY)

    def get(self, key: str) -> Any:
        """Return the value of a setting, or of an entry of one, by any name that files use.

        Raises:
            ConfigError: There is no such setting.
        """
        place = find_place(key)
        value = look_up(self.to_tree(), place.names)
        return value if place.entry else place.setting.kind.show(value)

    def source_of(self, key: str) -> str:
        """Return where a value is from, the most important source first; empty if it is not set.

        Raises:
            ConfigError: There is no such setting.
        """
        place = find_place(key)
        if look_up(self.to_tree(), place.names) is None:
            return ""
        return self._source_of(place.key, place.setting.key)

    def set(self, key: str, value: Any) -> Self:
        """Return a configuration in which a setting, or an entry of one, has another value.

        Args:
            key: Any name that files use; what has full stops in it may stand in quotes.
            value: The value; text is read as TOML where it is that.

        Raises:
            ConfigError: There is no such setting, or the value is of the wrong kind.
        """
        place = find_place(key)
        decoded = decode_value(value) if isinstance(value, str) else value
        tree = with_value(self.to_tree(), place.names, convert_value(place, decoded, key=key))
        return self._from_tree(tree, place)

    def unset(self, key: str) -> Self:
        """Return a configuration without a setting, or an entry of one; it need not be set.

        Raises:
            ConfigError: There is no such setting.
        """
        place = find_place(key)
        return self._from_tree(without_value(self.to_tree(), place.names), place)

    def _from_tree(self, tree: Mapping[str, Any], changed: Place) -> Self:
        """Read a tree, and keep what is known of all but one place in it."""
        reading = Reading()
        reading.add_toml(tree, _PROGRAM)
        made = type(self)(**reading.finish())
        inside = f"{changed.key}."
        sources = {
            key: source
            if key == changed.key or key.startswith(inside)
            else self.sources.get(key, source)
            for key, source in made.sources.items()
        }
        return msgspec.structs.replace(
            made,
            sources=sources,
            unused_keys=self.unused_keys,
            loaded_from=self.loaded_from,
        )

    def merge(self, other: Self) -> Self:
        """Return this configuration with what another one says put over it.

        Tables are united; a list replaces a list. The other one's files count as read later.
        """
        theirs = dict(other.items())
        values = {
            BY_KEY[key].field: unite(getattr(self, BY_KEY[key].field), value, BY_KEY[key].depth)
            for key, value in theirs.items()
        }
        sources = {**self.sources, **other.sources}
        for key in theirs.keys() & self.sources.keys():
            if BY_KEY[key].depth:
                both = (other.sources.get(key), self.sources[key])
                sources[key] = ", ".join(dict.fromkeys(filter(None, both)))
        return msgspec.structs.replace(
            self,
            **values,
            repodata_per_channel=unite(self.repodata_per_channel, other.repodata_per_channel, 2),
            sources=sources,
            unused_keys=(*self.unused_keys, *other.unused_keys),
            loaded_from=tuple(dict.fromkeys((*self.loaded_from, *other.loaded_from))),
        )

    def to_tree(self) -> dict[str, Any]:
        """Return what is set as the tree of a TOML document."""
        tree: dict[str, Any] = {}
        for key, value in self.items():
            tree = with_value(tree, BY_KEY[key].names, value)
        for channel, table in self.repodata_per_channel.items():
            for name, value in table.items():
                tree = with_value(tree, (PER_CHANNEL, channel, name), value)
        return tree
