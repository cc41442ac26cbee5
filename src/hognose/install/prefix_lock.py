"""One writer per prefix: an advisory lock whose holder has a name.

The lock is the operating system's, on `conda-meta/.lock`, so it ends with the process that holds
it, however that ends. The file says who holds it, and is removed on release. Where the file system
knows no locks, a directory beside the file is one (`directory_lock`).
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import InstallerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from hognose.install.directory_lock import DirectoryLock

__all__ = (
    "LOCK_FILE",
    "LockHolder",
    "PrefixLock",
    "is_locked",
    "lock_descriptor",
    "wait_for",
)

LOCK_FILE = "conda-meta/.lock"
_POLL_SECONDS = 0.02
# Another change is often over in a moment; who waits longer is told whom for.
_SILENT_SECONDS = 1.0
# What file systems say that are mounted without locks, or whose lock server is not there.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP})
_logger = logging.getLogger("hognose.install")


class LockHolder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a lock.

    Attributes:
        process: The process's number.
        host: The machine's name; on a network file system it may be another one.
        command: The command line's program and its first argument.
    """

    process: int
    host: str = ""
    command: str = ""

    def __str__(self) -> str:
        host = f" on {self.host}" if self.host else ""
        return f"process {self.process}{host} ({self.command})"


# Made once: msgspec crashes where several threads make the first one at the same time.
_LOCK_HOLDER = msgspec.json.Decoder(LockHolder)


class PrefixLock:
    """A context manager that holds the lock of a prefix.

    The prefix's `conda-meta` must exist. Not re-entrant, and not to be shared by threads.
    """

    __slots__ = ("_descriptor", "_directory", "_is_cancelled", "_path", "_prefix", "_timeout")

    def __init__(
        self,
        prefix: str | os.PathLike[str],
        *,
        timeout: float = 60.0,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Prepare the lock; `with` takes it.

        Args:
            prefix: The environment.
            timeout: Seconds to wait for another holder, whom the log names after the first of
                them; zero asks once.
            is_cancelled: Asked while waiting; if it answers true, the wait is over.
        """
        self._is_cancelled = is_cancelled
        self._prefix = os.fspath(prefix)
        self._path = os.path.join(self._prefix, LOCK_FILE)
        self._timeout = timeout
        self._descriptor = -1
        self._directory: DirectoryLock | None = None

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            InstallerError: Somebody else held it for longer than the timeout, and `holder` says
                who; or the wait was cancelled, the prefix is gone, or cannot be written to.
        """

        def tell() -> str:
            what = "waiting for another process that is changing the environment"
            return f"{self._prefix}: {what}: {self._read_holder() or 'it has not said which'}"

        if not wait_for(self._try_unless_cancelled, timeout=self._timeout, tell=tell):
            holder = self._read_holder()
            message = f"another process is changing the environment {self._prefix}: "
            message += f"{holder or 'it has not said which'}"
            hint = None
            if os.path.isdir(_directory(self._path)):
                hint = f"if that process has ended, remove {_directory(self._path)}"
            raise InstallerError(message, path=self._prefix, holder=holder, hint=hint)
        return self

    def _try_unless_cancelled(self) -> bool:
        if self._try():
            return True
        if self._is_cancelled():
            message = f"the change of {self._prefix} was cancelled"
            raise InstallerError(message, path=self._prefix)
        return False

    def _try(self) -> bool:
        # What is written here replaces what is there, so the way must not lead elsewhere.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        try:
            descriptor = os.open(self._path, flags, 0o644)
        except FileNotFoundError:
            message = f"there is no environment any more: {self._prefix}"
            raise InstallerError(message, path=self._prefix) from None
        except OSError as error:
            if os.path.islink(self._path):
                message = f"the lock of the environment is a symbolic link: {self._path}"
                raise InstallerError(message, path=self._path, hint="remove the link") from error
            from hognose.install.failures import explain_failure

            raise explain_failure(error, self._prefix) from error
        try:
            # The last holder removes the file: a lock on a file without a name protects nothing.
            if self._lock(descriptor) and _is_same_file(descriptor, self._path):
                self._write_holder(descriptor)
                self._descriptor, descriptor = descriptor, -1
                return True
            return False
        except OSError as error:
            from hognose.install.failures import explain_failure

            raise explain_failure(error, self._prefix) from error
        finally:
            if descriptor >= 0:
                os.close(descriptor)
                self._release_directory()

    def _lock(self, descriptor: int) -> bool:
        from hognose.install.directory_lock import DirectoryLock

        directory = DirectoryLock(_directory(self._path))
        try:
            # A file system may know no locks for a while only.
            return lock_descriptor(descriptor) and not directory.is_held()
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            _logger.debug("no locks on %s: %s", self._path, error)
        if directory.take(_this_process()):
            self._directory = directory
        return self._directory is not None

    def _release_directory(self) -> None:
        if self._directory is not None:
            self._directory.release()
            self._directory = None

    def _write_holder(self, descriptor: int) -> None:
        # A lock without a name is a lock all the same where the disk is full.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, msgspec.json.encode(_this_process()))

    def _read_holder(self) -> LockHolder | None:
        try:
            with open(self._path, "rb") as file:
                return _LOCK_HOLDER.decode(file.read())
        except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
            return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the lock back, and remove its file where nobody can wait on it by name."""
        try:
            # The prefix may have been removed, and another one been made at its place since.
            if _is_same_file(self._descriptor, self._path):
                os.unlink(self._path)
        except OSError:
            # Windows does not delete an open file.
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = -1
        self._release_directory()


def _directory(path: str) -> str:
    """Return the directory that stands for a lock file where there are no locks."""
    return f"{path}.d"


def _this_process() -> LockHolder:
    import platform

    command = " ".join([os.path.basename(sys.argv[0] or "python"), *sys.argv[1:2]])
    return LockHolder(process=os.getpid(), host=platform.node(), command=command)


def wait_for(attempt: Callable[[], bool], *, timeout: float, tell: Callable[[], str]) -> bool:
    """Try until it succeeds; return whether it did in time.

    Args:
        attempt: What to try, again and again.
        timeout: Seconds until it is given up; zero tries once.
        tell: What the log says of who is waited for, once that is worth it.
    """
    begin = time.monotonic()
    is_told = False
    while not attempt():
        waited = time.monotonic() - begin
        if waited >= _SILENT_SECONDS and not is_told:
            _logger.warning("%s", tell())
            is_told = True
        if waited >= timeout:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def is_locked(prefix: str | os.PathLike[str]) -> bool:
    """Tell whether somebody is changing an environment right now. Changes nothing."""
    from hognose.install.directory_lock import DirectoryLock

    path = os.path.join(prefix, LOCK_FILE)
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return DirectoryLock(_directory(path)).is_held() or not lock_descriptor(descriptor)
    except OSError:
        # There are no locks here, and the directory that stands for one is not there either.
        return False
    finally:
        os.close(descriptor)


def _is_same_file(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    # Far behind the holder's name, which must stay readable.
    _OFFSET = 1 << 30

    def lock_descriptor(descriptor: int) -> bool:
        """Take the system's lock on an open file, or tell that somebody else has it."""
        os.lseek(descriptor, _OFFSET, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def lock_descriptor(descriptor: int) -> bool:
        """Take the system's lock on an open file, or tell that somebody else has it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
