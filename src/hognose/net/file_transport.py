"""`file://` URLs: local channels answer like remote ones."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from hognose.errors import InvalidUrlError, NetworkError
from hognose.net.transport import Headers, NoBody, Request, Response

if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ("FileTransport", "path_of_file_url", "readable_path")

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
# A path in which nothing has a meaning of its own.
_PLAIN = re.compile(r"file://(/[^%?#\s\0-\x1f]*)")


def path_of_file_url(url: str) -> str:
    r"""Return the path that a `file` URL names, in the form of this platform.

    On Windows `file:///C:/x` is `C:\x` and `file://server/share` is `\\server\share`.

    Raises:
        InvalidUrlError: The URL is not a `file` URL, or names another machine where that is not
            possible.
    """
    if os.name != "nt" and (plain := _PLAIN.fullmatch(url)) is not None:
        return plain[1]
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise InvalidUrlError(url, "it is not a `file` URL")
    path = unquote(parts.path)
    host = "" if parts.netloc == "localhost" else parts.netloc
    if os.name == "nt":
        if host:
            return f"//{host}{path}".replace("/", "\\")
        return path.lstrip("/").replace("/", "\\")
    if host:
        raise InvalidUrlError(
            url, "it names another machine", hint="a local path has three slashes: `file:///path`"
        )
    return path


def readable_path(url: str) -> str | None:
    """Return the path of the regular file that a `file` URL names; None if none can be read."""
    try:
        path = path_of_file_url(url)
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return None
    return path if stat.S_ISREG(mode) and os.access(path, os.R_OK) else None


class FileTransport:
    """Answers from the disk: 404 for a missing file, validators from its size and time."""

    def send(self, request: Request, /) -> Response:
        """Open the file that the request's URL names.

        Raises:
            InvalidUrlError: The URL cannot name a file here.
            NetworkError: The file exists and cannot be read; chains the `OSError`.
        """
        path = path_of_file_url(request.url)
        headers = Headers(request.headers)
        try:
            # Unbuffered: archives are read in large pieces, documents at once.
            file = open(path, "rb", buffering=0)  # noqa: SIM115  the response closes it
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return _empty_response(request.url, 404)
        except OSError as error:
            raise _unreadable(request.url, error) from error
        try:
            return _respond(request.url, file, headers)
        except BaseException:
            file.close()
            raise


def _respond(url: str, file: BinaryIO, wanted: Headers) -> Response:
    about = os.fstat(file.fileno())
    tag = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
    if wanted.get("if-none-match") == tag:
        file.close()
        return _empty_response(url, 304, {"etag": tag})
    size = about.st_size
    is_wanted = wanted.get("if-range", tag) == tag
    start, stop = _range_of(wanted.get("range", "") if is_wanted else "", size)
    if start >= size and start > 0:
        file.close()
        return _empty_response(url, 416, {"content-range": f"bytes */{size}"})
    file.seek(start)
    length = stop - start
    is_part = length < size
    fields = {"etag": tag, "content-length": str(length)}
    if is_part:
        fields["content-range"] = f"bytes {start}-{stop - 1}/{size}"
    return Response(
        url=url,
        status=206 if is_part else 200,
        headers=Headers(fields),
        body=_FileBody(url, file, length),
        length=length,
    )


def _range_of(field: str, size: int) -> tuple[int, int]:
    """Return where a `Range` of one part begins and ends; the whole for any other field."""
    found = _RANGE.fullmatch(field.strip())
    if found is None or found[0] == "bytes=-":
        return 0, size
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return 0, size
    return int(first), min(int(last) + 1, size) if last else size


class _FileBody:
    __slots__ = ("_file", "_remaining", "_url")

    def __init__(self, url: str, file: BinaryIO, length: int) -> None:
        self._url = url
        self._file = file
        self._remaining = length

    def read(self, size: int, /) -> bytes:
        try:
            data = self._file.read(min(size, self._remaining))
        except OSError as error:
            raise _unreadable(self._url, error) from error
        self._remaining -= len(data)
        return data

    def close(self) -> None:
        self._file.close()


def _empty_response(url: str, status: int, fields: dict[str, str] | None = None) -> Response:
    return Response(url=url, status=status, headers=Headers(fields), body=NoBody(), length=0)


def _unreadable(url: str, error: OSError) -> NetworkError:
    message = f"{url} cannot be read: {error.strerror or error}"
    return NetworkError(message, url=url, status=None, is_transient=False)
