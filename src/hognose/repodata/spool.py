"""What came from a server and may be wanted again: a little in memory, much in a nameless file."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import os
    from typing import BinaryIO

__all__ = ("Spool",)

# The largest documents that come compressed fit, so that the disk has little to do with them.
_IN_MEMORY = 64 << 20


class Spool:
    """Keeps pieces in their order; made for one thread. Its file is gone when nobody has it.

    Args:
        directory: Where the file is made. None keeps everything in memory, and so does a disk
            that refuses.
        in_memory: How many bytes may be in memory.
    """

    def __init__(
        self, directory: str | os.PathLike[str] | None, *, in_memory: int = _IN_MEMORY
    ) -> None:
        """Begin with nothing."""
        self._directory = directory
        self._room = in_memory
        self._file: BinaryIO | None = None
        self._end = 0
        # A piece, or where in the file it begins and how long it is.
        self._pieces: list[bytes | tuple[int, int]] = []

    def __len__(self) -> int:
        """How many pieces there are."""
        return len(self._pieces)

    def __getitem__(self, index: int) -> bytes:
        """Return a piece."""
        piece = self._pieces[index]
        if isinstance(piece, bytes):
            return piece
        assert self._file is not None
        self._file.seek(piece[0])
        return self._file.read(piece[1])

    def append(self, piece: bytes) -> None:
        """Keep another piece."""
        self._room -= len(piece)
        if self._room >= 0 or self._directory is None:
            self._pieces.append(piece)
            return
        try:
            if self._file is None:
                self._move_to_file()
            self._pieces.append(self._write(piece))
        except OSError:
            self._directory = None
            self._pieces.append(piece)

    def whole(self) -> bytes:
        """Return everything as one buffer, which is a map of the file if there is one.

        What is mapped leaves memory when the system needs that for something else.
        """
        if self._file is not None and self._directory is not None:
            self._file.flush()
            # A buffer with the bytes that are asked for; nothing here needs more of `bytes`.
            return cast("bytes", mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ))
        return b"".join(self[index] for index in range(len(self)))

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()

    def _move_to_file(self) -> None:
        """Begin a file with what there is, so that it has everything."""
        from tempfile import TemporaryFile

        self._file = cast("BinaryIO", TemporaryFile(dir=self._directory))  # noqa: SIM115  kept open
        self._pieces = [
            self._write(piece) if isinstance(piece, bytes) else piece for piece in self._pieces
        ]

    def _write(self, piece: bytes) -> tuple[int, int]:
        assert self._file is not None
        self._file.seek(self._end)
        self._file.write(piece)
        self._file.flush()
        place = (self._end, len(piece))
        self._end += len(piece)
        return place
