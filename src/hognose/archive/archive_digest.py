"""What an archive's bytes hash to, computed while they pass by."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator


class Readable(Protocol):
    """The one method that reading an archive as a stream needs."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the end."""


class ArchiveDigest(msgspec.Struct, frozen=True, gc=False):
    """The hashes and the size of a whole archive file.

    Attributes:
        sha256: The SHA-256 of the archive, 32 bytes.
        md5: The MD5 of the archive, 16 bytes; no bytes where it was not asked for.
        size: The archive's size in bytes.
    """

    sha256: bytes
    md5: bytes
    size: int


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

    def digest(self) -> ArchiveDigest:
        """Return the hashes of what was read so far."""
        md5 = b"" if self._md5 is None else self._md5.digest()
        return ArchiveDigest(self._sha256.digest(), md5, self.size)


class ProgressCallback(Protocol):
    """Is told how many bytes of the archive have been read so far; must be quick."""

    def __call__(self, bytes_read: int, /) -> object:
        """Take the running total."""


def digest_file(path: str) -> ArchiveDigest:
    """Hash a file on disk."""
    with open(path, "rb", buffering=0) as stream:
        reader = HashingReader(stream)
        reader.drain()
    return reader.digest()
