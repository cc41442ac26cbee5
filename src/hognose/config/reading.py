"""Collects values while sources are read, and joins them at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hognose.config.condarc import Entry, Marks, merge_entries, read_condarc
from hognose.config.setting_kinds import CHANNEL_KEYS
from hognose.config.setting_names import BY_CONDA_KEY, BY_KEY, BY_VARIABLE, INNER_KEYS, TABLES
from hognose.config.settings import PER_CHANNEL, SETTINGS, SHARED_KEYS, Setting
from hognose.config.toml_text import format_key, read_document
from hognose.config.unused_key import ENVIRONMENT, NO_EFFECT, UnusedKey, misspelt_variables

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("Reading", "unite")


class Reading:
    """What has been read so far, the least important source first.

    From the least to the most important: conda's files, TOML files, conda's variables, ours, and
    what conda's sources call final.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        # By the setting's key: what conda's sources say, in order; what later ones say, the last
        # of which counts.
        self._conda: dict[str, list[Entry]] = {}
        self._ours: dict[str, tuple[Any, str]] = {}
        # By the setting's key: where the entries of its table in TOML files are from.
        self._entries: dict[str, dict[str, str]] = {}
        self._per_channel: dict[str, dict[str, bool]] = {}
        self._unused: list[UnusedKey] = []
        self._loaded_from: list[str] = []

    def finish(self) -> dict[str, Any]:
        """Return the fields of `Config`."""
        values: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for setting in SETTINGS:
            found = self._join(setting)
            if found is not None:
                values[setting.field], sources[setting.key] = found
                sources |= self._sources_of_entries(setting)
        sources |= self._entries.get(PER_CHANNEL, {})
        _split_proxies(values, sources)
        return {
            **values,
            "repodata_per_channel": self._per_channel,
            "sources": sources,
            "unused_keys": tuple(self._unused),
            "loaded_from": tuple(self._loaded_from),
        }

    def add_file(self, path: Path, environ: Mapping[str, str], *, is_shared: bool = False) -> None:
        """Add a TOML file, or one of conda's.

        Args:
            path: The file.
            environ: The variables that conda's files may name.
            is_shared: As for `add_toml`.

        Raises:
            ConfigError: It cannot be read, or a value is of the wrong kind.
        """
        self._loaded_from.append(str(path))
        if path.suffix == ".toml":
            self.add_toml(read_document(path), str(path), is_shared=is_shared)
        else:
            self.add_conda(read_condarc(path, environ), str(path))

    def add_toml(self, tree: Mapping[str, Any], source: str, *, is_shared: bool = False) -> None:
        """Add a document.

        Args:
            tree: The document, decoded.
            source: Its file.
            is_shared: Whether other tools share it, so that only keys count that all of them know.

        Raises:
            ConfigError: A value is of the wrong kind.
        """
        for key, value in _flatten(tree):
            # pixi accepts its older spelling too.
            name = key if key in BY_KEY else key.replace("_", "-")
            setting = BY_KEY.get(name)
            if key.startswith(f"{PER_CHANNEL}.") and setting is None and isinstance(value, Mapping):
                self._add_channel(key.partition(".")[2], value, source)
            elif setting is None or (is_shared and name not in SHARED_KEYS):
                self._unused.append(UnusedKey(source, key))
            else:
                self._set(setting, value, key, source)
                self._note_unused(setting, value, source)

    def add_conda(self, tree: Mapping[str, tuple[Any, Marks]], source: str) -> None:
        """Add one of conda's files, with the marks in its comments.

        Raises:
            ConfigError: A value is of the wrong kind.
        """
        for key, (value, marks) in tree.items():
            if value is None:
                continue
            if key in BY_CONDA_KEY:
                self._add_entry(BY_CONDA_KEY[key], value, marks, key, source)
                self._note_unused(BY_CONDA_KEY[key], value, source)
            else:
                self._unused.append(UnusedKey(source, key))

    def add_environment(self, environ: Mapping[str, str]) -> None:
        """Add the variables of conda and ours.

        Raises:
            ConfigError: A value is of the wrong kind.
        """
        for key, setting in BY_CONDA_KEY.items():
            variable = f"CONDA_{key.upper()}"
            if environ.get(variable):
                # conda's own way of saying `#!final` in a variable.
                value, important, _ = environ[variable].partition("!important")
                mark = Marks("final") if important else Marks()
                self._add_entry(setting, value.strip(), mark, variable, ENVIRONMENT)
        for variable, setting in BY_VARIABLE.items():
            if environ.get(variable):
                self._set(setting, environ[variable], variable, ENVIRONMENT)
                self._note_unused(setting, environ[variable], ENVIRONMENT)
        self._unused += [UnusedKey(ENVIRONMENT, name) for name in misspelt_variables(environ)]

    def _note_unused(self, setting: Setting, value: Any, source: str) -> None:
        """Note what has no effect: the setting itself, or keys in its tables."""
        if setting.no_effect:
            self._unused.append(UnusedKey(source, setting.key))
        elif setting.key == "s3-options":
            for bucket, options in value.items():
                self._note_options(setting.names, options, source, entry=bucket)
        elif setting.key == "index-config":
            self._note_options(setting.names, value, source)
        elif setting.key == "channel-settings" and isinstance(value, list):
            self._note_channel_keys(value, source)

    def _note_options(
        self, names: tuple[str, ...], table: Mapping[str, Any], source: str, *, entry: str = ""
    ) -> None:
        place = (*names, entry) if entry else names
        for option, value in table.items():
            name = option.replace("_", "-")
            if not entry and isinstance(value, Mapping) and name not in INNER_KEYS[names[0]]:
                self._note_options(names, value, source, entry=option)
            elif name not in INNER_KEYS[names[0]] or f"{names[0]}.{name}" in NO_EFFECT:
                self._unused.append(UnusedKey(source, format_key((*place, name))))

    def _note_channel_keys(self, tables: Iterable[Mapping[str, Any]], source: str) -> None:
        for table in tables:
            for key in table:
                if str(key).replace("-", "_") not in CHANNEL_KEYS:
                    where = f"channel_settings.{table['channel']}.{key}"
                    self._unused.append(UnusedKey(source, where))

    def _add_channel(self, channel: str, table: Mapping[str, Any], source: str) -> None:
        kept = self._per_channel.setdefault(channel, {})
        for key, value in table.items():
            name = key.replace("_", "-")
            setting = BY_KEY.get(f"{PER_CHANNEL}.{name}")
            where = format_key((PER_CHANNEL, channel, name))
            if setting is None:
                self._unused.append(UnusedKey(source, format_key((PER_CHANNEL, channel, key))))
            else:
                kept[name] = setting.convert(value, key=where, source=source)
                self._entries.setdefault(PER_CHANNEL, {})[where] = source

    def _add_entry(self, setting: Setting, value: Any, marks: Marks, key: str, source: str) -> None:
        made = setting.convert(value, key=key, source=source)
        self._conda.setdefault(setting.key, []).append(Entry(source, made, marks))

    def _set(self, setting: Setting, value: Any, key: str, source: str) -> None:
        made = setting.convert(value, key=key, source=source)
        before, where = self._ours.get(setting.key, ({}, ""))
        if setting.depth:
            entries = self._entries.setdefault(setting.key, {})
            for names in iter_entries(made, setting.depth):
                entries[format_key((*setting.names, *names))] = source
            made = unite(before, made, setting.depth)
            source = f"{source}, {where}" if where not in ("", source) else source
        self._ours[setting.key] = made, source

    def _sources_of_entries(self, setting: Setting) -> dict[str, str]:
        """Where the entries of a table are from, by their keys, the most important first."""
        if not setting.depth:
            return {}
        sources = self._conda.get(setting.key, [])
        found: dict[str, list[str]] = {}
        for source in reversed(sources):
            for name, value in source.value.items():
                places = found.setdefault(name, [])
                # Lists of several sources are joined; of other values the last counts.
                if not places or isinstance(value, tuple):
                    places.append(source.source)
        conda = {
            format_key((*setting.names, name)): ", ".join(dict.fromkeys(places))
            for name, places in found.items()
        }
        if any(source.is_final for source in sources):
            return conda
        return conda | self._entries.get(setting.key, {})

    def _join(self, setting: Setting) -> tuple[Any, str] | None:
        """The value of a setting and its sources."""
        entries = self._conda.get(setting.key, [])
        ours = self._ours.get(setting.key)
        if not entries:
            return ours
        value, sources = merge_entries(entries)
        conda = value, ", ".join(sources)
        if ours is None or any(entry.is_final for entry in entries):
            return conda
        if setting.depth:
            return {**value, **ours[0]}, f"{ours[1]}, {conda[1]}"
        if entries[-1].source == ENVIRONMENT and ours[1] != ENVIRONMENT:
            return conda
        return ours


