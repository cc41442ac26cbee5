"""HTTP and HTTPS without a proxy: kept-alive connections over the standard library.

A small request costs half of what it does through urllib3, and loading `http.client` takes 26 ms
where urllib3 takes 65. What a proxy needs is in `proxied_transport`.
"""

from __future__ import annotations

import re
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import quote

from hognose.errors import InvalidUrlError
from hognose.net.cancellation import Cancellation
from hognose.net.network_failure import describe_failure
from hognose.net.redaction import redact
from hognose.net.transport import Headers, Request, Response
from hognose.net.urls import DEFAULT_PORTS, origin_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from http.client import HTTPConnection, HTTPResponse

    from hognose.errors import NetworkError

__all__ = ("DRAINING_TIMEOUT", "WORTH_DRAINING", "DirectTransport")

# What may stand in a target as it is; everything else is escaped.
_TARGET = re.compile(r"(?:[A-Za-z0-9\-._~/:@!$&'()*+,;=?]+|%[0-9A-Fa-f]{2})*")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
# The rest of an answer that nobody wants, in bytes, that is read all the same, and how many seconds
# it may take: a connection with bytes left on it is of no use to the next request, and a short page
# that explains an error is there already.
WORTH_DRAINING = 1 << 14
DRAINING_TIMEOUT = 0.25
# After this many seconds of silence it is looked whether the server hung up, which is a system
# call; before that it is found out by asking.
_FRESH = 1.0

_Idle = deque["tuple[HTTPConnection, float]"]


