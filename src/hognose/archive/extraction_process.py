"""The process that `ExtractionWorkers` starts: archives come in, trees go to the disk.

A conversation over one socket, in messages of a length (4 bytes, little-endian) and that many
bytes::

    worker  READY
    parent  job; then, unless the job names a file, pieces of the archive and END, or ABORT
    worker  answer: `.` and the digest, or `!` and an error with the digest or None
    parent  the next job ...

An answer may come before the END; the worker then throws away what is left. A job that names a
file is given up by an ABORT, with which the process ends. When the socket
closes, the parent is gone or done: what is being extracted is removed, and the process ends.

Starting this is what makes worker processes cost anything, so it imports no more than it needs, and
all of that before it forks.
"""

from __future__ import annotations

import gc
import marshal
import os
import select
from types import SimpleNamespace

import hognose.archive.zstd_decompressor  # noqa: F401 - the forks share it
from hognose.archive.hashing_reader import HashingReader
from hognose.archive.renaming import remove_tree
from hognose.archive.unpacking import is_about_content, unpack
from hognose.errors import ArchiveError

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.archive.archive_digest import Readable
    from hognose.archive.extract_limits import ExtractLimits

# Lengths that are none.
END = 0
ABORT = 0xFFFFFFFF
READY = END
_LENGTH = 4


class ConversationEndedError(Exception):
    """The other end of the socket is closed."""


class _AbortedError(Exception):
    """The parent does not want the package any more."""


def read_length(descriptor: int) -> int:
    """Read the length that a message begins with.

    Raises:
        ConversationEndedError: There is no message.
    """
    return int.from_bytes(read_exactly(descriptor, _LENGTH), "little")


def read_exactly(descriptor: int, size: int) -> bytes:
    """Read bytes that must come.

    Raises:
        ConversationEndedError: They do not.
    """
    parts = []
    while size:
        try:
            part = os.read(descriptor, size)
        except ConnectionError:
            part = b""
        if not part:
            raise ConversationEndedError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def write_message(descriptor: int, content: bytes) -> None:
    """Send a message.

    Raises:
        ConversationEndedError: Nobody listens any more.
    """
    head = len(content).to_bytes(_LENGTH, "little")
    try:
        # One call: a length alone wakes the other end, which then waits for what follows.
        written = os.writev(descriptor, (head, content))
    except ConnectionError:
        raise ConversationEndedError from None
    _write_all(descriptor, head[written:])
    _write_all(descriptor, memoryview(content)[max(written - _LENGTH, 0) :])


def write_length(descriptor: int, length: int) -> None:
    """Send a length, or one of the numbers that are none.

    Raises:
        ConversationEndedError: Nobody listens any more.
    """
    _write_all(descriptor, length.to_bytes(_LENGTH, "little"))


def _write_all(descriptor: int, content: bytes | memoryview) -> None:
    view = memoryview(content)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except ConnectionError:
        raise ConversationEndedError from None


def can_read(descriptor: int, *, timeout: float = 0.0) -> bool:
    """Tell whether reading would return at once, now or within some seconds."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(timeout * 1000))


def serve(descriptors: Sequence[int]) -> None:
    """Answer on each of some sockets, in a process of its own, until it closes.

    The interpreter is started once and forks after everything is imported: a fork of it costs a
    twentieth of a start. It has one thread, so that is safe.
    """
    # What comes and goes here makes no cycles.
    gc.disable()
    own = descriptors[0]
    children: list[int] = []
    for descriptor in descriptors[1:]:
        child = os.fork()
        if not child:
            own, children = descriptor, []
            break
        children.append(child)
    for descriptor in descriptors:
        if descriptor != own:
            os.close(descriptor)
    try:
        _answer_jobs(own)
    except ConversationEndedError:
        os.close(own)
    # Whoever waits for this process may rely on nothing being written afterwards.
    for child in children:
        os.waitpid(child, 0)


def _answer_jobs(descriptor: int) -> None:
    write_length(descriptor, READY)
    while True:
        job = marshal.loads(read_exactly(descriptor, read_length(descriptor)))  # noqa: S302 - ours
        directory, path, name, facts, with_md5, digest_damaged = job
        # It has the attributes of the Struct, without msgspec.
        limits: ExtractLimits = SimpleNamespace(**facts)  # type: ignore[assignment]
        pieces = _PieceStream(descriptor) if path is None else _FileStream(descriptor, path)
        try:
            answer = _extract(
                pieces, directory, name, limits, with_md5=with_md5, digest_damaged=digest_damaged
            )
        except ConversationEndedError:
            remove_tree(directory)
            raise
        write_message(descriptor, answer)
        pieces.close()


def _extract(
    pieces: Readable,
    directory: str,
    name: str,
    limits: ExtractLimits,
    *,
    with_md5: bool,
    digest_damaged: bool,
) -> bytes:
    reader = HashingReader(pieces, with_md5=with_md5)
    try:
        unpack(
            reader,
            _enter(directory),
            limits,
            name,
            check_crc=with_md5,
            threads=False,
        )
    except ConversationEndedError:
        raise
    except Exception as error:
        import pickle

        digest = _digest_of_damaged(reader, error) if digest_damaged else None
        return b"!" + pickle.dumps((error, digest))
    return b"." + marshal.dumps(_digest_of(reader))


def _enter(directory: str) -> str:
    """Go into a directory, and return what its files are below from then on.

    With short paths the kernel has less to look up for every file.
    """
    try:
        os.chdir(directory)
    except OSError:
        # Whoever uses it will say so.
        return directory
    return "."


def _digest_of(reader: HashingReader) -> tuple[bytes, bytes, int]:
    return reader.sha256(), reader.md5(), reader.size


def _digest_of_damaged(reader: HashingReader, error: Exception) -> tuple[bytes, bytes, int] | None:
    if not isinstance(error, ArchiveError) or not is_about_content(error):
        return None
    try:
        reader.drain()
    except (_AbortedError, OSError):
        return None
    return _digest_of(reader)


class _PieceStream:
    """An archive that arrives in messages."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._remaining = 0
        self._is_done = False

    def read(self, size: int, /) -> bytes:
        if not self._remaining:
            if self._is_done:
                return b""
            length = read_length(self._descriptor)
            self._is_done = length in {END, ABORT}
            if length == ABORT:
                raise _AbortedError
            if length == END:
                return b""
            self._remaining = length
        data = os.read(self._descriptor, min(size, self._remaining))
        if not data:
            raise ConversationEndedError
        self._remaining -= len(data)
        return data

    def close(self) -> None:
        """Throw away what is left."""
        try:
            while self.read(1 << 17):
                pass
        except _AbortedError:
            return


class _FileStream:
    """An archive on the disk; its reader stops when the parent is gone."""

    def __init__(self, descriptor: int, path: str) -> None:
        self._descriptor = descriptor
        self._path = path
        self._file = -1

    def read(self, size: int, /) -> bytes:
        if can_read(self._descriptor):
            raise ConversationEndedError
        if self._file < 0:
            self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        return os.read(self._file, size)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
