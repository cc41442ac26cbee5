"""What is in a directory, to compare before and after."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def snapshot(directory: Path) -> dict[str, bytes | str]:
    """Return every path below a directory with its content or link target."""
    found: dict[str, bytes | str] = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = path.read_bytes()
        else:
            found[name] = "directory"
    return found


def describe_tree(root: Path) -> dict[str, tuple[object, ...]]:
    """Everything about a tree that an environment could notice.

    The time of a directory with something in it is left out: programs that set it before they
    fill the directory leave the time of extraction.
    """
    found: dict[str, tuple[object, ...]] = {}
    inodes: dict[int, str] = {}
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted((*folders, *files)):
            path = Path(folder, name)
            relative = path.relative_to(root).as_posix()
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode):
                time = None if any(path.iterdir()) else status.st_mtime_ns
                found[relative] = ("directory", stat.S_IMODE(status.st_mode), time)
            elif stat.S_ISLNK(status.st_mode):
                found[relative] = ("link", path.readlink(), status.st_mtime_ns)
            else:
                same = inodes.setdefault(status.st_ino, relative)
                found[relative] = (
                    "file",
                    stat.S_IMODE(status.st_mode),
                    status.st_mtime_ns,
                    path.read_bytes(),
                    same,
                )
    return found
