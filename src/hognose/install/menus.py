"""Menu items put on a desktop and taken off again (CEP 11).

Everything is planned before anything is changed, and what is there already is left to whoever has
made it.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Protocol

from hognose.errors import HognoseError, InstallerError
from hognose.install.arguments import require_all
from hognose.install.failures import explain_failure
from hognose.install.menu_changes import replace_menu, take_menu_away
from hognose.install.menu_marks import read_mark, require_free
from hognose.install.menu_notes import InstalledMenu, noted_menus, noted_packages, read_note
from hognose.install.prefix_lock import PrefixLock
from hognose.install.prefix_path import normal_path
from hognose.install.recorded_paths import require_own_folders
from hognose.install.reporter import ReporterCalls
from hognose.types import Platform

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hognose.install.menu_places import MenuPlaces
    from hognose.install.menu_plan import PlannedMenu

__all__ = (
    "InstalledMenu",
    "Registry",
    "install_menus",
    "noted_menus",
    "remove_menus",
    "system_registry",
)


class Registry(Protocol):
    r"""The part of the Windows registry below `Software\Classes`."""

    def read(self, key: str, name: str) -> str | None:
        """Return a value, of whoever has one where these users have none; None if nobody."""

    def write(self, key: str, name: str, value: str) -> None:
        """Set a value; keys are made."""

    def delete(self, key: str, name: str) -> None:
        """Delete a value, and the keys around it in which nothing is left; it need not exist."""

    def delete_tree(self, key: str) -> None:
        """Delete a key with everything in it; it need not exist."""

    def tell(self) -> None:
        """Have the desktop see what was changed."""


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
    reporter: object | None = None,
    lock_timeout: float = 60.0,
) -> tuple[InstalledMenu, ...]:
    """Make the menu items of the packages in an environment; those that are there are made anew.

    Nothing is changed unless the items of all of these packages can be made. An item of the same
    name that is another environment's, or was not made here at all, is left as it is.

    Args:
        prefix: The environment.
        places: Where to make them.
        packages: The names of the packages, by default all that have any.
        base_prefix: The environment of the tool, by default `prefix`.
        platform: The platform of the environment, by default the one that runs.
        home: The user's directory, for the placeholder `HOME`.
        registry: Windows: what file types and URLs are written to; None leaves them alone.
        run_precreate: Whether documents may run their `precreate` command.
        reporter: An object with the method `on_warning` of `Reporter`.
        lock_timeout: Seconds to wait while another process changes the environment.

    Raises:
        ActivationError: The variables of the environment cannot be read, or not be set.
        InstallerError: A named package has no menu document, an item's place is taken, or a file
            cannot be written. In the last case what was made for the package at fault is removed.
        InvalidPackageFileError: A document cannot be used.
        LinkError: The path of the environment cannot be one.
    """
    platform = platform or Platform.current()
    root = normal_path(prefix)
    base = root if base_prefix is None else normal_path(base_prefix)
    names = None if packages is None else require_all("packages", packages, str)
    tell = ReporterCalls(reporter)
    # Only who makes items waits for what that takes: removing environments does not.
    from hognose.install.menu_plan import MenuContext, plan_menu

    require_own_folders(root)
    if not _documents(root, names):
        return ()
    with PrefixLock(root, timeout=lock_timeout):
        # Whoever held the lock may have changed what there is.
        found = _documents(root, names)
        try:
            context = MenuContext.read(root, base, platform=platform, places=places, home=home)
            menus = [plan_menu(package, path, context) for package, path in found.items()]
            _require_places(root, menus)
        except OSError as error:
            raise explain_failure(error, root) from error
        for menu in menus:
            if menu.is_legacy:
                tell("warning", f"{menu.package} has menu items for Windows only")
            replace_menu(root, menu, platform, registry, run_precreate=run_precreate, tell=tell)
    return tuple(menu.note for menu in menus if menu.items)


def remove_menus(
    prefix: str | os.PathLike[str],
    *,
    packages: Collection[str] | None = None,
    registry: Registry | None = None,
) -> tuple[InstalledMenu, ...]:
    """Remove the menu items that were made for the packages of an environment.

    What was not made for it, whatever the environment says, is left as it is. A package whose
    items cannot be removed does not keep those of the others.

    Args:
        prefix: The environment.
        packages: The names of the packages, by default all that have any.
        registry: Windows: where file types and URLs were written to.

    Returns:
        What was removed; nothing for packages that have no items.

    Raises:
        InstallerError: A file cannot be removed, or a note of what was made cannot be used.
    """
    root = os.path.abspath(prefix)
    names = None if packages is None else require_all("packages", packages, str)
    removed: list[InstalledMenu] = []
    failures: list[HognoseError] = []
    try:
        wanted = [name for name in noted_packages(root) if names is None or name in names]
    except OSError as error:
        raise explain_failure(error, root) from error
    if wanted:
        require_own_folders(root)
    for package in wanted:
        try:
            note = read_note(root, package)
            if note is not None:
                take_menu_away(root, package, note, registry)
                removed.append(note)
        except OSError as error:
            failure = explain_failure(error, root)
            failure.__cause__ = error
            failures.append(failure)
        except HognoseError as error:
            failures.append(error)
    if failures:
        for other in failures[1:]:
            failures[0].add_note(str(other))
        raise failures[0]
    return tuple(removed)


def _documents(root: str, packages: Sequence[str] | None) -> dict[str, str]:
    try:
        names = sorted(os.listdir(f"{root}/Menu"))
    except (FileNotFoundError, NotADirectoryError):
        names = []
    except OSError as error:
        raise explain_failure(error, root) from error
    found = {
        name.removesuffix(".json"): f"{root}/Menu/{name}"
        for name in names
        if name.endswith(".json") and os.path.isfile(f"{root}/Menu/{name}")
    }
    if packages is None:
        return found
    missing = sorted(set(packages) - found.keys())
    if missing:
        message = f"{root} has no menu for {', '.join(missing)}"
        raise InstallerError(message, path=root)
    return {name: path for name, path in found.items() if name in packages}


def _require_places(root: str, menus: Sequence[PlannedMenu]) -> None:
    """Refuse items that would lie where something else is, or two of them would."""
    planned = {menu.package for menu in menus}
    notes = {note.package: note for note in noted_menus(root)}
    others = {note.token: name for name, note in notes.items() if name not in planned}
    makers: dict[str, str] = {}
    for menu in menus:
        token = notes[menu.package].token if menu.package in notes else ""
        for path in (path for item in menu.items for path in item.paths):
            # Some file systems take two names for one that differ in case alone.
            if path.casefold() in makers:
                message = f"{makers[path.casefold()]} and {menu.package} both want to make {path}"
                if makers[path.casefold()] == menu.package:
                    message = f"{menu.package} has two menu items of the same name: {path}"
                raise InstallerError(message, path=path, hint="name the packages without it")
            makers[path.casefold()] = menu.package
            require_free(path, root, token=token)
            mark = read_mark(path)
            if mark is not None and mark.token in others:
                message = f"{others[mark.token]} has a menu item already at {path}"
                raise InstallerError(message, path=path)
        for item in menu.items:
            if item.entry is not None:
                from hognose.install.menu_file import require_menu_file

                require_menu_file(item.entry[0])


def system_registry(*, for_all_users: bool = False) -> Registry | None:
    """Return the registry of this machine; None where there is none."""
    registry: Registry | None = None
    if sys.platform == "win32":
        from hognose.install.windows_registry import WindowsRegistry

        registry = WindowsRegistry(for_all_users=for_all_users)
    return registry
