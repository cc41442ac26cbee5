"""Menu items put on a desktop and taken off again (CEP 11).

What was made for a package is noted in `conda-meta/menus/NAME.json` before it is made, so that
removing finds all of it, also after an interruption.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, cast

import msgspec

from hognose.errors import InstallerError
from hognose.install.failures import explain_failure
from hognose.install.menu_document import find_placeholders, read_menu_items, slug
from hognose.install.menu_scripts import batch_script, shell_script
from hognose.types import Platform

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hognose.install.menu_document import MenuItem
    from hognose.install.menu_places import MenuPlaces

__all__ = (
    "InstalledMenu",
    "Registry",
    "install_menus",
    "noted_menus",
    "remove_menus",
    "system_registry",
)

_NOTES = "conda-meta/menus"

# How everything ends that is made for an item. Nothing else is removed, whatever a note says: it
# may have come with an environment from somebody else.
_MADE = (".app", ".bat", ".desktop", ".directory", ".lnk", ".menu", ".sh", ".xml")


class Registry(Protocol):
    r"""The part of the Windows registry below `Software\Classes`."""

    def write(self, key: str, name: str, value: str) -> None:
        """Set a value; keys are made."""

    def delete(self, key: str, name: str) -> None:
        """Delete a value, and the key if nothing is left in it; it need not exist."""


class InstalledMenu(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What was made for a package.

    Attributes:
        package: The package's name.
        paths: The files and folders, absolute.
        entries: Linux: menu file, menu, `.desktop` file and `.directory` file of each item.
        registry: Windows: keys and names of values.
    """

    package: str
    paths: list[str] = []
    entries: list[tuple[str, str, str, str]] = []
    registry: list[tuple[str, str]] = []


# Made once: msgspec crashes where several threads make the first one at the same time.
_INSTALLED_MENU = msgspec.json.Decoder(InstalledMenu)


def install_menus(
    prefix: str | os.PathLike[str],
    *,
    places: MenuPlaces,
    packages: Collection[str] | None = None,
    base_prefix: str | os.PathLike[str] | None = None,
    platform: Platform | None = None,
    home: str = "",
    registry: Registry | None = None,
    run_precreate: bool = False,
) -> tuple[InstalledMenu, ...]:
    """Make the menu items of the packages in an environment; those that are there are made anew.

    Args:
        prefix: The environment.
        places: Where to make them.
        packages: The names of the packages, by default all that have any.
        base_prefix: The environment of the tool, by default `prefix`.
        platform: The platform of the environment, by default the one that runs.
        home: The user's directory, for the placeholder `HOME`.
        registry: Windows: what file types and URLs are written to; None leaves them alone.
        run_precreate: Whether documents may run their `precreate` command.

    Raises:
        InstallerError: A named package has no menu document, or a file cannot be written. What
            was made for the package at fault is removed.
        InvalidPackageFileError: A document cannot be used.
    """
    platform = platform or Platform.current()
    root = os.path.abspath(prefix)
    base = root if base_prefix is None else os.path.abspath(base_prefix)
    found = _documents(root, packages)
    placeholders = find_placeholders(root, base, platform=platform, home=home)
    done = []
    for package, document in found.items():
        items = read_menu_items(
            document,
            placeholders,
            platform=platform,
            locate=lambda menu, name: _locate(places, platform, menu, name),
        )
        _remove(root, package, registry)
        if not items:
            continue
        note = InstalledMenu(package=package)
        try:
            for item in items:
                if item.precreate and run_precreate:
                    _run_precreate(item, platform)
                _install_item(root, item, places, platform, note, registry)
        except BaseException as error:
            _remove(root, package, registry)
            if isinstance(error, OSError):
                raise explain_failure(error, root) from error
            raise
        done.append(note)
    return tuple(done)


def remove_menus(
    prefix: str | os.PathLike[str],
    *,
    packages: Collection[str] | None = None,
    registry: Registry | None = None,
) -> tuple[InstalledMenu, ...]:
    """Remove the menu items that were made for the packages of an environment.

    Args:
        prefix: The environment.
        packages: The names of the packages, by default all that have any.
        registry: Windows: where file types and URLs were written to.

    Returns:
        What was removed; nothing for packages that have no items.

    Raises:
        InstallerError: A file cannot be removed.
    """
    root = os.path.abspath(prefix)
    try:
        names = sorted(os.listdir(f"{root}/{_NOTES}"))
    except FileNotFoundError:
        return ()
    present = [name.removesuffix(".json") for name in names if name.endswith(".json")]
    wanted = [name for name in present if packages is None or name in packages]
    try:
        removed = [_remove(root, package, registry) for package in wanted]
    except OSError as error:
        raise explain_failure(error, root) from error
    return tuple(note for note in removed if note is not None)


