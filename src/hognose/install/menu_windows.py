"""Menu items on Windows: shortcuts, and what the registry ties to them (CEP 11).

A shortcut is written as bytes (MS-SHLLINK), so that it can be made and looked at on any system.
"""

from __future__ import annotations

import re
import struct
import uuid
from typing import TYPE_CHECKING

import msgspec

from hognose.install.menu_document import slug
from hognose.install.menu_marks import Mark
from hognose.install.menu_notes import MenuAssociation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hognose.install.menu_document import MenuItem
    from hognose.install.menus import Registry

__all__ = (
    "app_user_model_id",
    "associations",
    "encode_shortcut",
    "remove_association",
    "write_association",
)

_CLASS = bytes.fromhex("0114020000000000c000000000000046")
_HAS_NAME = 0x04
_HAS_WORKING_DIR = 0x10
_HAS_ARGUMENTS = 0x20
_HAS_ICON = 0x40
_IS_UNICODE = 0x80
_HAS_EXPANDED_STRING = 0x200
_SHOW_NORMAL, _SHOW_MINIMIZED = 1, 7
_ENVIRONMENT_BLOCK = 0xA0000001
_PATH_LENGTH = 260
_PROPERTY_STORE = 0xA0000009
_STORAGE_VERSION = 0x53505331
_VT_LPWSTR = 0x1F
# The property that Windows groups windows by, and one of our own.
_APP_USER_MODEL = uuid.UUID("9f4c2855-9f79-4b39-a8d0-e1d42de1d5f3"), 5
_HOGNOSE_ITEM = uuid.UUID("6b0a2f5e-8f0f-4d3c-9c53-2a7b0c1e9d41"), 2
# In a key that is ours: whose it is.
_OWNER = "HognoseItem"
_EXTENSION = re.compile(r"\.[^\\/\s]+")
# RFC 3986, section 3.1; a single letter would be a drive.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+")


