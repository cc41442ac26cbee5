"""A stream whose bytes are hashed and counted while they pass by."""

from __future__ import annotations

import hashlib

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hognose.archive.archive_digest import ProgressCallback, Readable


class HashingReader:
    """A stream that hashes and counts whatever is read through it.

    Not thread-safe: one thread reads, and the digest is taken when it is done.
    """

    __slots__ = ("_md5", "_progress", "_read", "_sha256", "size")

    def __init__(
        self,
        stream: Readable,
        progress: ProgressCallback | None = None,
        *,
        with_md5: bool = True,
    ) -> None:
        """Wrap a stream.

        Args:
            stream: What to read from.
            progress: Is called with the number of bytes read so far.
            with_md5: Whether to compute the MD5, which takes twice as long as the SHA-256.
        """
        self._read = stream.read
        self._progress = progress
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if with_md5 else None
        self.size = 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, having hashed them."""
        data = self._read(size)
        if data:
            self._sha256.update(data)
            if self._md5 is not None:
                self._md5.update(data)
            self.size += len(data)
            if self._progress is not None:
                self._progress(self.size)
        return data

    def iter_pieces(self, size: int) -> Iterator[bytes]:
        """Yield all that is left in pieces of up to `size` bytes."""
        while data := self.read(size):
            yield data

    def drain(self) -> None:
        """Read to the end, so that the digest covers the whole stream."""
        while self.read(1 << 18):
            pass

    def sha256(self) -> bytes:
        """Return the SHA-256 of what was read so far."""
        return self._sha256.digest()

    def md5(self) -> bytes:
        """Return the MD5 of what was read so far; no bytes where it was not asked for."""
        return b"" if self._md5 is None else self._md5.digest()
