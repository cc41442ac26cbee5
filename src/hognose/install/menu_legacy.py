"""Menu documents of the form from before CEP 11 (its addendum A): shortcuts for Windows.

They name no schema, and every system had keys of its own. Those of Linux and macOS were never
used, so such documents have items for Windows alone. menuinst started scripts by `cwp.py` of the
base environment, which set the search path; here they start as all items do, in the environment
activated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from hognose.errors import InvalidPackageFileError
from hognose.install.menu_document import MenuItem, require_writable
from hognose.types import Platform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("legacy_menu_items",)

_PLACEHOLDER = re.compile(r"\$\{([A-Z_]+)\}")
_SHELLS = re.compile(r"(.*\\)?(cmd|powershell|pwsh)(\.exe)?|%COMSPEC%", re.IGNORECASE)


class _Item(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    system: str | None = None
    script: str | None = None
    pyscript: str | None = None
    pywscript: str | None = None
    webbrowser: str | None = None
    scriptargument: str | None = None
    scriptarguments: tuple[str, ...] = ()
    workdir: str = ""
    icon: str = ""
    desktop: bool = False
    quicklaunch: bool = False


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    menu_items: tuple[_Item, ...]
    menu_name: str = "Python-${PY_VER}"


def legacy_menu_items(
    document: Mapping[str, Any],
    path: str,
    placeholders: Mapping[str, str],
    *,
    locate: Callable[[str, str], str],
) -> tuple[MenuItem, ...]:
    """Return the items of a document of the old form, for Windows.

    Args:
        document: What it holds.
        path: Where it is, for messages.
        placeholders: What `find_placeholders` returned.
        locate: Returns where an item will be, from the names of menu and item.

    Raises:
        InvalidPackageFileError: It is no such document; names the file.
    """
    values = _old_placeholders(placeholders)
    try:
        known = msgspec.convert(document, _Document)
        items = tuple(_fill_in(known.menu_name, item, values, locate) for item in known.menu_items)
        for item in items:
            require_writable(item, Platform("win-64"))
    except (msgspec.ValidationError, RecursionError) as error:
        message = f"{path} is no menu document: {error}"
        raise InvalidPackageFileError(message, path=path) from error
    return items


def _old_placeholders(placeholders: Mapping[str, str]) -> dict[str, str]:
    is_base = placeholders["PREFIX"] == placeholders["BASE_PREFIX"]
    home = placeholders["HOME"]
    return {
        "PREFIX": placeholders["PREFIX"],
        "ROOT_PREFIX": placeholders["BASE_PREFIX"],
        "DISTRIBUTION_NAME": placeholders["DISTRIBUTION_NAME"],
        "PYTHON_SCRIPTS": placeholders["SCRIPTS_DIR"],
        "MENU_DIR": placeholders["MENU_DIR"],
        "PERSONALDIR": f"{home}\\Documents",
        "USERPROFILE": home,
        # The items of the base environment were named without it.
        "ENV_NAME": "" if is_base else placeholders["ENV_NAME"],
        "PY_VER": placeholders["PY_VER"].partition(".")[0],
        "PLATFORM": "(64-bit)",
    }


def _fill_in(
    menu_name: str, item: _Item, values: Mapping[str, str], locate: Callable[[str, str], str]
) -> MenuItem:
    def render(text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)

    menu_name, name = render(menu_name).strip(), render(item.name)
    if values["ENV_NAME"]:
        name = f"{name} ({values['ENV_NAME']})"
    command = tuple(render(word) for word in _command(item))
    program = command[0].replace("/", "\\")
    is_activated = item.system is None and item.webbrowser is None
    return MenuItem(
        menu_name=menu_name,
        name=name,
        description=name,
        command=(program, *command[1:]),
        icon=render(item.icon) or None,
        precreate=None,
        precommand=None,
        working_dir=render(item.workdir) or None,
        activate=is_activated,
        terminal=_SHELLS.fullmatch(program) is not None,
        location=locate(menu_name, name),
        options={"desktop": item.desktop, "quicklaunch": item.quicklaunch},
    )


def _command(item: _Item) -> list[str]:
    """Return the words of a command, with placeholders; the first key that is there decides."""
    more = [*([item.scriptargument] if item.scriptargument else []), *item.scriptarguments]
    if item.pywscript:
        return ["${PREFIX}\\pythonw.exe", *item.pywscript.split()]
    if item.pyscript:
        return ["${PREFIX}\\python.exe", *item.pyscript.split()]
    if item.webbrowser:
        return ["${ROOT_PREFIX}\\pythonw.exe", "-m", "webbrowser", "-t", item.webbrowser]
    words = (item.script or item.system or "").split()
    if not words:
        raise msgspec.ValidationError(f"the item {item.name!a} starts nothing")
    return [*words, *more]