def encode_shortcut(
    target: str,
    *,
    arguments: str = "",
    description: str = "",
    working_dir: str = "",
    icon: str = "",
    is_minimized: bool = False,
    app_id: str = "",
    mark: str = "",
) -> bytes:
    """Return the content of a `.lnk` file.

    The target is stored as a path that the shell expands, in the place of a list of shell items,
    which only a running Windows can make.

    Args:
        target: The program; may hold variables, `%COMSPEC%`.
        arguments: Its command line.
        description: The text that is shown beside the shortcut.
        working_dir: Where the program starts.
        icon: The file with its picture.
        is_minimized: Whether its window starts minimized.
        app_id: What its windows are grouped by (AppUserModelID).
        mark: Whose it is, kept in a property of our own.

    Raises:
        ValueError: The target is longer than a shortcut can hold.
    """
    texts = (
        (_HAS_NAME, description),
        (_HAS_WORKING_DIR, working_dir),
        (_HAS_ARGUMENTS, arguments),
        (_HAS_ICON, icon),
    )
    flags = _IS_UNICODE | _HAS_EXPANDED_STRING
    strings = b""
    for flag, text in texts:
        if text:
            flags |= flag
            data = text.encode("utf-16-le")
            strings += struct.pack("<H", len(data) // 2) + data
    show = _SHOW_MINIMIZED if is_minimized else _SHOW_NORMAL
    header = struct.pack("<I16sII", 0x4C, _CLASS, flags, 0x20)
    # No times, no size, first icon, show, no key, reserved.
    header += bytes(24) + struct.pack("<IiIHHII", 0, 0, show, 0, 0, 0, 0)
    stored = ((_APP_USER_MODEL, app_id), (_HOGNOSE_ITEM, mark))
    properties = b"".join(_property(*which, text) for which, text in stored if text)
    blocks = _environment_block(target)
    if properties:
        blocks += struct.pack("<II", len(properties) + 12, _PROPERTY_STORE) + properties + bytes(4)
    return header + strings + blocks + bytes(4)


def _property(group: uuid.UUID, number: int, text: str) -> bytes:
    """Return a storage with one text (MS-PROPSTORE)."""
    wide = (text + "\0").encode("utf-16-le")
    value = struct.pack("<HHI", _VT_LPWSTR, 0, len(wide) // 2) + wide + bytes(-len(wide) % 4)
    entry = struct.pack("<IIB", len(value) + 9, number, 0) + value
    body = struct.pack("<I", _STORAGE_VERSION) + group.bytes_le + entry + bytes(4)
    return struct.pack("<I", len(body) + 4) + body


def _environment_block(target: str) -> bytes:
    wide = target.encode("utf-16-le")
    if len(wide) >= _PATH_LENGTH * 2:
        message = f"a shortcut's target has at most {_PATH_LENGTH - 1} characters: {target}"
        raise ValueError(message)
    # Who cannot read the second form sees question marks in the first.
    narrow = target.encode("cp1252", "replace")[: _PATH_LENGTH - 1]
    body = narrow.ljust(_PATH_LENGTH, b"\0") + wide.ljust(_PATH_LENGTH * 2, b"\0")
    return struct.pack("<II", len(body) + 8, _ENVIRONMENT_BLOCK) + body


def app_user_model_id(item: MenuItem) -> str:
    """Return what Windows groups an item's windows by; as menuinst makes one up where none is."""
    given = item.options.get("app_user_model_id")
    return str(given or f"Menuinst.{slug(item.name).replace('.', '')}")[:128]


def associations(item: MenuItem, command: str) -> tuple[MenuAssociation, ...]:
    """Return what ties file types and URLs to an item.

    Args:
        item: The menu item.
        command: The command line that opens `%1`.

    Raises:
        msgspec.ValidationError: It asks for what is no file type, or no kind of URL.
    """
    identifier = str(item.options.get("app_user_model_id") or item.name)
    identifier = re.sub(r"[\\/\0]", "-", identifier).lstrip(".")
    found = []
    for extension in item.options.get("file_extensions", ()):
        if not _EXTENSION.fullmatch(extension):
            raise msgspec.ValidationError(f"{extension!a} is no end of file names: `.txt`")
        key = f"{identifier}.AssocFile{extension}"
        found.append(MenuAssociation(key=key, command=command, extension=extension))
    for scheme in item.options.get("url_protocols", ()):
        if not _SCHEME.fullmatch(scheme):
            raise msgspec.ValidationError(f"{scheme!a} is no beginning of URLs: `https`")
        found.append(MenuAssociation(key=scheme, command=command))
    return tuple(found)


def write_association(
    registry: Registry, known: MenuAssociation, item: MenuItem, mark: Mark
) -> bool:
    """Write what ties a file type or kind of URL to an item, unless somebody else has the key.

    Returns:
        Whether it was written.
    """
    if registry.read(f"{known.key}\\shell\\open\\command", "") is not None:
        owner = Mark.parse((registry.read(known.key, _OWNER) or "").encode())
        if owner is None or not owner.is_replaceable(mark.prefix, mark.token):
            return False
        registry.delete_tree(known.key)
    for key, name, value in _values(known, item, str(mark)):
        registry.write(key, name, value)
    return True


def _values(known: MenuAssociation, item: MenuItem, mark: str) -> Iterator[tuple[str, str, str]]:
    # The owner first: whatever an interruption leaves can be told.
    yield known.key, _OWNER, mark
    if known.extension:
        yield known.key, "", f"{item.name} {known.extension} handler"
    else:
        yield known.key, "", f"URL:{known.key}"
        yield known.key, "URL Protocol", ""
    yield known.key, "AppUserModelID", app_user_model_id(item)
    yield f"{known.key}\\shell\\open\\command", "", known.command
    yield f"{known.key}\\shell\\open", "FriendlyAppName", item.name
    if item.icon:
        yield f"{known.key}\\DefaultIcon", "", item.icon
    if known.extension:
        yield f"{known.extension}\\OpenWithProgids", known.key, ""


def remove_association(registry: Registry, known: MenuAssociation, token: str) -> bool:
    """Undo `write_association`, unless another program has taken the key over since.

    Returns:
        Whether the key was ours.
    """
    owner = Mark.parse((registry.read(known.key, _OWNER) or "").encode())
    command = registry.read(f"{known.key}\\shell\\open\\command", "")
    if owner is None or owner.token != token:
        return False
    if command not in {None, known.command}:
        # What is left of ours there is this alone.
        registry.delete(known.key, _OWNER)
        return False
    if known.extension:
        registry.delete(f"{known.extension}\\OpenWithProgids", known.key)
    registry.delete_tree(known.key)
    return True
