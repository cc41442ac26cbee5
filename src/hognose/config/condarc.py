"""conda's configuration files: what they say, and how several of them become one value.

conda does not let a later file replace a list of an earlier one: it puts the later one's items in
front. Comments at the end of a line change that:

- `#!final` at a key: later files have no say; at an item of a table the same for that item.
- `#!top`, `#!bottom` at an item of a list: it goes to the beginning, or the end, of the result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from hognose._unreadable import unreadable
from hognose.errors import ConfigError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

__all__ = (
    "Entry",
    "Marks",
    "condarc_values",
    "iter_condarc_files",
    "merge_entries",
    "read_condarc",
)

_YAML = frozenset({".yml", ".yaml"})
_MARK = re.compile(r"\s#[!#]*(final|top|bottom)[!#]*\s*$")
_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}|%(\w+)%")


class Marks(msgspec.Struct, frozen=True):
    """What the comments say of a value, and of the items of a list (by position) or table."""

    own: str = ""
    items: Mapping[Any, Marks] = {}


class Entry(msgspec.Struct, frozen=True):
    """The value of one setting in one source.

    Attributes:
        source: The file, or the environment.
        value: The value, already of the setting's kind.
        marks: What the comments say of it.
    """

    source: str
    value: Any
    marks: Marks = Marks()

    @property
    def is_final(self) -> bool:
        """Whether later sources have no say."""
        return self.marks.own == "final"


def iter_condarc_files(place: Path) -> Iterator[Path]:
    """Yield a file of settings, or those of a folder such as `condarc.d`, sorted by name."""
    if place.is_file():
        yield place
    elif place.is_dir():
        yield from sorted(
            path for path in place.iterdir() if path.suffix in _YAML and path.is_file()
        )


def condarc_values(path: str | os.PathLike[str], environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what one of conda's files says by itself, with variables filled in.

    A command reads `Config`, in which other files and the environment have their say.

    Args:
        path: The file.
        environ: The variables that it may name.

    Raises:
        ConfigError: The file cannot be read.
    """
    return {key: value for key, (value, _) in read_condarc(Path(path), environ).items()}


def read_condarc(path: Path, environ: Mapping[str, str]) -> dict[str, tuple[Any, Marks]]:
    """Return the values of a file and what its comments say of them, with variables filled in.

    Raises:
        ConfigError: The file cannot be read.
    """
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            tree = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = f"{path} cannot be read: {unreadable(error)}"
        raise ConfigError(message, path=str(path)) from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        message = f"{path} cannot be read: it is no table of settings"
        raise ConfigError(message, path=str(path))
    marks = _marks_of_table(node, text.splitlines()).items
    return {
        str(key): (_expand(value, environ), marks.get(str(key), Marks()))
        for key, value in tree.items()
    }


def merge_entries(entries: Sequence[Entry]) -> tuple[Any, list[str]]:
    """Make one value out of those of several sources, the least important first, as conda does.

    Returns:
        The value, and the sources that it is from, the most important first.
    """
    final = next((number for number, entry in enumerate(entries) if entry.is_final), None)
    heard = list(entries if final is None else entries[: final + 1])
    if not isinstance(heard[-1].value, tuple | dict):
        return heard[-1].value, [heard[-1].source]
    value = _merge([(entry.value, entry.marks) for entry in heard])
    return value, list(dict.fromkeys(entry.source for entry in reversed(heard) if entry.value))


def _merge(given: Sequence[tuple[Any, Marks]]) -> Any:
    last, _ = given[-1]
    if isinstance(last, tuple):
        return _merge_lists(given)
    if isinstance(last, dict):
        return _merge_tables(given)
    return last


def _merge_lists(given: Sequence[tuple[tuple[Any, ...], Marks]]) -> tuple[Any, ...]:
    """Put later lists in front; of items that occur twice the first place counts.

    Several `#!top` stand in the order of the sources, so an earlier file's is above a later one's,
    and an earlier file's `#!bottom` is below a later one's. An item with both marks is at the
    bottom.
    """

    def marked(values: tuple[Any, ...], marks: Marks, mark: str) -> list[Any]:
        none = Marks()
        return [
            value
            for number, value in enumerate(values)
            if marks.items.get(number, none).own == mark
        ]

    top = [value for values, marks in given for value in marked(values, marks, "top")]
    rest = [value for values, _ in reversed(given) for value in values]
    bottom = [
        value for values, marks in reversed(given) for value in marked(values, marks, "bottom")
    ]
    result: list[Any] = []
    for value in (*top, *rest):
        if value not in result and value not in bottom:
            result.append(value)
    tail: list[Any] = []
    for value in reversed(bottom):
        if value not in tail:
            tail.insert(0, value)
    return (*result, *tail)


def _merge_tables(given: Sequence[tuple[dict[Any, Any], Marks]]) -> dict[Any, Any]:
    """Unite tables, merging what has the same name; the first item marked as final is the item."""
    by_name: dict[Any, list[tuple[Any, Marks]]] = {}
    for table, marks in given:
        for name, value in table.items():
            by_name.setdefault(name, []).append((value, marks.items.get(name, Marks())))
    finals = {
        name: next((value for value, marks in values if marks.own == "final"), None)
        for name, values in by_name.items()
    }
    return {
        name: _merge(values) if finals[name] is None else finals[name]
        for name, values in by_name.items()
    }


def _marks_of_table(node: Any, lines: Sequence[str]) -> Marks:
    """Find the marks of a YAML table; PyYAML forgets comments and remembers where things are."""
    return Marks(
        items={
            str(key.value): _marks_of(value, lines, _mark_of_key(key, value, lines))
            for key, value in node.value
        }
    )


def _marks_of(node: Any, lines: Sequence[str], own: str) -> Marks:
    match node.id:
        case "mapping":
            return Marks(own, _marks_of_table(node, lines).items)
        case "sequence":
            items = {
                number: _marks_of(item, lines, _mark_at(item.end_mark, lines))
                for number, item in enumerate(node.value)
                if item.start_mark.line == item.end_mark.line
            }
            # Items on one line (`[a, b]  #!final`) share a comment, which is the key's.
            return Marks(own, {} if node.flow_style else items)
        case _:
            return Marks(own)


def _mark_of_key(key: Any, value: Any, lines: Sequence[str]) -> str:
    ends_there = value.end_mark.line == key.start_mark.line
    return _mark_at(value.end_mark if ends_there else key.end_mark, lines)


def _mark_at(mark: Any, lines: Sequence[str]) -> str:
    """The mark in the comment behind a place; that of an empty value is the key's own end."""
    found = _MARK.search(lines[mark.line][mark.column :]) if mark.line < len(lines) else None
    return found[1] if found else ""


def _expand(value: Any, environ: Mapping[str, str]) -> Any:
    """Fill in `$NAME`, `${NAME}` and `%NAME%`; a name that is not set stays as it is."""
    if isinstance(value, str):
        return _VARIABLE.sub(
            lambda found: environ.get(found[1] or found[2] or found[3], found[0]), value
        )
    if isinstance(value, list):
        return [_expand(each, environ) for each in value]
    if isinstance(value, dict):
        return {key: _expand(each, environ) for key, each in value.items()}
    return value
