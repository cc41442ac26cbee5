"""The role of a worker that extracts: archives come in, trees go to the disk.

What follows a job, in the words of `hognose._workers.conversation`::

    parent  pieces of the archive and END, or ABORT; nothing, if the job names a file
    worker  `.` and the digest, or `!` and an error with the digest or None

An answer may come before the END; the worker then throws away what is left. A job that names a
file is given up by an ABORT, with which the process ends. When the socket closes, the parent is
gone or wants no more of it: what is being extracted is removed, and the process ends.

A worker starts by importing this, so it imports no more than it needs.
"""

from __future__ import annotations

import marshal
import os
from types import SimpleNamespace

import hognose.archive.zstd_decompressor  # noqa: F401 - the forks share it
from hognose._workers.conversation import (
    ABORT,
    END,
    ConversationEndedError,
    can_read,
    read_length,
    write_message,
)
from hognose.archive.hashing_reader import HashingReader
from hognose.archive.renaming import remove_tree
from hognose.archive.unpacking import is_about_content, unpack
from hognose.errors import ArchiveError

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from hognose.archive.archive_digest import Readable
    from hognose.archive.extract_limits import ExtractLimits


class _AbortedError(Exception):
    """The parent does not want the package any more."""


def answer(descriptor: int, job: tuple[str, str | None, str, dict[str, int], bool, bool]) -> None:
    """Extract a package, and say what came of it.

    Raises:
        ConversationEndedError: The parent is gone, or does not want it any more; nothing of it is
            left.
    """
    directory, path, name, facts, with_md5, digest_damaged = job
    # It has the attributes of the Struct, without msgspec.
    limits: ExtractLimits = SimpleNamespace(**facts)  # type: ignore[assignment]
    pieces = _PieceStream(descriptor) if path is None else _FileStream(descriptor, path)
    try:
        outcome = _extract(
            pieces, directory, name, limits, with_md5=with_md5, digest_damaged=digest_damaged
        )
        # Whoever has the answer may want to unmount what this process was in.
        os.chdir(os.sep)
        if path is not None:
            pieces.close()
        write_message(descriptor, outcome)
    except ConversationEndedError:
        remove_tree(directory)
        raise
    finally:
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

    With short paths the kernel has less to look up for every file. The parent has just made it, so
    its mode tells what the parent's mask is by now.
    """
    try:
        os.chdir(directory)
        os.umask(~os.stat(".").st_mode & 0o777)
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
        except (_AbortedError, ConversationEndedError):
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
            self._file = -1
