"""Packages extracted by processes of their own, for callers that have many.

Writing thousands of small files is mostly system calls, and each of them lets go of the
interpreter lock and wants it back: two threads that write files take longer than one. Processes do
not wait for each other. What they cost, where none is left of earlier times, is starting an
interpreter, so that they pay from about ten megabytes of packages.
"""

from __future__ import annotations

import marshal
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

import msgspec

from hognose._closing import Closing
from hognose._interpreters import can_start_interpreters, usable_processors
from hognose._workers.conversation import (
    ABORT,
    END,
    ConversationEndedError,
    can_read,
    read_exactly,
    read_length,
    write_length,
    write_message,
    write_value,
)
from hognose._workers.worker_pool import borrow_workers, give_back
from hognose.archive import extraction_process
from hognose.archive.archive_digest import ArchiveDigest, Readable
from hognose.archive.extraction import extract_into
from hognose.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hognose._workers.worker_pool import Worker
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

    Those of earlier times are taken where there are some, and others are started in the background.
    Where that fails, and on Windows, packages are extracted by the threads themselves. When the
    context ends they are kept for the next one, a few seconds long. When this process ends, however
    that happens, they do as well, and remove a package that they are at; one that was complete by
    then may stay behind under a temporary name.

    Attributes:
        ROLE: What workers are borrowed for.
    """

    ROLE: Final = extraction_process.__name__

    def __init__(self, count: int, *, executable: str | None = None) -> None:
        """Take or start them.

        Args:
            count: How many packages are extracted at a time.
            executable: The interpreter to start them with, this one when None.
        """
        # None stands for a worker that is no more: its share is done by the threads themselves.
        self._idle: SimpleQueue[Worker | None] = SimpleQueue()
        self._workers = borrow_workers(self.ROLE, count, executable=executable)
        for worker in self._workers:
            self._idle.put(worker)
        for _ in range(count - len(self._workers)):
            self._idle.put(None)

    def close(self) -> None:
        """Do without them from now on; no thread may be using them. A second time does nothing."""
        workers, self._workers = self._workers, []
        give_back(workers)

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
            job = (directory, path, archive_name, facts, not sha256_only, digest_damaged)
            try:
                stream = None if isinstance(source, str) else source
                digest = _extract_there(worker, job, stream, progress, check)
            except ConversationEndedError:
                worker.close()
                worker = None
                message = f"cannot extract `{archive_name}`: the process that did it was ended"
                hint = "was the memory full? try again"
                raise ArchiveError(message, hint=hint, path=archive_name) from None
            if path is not None and progress is not None:
                progress(digest.size)
            return digest
        finally:
            self._idle.put(worker)


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


def _extract_there(
    worker: Worker,
    job: tuple[object, ...],
    source: Readable | None,
    progress: ProgressCallback | None,
    check: Callable[[], object],
) -> ArchiveDigest:
    try:
        answer = _ask(worker, job, source, progress, check)
    except Exception:
        raise
    except BaseException:
        # An interrupt in the middle of a message: the conversation cannot go on.
        worker.close()
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
    worker: Worker,
    job: tuple[object, ...],
    source: Readable | None,
    progress: ProgressCallback | None,
    check: Callable[[], object],
) -> bytes:
    descriptor = worker.descriptor
    write_value(descriptor, job)
    if source is None:
        _await_answer(worker, check)
    else:
        _send_pieces(descriptor, source, progress)
    return read_exactly(descriptor, read_length(descriptor))


def _await_answer(worker: Worker, check: Callable[[], object]) -> None:
    """Wait while a file is extracted; end the process if the caller gives that up."""
    try:
        check()
        while not can_read(worker.descriptor, timeout=_TICK):
            check()
    except Exception:
        with suppress(ConversationEndedError):
            write_length(worker.descriptor, ABORT)
        worker.close()
        raise


def _send_pieces(descriptor: int, source: Readable, progress: ProgressCallback | None) -> None:
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
