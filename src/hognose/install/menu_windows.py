"""Menu items on Windows: shortcuts, and what the registry ties to them (CEP 11).

A shortcut is written as bytes (MS-SHLLINK), so that it can be made and looked at on any system.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hognose.install.menu_document import MenuItem

__all__ = ("encode_shortcut", "iter_registry_values")

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


def encode_shortcut(
    target: str,
    *,
    arguments: str = "",
    description: str = "",
    working_dir: str = "",
    icon: str = "",
    is_minimized: bool = False,
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
    return header + strings + _environment_block(target) + bytes(4)


def _environment_block(target: str) -> bytes:
    wide = target.encode("utf-16-le")
    if len(wide) >= _PATH_LENGTH * 2:
        message = f"a shortcut's target has at most {_PATH_LENGTH - 1} characters: {target}"
        raise ValueError(message)
    # Who cannot read the second form sees question marks in the first.
    narrow = target.encode("cp1252", "replace")[: _PATH_LENGTH - 1]
    body = narrow.ljust(_PATH_LENGTH, b"\0") + wide.ljust(_PATH_LENGTH * 2, b"\0")
    return struct.pack("<II", len(body) + 8, _ENVIRONMENT_BLOCK) + body


def iter_registry_values(item: MenuItem, command: str) -> Iterator[tuple[str, str, str]]:
    r"""Yield what ties file types and URLs to an item: key below `Software\Classes`, name, value.

    Args:
        item: The menu item.
        command: The command line that opens `%1`.
    """
    identifier = str(item.options.get("app_user_model_id") or item.name).replace("\\", "-")
    for extension in item.options.get("file_extensions") or ():
        handler = f"{identifier}.AssocFile{extension}"
        yield f"{extension}\\OpenWithProgids", handler, ""
        yield handler, "", f"{item.name} {extension} handler"
        yield f"{handler}\\shell\\open\\command", "", command
        if item.icon:
            yield f"{handler}\\DefaultIcon", "", item.icon
    for protocol in item.options.get("url_protocols") or ():
        yield protocol, "", f"URL:{protocol}"
        yield protocol, "URL Protocol", ""
        yield f"{protocol}\\shell\\open\\command", "", command
        if item.icon:
            yield f"{protocol}\\DefaultIcon", "", item.icon
