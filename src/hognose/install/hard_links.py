"""Hard links from extracted packages into a prefix: thousands of calls of four microseconds.

Those of a large environment are made by a process beside this one. Each call lets go of the
interpreter lock and wants it back, and fights the threads that fetch for it; where nothing is
fetched, there is a processor that has nothing to do. The process holds the journal's lock, so that
nobody tidies up while it works.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import suppress
from typing import IO, TYPE_CHECKING, cast

import msgspec

from hognose._closing import Closing
from hognose._interpreters import can_start_interpreters, usable_processors
from hognose.errors import LinkError
from hognose.install import link_process
from hognose.install.interrupts import run_to_its_end
from hognose.install.link_method import CANNOT_LINK, copy_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hognose.install.link_process import Failure

__all__ = ("HardLinks", "link_error", "worth_a_process")

# In bytes of archives. Less is linked before an interpreter has started.
_WORTH_STARTING = 1 << 23
# All links of a large environment: nobody waits for room. The system refuses more.
_PIPE_SIZE = 1 << 20


def worth_a_process(sizes: Iterable[int | None], *, is_fetching: bool) -> bool:
    """Tell whether a process beside this one links packages with archives of these sizes faster.

    Where packages are fetched, two processors have enough to do.
    """
    return (
        os.link in os.supports_dir_fd
        and can_start_interpreters()
        and usable_processors() > (2 if is_fetching else 1)
        and sum(size or 0 for size in sizes) >= _WORTH_STARTING
    )


class _Job(msgspec.Struct, frozen=True, gc=False):
    package: str
    directory: str
    paths: list[str]
    places: list[str]


class HardLinks(Closing):
    """The hard links of one transaction; for one thread, as a context manager."""

    def __init__(
        self, prefix: str, *, popen: Callable[..., subprocess.Popen[bytes]] | None = None
    ) -> None:
        """Prepare for a prefix that exists.

        Args:
            prefix: The prefix, absolute.
            popen: What starts the process that makes the links; None has the caller make them.
        """
        self._prefix = prefix
        self._pending: list[_Job] = []
        self._process: subprocess.Popen[bytes] | None = None
        if popen is not None:
            # Without it all goes on, a little slower.
            with suppress(OSError):
                self._process = popen(
                    [
                        *(sys.executable, "-I", "-S", "-X", f"utf8={sys.flags.utf8_mode}"),
                        *(link_process.__file__, prefix),
                    ],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    # An interrupt from the keyboard is for this process to understand.
                    process_group=0,
                )
                _widen(self._process.stdin)

    def close(self) -> None:
        """End the process; nothing is written afterwards."""
        run_to_its_end(self._end)

    def _end(self) -> None:
        process = self._process
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                # What could not be sent is of no interest any more.
                with suppress(OSError):
                    if stream is not None:
                        stream.close()
            self._process = None

    def make(self, package: str, directory: str, paths: list[str], places: list[str]) -> None:
        """Have files of a package linked to their places, at the latest when `settle` returns.

        Args:
            package: What errors call it.
            directory: Where it is extracted, absolute.
            paths: The files, relative to that.
            places: Where they go, relative to the prefix, in the same order. Nothing is there, and
                the folders are.

        Raises:
            LinkError: One cannot be linked.
        """
        job = _Job(package, directory, paths, places)
        if self._process is not None:
            self._pending.append(job)
            try:
                self._send((directory, paths, places))
            except BrokenPipeError:
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
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            self._send(None)
            failures = cast("list[Failure]", link_process.read_message(self._process.stdout))
        except (BrokenPipeError, EOFError):
            self._go_on_without()
            return
        jobs, self._pending = self._pending, []
        for number, path, place, code in failures:
            self._resolve(jobs[number], path, place, code)

    def _send(self, content: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(link_process.message(content))
        self._process.stdin.flush()

    def _go_on_without(self) -> None:
        """Make the links that are left when somebody has ended the process."""
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
            raise link_error(error, job.package, path) from error
        try:
            copy_file(f"{job.directory}/{path}", f"{self._prefix}/{place}")
        except OSError as error:
            raise link_error(error, job.package, path) from error


def _widen(pipe: IO[bytes] | None) -> None:
    if sys.platform == "linux" and pipe is not None:
        import fcntl

        # With less room it works as well.
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)


def link_error(error: OSError, package: str, path: str) -> LinkError:
    """Return the error about a file of a package that cannot be linked."""
    reason = error.strerror or str(error)
    message = f"cannot link {path} of {package}: {reason}"
    hint = None
    if error.errno == errno.ENOSPC:
        hint = "free some space and try again; the environment is as it was before"
    elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        hint = "check that you may write to the environment"
    return LinkError(message, hint=hint, path=path, package=package, errno=error.errno)
