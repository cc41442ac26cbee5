"""Packages on a server, read by ranges: their metadata without their contents."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import unquote, urlsplit

from hognose.archive import PackageArchive
from hognose.cache.page_error import page_error
from hognose.errors import ArchiveError
from hognose.net import path_of_file_url, redact

if TYPE_CHECKING:
    from hognose.net import Client, Response

# The directory of a `.conda` and, in most packages, the whole info part are in the last 32 kB.
_TAIL_SIZE = 1 << 15
_READ_SIZE = 1 << 16
_LARGEST_READ = 1 << 23
_NEAR_TAIL = 1 << 20
_SPOOL_IN_MEMORY = 1 << 23


def open_remote_archive(url: str, client: Client) -> PackageArchive:
    """Open a package at a URL, downloading no more of it than is asked for.

    A `.conda` on a server that answers range requests costs one request for its end and, where
    the info part is larger, one more. Everything else is downloaded once, into memory or, if it is
    large, into a temporary file.

    Args:
        url: The package.
        client: What asks the server; it must stay open as long as the archive.

    Raises:
        ArchiveError: It is no package.
        NetworkError: The server does not answer as it should.
    """
    if url.startswith("file:"):
        return PackageArchive.open(path_of_file_url(url))
    if unquote(urlsplit(url).path).endswith(".conda"):
        with client.open(url, headers={"Range": f"bytes=-{_TAIL_SIZE}"}) as response:
            if response.status == 200 or _is_whole(response.headers.get("content-range", "")):
                return _open_whole(response, url)
            ranges = _ranges_after(response, url, client)
        if ranges is not None:
            return PackageArchive(ranges, redact(url), archive_type="conda", owns_stream=True)
    with client.open(url) as response:
        return _open_whole(response, url)


def _ranges_after(response: Response, url: str, client: Client) -> BinaryIO | None:
    """Return the archive of which the end came; None where that is not what was asked for."""
    length = _whole_length(response.headers.get("content-range"))
    if length is None:
        return None
    tail = _read_all(response, _TAIL_SIZE)
    if len(tail) != min(length, _TAIL_SIZE):
        return None
    return cast("BinaryIO", io.BufferedReader(_RangeStream(url, client, length, tail), _READ_SIZE))


def _is_whole(content_range: str) -> bool:
    """Whether the part that is described has all that the end of an archive could have."""
    length = _whole_length(content_range)
    return content_range.startswith("bytes 0-") and length is not None and length <= _TAIL_SIZE


def _whole_length(content_range: str | None) -> int | None:
    """The length after the slash of `bytes 100-199/200`."""
    _, _, whole = (content_range or "").rpartition("/")
    return int(whole) if whole.isdigit() else None


def _read_all(response: object, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size <= limit and (part := response.read(_READ_SIZE)):  # type: ignore[attr-defined]
        parts.append(part)
        size += len(part)
    return b"".join(parts)


class _RangeStream(io.RawIOBase):
    """A remote file that can be sought in; its tail is there, the rest is asked for.

    What lies shortly before the tail (the info part of most packages) is fetched in one request
    and joins it. Elsewhere each request fetches twice as much as the one before.
    """

    def __init__(self, url: str, client: Client, length: int, tail: bytes) -> None:
        self._url = url
        self._client = client
        self._length = length
        self._tail = tail
        self._block = b""
        self._block_start = 0
        self._ahead = _READ_SIZE
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        position = self._position
        if position >= self._length:
            return 0
        if position < self._length - len(self._tail):
            self._load(position)
        tail_start = self._length - len(self._tail)
        if position >= tail_start:
            data = self._tail[position - tail_start :][: len(view)]
        else:
            data = self._block[position - self._block_start :][: len(view)]
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _load(self, position: int) -> None:
        """Have the byte at a position in front of the tail in the block, or in the tail."""
        if self._block_start <= position < self._block_start + len(self._block):
            return
        gap = self._length - len(self._tail) - position
        if gap <= _NEAR_TAIL:
            self._tail = self._ask(position, gap) + self._tail
            return
        self._block = self._ask(position, min(self._ahead, gap))
        self._block_start = position
        self._ahead = min(self._ahead * 2, _LARGEST_READ)

    def _ask(self, start: int, size: int) -> bytes:
        last = start + size - 1
        headers = {"Range": f"bytes={start}-{last}"}
        with self._client.open(self._url, headers=headers) as response:
            expected = f"bytes {start}-{last}/{self._length}"
            answered = response.headers.get("content-range")
            if response.status != 206 or answered != expected:
                message = f"the server of `{redact(self._url)}` gave another range than asked for"
                raise ArchiveError(message, path=redact(self._url))
            data = _read_all(response, size)
        if len(data) != size:
            message = f"the server of `{redact(self._url)}` gave another range than asked for"
            raise ArchiveError(message, path=redact(self._url))
        return data


def _open_whole(response: Response, url: str) -> PackageArchive:
    from tempfile import SpooledTemporaryFile

    spool = SpooledTemporaryFile(_SPOOL_IN_MEMORY)  # noqa: SIM115 - closed by the archive
    try:
        while data := response.read(_READ_SIZE):
            spool.write(data)
        return PackageArchive(cast("BinaryIO", spool), redact(url), owns_stream=True)
    except ArchiveError as error:
        spool.close()
        raise (page_error(error, response, url) if error.is_page else error) from error.__cause__
    except BaseException:
        spool.close()
        raise
