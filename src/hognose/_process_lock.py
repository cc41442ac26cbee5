"""A lock between processes that says who holds it.

The lock saves work: two processes that want the same file do not both download it. Nothing is
wrong without it, because what is in a cache appears complete or not at all. So on network file
systems, where locks are known to hang, it is off, and where the system refuses to lock, work goes
on without.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
import time
from functools import lru_cache
from typing import TYPE_CHECKING

from hognose.errors import LockTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

__all__ = ("file_lock", "is_on_network")

_log = logging.getLogger("hognose.cache")

_FIRST_WAIT = 0.005
_LONGEST_WAIT = 0.25
_HOLDER_LIMIT = 1024
_BUSY = frozenset((errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK))
_NETWORK_FILE_SYSTEMS = frozenset(
    (
        *("nfs", "nfs4", "lustre", "beegfs", "gpfs", "ceph", "cifs", "smb3", "smbfs", "afs", "9p"),
        *("fuse.sshfs", "fuse.cephfs", "fuse.glusterfs"),
    )
)


def file_lock(
    path: str,
    *,
    timeout: float,
    wait: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> AbstractContextManager[bool]:
    """Hold an exclusive lock on a file while the block runs.

    The file is made when it is missing, says who holds the lock, and is removed at the end. Other
    threads of the same process are kept out as well.

    Args:
        path: The lock file.
        timeout: How many seconds to wait for somebody else.
        wait: What lets time pass.
        clock: What tells the time, in seconds.

    Returns:
        What the block is entered with: True if the lock is held, False where the system cannot lock
        this file.

    Raises:
        LockTimeoutError: Somebody held it for the whole time; has `path` and `holder`. Raised when
            the block is entered.
    """
    return _FileLock(path, timeout, wait, clock)


class _FileLock:
    """A block with a lock; a class, as every package takes one, and a generator costs more."""

    __slots__ = ("_clock", "_descriptor", "_path", "_timeout", "_wait")

    def __init__(
        self,
        path: str,
        timeout: float,
        wait: Callable[[float], object],
        clock: Callable[[], float],
    ) -> None:
        self._path = path
        self._timeout = timeout
        self._wait = wait
        self._clock = clock
        self._descriptor: int | None = None

    def __enter__(self) -> bool:
        self._descriptor = _acquire(self._path, self._timeout, self._wait, self._clock)
        return self._descriptor is not None

    def __exit__(self, *_: object) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            _release(self._path, descriptor)


def _acquire(
    path: str, timeout: float, wait: Callable[[float], object], clock: Callable[[], float]
) -> int | None:
    deadline = clock() + timeout
    pause = _FIRST_WAIT
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            if os.name == "nt" and isinstance(error, PermissionError) and clock() < deadline:
                wait(pause)
                continue
            _log.debug("no lock on %s: %s", path, error)
            return None
        try:
            _lock(descriptor)
        except OSError as error:
            holder = _read_holder(descriptor)
            os.close(descriptor)
            if error.errno not in _BUSY:
                _log.debug("no lock on %s: %s", path, error)
                return None
            if clock() >= deadline:
                raise _timed_out(path, holder, timeout) from None
            wait(pause)
            pause = min(pause * 1.5, _LONGEST_WAIT)
            continue
        held = os.fstat(descriptor)
        if _is_named(path, held):
            _write_holder(descriptor, is_empty=not held.st_size)
            return descriptor
        # The holder before us removed the file: what we locked has no name any more.
        os.close(descriptor)


def _release(path: str, descriptor: int) -> None:
    try:
        if os.name != "nt":
            os.unlink(path)
    except OSError as error:
        _log.debug("lock file %s stays: %s", path, error)
    finally:
        os.close(descriptor)


def _is_named(path: str, held: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), held)
    except FileNotFoundError:
        return False


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        import msvcrt

        # The byte lies beyond the text, which others may then read.
        os.lseek(descriptor, _HOLDER_LIMIT, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:

    def _lock(descriptor: int) -> None:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _write_holder(descriptor: int, *, is_empty: bool) -> None:
    try:
        if not is_empty:
            os.ftruncate(descriptor, 0)
        os.write(descriptor, _holder(os.getpid()))
    except OSError as error:
        # A lock without a name is a lock all the same where the disk is full.
        _log.debug("a lock does not say who holds it: %s", error)


@lru_cache(maxsize=1)
def _holder(process: int) -> bytes:
    """Return what a lock file says of this process, which may be a fork of the one before."""
    return json.dumps({"pid": process, "host": _host(), "program": _program()}).encode()


def _host() -> str:
    if hasattr(os, "uname"):
        return os.uname().nodename
    return os.environ.get("COMPUTERNAME", "this machine")


def _program() -> str:
    return os.path.basename(sys.argv[0]) if sys.argv else ""


def _read_holder(descriptor: int) -> str:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        holder = json.loads(os.read(descriptor, _HOLDER_LIMIT))
        return f"process {holder['pid']} ({holder['program']}) on {holder['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another program"


def _timed_out(path: str, holder: str, timeout: float) -> LockTimeoutError:
    message = f"lock `{path}` was held by {holder} for more than {timeout:g} seconds"
    hint = "wait for that process, or end it; the cache also works without locks"
    return LockTimeoutError(message, path=path, holder=holder, hint=hint)


def is_on_network(path: str, *, mounts: str = "/proc/self/mounts") -> bool:
    """Whether a directory lies on a network file system; False where that cannot be told.

    Args:
        path: The directory.
        mounts: The system's table of mounts.
    """
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as table:
            lines = table.read().splitlines()
    except OSError:
        return False
    real = os.path.realpath(path)
    best = kind = ""
    for line in lines:
        fields = line.split(" ")
        point = fields[1].replace("\\040", " ") if len(fields) > 2 else ""
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if point and inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind in _NETWORK_FILE_SYSTEMS