def noted_menus(prefix: str | os.PathLike[str]) -> tuple[InstalledMenu, ...]:
    """Return what was made for the packages of an environment; notes that are damaged are left out.

    Args:
        prefix: The environment.
    """
    folder = os.path.join(prefix, _NOTES)
    found = []
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        if name.endswith(".json"):
            with suppress(OSError, msgspec.DecodeError), open(f"{folder}/{name}", "rb") as file:
                found.append(_INSTALLED_MENU.decode(file.read()))
    return tuple(found)


def _documents(root: str, packages: Collection[str] | None) -> dict[str, str]:
    try:
        names = sorted(os.listdir(f"{root}/Menu"))
    except (FileNotFoundError, NotADirectoryError):
        names = []
    found = {
        name.removesuffix(".json"): f"{root}/Menu/{name}"
        for name in names
        if name.endswith(".json")
    }
    if packages is None:
        return found
    missing = sorted(set(packages) - found.keys())
    if missing:
        message = f"{root} has no menu for {', '.join(missing)}"
        raise InstallerError(message, path=root)
    return {name: path for name, path in found.items() if name in packages}


def _locate(places: MenuPlaces, platform: Platform, menu_name: str, name: str) -> str:
    if platform.is_windows:
        return f"{places.applications}/{_file_name(menu_name)}/{_file_name(name)}.lnk"
    if platform.is_osx:
        return f"{places.applications}/{_file_name(name)}.app"
    return f"{places.applications}/{slug(menu_name)}_{slug(name)}.desktop"


def _file_name(text: str) -> str:
    """Return a name as people see it, without what no file name may have."""
    letters = ("_" if letter in '<>:"/\\|?*' or ord(letter) < 32 else letter for letter in text)
    return "".join(letters).strip(" .") or "_"


def _install_item(
    root: str,
    item: MenuItem,
    places: MenuPlaces,
    platform: Platform,
    note: InstalledMenu,
    registry: Registry | None,
) -> None:
    stem = f"{root}/{_NOTES}/{note.package}.{slug(item.menu_name)}.{slug(item.name)}"
    variables = _variables(root) if item.activate else {}
    if platform.is_windows:
        _install_windows(root, item, f"{stem}.bat", variables, places, note, registry)
    elif platform.is_osx:
        from hognose.install.menu_macos import write_application

        _announce(root, note, [item.location])
        write_application(item, shell_script(item, root, variables, in_bundle=True))
    else:
        _install_linux(root, item, f"{stem}.sh", variables, places, note)


def _install_linux(
    root: str,
    item: MenuItem,
    script: str,
    variables: Mapping[str, str],
    places: MenuPlaces,
    note: InstalledMenu,
) -> None:
    from hognose.install.menu_linux import (
        add_to_menu,
        desktop_entry,
        directory_entry,
        mime_document,
    )

    stem = f"{slug(item.menu_name)}-{slug(item.name)}"
    types = mime_document(item)
    type_file = f"{places.data}/mime/packages/{stem}.xml"
    desktop_file = os.path.basename(item.location)
    _announce(root, note, [script, item.location, *([type_file] if types else [])])
    directory_file = f"{places.data}/desktop-directories/{slug(item.menu_name)}.directory"
    note.entries.append((places.menu_file, item.menu_name, desktop_file, directory_file))
    _write_note(root, note)
    _write(script, shell_script(item, root, variables), executable=True)
    _write(item.location, desktop_entry(item, script))
    if types:
        _write(type_file, types)
    _write(directory_file, directory_entry(item.menu_name))
    add_to_menu(places.menu_file, item.menu_name, desktop_file)


