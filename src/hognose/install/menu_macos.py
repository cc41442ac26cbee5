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

from hognose.install.menu_document import slug

if TYPE_CHECKING:
    from hognose.install.menu_document import MenuItem

__all__ = ("information", "write_application")

_OWN = frozenset({"entitlements", "link_in_bundle", "event_handler", "info_plist_extra"})


def information(item: MenuItem) -> bytes:
    """Return the application's `Info.plist`."""
    name = slug(item.name)
    values: dict[str, Any] = {
        "CFBundleName": item.name[:16],
        "CFBundleDisplayName": item.name,
        "CFBundleExecutable": name,
        "CFBundleGetInfoString": f"{name}-1.0.0",
        "CFBundleIdentifier": f"com.{name}",
        "CFBundlePackageType": "APPL",
        "CFBundleVersion": "1.0.0",
        "CFBundleShortVersionString": "1.0.0",
    }
    if item.icon:
        values["CFBundleIconFile"] = os.path.basename(item.icon)
    values |= {key: value for key, value in item.options.items() if key not in _OWN}
    extra = item.options.get("info_plist_extra")
    values |= extra if isinstance(extra, dict) else {}
    return plistlib.dumps(values)


def write_application(item: MenuItem, script: str) -> None:
    """Write the application's folder at the item's location, which does not exist.

    Raises:
        OSError: It cannot be written; a part of it may be there.
    """
    contents = f"{item.location}/Contents"
    os.makedirs(f"{contents}/MacOS")
    os.makedirs(f"{contents}/Resources")
    with open(f"{contents}/Info.plist", "wb") as file:
        file.write(information(item))
    with open(f"{contents}/PkgInfo", "w", encoding="ascii") as file:
        file.write("APPL????")
    program = f"{contents}/MacOS/{slug(item.name)}"
    with open(program, "w", encoding="utf-8", newline="\n") as file:
        file.write(script)
    os.chmod(program, 0o755)  # noqa: S103  # a program for everybody
    if item.icon and os.path.isfile(item.icon):
        shutil.copyfile(item.icon, f"{contents}/Resources/{os.path.basename(item.icon)}")
    links = item.options.get("link_in_bundle")
    for source, target in (links if isinstance(links, dict) else {}).items():
        # The target is written from the application's folder, or as a whole path.
        place = os.path.normpath(os.path.join(item.location, target))
        if not place.startswith(f"{item.location}/"):
            message = f"`link_in_bundle` leads out of the application: {target}"
            raise OSError(message)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.symlink(source, place)