class DirectTransport:
    """Sends requests over connections to the servers themselves; safe in several threads.

    Args:
        connect_timeout: The longest wait for a connection, in seconds.
        read_timeout: The longest silence of a server, in seconds.
        connections: How many idle connections are kept for an origin.
        tls_context: Gives the context of TLS connections.
    """

    def __init__(
        self,
        *,
        connect_timeout: float,
        read_timeout: float,
        connections: int,
        tls_context: Callable[[], ssl.SSLContext],
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._connections = connections
        self._tls_context = tls_context
        # By origin. A deque gives and takes at its end in one step, so there is nothing to lock.
        self._idle: dict[str, _Idle] = {}
        weakref.finalize(self, _close_all, self._idle)

    def send(self, request: Request, /) -> Response:
        """Send one request and return as soon as the head of the answer is there.

        Raises:
            InvalidUrlError: The URL cannot be used.
            NetworkError: There was no answer.
            ValueError: A field cannot be sent; the text has the field.
        """
        from http.client import HTTPException

        url = request.url
        origin = origin_of(url)
        if not origin:
            raise InvalidUrlError(redact(url), "no server can have this address")
        target = _target_of(url)
        idle = self._idle.get(origin)
        if idle is None:
            idle = self._idle.setdefault(origin, deque(maxlen=None))
        cancellation = request.cancellation or Cancellation()
        while True:
            # What changes something at the server must not be sent twice, so it does not go over
            # a connection that may have ended meanwhile.
            kept = _take(idle) if request.method in ("GET", "HEAD") else None
            connection = self._connect(url, origin, cancellation) if kept is None else kept
            watch = _Watch(cancellation, connection)
            try:
                connection.request(
                    request.method, target, body=request.body, headers=dict(request.headers)
                )
                raw = connection.getresponse()
            except (HTTPException, OSError) as error:
                watch.end()
                connection.close()
                if kept is None or isinstance(error, TimeoutError):
                    raise describe_failure(url, error) from error
            except BaseException:
                watch.end()
                connection.close()
                raise
            else:
                break
        fields = Headers(dict(raw.headers.items()))
        return Response(
            url=url,
            status=raw.status,
            headers=fields,
            body=_DirectBody(url, raw, connection, watch, self, origin),
            length=fields.content_length,
        )

    def close(self) -> None:
        """Close every idle connection; responses that are still open stay usable."""
        _close_all(self._idle)

    def keep(self, origin: str, connection: HTTPConnection) -> None:
        """Take back a connection whose answer has been read to its end."""
        idle = self._idle.get(origin)
        if connection.sock is None or idle is None or len(idle) >= self._connections:
            connection.close()
        else:
            idle.append((connection, time.monotonic()))

    def _connect(self, url: str, origin: str, cancellation: Cancellation) -> HTTPConnection:
        from http.client import HTTPConnection, HTTPSConnection

        from hognose.net.connecting import begin_tls, open_connection

        scheme, _, rest = origin.partition("://")
        host, port = _split_port(rest, DEFAULT_PORTS[scheme])
        if not _is_host(host) or not 0 < port < 65536:
            raise InvalidUrlError(redact(url), "no server can have this address")
        connection: HTTPConnection
        if scheme == "https":
            context = self._tls_context()
            connection = HTTPSConnection(host, port, context=context)
        else:
            connection = HTTPConnection(host, port)
        try:
            line = open_connection(
                connection.host,
                port,
                url=url,
                timeout=self._connect_timeout,
                cancellation=cancellation,
            )
            if scheme == "https":
                line = begin_tls(line, context, connection.host, cancellation=cancellation)
        except OSError as error:
            raise describe_failure(url, error, is_connecting=True) from error
        line.settimeout(self._read_timeout)
        connection.sock = line
        return connection


class _Watch:
    """A socket that is watched from the question to the end of the answer."""

    __slots__ = ("_cancellation", "socket")

    def __init__(self, cancellation: Cancellation, connection: HTTPConnection) -> None:
        # Kept, because the connection gives its socket away where it serves a single answer.
        self.socket = connection.sock
        self._cancellation = cancellation
        cancellation.watch(self.socket)

    def end(self) -> None:
        self._cancellation.forget(self.socket)


class _DirectBody:
    __slots__ = ("_connection", "_is_done", "_origin", "_owner", "_raw", "_url", "_watch")

    def __init__(
        self,
        url: str,
        raw: HTTPResponse,
        connection: HTTPConnection,
        watch: _Watch,
        owner: DirectTransport,
        origin: str,
    ) -> None:
        self._url = url
        self._raw = raw
        self._connection = connection
        self._watch = watch
        self._owner = owner
        self._origin = origin
        self._is_done = False

    def read(self, size: int, /) -> bytes:
        from http.client import HTTPException

        if self._is_done or size == 0:
            return b""
        raw = self._raw
        try:
            data = raw.read(size)
        except (HTTPException, OSError) as error:
            raise self._give_up(error) from error
        if not data and raw.length:
            # `http.client` says nothing where fewer bytes come than were announced.
            raise self._give_up(EOFError())
        if not data or raw.isclosed():
            self._release()
        return data

    def close(self) -> None:
        if self._is_done:
            return
        raw = self._raw
        if raw.length is not None and raw.length <= WORTH_DRAINING:
            from http.client import HTTPException

            line = self._watch.socket
            patience = line.gettimeout()
            try:
                line.settimeout(DRAINING_TIMEOUT)
                raw.read()
                line.settimeout(patience)
            except (HTTPException, OSError):
                self._watch.end()
                self._connection.close()
        self._release()

    def _release(self) -> None:
        self._is_done = True
        self._watch.end()
        if self._raw.isclosed() and not self._raw.will_close:
            self._owner.keep(self._origin, self._connection)
        else:
            self._raw.close()
            self._connection.close()

    def _give_up(self, error: Exception) -> NetworkError:
        self._is_done = True
        self._watch.end()
        self._raw.close()
        self._connection.close()
        return describe_failure(self._url, error)


def _take(idle: _Idle) -> HTTPConnection | None:
    """The connection that was used last, unless the server has hung up."""
    while True:
        try:
            connection, since = idle.pop()
        except IndexError:
            return None
        if time.monotonic() - since < _FRESH or not _has_news(connection):
            return connection
        connection.close()


def _has_news(connection: HTTPConnection) -> bool:
    """Whether there is something to read where nothing was asked: the end, or what is not ours."""
    import select

    try:
        readable, _, _ = select.select([connection.sock], [], [], 0)
    except (OSError, ValueError):
        # Closed, or beyond what `select` can count.
        return True
    return bool(readable)


def _close_all(idle: dict[str, _Idle]) -> None:
    while idle:
        try:
            _, connections = idle.popitem()
        except KeyError:
            return
        for connection, _ in connections:
            connection.close()


def _target_of(url: str) -> str:
    rest = url[url.index("//") + 2 :].partition("#")[0]
    start = min(i for i in (rest.find("/"), rest.find("?"), len(rest)) if i >= 0)
    target = rest[start:]
    target = target if target[:1] == "/" else f"/{target}"
    if _TARGET.fullmatch(target):
        return target
    return _LONE_PERCENT.sub("%25", quote(target, safe="%/:@!$&'()*+,;=?"))


def _split_port(authority: str, default: int) -> tuple[str, int]:
    host, mark, port = authority.rpartition(":")
    if not mark or port.endswith("]"):
        return authority, default
    return host, int(port or default)


def _is_host(host: str) -> bool:
    """Whether a name can be looked up at all: no label of it is empty or too long."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return bool(host)
