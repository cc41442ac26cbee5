"""Menu items on Linux: XDG desktop files, their menus, and their file types (CEP 11)."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from hognose.install.menu_document import slug
from hognose.install.menu_scripts import is_field_code

if TYPE_CHECKING:
    from hognose.install.menu_document import MenuItem

__all__ = ("add_to_menu", "desktop_entry", "directory_entry", "mime_document", "remove_from_menu")

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
_HEAD = (
    '<!DOCTYPE Menu PUBLIC "-//freedesktop//DTD Menu 1.0//EN"\n'
    ' "http://standards.freedesktop.org/menu-spec/menu-1.0.dtd">\n'
)
_SYSTEM_MENU = "/etc/xdg/menus/applications.menu"


def desktop_entry(item: MenuItem, script: str) -> str:
    """Return the text of a `.desktop` file that starts a script."""
    codes = " ".join(part for part in item.command if is_field_code(part))
    rows: list[tuple[str, object]] = [
        ("Type", "Application"),
        ("Name", item.name),
        ("Comment", item.description),
        ("Exec", f"{_quote(script)} {codes}".strip()),
        ("Terminal", item.terminal),
        ("Icon", item.icon),
        ("Path", item.working_dir),
        *((key, item.options.get(key)) for key in _KEYS),
    ]
    lines = [f"{key}={_value(value)}" for key, value in rows if value is not None and value != ""]
    return "\n".join(["[Desktop Entry]", *lines]) + "\n"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "".join(f"{_value(item).replace(';', chr(92) + ';')};" for item in value)
    return str(value).replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _quote(path: str) -> str:
    """Quote an argument of `Exec`, where `%` has a meaning besides (Desktop Entry, Exec key)."""
    escaped = "".join(f"\\{letter}" if letter in '"`$\\' else letter for letter in path)
    # The value itself is unescaped once more before it is taken apart.
    return '"' + escaped.replace("\\", "\\\\").replace("%", "%%") + '"'


def directory_entry(menu_name: str) -> str:
    """Return the text of a `.directory` file, which gives a menu its name."""
    return f"[Desktop Entry]\nType=Directory\nName={_value(menu_name)}\n"


def mime_document(item: MenuItem) -> str | None:
    """Return a document that tells file types by their names; None where the item has none."""
    patterns = item.options.get("glob_patterns")
    if not isinstance(patterns, dict) or not patterns:
        return None
    root = ET.Element("mime-info", xmlns="http://www.freedesktop.org/standards/shared-mime-info")
    for kind, pattern in sorted(patterns.items()):
        element = ET.SubElement(root, "mime-type", type=str(kind))
        ET.SubElement(element, "glob", pattern=str(pattern))
        ET.SubElement(element, "comment").text = f"file of {item.name}"
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def add_to_menu(file: str, menu_name: str, desktop_file: str) -> None:
    """Have a menu file show a menu with an item; what else is in it stays.

    Args:
        file: `applications.menu`; made if it is missing.
        menu_name: The menu's name.
        desktop_file: The name of the item's file.

    Raises:
        OSError: It cannot be read or written.
    """
    root = _read(file)
    menu = _find(root, menu_name)
    if menu is None:
        menu = ET.SubElement(root, "Menu")
        ET.SubElement(menu, "Name").text = menu_name
        ET.SubElement(menu, "Directory").text = f"{slug(menu_name)}.directory"
        ET.SubElement(menu, "Include")
    include = menu.find("Include")
    if include is None:
        include = ET.SubElement(menu, "Include")
    if desktop_file not in {element.text for element in include.findall("Filename")}:
        ET.SubElement(include, "Filename").text = desktop_file
    _write(file, root)


def remove_from_menu(file: str, menu_name: str, desktop_file: str) -> bool:
    """Undo `add_to_menu`; tell whether the menu has no items left and is gone.

    Raises:
        OSError: It cannot be read or written.
    """
    if not os.path.isfile(file):
        return True
    root = _read(file)
    menu = _find(root, menu_name)
    if menu is None:
        return True
    include = menu.find("Include")
    for element in [] if include is None else include.findall("Filename"):
        if element.text == desktop_file and include is not None:
            include.remove(element)
    is_empty = include is None or len(include) == 0
    if is_empty:
        root.remove(menu)
    if is_empty and ET.tostring(root) == ET.tostring(_new()):
        # Nothing is left but what we began with.
        with suppress(FileNotFoundError):
            os.unlink(file)
    else:
        _write(file, root)
    return is_empty


def _new() -> ET.Element:
    root = ET.Element("Menu")
    ET.SubElement(root, "Name").text = "Applications"
    ET.SubElement(root, "MergeFile", type="parent").text = _SYSTEM_MENU
    return root


def _read(file: str) -> ET.Element:
    try:
        root = ET.parse(file).getroot()  # noqa: S314  # the user's own settings
    except FileNotFoundError:
        return _new()
    except ET.ParseError as error:
        raise OSError(f"{file} is no menu file: {error}") from error
    for element in root.iter():
        # Line breaks between elements are made anew.
        if element.text is not None and not element.text.strip():
            element.text = None
        element.tail = None
    return root


def _find(root: ET.Element, name: str) -> ET.Element | None:
    return next((menu for menu in root.findall("Menu") if menu.findtext("Name") == name), None)


def _write(file: str, root: ET.Element) -> None:
    ET.indent(root)
    part = f"{file}.{os.getpid()}.part"
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(part, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(_HEAD + ET.tostring(root, encoding="unicode") + "\n")
    os.replace(part, file)
