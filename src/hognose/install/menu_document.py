"""Menu items that packages bring along: `Menu/NAME.json` (CEP 11), read and filled in.

Documents of the unversioned older form, which name no schema, are `hognose.install.menu_legacy`'s.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import msgspec

from hognose.errors import InvalidPackageFileError
from hognose.install.noarch_python import PythonInfo
from hognose.types import PrefixRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hognose.types import Platform

__all__ = (
    "MenuItem",
    "find_placeholders",
    "is_legacy",
    "menu_items",
    "read_menu_document",
    "require_writable",
    "slug",
)

_PLACEHOLDER = re.compile(r"\{\{ *([A-Z_]+) *\}\}")
_ICONS = {"linux": "png", "osx": "icns", "win": "ico"}
# What no XML document, desktop entry or property list can hold.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Options that lead to more than a line of text; what the others are is up to the desktop.
_OPTION_TYPES: dict[str, Any] = {
    "app_user_model_id": str,
    "desktop": bool,
    "file_extensions": tuple[str, ...],
    "glob_patterns": dict[str, str],
    "info_plist_extra": dict[str, Any],
    "link_in_bundle": dict[str, str],
    "quicklaunch": bool,
    "url_protocols": tuple[str, ...],
}


class _Item(msgspec.Struct, frozen=True, kw_only=True):
    name: str | dict[str, str]
    description: str | dict[str, str]
    command: tuple[str, ...]
    icon: str | None = None
    precreate: str | None = None
    precommand: str | None = None
    working_dir: str | None = None
    activate: bool = True
    terminal: bool = False
    platforms: dict[str, dict[str, Any] | None] = {}


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    menu_name: str | dict[str, str]
    menu_items: tuple[_Item, ...]


class MenuItem(msgspec.Struct, frozen=True, kw_only=True):
    """One menu item for one platform, with every placeholder filled in.

    Attributes:
        menu_name: The menu that it is in.
        name: Its name.
        description: What it is.
        command: The program and its arguments.
        icon: The file of its picture, or None.
        precreate: What is to be run before it is made, or None.
        precommand: Shell code to run before the command, or None.
        working_dir: Where the command starts, or None.
        activate: Whether the environment is activated for the command.
        terminal: Whether the command runs in a terminal.
        location: Where the item itself will be.
        options: What the document says for this platform only.
    """

    menu_name: str
    name: str
    description: str
    command: tuple[str, ...]
    icon: str | None
    precreate: str | None
    precommand: str | None
    working_dir: str | None
    activate: bool
    terminal: bool
    location: str
    options: dict[str, Any]


def slug(text: str) -> str:
    """Return a name as part of a file name that every system takes."""
    return re.sub(r"[^\w.]+", "-", text.lower()).strip("-.") or "item"


def read_menu_document(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what a document holds; nothing is known of its form yet.

    Raises:
        InvalidPackageFileError: It is no JSON object; names the file.
        OSError: It cannot be read.
    """
    shown = os.fspath(path)
    with open(path, "rb") as file:
        data = file.read()
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refuse(shown, error) from error


def is_legacy(document: Mapping[str, Any]) -> bool:
    """Whether a document has the form from before CEP 11."""
    return not {"$id", "$schema"} & document.keys()


def menu_items(
    document: Mapping[str, Any],
    path: str,
    placeholders: Mapping[str, str],
    *,
    platform: Platform,
    locate: Callable[[str, str], str],
) -> tuple[MenuItem, ...]:
    """Return the items that a document has for a platform.

    Args:
        document: What it holds.
        path: Where it is, for messages.
        placeholders: What `{{ NAME }}` stands for.
        platform: The platform.
        locate: Returns where an item will be, from the names of menu and item.

    Raises:
        InvalidPackageFileError: It is no document of CEP 11, or has texts that no menu can hold;
            names the file.
    """
    try:
        known = msgspec.convert(document, _Document)
        items = tuple(
            _fill_in(known, item, options or {}, placeholders, platform, locate)
            for item in known.menu_items
            for name, options in item.platforms.items()
            if name == _platform_name(platform)
        )
        for item in items:
            require_writable(item, platform)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _refuse(path, error) from error
    return items


def _refuse(path: str, error: Exception) -> InvalidPackageFileError:
    hint = "name the packages whose items are to be made, to do without it"
    return InvalidPackageFileError(f"{path} is no menu document: {error}", path=path, hint=hint)


