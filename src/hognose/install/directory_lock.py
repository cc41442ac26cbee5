"""A lock for file systems that know none: a directory that only one process can bring to its place.

Some network file systems are mounted without locks. There a process makes a directory of its own
with one file in it, and renames it to the name that all of them want. That works where nothing is
there, or an empty directory, and for one of them only. The file says who holds the lock::

    conda-meta/.lock.d/      the lock
        3f0a...              who holds it; no other holder's file has this name

The system does not end such a lock with its holder. So the next one looks whether a holder on the
same machine still lives, and removes the file of one that does not. As no two files ever have the
same name, nobody removes a lock that somebody else has taken in between.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from hognose.install.prefix_lock import LockHolder

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("DirectoryLock",)

_TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST})


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says.

    Attributes:
        holder: Who holds the lock.
        processes: Which table the number of the process is from: a container has its own.
    """

    holder: LockHolder
    processes: str = ""


# Made once: msgspec crashes where several threads make the first one at the same time.
_MARK = msgspec.json.Decoder(_Mark)


class DirectoryLock:
    """A lock that is a directory; not to be shared by threads."""

    __slots__ = ("_name", "_path")

    def __init__(self, path: str) -> None:
        """Prepare for the directory of this path, whose parent exists."""
        self._path = path
        self._name = ""

    def take(self, holder: LockHolder) -> bool:
        """Take the lock, or tell that somebody else has it.

        Raises:
            OSError: Nothing can be written there, or it is a link.
        """
        if os.path.islink(self._path):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), self._path)
        self._remove_dead()
        name = os.urandom(16).hex()
        own = f"{self._path}.{name}"
        os.mkdir(own)
        try:
            with open(f"{own}/{name}", "xb") as file:
                file.write(msgspec.json.encode(_Mark(holder=holder, processes=_process_table())))
            os.rename(own, self._path)
        except OSError as error:
            with suppress(OSError):
                os.unlink(f"{own}/{name}")
            os.rmdir(own)
            if error.errno not in _TAKEN:
                raise
            return False
        self._name = name
        return True

    def release(self) -> None:
        """Give the lock back; fine if its place is gone."""
        with suppress(OSError):
            os.unlink(f"{self._path}/{self._name}")
        with suppress(OSError):
            # Somebody else may have taken it by now.
            os.rmdir(self._path)
        self._name = ""

    def is_held(self) -> bool:
        """Tell whether somebody holds it who is not known to have ended."""
        return any(mark is None or not _is_dead(mark) for _, mark in self._marks())

    def _remove_dead(self) -> None:
        for path, mark in self._marks():
            if mark is not None and _is_dead(mark):
                with suppress(FileNotFoundError):
                    os.unlink(path)

    def _marks(self) -> Iterator[tuple[str, _Mark | None]]:
        """Yield the files and what they say, which cannot always be read."""
        try:
            names = os.listdir(self._path)
        except OSError:
            return
        for name in names:
            path = f"{self._path}/{name}"
            try:
                with open(path, "rb") as file:
                    yield path, _MARK.decode(file.read())
            except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
                yield path, None


def _is_dead(mark: _Mark) -> bool:
    """Tell whether a holder is known to have ended; of other machines nothing is known."""
    import platform

    if mark.holder.host != platform.node() or mark.processes != _process_table():
        return False
    try:
        os.kill(mark.holder.process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        # It is another user's; or the mark is nobody's.
        return False
    return False


def _process_table() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
