"""Changes one setting in a TOML file and leaves every other byte of it alone.

The standard library reads TOML and does not write it. Only a value that stands on a line of its
own, at the top or in a table with a header, is changed; the result is read back before it takes the
file's place, so a file that is written in a way not foreseen here is refused and stays as it was.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from typing import TYPE_CHECKING, Any

from hognose._unreadable import unreadable
from hognose.config.settings import BY_KEY, convert
from hognose.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("set_value", "unset_value")

_HEADER = re.compile(r"\s*\[")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def set_value(path: Path, key: str, text: str) -> Any:
    """Give a setting a value, making the file if need be.

    Args:
        path: The file.
        key: The setting; `mirrors.URL` and the like name an entry of a table.
        text: The value: as TOML, or plain, with commas between the items of a list.

    Returns:
        The value that the file has now.

    Raises:
        ConfigError: There is no such setting, the value is of the wrong kind, or the file is
            written in a way that cannot be changed safely.
    """
    setting, entry = _find(key)
    value = _decode(text)
    given = value if entry is None else {entry: value}
    made = convert(setting, given, key=key, source="")
    value = made if entry is None else made[entry]
    plain = list(value) if isinstance(value, tuple) else value
    _rewrite(path, _path_of(setting.key, entry), plain)
    return value


def unset_value(path: Path, key: str) -> bool:
    """Remove a setting from a file.

    Returns:
        Whether it was there.

    Raises:
        ConfigError: There is no such setting, or the file cannot be changed safely.
    """
    setting, entry = _find(key)
    names = _path_of(setting.key, entry)
    if _look_up(_read(path), names) is None:
        return False
    _rewrite(path, names, None)
    return True


def _find(key: str) -> tuple[Any, str | None]:
    if key in BY_KEY:
        return BY_KEY[key], None
    table, _, entry = key.partition(".")
    setting = BY_KEY.get(table)
    if setting is not None and setting.is_merged and entry:
        return setting, entry
    from difflib import get_close_matches

    near = get_close_matches(key, BY_KEY, n=1)
    hint = f"did you mean `{near[0]}`?" if near else "`hognose config list --all` shows them"
    raise ConfigError(f"there is no setting `{key}`", hint=hint, key=key)


def _path_of(key: str, entry: str | None) -> list[str]:
    return key.split(".") if entry is None else [key, entry]


def _decode(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {unreadable(error)}"
        raise ConfigError(message, path=str(path)) from error


def _look_up(text: str, names: list[str]) -> Any:
    tree: Any = _parse(text)
    for name in names:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _rewrite(path: Path, names: list[str], value: Any) -> None:
    old = _read(path)
    wanted = _changed(_parse(old), names, value)
    new = _edit(old, names, value)
    if (old.strip() and not _parse(old)) or _pruned(_parse(new)) != _pruned(wanted):
        message = f"{path} cannot be changed safely: it is written in an unusual way"
        raise ConfigError(message, hint=f"change `{'.'.join(names)}` by hand", path=str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(new, encoding="utf-8")
    os.replace(temporary, path)


def _changed(tree: dict[str, Any], names: list[str], value: Any) -> dict[str, Any]:
    first, *rest = names
    copy = dict(tree)
    if rest:
        copy[first] = _changed(copy.get(first, {}), rest, value)
    elif value is None:
        copy.pop(first, None)
    else:
        copy[first] = value
    return copy


def _pruned(tree: dict[str, Any]) -> dict[str, Any]:
    """Leave out empty tables, which appear and vanish with their last value."""
    return {name: value for name, value in tree.items() if value != {}}


def _edit(text: str, names: list[str], value: Any) -> str:
    """Replace, insert or remove the line of a value."""
    lines = text.splitlines()
    start, stop = 0, _end_of_table(lines, 0)
    key = _format_key(names)
    if len(names) == 2:
        header = f"[{_format_key(names[:1])}]"
        for number, line in enumerate(lines):
            if line.split("#")[0].strip() == header:
                start, stop = number + 1, _end_of_table(lines, number + 1)
                key = _format_key(names[1:])
    made = [] if value is None else [f"{key} = {_format(value)}"]
    for number in range(start, stop):
        found = _key_of(lines[number])
        if found is not None and found in (names, names[1:]):
            lines[number : number + 1] = made
            break
    else:
        while stop > start and not lines[stop - 1].strip():
            stop -= 1
        lines[stop:stop] = made
    return "\n".join(lines) + "\n"


def _end_of_table(lines: list[str], start: int) -> int:
    for number in range(start, len(lines)):
        if _HEADER.match(lines[number]):
            return number
    return len(lines)


def _key_of(line: str) -> list[str] | None:
    """The key of a line that holds one whole value."""
    try:
        tree: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None
    names: list[str] = []
    while isinstance(tree, dict) and len(tree) == 1:
        name, tree = next(iter(tree.items()))
        names.append(name)
        if len(names) == 2:
            break
    return names or None


def _format_key(names: list[str]) -> str:
    return ".".join(name if _BARE.fullmatch(name) else json.dumps(name) for name in names)


def _format(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        inner = ", ".join(
            f"{_format_key([name])} = {_format(each)}" for name, each in value.items()
        )
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_format, value))}]"
    # What JSON escapes in a text, TOML reads the same way.
    return json.dumps(value, ensure_ascii=False)
