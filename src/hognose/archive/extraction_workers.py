"""Packages extracted by processes of their own, for callers that have many.

Writing thousands of small files is mostly system calls, and each of them lets go of the
interpreter lock and wants it back: two threads that write files take longer than one. Processes do
not wait for each other. What they cost is starting an interpreter, some 20 ms on a core that had
nothing to do yet, so that they pay from about ten megabytes of packages.
"""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

import msgspec

from hognose._closing import Closing
from hognose._interpreters import can_start_interpreters, usable_processors
from hognose.archive import extraction_process
from hognose.archive.archive_digest import ArchiveDigest, Readable
from hognose.archive.extraction import extract_into
from hognose.archive.extraction_process import (
    ABORT,
    END,
    ConversationEndedError,
    can_read,
    read_exactly,
    read_length,
    write_length,
    write_message,
)
from hognose.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hognose.archive.archive_digest import ProgressCallback
    from hognose.archive.extract_limits import ExtractLimits

__all__ = ("ExtractionWorkers", "worth_processes")

# What extraction costs in seconds, roughly: for each byte of an archive, and for each package.
_SECONDS_PER_BYTE: Final = 3.5e-9
_SECONDS_PER_PACKAGE: Final = 4e-4
# Less work than this is done before a worker process has started.
_WORTH_STARTING: Final = 0.05
# Fewer and larger than elsewhere: each passes the interpreter lock round several times.
_MESSAGE: Final = 1 << 19
# Seconds; two hundredths are usual.
_LONGEST_START: Final = 10.0
# Seconds between two looks at whether a package is still wanted.
_TICK: Final = 0.1


def worth_processes(sizes: Iterable[int | None], *, processors: int | None = None) -> bool:
    """Tell whether packages with archives of these sizes are extracted faster by processes.

    Args:
        sizes: The archives' sizes in bytes, None where they are not known.
        processors: How many processors this process may use; found out when None.
    """
    if not can_start_interpreters() or (processors or usable_processors()) < 2:
        return False
    seconds = sum((size or 0) * _SECONDS_PER_BYTE + _SECONDS_PER_PACKAGE for size in sizes)
    return seconds >= _WORTH_STARTING


class ExtractionWorkers(Closing):
    """Processes that extract packages, for any number of threads to use; a context manager.

    They start at once and in the background. Where that fails, and on Windows, packages are
    extracted by the threads themselves. They end when the context does, and as soon as this
    process ends, however that happens; a package that is being extracted then is removed.
    """

    def __init__(self, count: int, *, executable: str | None = None) -> None:
        """Start them.

        Args:
            count: How many packages are extracted at a time.
            executable: The interpreter, this one when None.
        """
        # None stands for a worker that is no more: its share is done by the threads themselves.
        self._idle: SimpleQueue[_Worker | None] = SimpleQueue()
        self._workers: list[_Worker] = []
        self._process = _start(count, executable or sys.executable, self._workers)
        for worker in self._workers:
            self._idle.put(worker)
        for _ in range(count - len(self._workers)):
            self._idle.put(None)

    def close(self) -> None:
        """End the processes; no thread may be using them. A second time does nothing."""
        self.dismiss()
        if self._process is not None:
            self._process.wait()

    def dismiss(self) -> None:
        """Let the processes end, without waiting for that; no thread may be using them."""
        for worker in self._workers:
            worker.close()

    def extract_into(
        self,
        source: Readable | str,
        directory: str,
        *,
        limits: ExtractLimits,
        archive_name: str,
        progress: ProgressCallback | None = None,
        sha256_only: bool = False,
        digest_damaged: bool = False,
        check: Callable[[], object] = lambda: None,
    ) -> ArchiveDigest:
        """Do what `hognose.archive.extract_into` does, in another process.

        Args:
            source: The archive; its path, if it is a file on the disk.
            directory: As for `extract_into`, absolute.
            limits: As for `extract_into`.
            archive_name: As for `extract_into`.
            progress: As for `extract_into`.
            sha256_only: As for `extract_into`.
            digest_damaged: As for `extract_into`.
            check: Called several times a second while a file is extracted; if it raises, that is
                given up.

        Raises:
            ArchiveError: As in `extract`, and if the process was ended from outside.
        """
        worker = self._idle.get()
        try:
            if worker is None or not worker.is_ready():
                worker = None
                return _extract_here(
                    source,
                    directory,
                    limits,
                    archive_name,
                    progress,
                    sha256_only=sha256_only,
                    digest_damaged=digest_damaged,
                )
            path = source if isinstance(source, str) else None
            facts = msgspec.structs.asdict(limits)
            job = marshal.dumps(
                (directory, path, archive_name, facts, not sha256_only, digest_damaged)
            )
            try:
                stream = None if isinstance(source, str) else source
                digest = worker.extract(job, stream, progress, check)
            except ConversationEndedError:
                worker = None
                message = f"cannot extract `{archive_name}`: the process that did it was ended"
                hint = "was the memory full? try again"
                raise ArchiveError(message, hint=hint, path=archive_name) from None
            if path is not None and progress is not None:
                progress(digest.size)
            return digest
        finally:
            self._idle.put(worker)


