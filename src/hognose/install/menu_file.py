"""The file that arranges the menus of a Linux desktop: `applications.menu`.

It is the user's own, or the machine's. What others have put there stays, with their comments; an
item of ours has its mark before it, in a comment, and only those are taken out again.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from hognose.errors import InstallerError
from hognose.install.menu_document import slug
from hognose.install.prefix_lock import lock_descriptor, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("add_to_menu", "remove_from_menu", "require_menu_file")

_HEAD = (
    '<!DOCTYPE Menu PUBLIC "-//freedesktop//DTD Menu 1.0//EN"\n'
    ' "http://standards.freedesktop.org/menu-spec/menu-1.0.dtd">\n'
)
_MARK = "hognose-item:"
# Seconds; a change takes a few milliseconds.
_PATIENCE = 10.0
_SYSTEM_MENUS = "/etc/xdg/menus"


def require_menu_file(file: str) -> None:
    """Refuse a menu file that cannot be edited; it need not exist.

    Raises:
        InstallerError: It is no menu file; has `path`.
        OSError: It cannot be read.
    """
    _read(file)


def add_to_menu(file: str, menu_name: str, desktop_file: str, mark: str) -> None:
    """Have a menu file show a menu with an item; what else is in it stays.

    Args:
        file: The menu file; made if it is missing.
        menu_name: The menu's name.
        desktop_file: The name of the item's file.
        mark: What tells that we have put it there.

    Raises:
        InstallerError: It is no menu file; has `path`.
        OSError: It cannot be read or written.
    """
    with _one_at_a_time(file):
        _add(file, menu_name, desktop_file, mark)


def _add(file: str, menu_name: str, desktop_file: str, mark: str) -> None:
    root = _read(file)
    menu = _find(root, menu_name)
    if menu is None:
        menu = ET.SubElement(root, "Menu")
        ET.SubElement(menu, "Name").text = menu_name
        ET.SubElement(menu, "Directory").text = _directory(menu_name)
        ET.SubElement(menu, "Include")
    include = menu.find("Include")
    if include is None:
        include = ET.SubElement(menu, "Include")
    known = [
        (before, element) for before, element in _pairs(include) if element.text == desktop_file
    ]
    for before, _ in known:
        if before is not None and (before.text or "").startswith(_MARK):
            # Made before for the same item, whose note was lost.
            before.text = mark
    if not known:
        include.append(ET.Comment(mark))
        ET.SubElement(include, "Filename").text = desktop_file
    _write(file, root)


def remove_from_menu(file: str, menu_name: str, desktop_file: str, mark: str) -> bool:
    """Undo `add_to_menu`; tell whether the menu has no items left and is gone.

    Raises:
        InstallerError: It is no menu file; has `path`.
        OSError: It cannot be read or written.
    """
    if not os.path.isfile(file):
        return True
    with _one_at_a_time(file):
        return _remove(file, menu_name, desktop_file, mark)


def _remove(file: str, menu_name: str, desktop_file: str, mark: str) -> bool:
    root = _read(file)
    menu = _find(root, menu_name)
    if menu is None:
        return True
    include = menu.find("Include")
    ours = [
        (before, element)
        for before, element in (() if include is None else _pairs(include))
        if before is not None and before.text == mark and element.text == desktop_file
    ]
    if include is None or not ours:
        return False
    for before, element in ours:
        include.remove(before)
        include.remove(element)
    is_empty = _is_as_made(menu, menu_name)
    if is_empty:
        root.remove(menu)
    if is_empty and ET.tostring(root) == ET.tostring(_new(file)):
        # Nothing is left but what we began with.
        with suppress(FileNotFoundError):
            os.unlink(file)
    else:
        _write(file, root)
    return is_empty


@contextmanager
def _one_at_a_time(file: str) -> Iterator[None]:
    """Keep others who change a menu file waiting, since each of them writes it as a whole."""
    if os.name == "nt":
        # Folders have no locks there, nor has it such files but in tests.
        yield
        return
    folder = os.path.dirname(os.path.realpath(file))
    os.makedirs(folder, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Who holds it for longer than that is stuck, and everybody else need not be.
        wait_for(
            lambda: lock_descriptor(descriptor),
            timeout=_PATIENCE,
            tell=lambda: f"waiting for another process that is changing {file}",
        )
        yield
    finally:
        os.close(descriptor)


def _pairs(include: ET.Element) -> list[tuple[ET.Element | None, ET.Element]]:
    """Return each file's element with the comment before it."""
    found: list[tuple[ET.Element | None, ET.Element]] = []
    before: ET.Element | None = None
    for element in include:
        if element.tag == "Filename":
            found.append((before, element))
        # The tag of a comment is the function that makes one.
        before = None if isinstance(element.tag, str) else element
    return found


def _is_as_made(menu: ET.Element, menu_name: str) -> bool:
    """Whether a menu has nothing but what we give a new one."""
    include = menu.find("Include")
    tags = [element.tag for element in menu]
    has_ours = menu.findtext("Directory") in {None, _directory(menu_name)}
    return (
        has_ours
        and (include is None or len(include) == 0)
        and set(tags) <= {"Name", "Directory", "Include"}
    )


def _directory(menu_name: str) -> str:
    return f"{slug(menu_name)}.directory"


def _new(file: str) -> ET.Element:
    root = ET.Element("Menu")
    ET.SubElement(root, "Name").text = "Applications"
    if os.path.dirname(file) != _SYSTEM_MENUS:
        shared = f"{_SYSTEM_MENUS}/{os.path.basename(file)}"
        ET.SubElement(root, "MergeFile", type="parent").text = shared
    return root


def _read(file: str) -> ET.Element:
    builder = ET.TreeBuilder(insert_comments=True)
    try:
        parser = ET.XMLParser(target=builder)  # noqa: S314  # the user's own settings
        root = ET.parse(file, parser).getroot()  # noqa: S314  # likewise
    except FileNotFoundError:
        return _new(file)
    except (ET.ParseError, UnicodeError, RecursionError) as error:
        raise _refuse(file, error) from error
    if root.tag != "Menu":
        raise _refuse(file, f"it begins with {root.tag!a}")
    for element in root.iter():
        # Line breaks between elements are made anew.
        if element.text is not None and not element.text.strip():
            element.text = None
        element.tail = None
    return root


def _refuse(file: str, reason: object) -> InstallerError:
    message = f"{file} is no menu file: {reason}"
    return InstallerError(message, path=file, hint="repair it, or remove it to begin a new one")


def _find(root: ET.Element, name: str) -> ET.Element | None:
    return next((menu for menu in root.findall("Menu") if menu.findtext("Name") == name), None)


def _write(file: str, root: ET.Element) -> None:
    ET.indent(root)
    # Settings are often links to a folder that is kept elsewhere.
    place = os.path.realpath(file)
    part = f"{place}.{os.urandom(6).hex()}.part"
    os.makedirs(os.path.dirname(place), exist_ok=True)
    try:
        with open(part, "x", encoding="utf-8", newline="\n") as stream:
            stream.write(_HEAD + ET.tostring(root, encoding="unicode") + "\n")
        os.replace(part, place)
    except BaseException:
        with suppress(OSError):
            os.unlink(part)
        raise
