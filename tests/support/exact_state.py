"""All that can be told of an environment's files, for tests that allow no difference."""

from __future__ import annotations

import hashlib
import marshal
import os
import re
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# The time of a change, which no two runs share.
_CHANGED_AT = re.compile(rb"^==> .* <==$", re.MULTILINE)

# Written by the installer itself, at its own time.
_OWN_FOLDERS = ("conda-meta/",)


def exact_state(prefix: Path) -> dict[str, object]:
    """Return kind, mode, content and time of every path below a prefix.

    Left out are the times of folders, and of files that the installer composes: records, the
    history, entry points, byte-code. Two compilations of one source differ in how often objects
    are referred to, so byte-code counts as what it means.
    """
    found: dict[str, object] = {}
    for folder, folders, names in os.walk(prefix):
        for name in [*folders, *names]:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            found[os.path.relpath(path, prefix)] = _describe(path, prefix, status)
    return found


def _describe(path: str, prefix: Path, status: os.stat_result) -> tuple[object, ...]:
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return ("link", os.readlink(path), status.st_mtime_ns)
    if stat.S_ISDIR(status.st_mode):
        return ("folder", mode)
    with open(path, "rb") as file:
        content = file.read()
    relative = os.path.relpath(path, prefix)
    if relative == "conda-meta/history":
        return ("history", mode, _CHANGED_AT.sub(b"", content))
    if relative.endswith(".pyc"):
        code = marshal.dumps(marshal.loads(content[16:]), 2)
        return ("byte-code", mode, content[:16], hashlib.sha256(code).digest())
    digest = hashlib.sha256(content).hexdigest()
    if relative.startswith(_OWN_FOLDERS) or b"sys.exit(" in content[-200:]:
        return ("file", mode, digest)
    return ("file", mode, digest, status.st_mtime_ns)