def _start(count: int, executable: str, workers: list[_Worker]) -> subprocess.Popen[bytes] | None:
    """Start a process that answers on as many sockets as there shall be workers."""
    if not hasattr(os, "fork"):
        return None
    import socket

    theirs = []
    try:
        for _ in range(count):
            ours, other = socket.socketpair()
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * _MESSAGE)
            workers.append(_Worker(ours.detach()))
            theirs.append(other)
        descriptors = [other.fileno() for other in theirs]
        # Leaving at once: there is nothing to tidy up, and that takes milliseconds.
        code = (
            f"import os, sys; sys.path += {_import_path()}; "
            f"from {extraction_process.__name__} import serve; serve({descriptors}); os._exit(0)"
        )
        return subprocess.Popen(
            [executable, "-I", "-S", "-X", f"utf8={sys.flags.utf8_mode}", "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=descriptors,
            # An interrupt from the keyboard is for the parent, who decides what it means.
            process_group=0,
        )
    except OSError:
        for worker in workers:
            worker.close()
        workers.clear()
        return None
    finally:
        for other in theirs:
            other.close()


def _import_path() -> list[str]:
    """Return where the process finds this package and the decompressor, behind what it has."""
    path = [os.path.dirname(os.path.dirname(os.path.dirname(extraction_process.__file__)))]
    if sys.version_info < (3, 14):
        from importlib.util import find_spec

        # Not imported: this process may never need it.
        spec = find_spec("backports.zstd")
        if spec is not None and spec.origin is not None:
            package = os.path.dirname(spec.origin)
            # In the folder lies what `zstd_decompressor` wants; the other one is for the whole.
            path += [package, os.path.dirname(os.path.dirname(package))]
    return path


def _extract_here(
    source: Readable | str,
    directory: str,
    limits: ExtractLimits,
    archive_name: str,
    progress: ProgressCallback | None,
    *,
    sha256_only: bool,
    digest_damaged: bool,
) -> ArchiveDigest:
    if not isinstance(source, str):
        return extract_into(
            source,
            directory,
            limits=limits,
            archive_name=archive_name,
            progress=progress,
            sha256_only=sha256_only,
            threads=False,
            digest_damaged=digest_damaged,
        )
    with open(source, "rb", buffering=0) as stream:
        return _extract_here(
            stream,
            directory,
            limits,
            archive_name,
            progress,
            sha256_only=sha256_only,
            digest_damaged=digest_damaged,
        )


class _Worker:
    """This end of the conversation with one process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_ready = False

    def is_ready(self) -> bool:
        """Wait until the process has started; tell whether it has."""
        if self._descriptor < 0:
            return False
        if not self._is_ready:
            try:
                if not can_read(self._descriptor, timeout=_LONGEST_START):
                    self.close()
                    return False
                read_length(self._descriptor)
            except ConversationEndedError:
                return False
            self._is_ready = True
        return True

    def extract(
        self,
        job: bytes,
        source: Readable | None,
        progress: ProgressCallback | None,
        check: Callable[[], object],
    ) -> ArchiveDigest:
        try:
            answer = self._ask(job, source, progress, check)
        except Exception:
            raise
        except BaseException:
            # An interrupt in the middle of a message: the conversation cannot go on.
            self.close()
            raise
        if answer[:1] == b".":
            sha256, md5, size = marshal.loads(answer[1:])  # noqa: S302 - ours
            return ArchiveDigest(sha256, md5, size)
        import pickle

        error, digest = pickle.loads(answer[1:])  # noqa: S301 - ours
        assert isinstance(error, Exception)
        if isinstance(error, ArchiveError) and digest is not None:
            error.digest = ArchiveDigest(*digest)
        raise error

    def _ask(
        self,
        job: bytes,
        source: Readable | None,
        progress: ProgressCallback | None,
        check: Callable[[], object],
    ) -> bytes:
        descriptor = self._descriptor
        write_message(descriptor, job)
        if source is None:
            self._await_answer(check)
        else:
            self._send_pieces(source, progress)
        return read_exactly(descriptor, read_length(descriptor))

    def _await_answer(self, check: Callable[[], object]) -> None:
        """Wait while a file is extracted; end the process if the caller gives that up."""
        try:
            check()
            while not can_read(self._descriptor, timeout=_TICK):
                check()
        except Exception:
            with suppress(ConversationEndedError):
                write_length(self._descriptor, ABORT)
                # Whether there is an answer or only the end: then it has stopped writing.
                read_length(self._descriptor)
            self.close()
            raise

    def _send_pieces(self, source: Readable, progress: ProgressCallback | None) -> None:
        descriptor = self._descriptor
        sent = 0
        try:
            # An answer that comes early says that the package is refused.
            while not can_read(descriptor) and (piece := source.read(_MESSAGE)):
                write_message(descriptor, piece)
                sent += len(piece)
                if progress is not None:
                    progress(sent)
        except ConversationEndedError:
            raise
        except Exception:
            with suppress(ConversationEndedError):
                write_length(descriptor, ABORT)
                # What it answers does not matter, but then it has stopped writing.
                read_exactly(descriptor, read_length(descriptor))
            raise
        write_length(descriptor, END)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
