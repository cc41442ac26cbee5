"""A file of repodata of which little is in memory at a time."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hognose.repodata.record_scan import RecordSource

__all__ = ("LargeFile",)

# Where a place in a file has to be gone to before it is read.
_going = threading.Lock()


class LargeFile:
    """An open file that is read at any place, by any thread; closed when nobody has it.

    A new file that is put in its place does not matter, writing into it does. A map would count as
    memory of the process, and reading from a file that was made shorter would end it.
    """

    __slots__ = ("descriptor", "path", "size")

    def __init__(self, path: str) -> None:
        """Open it.

        Raises:
            OSError: It cannot be read.
        """
        self.path = path
        self.descriptor = -1
        flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        self.descriptor = os.open(path, flags)
        self.size = os.fstat(self.descriptor).st_size

    def looks_whole(self) -> bool:
        """Whether it ends like a JSON object; a file of which the end is missing hardly does."""
        return self.read(max(0, self.size - 64), 64).rstrip().endswith(b"}")

    def read(self, start: int, length: int) -> bytes:
        """Return a part of it.

        Raises:
            OSError: It cannot be read.
        """
        if hasattr(os, "pread"):
            return os.pread(self.descriptor, length, start)
        with _going:
            os.lseek(self.descriptor, start, os.SEEK_SET)
            return os.read(self.descriptor, length)

    def read_all(self) -> bytes:
        """Return everything; see `read`."""
        return self.read(0, self.size)

    def source(self) -> RecordSource:
        """Return what reads it from its start to its end."""
        return _Source(self)

    def __del__(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)


class _Source:
    __slots__ = ("_file", "_position")

    def __init__(self, file: LargeFile) -> None:
        self._file = file
        self._position = 0

    def readinto(self, buffer: memoryview, /) -> int:
        size = os.preadv(self._file.descriptor, [buffer], self._position)
        self._position += size
        return size
