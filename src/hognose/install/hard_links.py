"""Hard links from extracted packages into a prefix: thousands of calls of four microseconds.

Those of a large environment are made by a worker (`link_process`). Each call lets go of the
interpreter lock and wants it back, and fights the threads that fetch for it; where nothing is
fetched, there is a processor that has nothing to do. The worker keeps the journal open, which is
locked, so that nobody tidies up while it works.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

import msgspec

from hognose._closing import Closing
from hognose._interpreters import can_start_interpreters, usable_processors
from hognose._workers.conversation import ConversationEndedError, read_value, write_value
from hognose._workers.worker_pool import borrow_workers, give_back
from hognose.errors import LinkError
from hognose.install import link_process
from hognose.install.free_space import readable_size
from hognose.install.interrupts import run_to_its_end
from hognose.install.link_method import CANNOT_LINK, NO_SPACE, copy_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose._workers.worker_pool import Worker
    from hognose.install.link_process import Failure

__all__ = ("HardLinks", "link_error", "worth_a_process")

# In bytes of archives. Less is linked before an interpreter has started.
_WORTH_STARTING: Final = 1 << 23


def worth_a_process(sizes: Iterable[int | None]) -> bool:
    """Tell whether a process beside this one links packages with archives of these sizes faster."""
    return (
        os.link in os.supports_dir_fd
        and can_start_interpreters()
        and usable_processors() > 1
        and sum(size or 0 for size in sizes) >= _WORTH_STARTING
    )


class _Job(msgspec.Struct, frozen=True, gc=False):
    package: str
    directory: str
    paths: list[str]
    places: list[str]


class HardLinks(Closing):
    """The hard links of one transaction; for one thread, as a context manager.

    Attributes:
        ROLE: What a worker is borrowed for.
    """

    ROLE: Final = link_process.__name__

    def __init__(self, prefix: str, *, holding: int | None = None) -> None:
        """Prepare for a prefix that exists.

        Args:
            prefix: The prefix, absolute.
            holding: The descriptor of a file that the worker shall keep open as long as it may
                write to the prefix. None has the caller make the links.
        """
        self._prefix = prefix
        self._pending: list[_Job] = []
        self._worker: Worker | None = None
        self._is_talking = False
        if holding is not None:
            self._employ(holding)

    def _employ(self, holding: int) -> None:
        """Take a worker, if there is one; without it all goes on, a little slower."""
        import socket

        for worker in borrow_workers(self.ROLE, 1):
            try:
                write_value(worker.descriptor, self._prefix)
                socket.send_fds(worker.socket, [b"."], [holding])
            except (ConversationEndedError, OSError):
                worker.close()
            else:
                self._worker = worker

    def close(self) -> None:
        """Do without the worker from now on; it writes nothing afterwards."""
        run_to_its_end(self._end)

    def _end(self) -> None:
        worker = self._worker
        if worker is None:
            return
        if self._is_talking:
            # Interrupted in the middle of a message: there is no other way to end.
            worker.close()
        try:
            self._is_talking = True
            if worker.is_ready():
                write_value(worker.descriptor, link_process.FINISH)
                # It may still have to say what it was asked before.
                while read_value(worker.descriptor) != link_process.FINISH:
                    pass
        except ConversationEndedError:
            worker.close()
        give_back([worker])
        self._worker = None
        self._is_talking = False

    def make(self, package: str, directory: str, paths: list[str], places: list[str]) -> None:
        """Have files of a package linked to their places, at the latest when `settle` returns.

        Args:
            package: What errors call it.
            directory: Where it is extracted.
            paths: The files, relative to that.
            places: Where they go, relative to the prefix, in the same order. Nothing is there, and
                the folders are.

        Raises:
            LinkError: One cannot be linked.
        """
        job = _Job(package, os.path.abspath(directory), paths, places)
        if self._worker is not None:
            self._pending.append(job)
            try:
                self._send(self._worker, (job.directory, paths, places))
            except ConversationEndedError:
                self._go_on_without()
        else:
            self._make_here(job)

    def settle(self) -> None:
        """Wait until all links are made.

        Raises:
            LinkError: One could not be made.
        """
        if not self._pending:
            return
        worker = self._worker
        assert worker is not None
        try:
            failures = self._collect(worker)
        except ConversationEndedError:
            self._go_on_without()
            return
        jobs, self._pending = self._pending, []
        for number, path, place, code in failures:
            self._resolve(jobs[number], path, place, code)

    def _collect(self, worker: Worker) -> list[Failure]:
        self._send(worker, link_process.SETTLE)
        self._is_talking = True
        if not worker.is_ready():
            raise ConversationEndedError
        failures = cast("list[Failure]", read_value(worker.descriptor))
        self._is_talking = False
        return failures

    def _send(self, worker: Worker, content: object) -> None:
        self._is_talking = True
        write_value(worker.descriptor, content)
        self._is_talking = False

    def _go_on_without(self) -> None:
        """Make the links that are left when somebody has ended the worker."""
        self.close()
        jobs, self._pending = self._pending, []
        for job in jobs:
            left = [
                index
                for index, place in enumerate(job.places)
                if not os.path.lexists(f"{self._prefix}/{place}")
            ]
            paths, places = [job.paths[index] for index in left], [job.places[i] for i in left]
            self._make_here(_Job(job.package, job.directory, paths, places))

    def _make_here(self, job: _Job) -> None:
        try:
            failures = link_process.make_links(self._prefix, job.directory, job.paths, job.places)
        except OSError as error:
            raise link_error(error, job.package, job.directory) from error
        for path, place, code in failures:
            self._resolve(job, path, place, code)

    def _resolve(self, job: _Job, path: str, place: str, code: int) -> None:
        """Copy a file that cannot be linked, if that is all."""
        if code not in CANNOT_LINK:
            error = OSError(code, os.strerror(code))
            source = f"{job.directory}/{path}"
            raise link_error(error, job.package, path, source=source) from error
        try:
            copy_file(f"{job.directory}/{path}", f"{self._prefix}/{place}")
        except OSError as error:
            source = f"{job.directory}/{path}"
            raise link_error(error, job.package, path, source=source) from error


def link_error(error: OSError, package: str, path: str, *, source: str = "") -> LinkError:
    """Return the error about a file of a package that cannot be linked.

    Args:
        error: What the system said.
        package: What to call the package.
        path: The file as the package knows it.
        source: The packaged file, whose size is told where there is no room for it.
    """
    reason = error.strerror or str(error)
    message = f"cannot link {path} of {package}: {reason}"
    hint = None
    if error.errno in NO_SPACE:
        hint = f"free some space{_size_of(source)}; the environment is as it was before"
    elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        hint = "check that you may write to the environment"
    return LinkError(message, hint=hint, path=path, package=package, errno=error.errno)


def _size_of(source: str) -> str:
    """Say how much room the one file takes for which there was none any more."""
    with suppress(OSError):
        return f" and try again: this file alone takes {readable_size(os.stat(source).st_size)}"
    return " and try again"
