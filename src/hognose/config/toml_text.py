"""TOML as text, for what the standard library reads and does not write."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from typing import TYPE_CHECKING, Any

from hognose._unreadable import unreadable
from hognose.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = (
    "decode_value",
    "format_document",
    "format_key",
    "format_value",
    "parse_document",
    "read_document",
    "split_key",
)

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def format_key(names: Iterable[str]) -> str:
    """Return the dotted key of a value in nested tables.

    >>> format_key(["mirrors", "https://example.org"])
    'mirrors."https://example.org"'
    """
    return ".".join(
        name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False) for name in names
    )


def split_key(text: str) -> tuple[str, ...] | None:
    """Return the names of a dotted key; None if it is none.

    >>> split_key('mirrors."https://example.org"')
    ('mirrors', 'https://example.org')
    """
    try:
        tree: Any = tomllib.loads(f"{text} = 0")
    except tomllib.TOMLDecodeError:
        return None
    names = []
    while isinstance(tree, dict) and len(tree) == 1:
        name, tree = next(iter(tree.items()))
        names.append(name)
    return tuple(names) if tree == 0 else None


def read_document(path: Path) -> dict[str, Any]:
    """Return what a file says.

    Raises:
        ConfigError: It cannot be read, or is no TOML.
    """
    try:
        return parse_document(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {unreadable(error)}"
        raise ConfigError(message, path=str(path)) from error


def parse_document(text: str, source: str) -> dict[str, Any]:
    """Return what a document says.

    Raises:
        ConfigError: It is no TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{source} cannot be read: {error}"
        raise ConfigError(message, path=source) from error


def decode_value(text: str) -> Any:
    """Return what a text on a command line says: TOML, a table in JSON, or the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        pass
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError:
            pass
    return text


def format_value(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        inner = ", ".join(f"{format_key([name])} = {format_value(v)}" for name, v in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(format_value, value))}]"
    # What JSON escapes in a text, TOML reads the same way.
    return json.dumps(value, ensure_ascii=False)


def format_document(tree: Mapping[str, Any]) -> str:
    """Return a document with a header for each table that holds more than tables."""
    return "\n\n".join("\n".join(lines) for lines in _iter_tables((), tree)) + "\n" if tree else ""


def _iter_tables(names: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the lines of a table, and then those of the tables in it."""
    values = {name: value for name, value in table.items() if not isinstance(value, Mapping)}
    lines = [f"{format_key([name])} = {format_value(value)}" for name, value in values.items()]
    if lines or (names and not table):
        yield [f"[{format_key(names)}]", *lines] if names else lines
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _iter_tables((*names, name), value)
