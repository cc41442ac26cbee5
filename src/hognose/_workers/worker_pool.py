"""Workers lent by this process: started when they are wanted, and kept for a while afterwards.

Starting them takes some 20 ms of a processor, and ending them as long again. So they are kept for
whoever comes next, and end by themselves when nobody does (`worker_process`). Who knows that some
will be wanted has them started while something else is going on.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from hognose._interpreters import can_start_interpreters
from hognose._workers import worker_process
from hognose._workers.conversation import (
    ConversationEndedError,
    can_read,
    read_length,
    write_value,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Sequence

__all__ = ("Worker", "borrow_workers", "give_back", "prepare_workers")

# Bytes: what is on its way to a worker, or not yet read by it.
_BUFFER: Final = 1 << 20
# What glibc gives back it gets from the system again, page by page, for every piece of a package.
_STEADY_MEMORY: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 25),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 26),
}
# Seconds that a worker which nobody needs waits for somebody who does.
PATIENCE: Final = 10.0
# Seconds; two hundredths are usual.
_LONGEST_START: Final = 10.0
# Seconds until one that should end is made to; a thousandth is usual.
_LONGEST_END: Final = 10.0


class _Interpreter:
    """The process that some workers are, or are children of."""

    def __init__(self, process: subprocess.Popen[bytes], workers: int) -> None:
        self._process = process
        self._workers = workers
        self._guard = Lock()

    def let_go(self) -> None:
        """Take note that one worker has ended."""
        with self._guard:
            self._workers -= 1
            if not self._workers:
                self._process.wait()

    def kill(self) -> None:
        """End all workers at once."""
        import signal

        if self._process.poll() is None:
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def abandon(self) -> None:
        """Leave it to the process that this one was forked from."""
        # It is no child of this process, and nothing to warn of.
        self._process.returncode = 0


class Worker:
    """This end of the conversation with one process; for one thread at a time.

    Attributes:
        socket: Where it listens.
        descriptor: The same as a number; -1 when the conversation is over.
    """

    __slots__ = (
        "__weakref__",
        "_greetings",
        "_identity",
        "_interpreter",
        "_process",
        "descriptor",
        "socket",
    )

    def __init__(self, end: socket.socket, interpreter: _Interpreter) -> None:
        """Take over a socket that a process listens at."""
        self.socket = end
        self.descriptor = end.fileno()
        self._interpreter = interpreter
        self._identity = _identity()
        self._process: int | None = None
        # How often it will say that it has taken up a role.
        self._greetings = 0

    def is_of_use(self) -> bool:
        """Tell, without waiting, whether one that has no role can do the work of this process.

        That is over when it has ended, and when it may do something else than this process may.
        """
        # Where no greeting is on its way, there is nothing to read but the end.
        has_ended = not self._greetings and self.descriptor >= 0 and can_read(self.descriptor)
        if has_ended or self._identity != _identity():
            self.close()
        return self.descriptor >= 0

    def begin(self, role: str) -> bool:
        """Give it a role, without waiting for it; tell whether it is still there."""
        if self.descriptor < 0:
            return False
        try:
            write_value(self.descriptor, role)
        except ConversationEndedError:
            self.close()
            return False
        self._greetings += 1
        return True

    def is_ready(self) -> bool:
        """Wait until it has taken up its role; tell whether it has."""
        while self._greetings and self.descriptor >= 0:
            try:
                if can_read(self.descriptor, timeout=_LONGEST_START):
                    self._process = read_length(self.descriptor)
                    self._greetings -= 1
                else:
                    self.close()
            except ConversationEndedError:
                self.close()
        return self.descriptor >= 0

    def end(self) -> bool:
        """End the role, between two jobs; tell whether it waits for another one."""
        if self.descriptor < 0:
            return False
        try:
            write_value(self.descriptor, None)
        except ConversationEndedError:
            self.close()
        return self.descriptor >= 0

    def close(self) -> None:
        """End the process, whatever it is doing; it writes nothing afterwards."""
        if self.descriptor < 0:
            return
        import socket

        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        if not self._wait_for_end():
            self._kill_alone()
            self._wait_for_end()
        self._forget()
        self._interpreter.let_go()

    def _wait_for_end(self) -> bool:
        # A process that ends closes its socket last.
        with suppress(OSError):
            while can_read(self.descriptor, timeout=_LONGEST_END):
                if not os.read(self.descriptor, _BUFFER):
                    return True
            return False
        return True

    def _kill_alone(self) -> None:
        if self._process is None:
            self._interpreter.kill()
            return
        import signal

        with suppress(OSError):
            os.kill(self._process, signal.SIGKILL)

    def kill(self) -> None:
        """End the process at once, and all that were started with it."""
        self._interpreter.kill()

    def abandon(self) -> None:
        """Leave it to the process that this one was forked from."""
        self._forget()
        self._interpreter.abandon()

    def _forget(self) -> None:
        self.descriptor = -1
        self.socket.close()


def _identity() -> tuple[object, ...]:
    """Return what decides, besides what is sent to it, what a worker may do and where."""
    root = os.stat(os.sep)
    ids = (os.geteuid(), os.getegid(), *os.getgroups()) if hasattr(os, "geteuid") else ()
    return (root.st_dev, root.st_ino, *ids)


class _Pool:
    """The workers that nobody has borrowed."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._idle: list[Worker] = []
        # Those that are lent as well.
        self._all: WeakSet[Worker] = WeakSet()

    def take(self, count: int) -> list[Worker]:
        with self._guard:
            self._tidy_up()
            taken = self._idle[:count]
            del self._idle[:count]
            return taken

    def put(self, workers: Iterable[Worker]) -> None:
        with self._guard:
            # The last one that worked has the most of what it needs in the processor's cache.
            self._idle[:0] = workers
            self._all.update(self._idle)
            self._tidy_up()

    def _tidy_up(self) -> None:
        self._idle = [worker for worker in self._idle if worker.is_of_use()]

    def note(self, workers: Iterable[Worker]) -> None:
        with self._guard:
            self._all.update(workers)

    def leave_to_parent(self) -> None:
        """In a process that was forked: the other one goes on using them."""
        self._guard = Lock()
        for worker in list(self._all):
            worker.abandon()
        self._idle.clear()
        self._all = WeakSet()

    def end(self) -> None:
        with self._guard:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()
            worker.close()


