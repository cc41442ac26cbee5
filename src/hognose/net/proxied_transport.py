"""HTTP and HTTPS through a proxy, over urllib3, which is loaded with the first such request."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from hognose.errors import InvalidUrlError, NetworkError
from hognose.net.cancellation import Cancellation
from hognose.net.direct_transport import DRAINING_TIMEOUT, WORTH_DRAINING
from hognose.net.network_failure import describe_urllib3_failure
from hognose.net.redaction import redact
from hognose.net.transport import Headers, Request, Response

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from socket import socket

    from urllib3 import BaseHTTPResponse, PoolManager

__all__ = ("ProxiedTransport",)

_PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})


class ProxiedTransport:
    """Sends requests through one proxy; safe in several threads.

    Args:
        proxy: The proxy's address, with a login if it wants one.
        connect_timeout: The longest wait for a connection, in seconds.
        read_timeout: The longest silence of a server, in seconds.
        connections: How many idle connections are kept for a host.
        tls_context: Gives the context of TLS connections, to the proxy as well.
    """

    def __init__(
        self,
        proxy: str,
        *,
        connect_timeout: float,
        read_timeout: float,
        connections: int,
        tls_context: Callable[[], ssl.SSLContext],
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        self._proxy = proxy
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._connections = connections
        self._tls_context = tls_context
        self._lock = threading.Lock()
        self._managers: dict[bool, PoolManager] = {}
        _redact_log_of_urllib3()

    def send(self, request: Request, /) -> Response:
        """Send one request and return as soon as the head of the answer is there.

        Raises:
            InvalidUrlError: The URL cannot be used.
            NetworkError: There was no answer.
            ValueError: A field cannot be sent; the text has the field.
        """
        from urllib3.exceptions import HTTPError, LocationValueError

        url = request.url
        manager = self._open(needs_tls=url.startswith("https:"))
        cancellation = request.cancellation or Cancellation()

        def ask() -> BaseHTTPResponse:
            return manager.urlopen(
                request.method,
                url,
                body=request.body,
                headers=request.headers,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )

        try:
            # What urllib3 waits for before there is an answer cannot be got at from outside.
            raw = cancellation.run(ask, url, discard=lambda raw: raw.close())
        except LocationValueError as error:
            raise InvalidUrlError(redact(url), "no server can have this address") from error
        except (HTTPError, OSError) as error:
            raise describe_urllib3_failure(url, error, proxy=self._proxy) from error
        if raw.status == 407:
            raw.close()
            raise _login_wanted(url, self._proxy)
        fields = Headers(raw.headers)
        return Response(
            url=url,
            status=raw.status,
            headers=fields,
            body=_ProxiedBody(url, raw, cancellation, self._proxy),
            length=fields.content_length,
            proxy=redact(self._proxy),
        )

    def close(self) -> None:
        """Close every idle connection; responses that are still open stay usable."""
        with self._lock:
            managers, self._managers = self._managers, {}
        for manager in managers.values():
            manager.clear()

    def _open(self, *, needs_tls: bool) -> PoolManager:
        needs_tls = needs_tls or self._proxy.startswith("https:")
        with self._lock:
            manager = self._managers.get(needs_tls)
            if manager is None:
                manager = self._managers[needs_tls] = self._make(needs_tls=needs_tls)
        return manager

    def _make(self, *, needs_tls: bool) -> PoolManager:
        parts = _split_proxy(self._proxy)
        import urllib3

        # It would repeat for every request what the transport said once.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        context = self._tls_context() if needs_tls else None
        timeout = urllib3.Timeout(connect=self._connect_timeout, read=self._read_timeout)
        if parts.scheme.startswith("socks"):
            _require_socks(self._proxy)
            from urllib3.contrib.socks import SOCKSProxyManager

            return SOCKSProxyManager(
                self._proxy, maxsize=self._connections, timeout=timeout, ssl_context=context
            )
        headers = None
        if parts.username is not None:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers = urllib3.make_headers(proxy_basic_auth=login)
        return urllib3.ProxyManager(
            parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(),
            num_pools=16,
            maxsize=self._connections,
            timeout=timeout,
            proxy_headers=headers,
            ssl_context=context,
            proxy_ssl_context=context,
        )


class _ProxiedBody:
    __slots__ = ("_cancellation", "_is_done", "_proxy", "_raw", "_socket", "_url")

    def __init__(
        self, url: str, raw: BaseHTTPResponse, cancellation: Cancellation, proxy: str
    ) -> None:
        self._url = url
        self._proxy = proxy
        self._raw = raw
        self._is_done = False
        self._cancellation = cancellation
        self._socket: socket | None = getattr(raw.connection, "sock", None)
        if self._socket is not None:
            cancellation.watch(self._socket)

    def read(self, size: int, /) -> bytes:
        from urllib3.exceptions import HTTPError

        if self._is_done or size == 0:
            return b""
        raw = self._raw
        try:
            data = raw.read(size, decode_content=False)
        except (HTTPError, OSError) as error:
            self._finish()
            raw.close()
            raise describe_urllib3_failure(self._url, error, proxy=self._proxy) from error
        if not data or raw.length_remaining == 0:
            self._finish()
            raw.release_conn()
        return data

    def _finish(self) -> None:
        self._is_done = True
        if self._socket is not None:
            self._cancellation.forget(self._socket)

    def close(self) -> None:
        if self._is_done:
            return
        # As for direct connections: a short rest is cheaper than connecting again, if it is there.
        remaining = self._raw.length_remaining
        if remaining is not None and remaining <= WORTH_DRAINING and self._socket is not None:
            # What is closed already has no time-out to set.
            with suppress(OSError):
                patience = self._socket.gettimeout()
                self._socket.settimeout(DRAINING_TIMEOUT)
                self._raw.drain_conn()
                self._socket.settimeout(patience)
                self._finish()
                self._raw.release_conn()
                return
        self._finish()
        self._raw.close()


def _login_wanted(url: str, proxy: str) -> NetworkError:
    shown = redact(url)
    message = f"{shown} cannot be fetched through the proxy {redact(proxy)}: it answered with 407"
    hint = "the proxy wants a login: `http://USER:PASSWORD@HOST:PORT`"
    return NetworkError(message, hint=hint, url=shown, status=407, is_transient=False)


class _Redaction(logging.Filter):
    """Takes the secrets out of what a library logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


def _redact_log_of_urllib3() -> None:
    """Keep secrets out of a log that is not ours: urllib3 logs the target of each request.

    A conda token is a part of that, and so is what signs an address.
    """
    log = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(each, _Redaction) for each in log.filters):
        log.addFilter(_Redaction())


def _split_proxy(proxy: str) -> SplitResult:
    """Take a proxy's address apart.

    Raises:
        NetworkError: It is none.
    """
    try:
        parts = urlsplit(proxy)
        is_usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or parts.scheme not in _PROXY_SCHEMES:
        shown = redact(proxy)
        message = f"the proxy `{shown}` is not an address like `http://HOST:PORT`"
        hint = "it is from a variable such as `HTTPS_PROXY`, or from the configuration"
        raise NetworkError(message, hint=hint, url=shown, status=None, is_transient=False)
    return parts


def _require_socks(proxy: str) -> None:
    # Asked before the import, which warns of it as well.
    if find_spec("socks") is None:
        shown = redact(proxy)
        message = f"the proxy {shown} speaks SOCKS, which needs the package `pysocks`"
        hint = "run `pip install pysocks`"
        raise NetworkError(message, hint=hint, url=shown, status=None, is_transient=False)
