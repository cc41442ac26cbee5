"""Menu items on Linux: XDG desktop files, the names of menus, and file types (CEP 11)."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from hognose.install.menu_scripts import is_field_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.install.menu_document import MenuItem

__all__ = (
    "desktop_entry",
    "directory_entry",
    "is_own_directory_entry",
    "mime_document",
    "refresh_caches",
)

_KEYS = (
    "Categories",
    "DBusActivatable",
    "GenericName",
    "Hidden",
    "Implements",
    "Keywords",
    "MimeType",
    "NoDisplay",
    "NotShowIn",
    "OnlyShowIn",
    "PrefersNonDefaultGPU",
    "SingleMainWindow",
    "StartupNotify",
    "StartupWMClass",
    "TryExec",
)
_OWN = "X-Hognose-Menu=true"
# Seconds; the caches of a whole desktop are made in one or two.
_PATIENCE = 60


def desktop_entry(item: MenuItem, script: str, mark: str) -> str:
    """Return the text of a `.desktop` file that starts a script."""
    codes = " ".join(part for part in item.command if is_field_code(part))
    first = [("Type", "Application"), ("Name", item.name), ("Comment", item.description)]
    rest: list[tuple[str, object]] = [
        ("Terminal", item.terminal),
        ("Icon", item.icon),
        ("Path", item.working_dir),
        *((key, item.options.get(key)) for key in _KEYS),
        ("X-Hognose-Item", mark),
    ]
    command = f"Exec={_quote(script)} {codes}".strip()
    return "\n".join(["[Desktop Entry]", *_lines(first), command, *_lines(rest)]) + "\n"


def _lines(rows: Sequence[tuple[str, object]]) -> list[str]:
    return [f"{key}={_value(value)}" for key, value in rows if value is not None and value != ""]


def _value(value: object) -> str:
    """Return a value with the escapes that the Desktop Entry Specification has for it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "".join(f"{_value(item).replace(';', chr(92) + ';')};" for item in value)
    escapes = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
    text = str(value)
    for letter, escape in escapes:
        text = text.replace(letter, escape)
    # Blanks at the beginning would be taken for those around the equals sign.
    return text if not text.startswith(" ") else f"\\s{text[1:]}"


def _quote(path: str) -> str:
    """Quote an argument of `Exec`, where `%` has a meaning besides (Desktop Entry, Exec key)."""
    escaped = "".join(f"\\{letter}" if letter in '"`$\\' else letter for letter in path)
    # The value itself is unescaped once more before it is taken apart.
    return f'"{_value(escaped).replace("%", "%%")}"'


def directory_entry(menu_name: str) -> str:
    """Return the text of a `.directory` file, which gives a menu its name."""
    return f"[Desktop Entry]\nType=Directory\nName={_value(menu_name)}\n{_OWN}\n"


def is_own_directory_entry(path: str) -> bool:
    """Tell whether a file is what `directory_entry` returned, for whatever menu."""
    if os.path.isfile(path) and not os.path.islink(path):
        with suppress(OSError, UnicodeDecodeError), open(path, encoding="utf-8") as file:
            return _OWN in file.read().splitlines()
    return False


def mime_document(item: MenuItem, mark: str) -> str | None:
    """Return a document that tells file types by their names; None where the item has none."""
    patterns = item.options.get("glob_patterns")
    if not patterns:
        return None
    root = ET.Element("mime-info", xmlns="http://www.freedesktop.org/standards/shared-mime-info")
    root.append(ET.Comment(mark))
    for kind, pattern in sorted(patterns.items()):
        element = ET.SubElement(root, "mime-type", type=kind)
        ET.SubElement(element, "glob", pattern=pattern)
        ET.SubElement(element, "comment").text = f"file of {item.name}"
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def refresh_caches(applications: str, mime: str) -> None:
    """Have the desktop see what kinds of files items are for, where it has programs for that.

    Args:
        applications: The folder of `.desktop` files.
        mime: The folder of file types, in which `packages` is; empty if those are as they were.
    """
    commands = [("update-desktop-database", applications)]
    if mime:
        commands.insert(0, ("update-mime-database", mime))
    for name, folder in commands:
        program = shutil.which(name)
        if program is not None:
            # What they complain of is in the files of others as well.
            with suppress(OSError, subprocess.SubprocessError):
                subprocess.run(
                    [program, folder], capture_output=True, check=False, timeout=_PATIENCE
                )