_POOL = _Pool()
atexit.register(_POOL.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_POOL.leave_to_parent)


def borrow_workers(role: str, count: int, *, executable: str | None = None) -> list[Worker]:
    """Return workers that take up a role; fewer, or none, where they cannot be started.

    Args:
        role: The module that knows what to do: its `answer` is called in the process with the
            descriptor of a socket and what was sent over it.
        count: How many.
        executable: The interpreter to start new ones with, instead of taking some that are there.
    """
    idle = _POOL.take(count) if executable is None else []
    workers = [worker for worker in idle if worker.begin(role)]
    started = _start(count - len(workers), [role], executable)
    _POOL.note(started)
    return workers + [worker for worker in started if worker.begin(role)]


def give_back(workers: Iterable[Worker]) -> None:
    """End the role of workers that have no job, and keep them for others; some may have ended."""
    _POOL.put([worker for worker in workers if worker.end()])


def prepare_workers(roles: Sequence[str], count: int) -> None:
    """Start what is missing of workers that will be borrowed soon; does not wait for them."""
    idle = _POOL.take(count)
    _POOL.put([*idle, *_start(count - len(idle), roles, None)])


def _start(count: int, roles: Sequence[str], executable: str | None) -> list[Worker]:
    """Start an interpreter that answers on as many sockets as there shall be workers."""
    if count <= 0 or not can_start_interpreters():
        return []
    import socket

    ours: list[socket.socket] = []
    theirs: list[socket.socket] = []
    try:
        for _ in range(count):
            near, far = socket.socketpair()
            near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            ours.append(near)
            theirs.append(far)
        descriptors = [far.fileno() for far in theirs]
        # Leaving at once: there is nothing to tidy up, and that takes milliseconds.
        code = (
            f"import os, sys; sys.path += {import_path()}; "
            f"from {worker_process.__name__} import serve; "
            f"serve({descriptors}, {list(roles)}, {PATIENCE}); os._exit(0)"
        )
        process = subprocess.Popen(
            [
                *(executable or sys.executable, "-I", "-S"),
                *("-X", f"utf8={sys.flags.utf8_mode}", "-c", code),
            ],
            # A folder that a process is in cannot be unmounted.
            cwd=os.sep,
            env=os.environ | _STEADY_MEMORY,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=descriptors,
            # An interrupt from the keyboard is for the parent, who decides what it means.
            process_group=0,
        )
    except OSError:
        for near in ours:
            near.close()
        return []
    finally:
        for far in theirs:
            far.close()
    interpreter = _Interpreter(process, count)
    return [Worker(near, interpreter) for near in ours]


def import_path() -> list[str]:
    """Return where a worker finds this package and the decompressor, behind what it has."""
    own = os.path.abspath(worker_process.__file__)
    path = [os.path.dirname(os.path.dirname(os.path.dirname(own)))]
    if sys.version_info < (3, 14):
        from importlib.util import find_spec

        # Not imported: this process may never need it.
        spec = find_spec("backports.zstd")
        if spec is not None and spec.origin is not None:
            package = os.path.dirname(os.path.abspath(spec.origin))
            # In the folder lies what `zstd_decompressor` wants; the other one is for the whole.
            path += [package, os.path.dirname(os.path.dirname(package))]
    return path
