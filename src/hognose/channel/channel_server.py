"""A channel's directory as a web server on this machine, to try a channel before it is published.

For one's own machine: no TLS, no authentication, and by default nobody but this machine can reach
it. It knows what clients of channels ask for: validators, ranges, kept-alive connections.
"""

from __future__ import annotations

import os
import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from hognose._closing import Closing
from hognose.archive import resolve_inside
from hognose.errors import ChannelBuildError, UnsafeArchiveError

if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ("ChannelServer",)

_PIECE = 1 << 18
_TYPES = {
    ".json": "application/json",
    ".zst": "application/zstd",
    ".bz2": "application/x-bzip2",
    ".conda": "application/octet-stream",
}


class ChannelServer(Closing):
    """Serves a directory from its making until it is closed; a context manager.

    Requests are answered in threads of their own, and logged nowhere.

    Args:
        directory: The channel's directory.
        host: The address to listen on.
        port: The port; 0 chooses a free one.
        max_age: For how many seconds clients may use repodata without asking again.

    Raises:
        ChannelBuildError: The directory does not exist, or the address cannot be listened on.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        max_age: int = 0,
    ) -> None:
        """Begin to serve."""
        self.directory = os.path.abspath(directory)
        if not os.path.isdir(self.directory):
            message = f"{self.directory} is no directory"
            raise ChannelBuildError(message, path=self.directory)
        try:
            self._server = _Server((host, port), _Handler)
        except (OSError, OverflowError) as error:
            message = f"{host}:{port} cannot be listened on: {error}"
            raise ChannelBuildError(message, hint="choose another with `--port`") from error
        self._server.directory = self.directory
        self._server.max_age = max_age
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="hognose-serve", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """The channel's address, with a slash at the end."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/"

    def wait(self) -> None:
        """Wait until somebody closes the server, for example by an interrupt."""
        while self._thread.is_alive():
            self._thread.join(0.2)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    directory = ""
    max_age = 0

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: a client that goes away in the middle is nobody's error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one segment: without it each small answer waits 40 ms for an ACK.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  the base's name
        """Print nothing."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        try:
            path = resolve_inside(self.server.directory, unquote(urlsplit(self.path).path)[1:])
            file = open(path, "rb")  # noqa: SIM115  closed below
        except (UnsafeArchiveError, OSError, ValueError):
            self._send_head(404, {"Content-Length": "0"})
            return
        with file:
            self._send_file(file, os.path.splitext(path)[1])

    def _send_file(self, file: BinaryIO, extension: str) -> None:
        about = os.fstat(file.fileno())
        tag = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
        fields = {
            "ETag": tag,
            "Last-Modified": formatdate(about.st_mtime, usegmt=True),
            "Cache-Control": f"max-age={self.server.max_age}"
            if self.server.max_age
            else "no-cache",
            "Accept-Ranges": "bytes",
        }
        if self._is_current(fields):
            self._send_head(304, fields)
            return
        status, start, stop = self._select(tag, fields["Last-Modified"], about.st_size)
        if status == 416:
            fields["Content-Range"] = f"bytes */{about.st_size}"
        elif status == 206:
            fields["Content-Range"] = f"bytes {start}-{stop - 1}/{about.st_size}"
        fields["Content-Length"] = str(stop - start)
        fields["Content-Type"] = _TYPES.get(extension, "application/octet-stream")
        self._send_head(status, fields)
        if self.command == "GET" and stop > start:
            file.seek(start)
            left = stop - start
            while left and (piece := file.read(min(left, _PIECE))):
                self.wfile.write(piece)
                left -= len(piece)
            if left:
                # The file became shorter: the client must not take what it has for the whole.
                self.close_connection = True

    def _is_current(self, fields: dict[str, str]) -> bool:
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            return fields["ETag"] in [tag.strip() for tag in tags.split(",")]
        return self.headers.get("If-Modified-Since") == fields["Last-Modified"]

    def _select(self, tag: str, modified: str, size: int) -> tuple[int, int, int]:
        """The status for the range that is asked for, with its first byte and the one behind."""
        wanted = self.headers.get("Range", "")
        condition = self.headers.get("If-Range", tag)
        first, dash, last = wanted.removeprefix("bytes=").strip().partition("-")
        is_usable = wanted.startswith("bytes=") and dash and condition in (tag, modified)
        if not is_usable or not (first + last).isdecimal():
            return 200, 0, size
        if not first:
            start, stop = max(0, size - int(last)), size
        else:
            start, stop = int(first), min(int(last) + 1, size) if last else size
        return (206, start, stop) if start < stop else (416, 0, 0)

    def _send_head(self, status: int, fields: dict[str, str]) -> None:
        self.send_response_only(status)
        self.send_header("Server", "hognose")
        self.send_header("Date", self.date_time_string())
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