def _install_windows(
    root: str,
    item: MenuItem,
    script: str,
    variables: Mapping[str, str],
    places: MenuPlaces,
    note: InstalledMenu,
    registry: Registry | None,
) -> None:
    from hognose.install.menu_windows import encode_shortcut, iter_registry_values

    folders = [os.path.dirname(item.location)]
    for key, folder in (("desktop", places.desktop), ("quicklaunch", places.quick_launch)):
        if folder and item.options.get(key, True):
            folders.append(folder)
    links = [f"{folder}/{os.path.basename(item.location)}" for folder in folders]
    values = tuple(iter_registry_values(item, f'"{_back(script)}" "%1"')) if registry else ()
    note.registry += [(key, name) for key, name, _ in values]
    _announce(root, note, [script, *links])
    _write(script, batch_script(item, _back(root), variables))
    # `cmd` takes off the outer pair of quotation marks.
    shortcut = encode_shortcut(
        "%COMSPEC%",
        arguments=f'/D {"/K" if item.terminal else "/C"} ""{_back(script)}""',
        description=item.description,
        working_dir=item.working_dir or "%HOMEDRIVE%%HOMEPATH%",
        icon=item.icon or "",
        is_minimized=not item.terminal,
    )
    for link in links:
        os.makedirs(os.path.dirname(link), exist_ok=True)
        with open(link, "wb") as file:
            file.write(shortcut)
    for key, name, value in values:
        cast("Registry", registry).write(key, name, value)


def _back(path: str) -> str:
    return path.replace("/", "\\")


def _variables(root: str) -> dict[str, str]:
    """Return the variables that a person has set for the environment."""
    try:
        with open(f"{root}/conda-meta/state", "rb") as file:
            state = msgspec.json.decode(file.read(), type=dict[str, dict[str, str]])
    except (OSError, msgspec.DecodeError):
        return {}
    return {name: value for name, value in state.get("env_vars", {}).items() if name.isidentifier()}


def _run_precreate(item: MenuItem, platform: Platform) -> None:
    import subprocess

    shell = ["cmd", "/D", "/C"] if platform.is_windows else ["bash", "-c"]
    done = subprocess.run([*shell, str(item.precreate)], capture_output=True, check=False)
    if done.returncode:
        output = (done.stdout + done.stderr).decode(errors="replace").strip()
        message = f"the command before the menu item {item.name} is made failed: {output}"
        raise InstallerError(message, output=output)


def _announce(root: str, note: InstalledMenu, paths: Iterable[str]) -> None:
    note.paths += paths
    _write_note(root, note)


def _write_note(root: str, note: InstalledMenu) -> None:
    path = f"{root}/{_NOTES}/{note.package}.json"
    _write(f"{path}.part", msgspec.json.format(msgspec.json.encode(note)).decode())
    os.replace(f"{path}.part", path)


def _write(path: str, text: str, *, executable: bool = False) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    if executable:
        os.chmod(path, 0o755)  # noqa: S103  # a program for everybody


def _remove(root: str, package: str, registry: Registry | None) -> InstalledMenu | None:
    path = f"{root}/{_NOTES}/{package}.json"
    try:
        with open(path, "rb") as file:
            note = _INSTALLED_MENU.decode(file.read())
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        message = f"the note of what was made for {package} cannot be read: {path}: {error}"
        raise InstallerError(message, path=path) from error
    named = [*note.paths, *[place for entry in note.entries for place in (entry[0], entry[3])]]
    for place in named:
        if not place.endswith(_MADE) or (os.path.isdir(place) and not place.endswith(".app")):
            message = f"the note of what was made for {package} names what is none of it: {place}"
            hint = f"remove {path}"
            raise InstallerError(message, path=path, hint=hint)
    for menu_file, menu_name, desktop_file, directory_file in note.entries:
        from hognose.install.menu_linux import remove_from_menu

        if remove_from_menu(menu_file, menu_name, desktop_file):
            _remove_path(directory_file)
    for made in note.paths:
        _remove_path(made)
        if made.endswith(".lnk"):
            # The menu's own folder, if this was its last item.
            with suppress(OSError):
                os.rmdir(os.path.dirname(made))
    if registry is not None:
        for key, name in reversed(note.registry):
            registry.delete(key, name)
    os.unlink(path)
    with suppress(OSError):
        os.rmdir(os.path.dirname(path))
    return note


def _remove_path(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        with suppress(FileNotFoundError):
            os.unlink(path)


def system_registry(*, for_all_users: bool = False) -> Registry | None:
    """Return the registry of this machine; None where there is none."""
    registry: Registry | None = None
    if sys.platform == "win32":
        from hognose.install.windows_registry import WindowsRegistry

        registry = WindowsRegistry(for_all_users=for_all_users)
    return registry