def require_writable(item: MenuItem, platform: Platform) -> None:
    """Refuse an item with texts that cannot be written where they belong.

    Raises:
        msgspec.ValidationError: Says which.
    """
    # On Windows each of these is part of one line of a batch file.
    lines = (*item.command, item.working_dir, item.icon) if platform.is_windows else ()
    for text in (item.menu_name, item.name, *lines):
        if text is not None and _CONTROL.search(text):
            raise msgspec.ValidationError(f"{text!a} has a control character")
    fields = msgspec.structs.asdict(item)
    for text in _texts(list(fields.values())):
        if _UNWRITABLE.search(text):
            raise msgspec.ValidationError(f"{text!a} has a character that no menu can hold")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value.keys(), *value.values()])
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def _platform_name(platform: Platform) -> str:
    return "win" if platform.is_windows else "osx" if platform.is_osx else "linux"


def _fill_in(
    document: _Document,
    item: _Item,
    options: dict[str, Any],
    placeholders: Mapping[str, str],
    platform: Platform,
    locate: Callable[[str, str], str],
) -> MenuItem:
    # A platform may say anything anew, except what platforms there are.
    general = set(_Item.__struct_fields__) - {"platforms"}
    anew = {key: options[key] for key in general & options.keys() if options[key] is not None}
    item = msgspec.convert({**msgspec.structs.asdict(item), **anew}, _Item)
    is_base = placeholders["PREFIX"] == placeholders["BASE_PREFIX"]
    menu_name = _render(_choose(document.menu_name, is_base=is_base), placeholders)
    name = _render(_choose(item.name, is_base=is_base), placeholders)
    location = locate(menu_name, name)
    shown = location.replace("/", "\\") if platform.is_windows else location
    values = {**placeholders, "MENU_ITEM_LOCATION": shown}
    rest = {
        key: msgspec.convert(value, _OPTION_TYPES.get(key, Any))
        for key, value in options.items()
        if key not in general and value is not None
    }
    return MenuItem(
        menu_name=menu_name,
        name=name,
        description=_render(_choose(item.description, is_base=is_base), values),
        command=_render(item.command, values),
        icon=_render(item.icon, values),
        precreate=_render(item.precreate, values),
        precommand=_render(item.precommand, values),
        working_dir=_render(item.working_dir, values),
        activate=item.activate,
        terminal=item.terminal,
        location=location,
        options=_render(rest, values),
    )


def _choose(text: str | dict[str, str], *, is_base: bool) -> str:
    if isinstance(text, str):
        return text
    key = "target_environment_is_base" if is_base else "target_environment_is_not_base"
    if key not in text:
        message = f"a name for the case `{key}` is missing"
        raise msgspec.ValidationError(message)
    return text[key]


def _render(value: Any, placeholders: Mapping[str, str]) -> Any:
    """Fill in all text in a value; a placeholder that nobody knows stays as it is."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: placeholders.get(found[1], found[0]), value)
    if isinstance(value, (list, tuple)):
        return type(value)(_render(item, placeholders) for item in value)
    if isinstance(value, dict):
        return {
            _render(key, placeholders): _render(item, placeholders) for key, item in value.items()
        }
    return value


def find_placeholders(
    prefix: str, base_prefix: str, *, platform: Platform, home: str
) -> dict[str, str]:
    """Return what the placeholders of CEP 11 stand for, but for `MENU_ITEM_LOCATION`.

    Args:
        prefix: The environment that the document is in.
        base_prefix: The environment of the tool.
        platform: The platform of the environment.
        home: The user's directory.
    """
    python = PythonInfo.from_records(PrefixRecord.collect(prefix), platform)
    values = {
        "BASE_PREFIX": base_prefix,
        "DISTRIBUTION_NAME": os.path.basename(base_prefix),
        "PREFIX": prefix,
        "ENV_NAME": os.path.basename(prefix),
        "MENU_DIR": f"{prefix}/Menu",
        "BIN_DIR": f"{prefix}/Library/bin" if platform.is_windows else f"{prefix}/bin",
        "PY_VER": f"{python.major}.{python.minor}" if python else "",
        "SP_DIR": f"{prefix}/{python.site_packages}" if python else "",
        "HOME": home,
        "ICON_EXT": _ICONS[_platform_name(platform)],
    }
    program = "python.exe" if platform.is_windows else "bin/python"
    values |= {"PYTHON": f"{prefix}/{program}", "BASE_PYTHON": f"{base_prefix}/{program}"}
    if platform.is_osx:
        values["PYTHONAPP"] = f"{prefix}/python.app/Contents/MacOS/python"
    if platform.is_windows:
        values |= {
            "SCRIPTS_DIR": f"{prefix}/Scripts",
            "PYTHONW": f"{prefix}/pythonw.exe",
            "BASE_PYTHONW": f"{base_prefix}/pythonw.exe",
        }
        values = {
            key: value if key in {"PY_VER", "ICON_EXT"} else value.replace("/", "\\")
            for key, value in values.items()
        }
    return values
