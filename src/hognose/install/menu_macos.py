"""Menu items on macOS: application folders (CEP 11, addendum B).

CEP 11 asks for a launcher that is a program, so that macOS ties windows to the application. We
bring no binaries, so the folder's executable is the script itself: the application starts and has
its name and icon, but receives no Apple events.
"""

from __future__ import annotations

import os
import plistlib
import shutil
from typing import TYPE_CHECKING, Any

import msgspec

from hognose.errors import InstallerError
from hognose.install.menu_document import slug

if TYPE_CHECKING:
    from hognose.install.menu_document import MenuItem
    from hognose.types import Platform

__all__ = ("information", "write_application")

_OWN = frozenset({"entitlements", "link_in_bundle", "event_handler", "info_plist_extra"})


def information(item: MenuItem, mark: str, platform: Platform) -> bytes:
    """Return the application's `Info.plist`.

    Raises:
        msgspec.ValidationError: The item has values that no property list can hold.
    """
    name = slug(item.name)
    version = str(item.options.get("CFBundleVersion", "1.0.0"))
    values: dict[str, Any] = {
        "CFBundleName": item.name[:16],
        "CFBundleDisplayName": item.name,
        "CFBundleExecutable": name,
        "CFBundleGetInfoString": f"{name}-{version}",
        "CFBundleIdentifier": f"com.{name}",
        "CFBundlePackageType": "APPL",
        "CFBundleVersion": version,
        "CFBundleShortVersionString": version,
        # A script says nothing of itself, and would be taken for a program of Intel's.
        "LSArchitecturePriority": ["arm64" if str(platform) == "osx-arm64" else "x86_64"],
    }
    if item.icon:
        values["CFBundleIconFile"] = os.path.basename(item.icon)
    values |= {key: value for key, value in item.options.items() if key not in _OWN}
    values |= item.options.get("info_plist_extra", {})
    # These two are what finds the program, and whose the application is.
    values |= {"CFBundleExecutable": name, "HognoseItem": mark}
    try:
        return plistlib.dumps(values)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        message = f"the item {item.name} has what no Info.plist can hold: {error}"
        raise msgspec.ValidationError(message) from error


def write_application(item: MenuItem, plist: bytes, script: str, folder: str) -> None:
    """Write an application's folder at a place that is free.

    Args:
        item: The menu item.
        plist: What `information` returned.
        script: The program.
        folder: The place, from where it is moved to the item's location.

    Raises:
        InstallerError: A link of the item leads out of the folder.
        OSError: It cannot be written. In either case a part of it may be there.
    """
    contents = f"{folder}/Contents"
    os.makedirs(f"{contents}/MacOS")
    os.makedirs(f"{contents}/Resources")
    with open(f"{contents}/Info.plist", "wb") as file:
        file.write(plist)
    with open(f"{contents}/PkgInfo", "w", encoding="ascii") as file:
        file.write("APPL????")
    program = f"{contents}/MacOS/{slug(item.name)}"
    with open(program, "w", encoding="utf-8", newline="\n") as file:
        file.write(script)
    os.chmod(program, 0o755)  # noqa: S103  # a program for everybody
    if item.icon and os.path.isfile(item.icon):
        shutil.copyfile(item.icon, f"{contents}/Resources/{os.path.basename(item.icon)}")
    inside = os.path.realpath(folder)
    for source, target in item.options.get("link_in_bundle", {}).items():
        # The target is written from the application's folder, or as a whole path.
        place = os.path.normpath(os.path.join(item.location, target))
        parent = os.path.dirname(folder + place[len(item.location) :])
        # A link that was made before may be on the way.
        is_inside = f"{os.path.realpath(parent)}/".startswith(f"{inside}/")
        if not (place.startswith(f"{item.location}/") and is_inside):
            message = f"`link_in_bundle` leads out of the application: {target}"
            raise InstallerError(message, path=item.location)
        os.makedirs(parent, exist_ok=True)
        os.symlink(source, f"{parent}/{os.path.basename(place)}")
