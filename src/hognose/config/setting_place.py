"""Where a setting, or an entry of one that is a table, stands; found by any name that files use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from hognose._url_secrets import redact
from hognose.config.setting_names import BY_CONDA_KEY, BY_KEY, INNER_KEYS
from hognose.config.settings import PER_CHANNEL, Setting
from hognose.config.toml_text import format_key, split_key
from hognose.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = (
    "Place",
    "convert_value",
    "find_place",
    "find_setting",
    "look_up",
    "with_value",
    "without_value",
)


class Place(msgspec.Struct, frozen=True):
    """The place of a value in the tree of a TOML document.

    Attributes:
        names: The way to it.
        setting: The setting that says what it may be; in the spelling that was asked for.
        entry: The way inside of the setting's own table; empty for the setting as a whole.
    """

    names: tuple[str, ...]
    setting: Setting
    entry: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The names as a key of TOML."""
        return format_key(self.names)


def find_setting(key: str) -> Setting | None:
    """Return the setting of a name in TOML, in its older spelling, or in conda's files."""
    return BY_KEY.get(key) or BY_CONDA_KEY.get(key) or BY_KEY.get(key.replace("_", "-"))


def find_place(key: str) -> Place:
    """Return the place that a key names.

    A full stop enters a table. What has full stops itself, as URLs do, may stand in quotes.

    >>> find_place("mirrors.https://example.org").names
    ('mirrors', 'https://example.org')

    Raises:
        ConfigError: There is no such setting; the hint has the nearest.
    """
    setting = find_setting(key)
    if setting is not None:
        return Place(setting.names, setting)
    head, _, rest = key.partition(".")
    place = _find_entry(head, rest) if rest else None
    if place is not None:
        return place
    raise _no_such_setting(key)


def _no_such_setting(key: str) -> ConfigError:
    from difflib import get_close_matches

    near = get_close_matches(key, [*BY_KEY, *BY_CONDA_KEY], n=1)
    hint = f"did you mean `{near[0]}`?" if near else "`hognose config list --all` shows them"
    key = redact(key)
    return ConfigError(f"there is no setting `{key}`", hint=hint, key=key)


def _find_entry(head: str, rest: str) -> Place | None:
    setting = find_setting(head)
    table = head.replace("_", "-") if setting is None else setting.key
    if table == "proxy-servers" and rest in {"http", "https", "all"}:
        return find_place(f"proxy-config.{rest}")
    names = _inner_names(rest, INNER_KEYS.get(table, frozenset()))
    if table == PER_CHANNEL and len(names) == 2:
        option = BY_KEY.get(f"{PER_CHANNEL}.{names[1]}")
        return None if option is None else Place((PER_CHANNEL, *names), option)
    if setting is None or not setting.depth:
        return None
    return Place((*setting.names, *names), setting, names)


def _inner_names(text: str, options: frozenset[str]) -> tuple[str, ...]:
    """The names in a table: of an entry, which may have full stops in it, and of its option."""
    names = split_key(text)
    if names is not None and (len(names) == 1 or '"' in text or "'" in text):
        return names
    entry, _, option = text.rpartition(".")
    option = option.replace("_", "-")
    if entry and option in options:
        return entry.strip("\"'"), option
    return (text,)


def look_up(tree: Any, names: Sequence[str]) -> Any:
    """Return the value at a place in a tree; None if there is none."""
    for name in names:
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree


def with_value(tree: Mapping[str, Any], names: Sequence[str], value: Any) -> dict[str, Any]:
    """Return a tree that has a value at a place; what is in the way there is replaced."""
    first, *rest = names
    if rest:
        inner = tree.get(first)
        value = with_value(inner if isinstance(inner, Mapping) else {}, rest, value)
    return {**tree, first: value}


def without_value(tree: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return a tree without the value at a place, and without a table that is empty then."""
    first, *rest = names
    if look_up(tree, names) is None:
        return dict(tree)
    inner = without_value(tree[first], rest) if rest else {}
    return {
        name: inner if name == first else value
        for name, value in tree.items()
        if inner or name != first
    }


def convert_value(place: Place, value: Any, *, key: str) -> Any:
    """Make a decoded value into one of the kind that belongs to a place.

    Raises:
        ConfigError: It is of the wrong kind; the error names the key.
    """
    options = INNER_KEYS.get(place.setting.key, frozenset())
    # The entries of `index-config` are its own options, and tables for single channels.
    known = options if place.setting.key == "index-config" else frozenset()
    if (
        options
        and len(place.entry) == 1
        and place.entry[0] not in known
        and not isinstance(value, Mapping | None)
    ):
        raise _no_such_setting(key)
    given = with_value({}, place.entry, value) if place.entry else value
    return look_up(place.setting.convert(given, key=key, source=""), place.entry)
