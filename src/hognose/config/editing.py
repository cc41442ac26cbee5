"""Changes one setting in a TOML file and leaves every other byte of it alone.

The standard library reads TOML and does not write it. Only a value that begins on a line of its
own, at the top or in a table with a header, is changed; the result is read back before it takes the
file's place, so a file that is written in a way not foreseen here is refused and stays as it was.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hognose._unreadable import unreadable
from hognose._url_secrets import redact
from hognose.config.setting_place import (
    convert_value,
    find_place,
    look_up,
    with_value,
    without_value,
)
from hognose.config.toml_text import decode_value, format_key, format_value, split_key
from hognose.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ("set_value", "unset_value", "write_document")

_HEADER = re.compile(r"\s*\[([^\[].*)\]\s*(?:#.*)?$")
_ANY_HEADER = re.compile(r"\s*\[")


def set_value(path: Path, key: str, text: str) -> Any:
    """Give a setting a value, making the file if need be.

    A file with secrets in it is made one that nobody else can read.

    Args:
        path: The file.
        key: The setting, by any name that files use; `mirrors.URL` and the like name an entry of a
            table. A full stop in a name does not matter where the name is in quotes.
        text: The value: as TOML, or plain, with commas between the items of a list.

    Returns:
        The value that the file has now.

    Raises:
        ConfigError: There is no such setting, the value is of the wrong kind, or the file is
            written in a way that cannot be changed safely.
    """
    place = find_place(key)
    value = convert_value(place, decode_value(text), key=key)
    _rewrite(path, place.names, value)
    return value


def unset_value(path: Path, key: str) -> bool:
    """Remove a setting from a file.

    Returns:
        Whether it was there.

    Raises:
        ConfigError: There is no such setting, or the file cannot be changed safely.
    """
    place = find_place(key)
    if look_up(_parse(_read(path), path), place.names) is None:
        return False
    _rewrite(path, place.names, None)
    return True


def write_document(path: Path, text: str) -> None:
    """Put a document in the place of a file, all at once; links to the file stay.

    Raises:
        ConfigError: The file cannot be written.
    """
    target = os.path.realpath(path)
    temporary = f"{target}.{os.getpid()}.tmp"
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        # Secrets must not be readable for a moment either.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
            if redact(text) == text:
                os.chmod(temporary, _permissions(target))
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        message = f"{path} cannot be written: {unreadable(error)}"
        raise ConfigError(message, path=str(path)) from error


def _permissions(path: str) -> int:
    """Those of the file, or those that a new file gets."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {unreadable(error)}"
        raise ConfigError(message, path=str(path)) from error


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{path} cannot be changed: {error}"
        raise ConfigError(message, path=str(path)) from error


def _rewrite(path: Path, names: Sequence[str], value: Any) -> None:
    old = _read(path)
    tree = _parse(old, path)
    names = _spelt(tree, names)
    wanted = without_value(tree, names) if value is None else with_value(tree, names, value)
    new = old
    for place, each in _changes(tree, names, value):
        new = _edit(new, place, each)
    if _read_back(new) != _plain(wanted):
        message = f"{path} cannot be changed safely: it is written in an unusual way"
        raise ConfigError(
            message, hint=f"change `{redact(format_key(names))}` by hand", path=str(path)
        )
    write_document(path, new)


def _changes(
    tree: Mapping[str, Any], names: tuple[str, ...], value: Any
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the single values to change; those of a table one by one, as it may have a header."""
    before = look_up(tree, names)
    after = value if isinstance(value, Mapping) else {}
    if isinstance(before, Mapping):
        for name in before.keys() - after.keys():
            yield from _changes(tree, (*names, name), None)
    if isinstance(value, Mapping):
        for name, each in after.items():
            yield from _changes(tree, (*names, name), each)
    elif not isinstance(before, Mapping):
        yield names, value


def _spelt(tree: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    """The names as the file has them, if it has them in the older spelling of `a_b`."""
    spelt: list[str] = []
    for name in names:
        inner = look_up(tree, spelt)
        older = name.replace("-", "_")
        has_older = isinstance(inner, Mapping) and name not in inner and older in inner
        spelt.append(older if has_older else name)
    return tuple(spelt)


def _read_back(text: str) -> Any:
    try:
        return _plain(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return None


def _plain(value: Any) -> Any:
    """A tree with lists for tuples, and without empty tables, which come and go with headers."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items() if each != {}}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _edit(text: str, names: Sequence[str], value: Any) -> str:
    """Replace, insert or remove the lines of a value."""
    # Lines keep what is at their ends: files of Windows stay files of Windows.
    lines = text.removesuffix("\n").split("\n") if text else []
    end = "\r" if lines and lines[0].endswith("\r") else ""
    start, stop, table = _find_table(lines, names)
    found = _find_value(lines, start, stop, names[len(table) :])
    line = f"{format_key(names[len(table) :])} = {format_value(value)}"
    if found is not None:
        kept = _comment(lines[found[0]]) if found[1] == found[0] + 1 else ""
        lines[found[0] : found[1]] = [] if value is None else [f"{line}{kept}{end}"]
    elif value is not None and len(names) > 2 and len(table) < len(names) - 1:
        # An entry of its own among tables: a header of its own, too.
        line = f"{format_key(names[-1:])} = {format_value(value)}"
        header = f"[{format_key(names[:-1])}]"
        lines += [*([end] if lines else []), f"{header}{end}", f"{line}{end}"]
    elif value is not None:
        while stop > start and not lines[stop - 1].strip():
            stop -= 1
        lines.insert(stop, f"{line}{end}")
    return "".join(f"{each}\n" for each in lines)


def _comment(line: str) -> str:
    """What follows the value on its line, with the space in front."""
    line = line.rstrip()
    value = _read_back(line)
    for number, character in enumerate(line):
        if character == "#" and _read_back(line[:number]) == value:
            return line[len(line[:number].rstrip()) :]
    return ""


def _find_table(lines: list[str], names: Sequence[str]) -> tuple[int, int, tuple[str, ...]]:
    """The lines of the innermost table with a header that a value is in, and the table's names."""
    best: tuple[int, tuple[str, ...]] = (0, ())
    for number, line in enumerate(lines):
        header = _HEADER.match(line)
        table = split_key(header[1]) if header else None
        if table and len(best[1]) < len(table) < len(names) and tuple(names[: len(table)]) == table:
            best = number + 1, table
    stop = best[0]
    while stop < len(lines) and not _ANY_HEADER.match(lines[stop]):
        stop += 1
    return best[0], stop, best[1]


def _find_value(
    lines: list[str], start: int, stop: int, names: Sequence[str]
) -> tuple[int, int] | None:
    """The lines of a value, which may go on over several; None if it has none."""
    for number in range(start, stop):
        name, _, _ = lines[number].partition("=")
        if split_key(name.strip()) != tuple(names):
            continue
        for end in range(number + 1, len(lines) + 1):
            if _read_back("\n".join([*lines[number:end], ""])) is not None:
                return number, end
    return None
