"""What was made for the packages of an environment: `conda-meta/menus/NAME.json`.

A note is written before anything is made, so that removing finds all of it, also after an
interruption. It may have come with an environment from somebody else, so it is trusted with
nothing: it says where to look, and whether something there was made for this environment is said
by that itself (`hognose.install.menu_marks`).
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress

import msgspec

from hognose.archive import rename
from hognose.errors import InstallerError

__all__ = (
    "NOTES_DIRECTORY",
    "InstalledMenu",
    "MenuAssociation",
    "noted_menus",
    "noted_packages",
    "read_note",
    "remove_note",
    "write_inside",
    "write_note",
)

NOTES_DIRECTORY = "conda-meta/menus"
_MADE = (".app", ".desktop", ".lnk", ".xml")
_TOKEN = re.compile(r"[0-9a-f]{16}")
_SCRIPT = re.compile(r"[^/\\:\0]+\.(bat|sh)")
# Keys of a handler's own, at the top of `Software\Classes`; a file's type begins with a point.
_KEY = re.compile(r"[^\\/.\0][^\\/\0]*")
_EXTENSION = re.compile(r"(\.[^\\/\0]+)?")


class MenuAssociation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    r"""A key of the Windows registry that ties file names or URLs to an item.

    Attributes:
        key: The key, below `Software\Classes`.
        command: The command line that is written there.
        extension: The end of the file names, with its point; empty for URLs.
    """

    key: str
    command: str
    extension: str = ""


class InstalledMenu(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was made for a package.

    Attributes:
        package: The package's name.
        token: What marks everything that was made.
        paths: The files and folders on the desktop, absolute.
        folders: Windows: the folders of the menus that they are in, which go when they are empty.
        scripts: The names of the scripts that the items start, in `conda-meta/menus`.
        entries: Linux: menu file, menu, `.desktop` file and `.directory` file of each item.
        associations: Windows: what was written to the registry.
    """

    package: str
    token: str = ""
    paths: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    entries: tuple[tuple[str, str, str, str], ...] = ()
    associations: tuple[MenuAssociation, ...] = ()


# Made once: msgspec crashes where several threads make the first one at the same time.
_INSTALLED_MENU = msgspec.json.Decoder(InstalledMenu)


def noted_packages(root: str) -> list[str]:
    """Return the names of the packages that something was made for, in order."""
    try:
        names = os.listdir(f"{root}/{NOTES_DIRECTORY}")
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))


def noted_menus(prefix: str | os.PathLike[str]) -> tuple[InstalledMenu, ...]:
    """Return what was made for the packages of an environment; notes that are damaged are left out.

    Args:
        prefix: The environment.
    """
    root = os.path.abspath(prefix)
    found = []
    for package in noted_packages(root):
        with suppress(OSError, InstallerError):
            found.append(read_note(root, package))
    return tuple(note for note in found if note is not None)


def read_note(root: str, package: str) -> InstalledMenu | None:
    """Return what was made for a package; None if nothing was.

    Raises:
        InstallerError: The note cannot be used; has `path`.
        OSError: It cannot be read.
    """
    path = f"{root}/{NOTES_DIRECTORY}/{package}.json"
    # A pipe would have nothing to say until somebody else opens it.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise IsADirectoryError("it is no file")
            note = _INSTALLED_MENU.decode(file.read())
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
        message = f"the note of what was made for {package} cannot be read: {path}: {error}"
        raise InstallerError(message, path=path, hint=f"remove {path}") from error
    fault = _find_fault(note)
    if fault is not None:
        message = f"the note of what was made for {package} names what is none of it: {fault}"
        raise InstallerError(message, path=path, hint=f"remove {path}")
    return note


def _find_fault(note: InstalledMenu) -> str | None:
    """Return something in a note that is never made."""
    files = (*note.paths, *(entry[2] for entry in note.entries))
    faults = [path for path in files if not (path.endswith(_MADE) and os.path.isabs(path))]
    faults += [name for name in note.scripts if not _SCRIPT.fullmatch(name)]
    for entry in note.entries:
        if not (entry[0].endswith(".menu") and entry[3].endswith(".directory")):
            faults.append(entry[0])
    for known in note.associations:
        if not (_KEY.fullmatch(known.key) and _EXTENSION.fullmatch(known.extension)):
            faults.append(known.key)
    if (files or note.scripts or note.associations) and not _TOKEN.fullmatch(note.token):
        faults.append(note.token or "nothing by which it could be told")
    return faults[0] if faults else None


def write_note(root: str, note: InstalledMenu) -> None:
    """Write a note, in one step.

    Raises:
        OSError: It cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(note))
    write_inside(f"{root}/{NOTES_DIRECTORY}/{note.package}.json", text)


def remove_note(root: str, package: str) -> None:
    """Remove a note, and the folder of notes after the last one.

    Raises:
        OSError: It cannot be removed.
    """
    folder = f"{root}/{NOTES_DIRECTORY}"
    with suppress(FileNotFoundError):
        os.unlink(f"{folder}/{package}.json")
    with suppress(OSError):
        os.rmdir(folder)


def write_inside(path: str, content: bytes, *, is_program: bool = False) -> None:
    """Write a file of the environment's own, in one step; a link in its place is replaced.

    Raises:
        OSError: It cannot be written; what was there is as it was.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = f"{os.path.dirname(path)}/.{os.urandom(8).hex()}.part"
    try:
        with open(part, "xb") as file:
            file.write(content)
        if is_program:
            os.chmod(part, 0o755)  # noqa: S103  # a program for everybody
        rename(part, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(part)
        raise
