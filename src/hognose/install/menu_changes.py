"""Making and removing what a package's menu items consist of.

A note of all of it is written first and removed last. Nothing that lacks the mark of what the note
says is touched (`hognose.install.menu_marks`).
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from hognose.errors import HognoseError, InstallerError
from hognose.install.failures import explain_failure
from hognose.install.menu_marks import (
    clear,
    place,
    place_file,
    read_mark,
    remove_marked,
    remove_parts,
)
from hognose.install.menu_notes import (
    NOTES_DIRECTORY,
    InstalledMenu,
    read_note,
    remove_note,
    write_inside,
    write_note,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.install.menu_document import MenuItem
    from hognose.install.menu_plan import PlannedItem, PlannedMenu
    from hognose.install.menus import Registry
    from hognose.install.reporter import ReporterCalls
    from hognose.types import Platform

__all__ = ("replace_menu", "take_menu_away")


def replace_menu(
    root: str,
    menu: PlannedMenu,
    platform: Platform,
    registry: Registry | None,
    *,
    run_precreate: bool,
    tell: ReporterCalls,
) -> None:
    """Make the items of a package in the place of those that it had."""
    note = menu.note
    try:
        old = read_note(root, menu.package)
        if old is not None:
            take_menu_away(root, menu.package, old, registry)
    except OSError as error:
        raise explain_failure(error, root) from error
    if not menu.items:
        return
    try:
        write_note(root, note)
        for planned in menu.items:
            if planned.item.precreate and run_precreate:
                _run_precreate(planned.item, platform)
            _make(root, menu, planned, registry, tell)
        if registry is not None and note.associations:
            registry.tell()
    except BaseException as error:
        try:
            take_menu_away(root, menu.package, note, registry)
        except (OSError, HognoseError) as second:
            error.add_note(f"and what was made before cannot be removed: {second}")
        if isinstance(error, OSError):
            raise explain_failure(error, root) from error
        raise


def _make(
    root: str,
    menu: PlannedMenu,
    planned: PlannedItem,
    registry: Registry | None,
    tell: ReporterCalls,
) -> None:
    item, mark = planned.item, menu.mark
    if planned.script_name:
        path = f"{root}/{NOTES_DIRECTORY}/{planned.script_name}"
        write_inside(path, planned.script.encode(), is_program=True)
    for path in planned.paths:
        clear(path, root, token=mark.token)
    for path, content in planned.files.items():
        place_file(path, content, mark)
    if planned.plist:
        from hognose.install.menu_macos import write_application

        def write(folder: str) -> None:
            write_application(item, planned.plist, planned.script, folder)

        place(item.location, write, mark)
    if planned.entry is not None:
        _add_entry(planned.entry, str(mark))
        if item.options.get("MimeType") or item.options.get("glob_patterns"):
            _refresh(planned.paths)
    if registry is not None and planned.associations:
        from hognose.install.menu_windows import write_association

        for known in planned.associations:
            if not write_association(registry, known, item, mark):
                kind = f"files {known.extension}" if known.extension else f"URLs {known.key}:"
                tell("warning", f"{item.name}: {kind} are left to the program that has them")


def _add_entry(entry: tuple[str, str, str, str], mark: str) -> None:
    from hognose.install.menu_file import add_to_menu
    from hognose.install.menu_linux import directory_entry

    menu_file, menu_name, desktop_file, directory_file = entry
    if not os.path.lexists(directory_file):
        os.makedirs(os.path.dirname(directory_file), exist_ok=True)
        with suppress(FileExistsError), open(directory_file, "x", encoding="utf-8") as file:
            file.write(directory_entry(menu_name))
    add_to_menu(menu_file, menu_name, os.path.basename(desktop_file), mark)


def take_menu_away(root: str, package: str, note: InstalledMenu, registry: Registry | None) -> None:
    """Remove what was made for a package, and the note of it last.

    Raises:
        InstallerError: A menu file cannot be read any more; everything else is gone.
        OSError: Something cannot be removed; the note is still there.
    """
    failure: InstallerError | None = None
    for entry in note.entries:
        try:
            _remove_entry(entry, note.token)
        except InstallerError as error:
            failure = error
    remove_parts(note.paths, note.token)
    gone = [path for path in note.paths if remove_marked(path, note.token)]
    if any(path.endswith(".xml") for path in gone):
        # Programs are not let loose on folders that a note made up.
        _refresh([path for path in gone if os.path.dirname(path) in _desktop_folders()])
    for folder in {os.path.dirname(path) for path in gone}.intersection(note.folders):
        with suppress(OSError):
            os.rmdir(folder)
    if registry is not None and note.associations:
        from hognose.install.menu_windows import remove_association

        ours = [remove_association(registry, known, note.token) for known in note.associations]
        if any(ours):
            registry.tell()
    for script in note.scripts:
        with suppress(FileNotFoundError):
            os.unlink(f"{root}/{NOTES_DIRECTORY}/{script}")
    remove_note(root, package)
    if failure is not None:
        raise failure


def _remove_entry(entry: tuple[str, str, str, str], token: str) -> None:
    from hognose.install.menu_file import remove_from_menu
    from hognose.install.menu_linux import is_own_directory_entry

    menu_file, menu_name, desktop_file, directory_file = entry
    mark = read_mark(desktop_file)
    if mark is None or mark.token != token:
        return
    name = os.path.basename(desktop_file)
    if remove_from_menu(menu_file, menu_name, name, str(mark)) and is_own_directory_entry(
        directory_file
    ):
        os.unlink(directory_file)


def _refresh(paths: Sequence[str]) -> None:
    """Have a Linux desktop see what file types there are now."""
    from hognose.install.menu_linux import refresh_caches

    folders = {os.path.dirname(path) for path in paths if path.endswith(".desktop")}
    types = [os.path.dirname(os.path.dirname(path)) for path in paths if path.endswith(".xml")]
    for folder in folders:
        refresh_caches(folder, types[0] if types else "")


def _desktop_folders() -> set[str]:
    """Return where this machine looks for items and their file types."""
    from hognose.install.menu_places import MenuPlaces
    from hognose.types import Platform

    platform = Platform.current()
    known = [MenuPlaces.of_system(platform, os.environ)]
    with suppress(InstallerError):
        known.append(MenuPlaces.of_user(platform, os.environ))
    types = {f"{places.data}/mime/packages" for places in known}
    return types.union(places.applications for places in known)


def _run_precreate(item: MenuItem, platform: Platform) -> None:
    import subprocess

    shell = ["cmd", "/D", "/C"] if platform.is_windows else ["bash", "-c"]
    done = subprocess.run([*shell, str(item.precreate)], capture_output=True, check=False)
    if done.returncode:
        output = (done.stdout + done.stderr).decode(errors="replace").strip()
        message = f"the command before the menu item {item.name} is made failed: {output}"
        raise InstallerError(message, output=output)
