"""A real HTTP server on loopback that serves a directory, and misbehaves when told to.

Everything goes through sockets, so what is tested is what users have: no transport is replaced.
In a test::

    with ChannelServer(directory) as server:
        server.fail("noarch/repodata.json", status=503, times=2)
        ...                                    # use server.url, which ends with a slash
        assert server.count("noarch/repodata.json") == 3

A fault is bound to a path relative to the root (without its query) or, as `"*"`, to every path. It
is used up after `times` requests; `times=None` means for ever. Several faults on one path are
used in the order in which they were added.

The server knows `HEAD`, `ETag`, `Last-Modified`, the conditional headers and `Range` with one
range. A request in absolute form (`GET http://host/path`), which is what a client sends to a
proxy, is answered as if the path alone had been asked for; `Request.target` tells them apart.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

from hognose._closing import Closing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

__all__ = ("ChannelServer", "Request")

FaultKind = Literal["status", "truncate", "drop", "stall", "delay", "redirect"]
Framing = Literal["length", "chunked", "none"]


@dataclass(frozen=True)
class Request:
    """One request as it arrived: `path` is relative to the root, decoded and without the query."""

    method: str
    path: str
    target: str
    headers: dict[str, str]


@dataclass
class _Fault:
    kind: FaultKind
    path: str
    times: int | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: int = 0
    seconds: float = 0.0
    framing: Framing = "length"


@dataclass(frozen=True)
class _Document:
    body: bytes
    headers: dict[str, str]


class ChannelServer(Closing):
    """Serves one directory until it is closed; a context manager.

    Args:
        root: The directory to serve. May be None if everything is given to `serve`.
        cache_control: The value of `Cache-Control` on every document, or None for no such header.
        validators: Whether documents carry `ETag` and `Last-Modified`.
        ranges: Whether `Range` is honoured; if not, the whole document is sent.
        required_headers: Headers that a request must carry; others get a 401.
        certificate: A file with a certificate and its key, to speak HTTPS.
    """

    def __init__(
        self,
        root: str | PathLike[str] | None = None,
        *,
        cache_control: str | None = None,
        validators: bool = True,
        ranges: bool = True,
        required_headers: Mapping[str, str] | None = None,
        certificate: str | PathLike[str] | None = None,
    ) -> None:
        self.scheme = "http" if certificate is None else "https"
        self.root = None if root is None else Path(root)
        self.cache_control = cache_control
        self.validators = validators
        self.ranges = ranges
        self.required_headers = dict(required_headers or {})
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._faults: list[_Fault] = []
        self._documents: dict[str, _Document] = {}
        self._closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._most_at_once = 0
        self._at_once = 0
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.tls = context
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    # -- the address ----------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        return int(self._server.server_address[1])

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The address of the root, with a slash at the end."""
        return f"{self.scheme}://{self.host}/"

    # -- what was asked -------------------------------------------------------------------------

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request so far, in the order of arrival."""
        with self._lock:
            return tuple(self._requests)

    def count(self, path: str | None = None, *, method: str | None = None) -> int:
        """How many requests arrived, for one path, one method or at all."""
        return sum(
            (path is None or request.path == path.strip("/"))
            and (method is None or request.method == method)
            for request in self.requests
        )

    @property
    def most_at_once(self) -> int:
        """The largest number of requests that were being answered at the same moment."""
        with self._lock:
            return self._most_at_once

    @property
    def connection_count(self) -> int:
        """How many TCP connections were accepted so far."""
        return self._server.accepted

    def forget(self) -> None:
        """Empty the list of requests."""
        with self._lock:
            self._requests.clear()

    # -- what to serve --------------------------------------------------------------------------

    def serve(self, path: str, body: bytes, *, headers: Mapping[str, str] | None = None) -> str:
        """Serve `body` at `path`, hiding a file of that name, and return its URL."""
        with self._lock:
            self._documents[path.strip("/")] = _Document(body, dict(headers or {}))
        return self.url + path.strip("/")

    def fail(
        self,
        path: str = "*",
        *,
        status: int = 500,
        times: int | None = 1,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        """Answer with this status in place of the document."""
        self._add(
            _Fault("status", path, times, status=status, headers=dict(headers or {}), body=body)
        )

    def redirect(
        self, path: str, target: str, *, status: int = 302, times: int | None = None
    ) -> None:
        """Send the client to another URL."""
        self._add(_Fault("redirect", path, times, status=status, headers={"Location": target}))

    def truncate(
        self, path: str = "*", *, after: int, times: int | None = 1, framing: Framing = "length"
    ) -> None:
        """Promise the whole document, send `after` bytes of it, and close the connection.

        With another framing the length is not promised: there are chunks and no last one, or
        nothing says where the document ends.
        """
        self._add(_Fault("truncate", path, times, after=after, framing=framing))

    def drop(self, path: str = "*", *, times: int | None = 1) -> None:
        """Close the connection without an answer."""
        self._add(_Fault("drop", path, times))

    def stall(self, path: str = "*", *, after: int = 0, times: int | None = 1) -> None:
        """Send the head and `after` bytes, then nothing more until the server is closed."""
        self._add(_Fault("stall", path, times, after=after))

    def delay(self, path: str = "*", *, seconds: float, times: int | None = None) -> None:
        """Wait before answering; combines with the other faults and with the document itself."""
        self._add(_Fault("delay", path, times, seconds=seconds))

    def heal(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._faults.clear()

    # -- life -----------------------------------------------------------------------------------

    def close(self) -> None:
        """Stop serving, and cut every connection that is still open."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    # -- used by the handler --------------------------------------------------------------------

    def _add(self, fault: _Fault) -> None:
        fault.path = fault.path.strip("/")
        with self._lock:
            self._faults.append(fault)

    def _note(self, request: Request) -> None:
        with self._lock:
            self._requests.append(request)

    def _began(self, step: int) -> None:
        with self._lock:
            self._at_once += step
            self._most_at_once = max(self._most_at_once, self._at_once)

    def _take_fault(self, path: str, *, is_delay: bool) -> _Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.path in ("*", path) and (fault.kind == "delay") is is_delay:
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            self._faults.remove(fault)
                    return fault
        return None

    def _find(self, path: str) -> _Document | None:
        with self._lock:
            document = self._documents.get(path)
        if document is not None:
            headers = {"ETag": _etag(document.body)} if self.validators else {}
            return _Document(document.body, {**headers, **document.headers})
        if self.root is None or ".." in path.split("/"):
            return None
        file = self.root / path
        if not file.is_file():
            return None
        body = file.read_bytes()
        if not self.validators:
            return _Document(body, {})
        modified = formatdate(file.stat().st_mtime, usegmt=True)
        return _Document(body, {"ETag": _etag(body), "Last-Modified": modified})


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    owner: ChannelServer
    tls: ssl.SSLContext | None = None
    accepted = 0

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        self.accepted += 1
        with self.owner._lock:
            self.owner._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        with self.owner._lock:
            self.owner._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: a client that goes away in the middle is part of many tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One segment for the head and the body: without it, each small answer waits for an ACK.
    wbufsize = 65536
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, form: str, *arguments: object) -> None:
        """Print nothing."""

    def setup(self) -> None:
        if self.server.tls is not None:
            # Here and not in the accepting thread, which a slow handshake would hold up.
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        if self.server.tls is not None:
            self.request.close()

    def do_HEAD(self) -> None:
        self._respond()

    def do_GET(self) -> None:
        self._respond()

    def _respond(self) -> None:
        owner = self.server.owner
        path = unquote(urlsplit(self.path).path).strip("/")
        owner._note(
            Request(self.command, path, self.path, {k.lower(): v for k, v in self.headers.items()})
        )
        owner._began(+1)
        try:
            delay = owner._take_fault(path, is_delay=True)
            if delay is not None:
                owner._closing.wait(delay.seconds)
            self._answer(path, owner._take_fault(path, is_delay=False))
        except OSError:
            self.close_connection = True
        finally:
            owner._began(-1)

    def _answer(self, path: str, fault: _Fault | None) -> None:
        owner = self.server.owner
        if fault is not None and fault.kind == "drop":
            self.close_connection = True
            return
        if fault is not None and fault.kind in ("status", "redirect"):
            self._send(fault.status, fault.headers, fault.body)
            return
        if any(self.headers.get(name) != value for name, value in owner.required_headers.items()):
            self._send(401, {"WWW-Authenticate": "Basic"}, b"")
            return
        document = owner._find(path)
        if document is None:
            self._send(404, {}, b"there is no such file")
            return
        headers = dict(document.headers)
        if owner.cache_control is not None:
            headers.setdefault("Cache-Control", owner.cache_control)
        if self._is_unchanged(headers):
            self._send(304, headers, b"")
            return
        status, body = self._select_range(document.body, headers)
        self._send(status, headers, body, fault=fault)

    def _is_unchanged(self, headers: dict[str, str]) -> bool:
        tag, wanted = headers.get("ETag"), self.headers.get("If-None-Match")
        if wanted is not None:
            return tag is not None and tag in [each.strip() for each in wanted.split(",")]
        since = self.headers.get("If-Modified-Since")
        return since is not None and since == headers.get("Last-Modified")

    def _select_range(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        wanted = self.headers.get("Range", "")
        condition = self.headers.get("If-Range")
        matches = condition is None or condition in (
            headers.get("ETag"),
            headers.get("Last-Modified"),
        )
        if not self.server.owner.ranges:
            return 200, body
        headers["Accept-Ranges"] = "bytes"
        if not wanted.startswith("bytes=") or "," in wanted or not matches:
            return 200, body
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        if first:
            start, stop = int(first), min(int(last) + 1, len(body)) if last else len(body)
        else:
            start, stop = max(0, len(body) - int(last)), len(body)
        if start >= stop:
            headers["Content-Range"] = f"bytes */{len(body)}"
            return 416, b""
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
        return 206, body[start:stop]

    def _send(
        self, status: int, headers: dict[str, str], body: bytes, *, fault: _Fault | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        framing = "length" if fault is None else fault.framing
        if framing == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        elif status != 304 and framing == "length":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD" or status == 304:
            return
        if fault is None:
            self.wfile.write(body)
            return
        part = body[: fault.after]
        self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part) if framing == "chunked" else part)
        self.wfile.flush()
        self.close_connection = True
        if fault.kind == "stall":
            self.server.owner._closing.wait()
