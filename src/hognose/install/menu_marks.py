"""Whom a menu item belongs to, said by the item itself.

Items of all environments lie in the same few folders, under names that documents choose, beside
those of the user and of other programs. Each one that is made here holds a mark: the token that
its note holds as well, and the environment. Nothing without the right mark is ever replaced or
removed, whatever a note says.

    hognose-item:TOKEN:ENVIRONMENT;

The text is the same in every kind of file, in letters that each of them takes as they are.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from hognose.archive import delete, delete_tree
from hognose.errors import InstallerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = (
    "Mark",
    "clear",
    "place",
    "place_file",
    "read_mark",
    "remove_marked",
    "remove_parts",
    "require_free",
)

_MARK = re.compile(rb"hognose-item:([0-9a-f]{16}):([!-:<-~]*);")
# Items are a few kilobytes.
_LIMIT = 1024 * 1024


class Mark(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an item says of itself.

    Attributes:
        token: What the note of its package has as well.
        prefix: The environment that it was made for.
    """

    token: str
    prefix: str

    @classmethod
    def create(cls, prefix: str) -> Mark:
        """Return a new mark for an environment."""
        return cls(token=os.urandom(8).hex(), prefix=prefix)

    @classmethod
    def parse(cls, data: bytes) -> Mark | None:
        """Return the first mark in what a file holds; None if there is none."""
        # Shortcuts of Windows have two bytes for each letter.
        found = _MARK.search(data.replace(b"\0", b""))
        if found is None:
            return None
        from urllib.parse import unquote

        prefix = unquote(found[2].decode(), errors="surrogatepass")
        return cls(token=found[1].decode(), prefix=prefix)

    def is_replaceable(self, prefix: str, token: str) -> bool:
        """Whether what has this mark was made for an environment itself, or for one that is gone.

        Args:
            prefix: The environment.
            token: The token of what the environment has made for a package.
        """
        is_own = self.token == token or self.prefix == prefix
        return is_own or not os.path.isdir(f"{self.prefix}/conda-meta")

    def __str__(self) -> str:
        from urllib.parse import quote

        # Two hyphens would end a comment in XML.
        quoted = quote(self.prefix, errors="surrogatepass").replace("--", "%2D%2D")
        return f"hognose-item:{self.token}:{quoted};"


def read_mark(path: str) -> Mark | None:
    """Return the mark of a file or an application's folder; None if it has none."""
    with suppress(OSError):
        status = os.lstat(path)
        if stat.S_ISDIR(status.st_mode):
            path = f"{path}/Contents/Info.plist"
            status = os.lstat(path)
        if stat.S_ISREG(status.st_mode) and status.st_size <= _LIMIT:
            with open(path, "rb") as file:
                return Mark.parse(file.read())
    return None


def require_free(path: str, prefix: str, *, token: str) -> None:
    """Refuse to replace what belongs to somebody else.

    Free is what is not there, what was made for this environment, and what was made for one that
    is gone.

    Args:
        path: Where an item is to be.
        prefix: The environment that it is for.
        token: The token of what the environment has made for the same package.

    Raises:
        InstallerError: There is something else; has `path`.
    """
    if not os.path.lexists(path):
        return
    mark = read_mark(path)
    if mark is None:
        message = f"there is something already that was not made by hognose: {path}"
        hint = "move or remove it to make the menu item"
        raise InstallerError(message, path=path, hint=hint)
    if not mark.is_replaceable(prefix, token):
        message = f"the environment {mark.prefix} has a menu item of that name: {path}"
        hint = f"`hognose remove-menu -p {mark.prefix}` takes it away"
        raise InstallerError(message, path=path, hint=hint)


def clear(path: str, prefix: str, *, token: str) -> None:
    """Remove what may be replaced, as `require_free` has it.

    Raises:
        InstallerError: There is something else; has `path`.
        OSError: It cannot be removed.
    """
    require_free(path, prefix, token=token)
    if os.path.lexists(path):
        _remove(path)


def place(path: str, write: Callable[[str], None], mark: Mark) -> None:
    """Make a file or folder where there is none; it is there as a whole or not at all.

    Args:
        path: Its place.
        write: Makes it, at another place beside it.
        mark: Whose it is.

    Raises:
        FileExistsError: There is something else by now.
        OSError: It cannot be written.
    """
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    part = _part(folder, mark.token)
    try:
        write(part)
        if os.path.isdir(part) or os.name == "nt":
            # A folder replaces at most an empty one, and a file of Windows nothing.
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
            os.rename(part, path)
        else:
            _link(part, path)
    finally:
        remove_parts([path], mark.token)


def place_file(path: str, content: bytes, mark: Mark) -> None:
    """Write a file where there is none; it is there as a whole or not at all.

    Raises:
        FileExistsError: There is something else by now.
        OSError: It cannot be written.
    """

    def write(part: str) -> None:
        with open(part, "xb") as file:
            file.write(content)

    place(path, write, mark)


def _link(part: str, path: str) -> None:
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links.
        if os.path.lexists(path):
            raise
        os.rename(part, path)


def _part(folder: str, token: str) -> str:
    return f"{folder}/.{token}.part"


def remove_marked(path: str, token: str) -> bool:
    """Remove what has a mark; return whether it had it.

    Raises:
        OSError: It has, and cannot be removed.
    """
    mark = read_mark(path)
    if mark is None or mark.token != token:
        return False
    _remove(path)
    return True


def remove_parts(paths: Sequence[str], token: str) -> None:
    """Remove what an interrupted `place` has left beside these places."""
    for folder in {os.path.dirname(path) for path in paths}:
        with suppress(OSError):
            _remove(_part(folder, token))


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            delete_tree(path)
        else:
            delete(path)