def unite(before: Any, after: Any, depth: int) -> Any:
    """Unite tables to a depth; below it, and of other values, the later one counts."""
    if not depth or not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return after
    return {
        **before,
        **{name: unite(before.get(name), value, depth - 1) for name, value in after.items()},
    }


def iter_entries(table: Mapping[str, Any], depth: int) -> Iterator[tuple[str, ...]]:
    """Yield the ways to the entries of a table that are united one by one."""
    for name, value in table.items():
        if depth > 1 and isinstance(value, Mapping):
            for names in iter_entries(value, depth - 1):
                yield (name, *names)
        else:
            yield (name,)


def _split_proxies(values: dict[str, Any], sources: dict[str, str]) -> None:
    """Hand what conda's `proxy_servers` says of a scheme to the setting for that scheme."""
    servers = dict(values.get("proxy_servers", {}))
    for scheme in ("http", "https", "all"):
        proxy = servers.pop(scheme, None)
        source = sources.pop(f"proxy-servers.{scheme}", "")
        if proxy is not None and f"proxy_config_{scheme}" not in values:
            values[f"proxy_config_{scheme}"] = proxy
            sources[f"proxy-config.{scheme}"] = source
    if servers:
        values["proxy_servers"] = servers
    elif "proxy_servers" in values:
        del values["proxy_servers"], sources["proxy-servers"]


def _flatten(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        name = key.replace("_", "-")
        if name in TABLES and isinstance(value, Mapping):
            for inner, each in value.items():
                yield f"{name}.{inner}", each
        else:
            yield key, value
