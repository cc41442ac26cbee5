"""Pieces made by one thread while another one uses them.

Hashing and decompression release the interpreter lock, and so does writing files: with one thread
on each side of a short queue both cores work on one package.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_DEPTH = 4


def read_ahead(pieces: Iterator[bytes], *, without_thread: int) -> Generator[bytes]:
    """Yield the pieces in order, while a thread keeps up to four of them ready.

    The thread ends before the returned generator does, also when the generator is closed early,
    so the pieces' source is never used behind the caller's back.

    Args:
        pieces: What to yield; none of them is empty.
        without_thread: How many pieces are made in the calling thread first: most packages have
            no more, and a thread costs more than it saves there.
    """
    for _ in range(without_thread):
        piece = next(pieces, None)
        if piece is None:
            return
        yield piece
    # Not at the top: most archives are small, and so are most processes that extract.
    from threading import Thread

    queue = _PieceQueue(pieces)
    thread = Thread(target=queue.fill, name="hognose-read-ahead", daemon=True)
    thread.start()
    try:
        yield from queue.drain()
    finally:
        queue.stop()
        thread.join()


class PieceStream:
    """The pieces as a stream to read from; reads are short where a piece ends."""

    __slots__ = ("_piece", "_pieces", "_position")

    def __init__(self, pieces: Iterator[bytes]) -> None:
        """Read from an iterator of pieces, none of them empty."""
        self._pieces = pieces
        self._piece = b""
        self._position = 0

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes without reading them; fewer only at the end."""
        ahead = self._piece[self._position :]
        while len(ahead) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            ahead += piece
        self._piece, self._position = ahead, 0
        return ahead[:size]

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and none only at the end."""
        position = self._position
        piece = self._piece
        if position == len(piece):
            piece = self._piece = next(self._pieces, b"")
            position = 0
        data = piece[position : position + size]
        self._position = position + len(data)
        return data

    def drain(self) -> None:
        """Have everything read that is left."""
        self._piece, self._position = b"", 0
        for _ in self._pieces:
            pass


class _PieceQueue:
    """A bounded queue with one writer, one reader, and an end that may be an error."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        from collections import deque
        from threading import Semaphore

        self._source = pieces
        self._pieces: deque[bytes] = deque()
        self._ready = Semaphore(0)
        self._room = Semaphore(_DEPTH)
        self._stopped = False
        self._error: BaseException | None = None

    def fill(self) -> None:
        """Run in the writer's thread until the source ends or the reader stops."""
        try:
            for piece in self._source:
                self._pieces.append(piece)
                self._ready.release()
                self._room.acquire()
                if self._stopped:
                    return
        except BaseException as error:
            self._error = error
        finally:
            self._ready.release()

    def drain(self) -> Iterator[bytes]:
        """Yield in the reader's thread; raises what the source raised."""
        while True:
            self._ready.acquire()
            if not self._pieces:
                if self._error is not None:
                    raise self._error
                return
            piece = self._pieces.popleft()
            self._room.release()
            yield piece

    def stop(self) -> None:
        """Make the writer end after the piece it is working on."""
        self._stopped = True
        self._room.release()
