"""How channels are indexed: the table `index-config`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from hognose.config.setting_fault import setting_fault
from hognose.config.setting_names import INNER_KEYS
from hognose.config.toml_text import format_key

if TYPE_CHECKING:
    from hognose.errors import ConfigError

__all__ = ("IndexOptions", "index_tables", "resolve_index_options")

_KEY = "index-config"


class IndexOptions(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """How a channel is indexed; None where nothing is said.

    Attributes:
        write_zst: Whether `repodata.json.zst` is written.
        write_shards: Whether sharded repodata is written.
        base_url: Where clients find the packages, if not beside the index (CEP 15).
        repodata_revisions: Further revisions of repodata to write, such as `v3`.
        package_revision_assignment: Which revision a package goes to.
        notices: What the channel has to say (CEP 6).
        channel_relations: Which channels it builds on.
    """

    write_zst: bool | None = None
    write_shards: bool | None = None
    base_url: str | None = None
    repodata_revisions: tuple[str, ...] | None = None
    package_revision_assignment: Literal["from-index-json", "latest"] | None = None
    notices: tuple[Mapping[str, Any], ...] | None = None
    channel_relations: Mapping[str, str] | None = None


def index_tables(table: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return what is said of single channels, by their URLs or directories."""
    inner = INNER_KEYS[_KEY]
    return {
        name: each
        for name, each in table.items()
        if isinstance(each, Mapping) and name.replace("_", "-") not in inner
    }


def resolve_index_options(
    table: Mapping[str, Any], channel: str, sources: Mapping[str, str]
) -> IndexOptions:
    """Return what holds for a channel: what is said of all, then of what it lies in, then of it.

    Args:
        table: The whole table.
        channel: A URL, or the path of a directory.
        sources: Where the configuration says it, by key.

    Raises:
        ConfigError: A value that counts for this channel is of the wrong kind.
    """
    target = channel.rstrip("/")
    channels = index_tables(table)
    values = {name: value for name, value in table.items() if name not in channels}
    options = _convert(values, (_KEY,), sources)
    lies_in = [
        name
        for name in sorted(channels, key=lambda name: len(name.rstrip("/")))
        if f"{target}/".startswith(f"{name.rstrip('/')}/")
    ]
    for name in lies_in:
        more = _convert(channels[name], (_KEY, name), sources)
        said = {field: getattr(more, field) for field in IndexOptions.__struct_fields__}
        said = {field: value for field, value in said.items() if value is not None}
        options = msgspec.structs.replace(options, **said)
    return options


def _convert(
    values: Mapping[str, Any], names: tuple[str, ...], sources: Mapping[str, str]
) -> IndexOptions:
    try:
        options = msgspec.convert(
            {key.replace("_", "-"): value for key, value in values.items()}, IndexOptions
        )
    except msgspec.ValidationError as error:
        raise _fault(names, str(error), sources) from error
    relations = options.channel_relations or {}
    if relations.get("base") and relations.get("base") == relations.get("overrides"):
        raise _fault(names, "a channel cannot be both `base` and `overrides`", sources)
    return options


def _fault(names: tuple[str, ...], fault: str, sources: Mapping[str, str]) -> ConfigError:
    key = format_key(names)
    inside = (where for name, where in sources.items() if name.startswith(f"{key}."))
    return setting_fault(key, f": {fault}", source=sources.get(key) or next(inside, ""))
