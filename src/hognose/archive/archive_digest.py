"""What an archive's bytes hash to, and what its readers are given."""

from __future__ import annotations

from typing import Protocol

import msgspec

from hognose.archive.hashing_reader import HashingReader


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


class ProgressCallback(Protocol):
    """Is told how many bytes of the archive have been read so far; must be quick."""

    def __call__(self, bytes_read: int, /) -> object:
        """Take the running total."""


def digest_file(path: str) -> ArchiveDigest:
    """Hash a file on disk."""
    with open(path, "rb", buffering=0) as stream:
        reader = HashingReader(stream)
        reader.drain()
    return digest_of(reader)


def digest_of(reader: HashingReader) -> ArchiveDigest:
    """Return what the bytes that were read hash to."""
    return ArchiveDigest(reader.sha256(), reader.md5(), reader.size)
