"""HTTP and HTTPS over urllib3: pooled connections, time-outs, proxies, trust.

urllib3 is imported when the first request is sent and `ssl` when the first `https` URL is; a
command that stays on the disk, or offline, pays for neither (65 and 22 ms).
"""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

import msgspec

from hognose.errors import InvalidUrlError, NetworkError
from hognose.net.proxy import ProxySettings
from hognose.net.redaction import redact
from hognose.net.transport import Headers, Request, Response

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from urllib3 import BaseHTTPResponse, PoolManager

__all__ = ("HttpTransport", "TlsSettings")

_WORTH_DRAINING = 1 << 14


class TlsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to trust, and how to introduce oneself.

    Attributes:
        ca_bundle: A file of certificates to trust in place of the operating system's store.
        client_certificate: A file with a certificate, and its key unless that has its own file.
        client_key: The file of the key.
        is_verified: False switches the checking of certificates off.
    """

    ca_bundle: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    is_verified: bool = True

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read `SSL_CERT_FILE`, or else the names that other tools have for it.

        `REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE` are what people set for conda and curl.
        """
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            if environ.get(name):
                return cls(ca_bundle=environ[name])
        return cls()


class HttpTransport:
    """Sends requests over a pool of kept-alive connections; safe in several threads.

    Args:
        connect_timeout: The longest wait for a connection, in seconds.
        read_timeout: The longest silence of a server, in seconds; a whole answer may take longer.
        connections: How many idle connections are kept for a host.
        proxies: The proxies in use.
        tls: Trust and identity.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 30.0,
        read_timeout: float = 60.0,
        connections: int = 64,
        proxies: ProxySettings | None = None,
        tls: TlsSettings | None = None,
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._connections = connections
        self._proxies = proxies or ProxySettings()
        self._tls = tls or TlsSettings()
        self._lock = threading.Lock()
        self._pools: dict[tuple[str | None, bool], PoolManager] = {}
        if not self._tls.is_verified:
            message = (
                "the checking of TLS certificates is off: anybody on the way can read and change "
                "what is fetched"
            )
            warnings.warn(message, stacklevel=2)

    def send(self, request: Request, /) -> Response:
        """Send one request and return as soon as the head of the answer is there.

        Raises:
            InvalidUrlError: The URL cannot be used.
            NetworkError: There was no answer.
        """
        from urllib3.exceptions import HTTPError, LocationValueError

        # Archives must arrive byte for byte: nothing is compressed unless the caller asks, and
        # nothing is ever decompressed here.
        headers = {"Accept-Encoding": "identity", **request.headers}
        try:
            raw = self._pool_for(request.url).urlopen(
                request.method,
                request.url,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )
        except LocationValueError as error:
            raise InvalidUrlError(redact(request.url), "is not a URL to connect to") from error
        except (HTTPError, OSError) as error:
            raise _as_network_error(request.url, error) from error
        length = raw.headers.get("Content-Length", "")
        return Response(
            url=request.url,
            status=raw.status,
            headers=Headers(raw.headers),
            body=_HttpBody(request.url, raw),
            length=int(length) if length.isdecimal() else None,
        )

    def close(self) -> None:
        """Close every idle connection; responses that are still open stay usable."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.clear()

    def _pool_for(self, url: str) -> PoolManager:
        proxy = self._proxies.proxy_for(url)
        needs_tls = url.startswith("https:") or (proxy or "").startswith("https:")
        with self._lock:
            pool = self._pools.get((proxy, needs_tls))
            if pool is None:
                pool = self._pools[proxy, needs_tls] = self._make_pool(proxy, needs_tls=needs_tls)
        return pool

    def _make_pool(self, proxy: str | None, *, needs_tls: bool) -> PoolManager:
        import urllib3

        if not self._tls.is_verified:
            # It would repeat for every request what the constructor said once.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        timeout = urllib3.Timeout(connect=self._connect_timeout, read=self._read_timeout)
        context = _make_tls_context(self._tls) if needs_tls else None
        if proxy is None:
            return urllib3.PoolManager(
                num_pools=16, maxsize=self._connections, timeout=timeout, ssl_context=context
            )
        parts = urlsplit(proxy)
        if parts.scheme.startswith("socks"):
            return _make_socks_pool(proxy, timeout, self._connections, context)
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


def _make_socks_pool(
    proxy: str, timeout: object, connections: int, context: ssl.SSLContext | None
) -> PoolManager:
    try:
        from urllib3.contrib.socks import SOCKSProxyManager
    except ImportError as error:
        message = f"the proxy {redact(proxy)} speaks SOCKS, which needs the package `pysocks`"
        raise NetworkError(
            message, hint="run `pip install pysocks`", url=redact(proxy), status=None
        ) from error
    return SOCKSProxyManager(proxy, maxsize=connections, timeout=timeout, ssl_context=context)


def _make_tls_context(tls: TlsSettings) -> ssl.SSLContext:
    try:
        return _try_to_make_tls_context(tls)
    except OSError as error:
        named = tls.ca_bundle or tls.client_certificate
        message = f"the certificates in {named} cannot be used: {error.strerror or error}"
        raise NetworkError(message, url=None, status=None, is_transient=False) from error


def _try_to_make_tls_context(tls: TlsSettings) -> ssl.SSLContext:
    import ssl

    context: ssl.SSLContext
    if not tls.is_verified:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca_bundle is not None:
        context = ssl.create_default_context(cafile=tls.ca_bundle)
    else:
        import truststore

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if tls.client_certificate is not None:
        context.load_cert_chain(tls.client_certificate, tls.client_key)
    return context


class _HttpBody:
    __slots__ = ("_is_done", "_raw", "_url")

    def __init__(self, url: str, raw: BaseHTTPResponse) -> None:
        self._url = url
        self._raw = raw
        self._is_done = False

    def read(self, size: int, /) -> bytes:
        from urllib3.exceptions import HTTPError

        if self._is_done or size == 0:
            return b""
        try:
            data = self._raw.read(size, decode_content=False)
        except (HTTPError, OSError) as error:
            self._is_done = True
            self._raw.close()
            raise _as_network_error(self._url, error) from error
        if not data:
            self._is_done = True
            self._raw.release_conn()
        return data

    def close(self) -> None:
        if self._is_done:
            return
        self._is_done = True
        # A connection with bytes left on it is of no use to the next request; a short page that
        # explains an error is read to its end, which is cheaper than connecting again.
        remaining = self._raw.length_remaining
        if remaining is not None and remaining <= _WORTH_DRAINING:
            self._raw.drain_conn()
            self._raw.release_conn()
        else:
            self._raw.close()


def _as_network_error(url: str, error: Exception) -> NetworkError:
    from urllib3 import exceptions

    inner: object = error
    while isinstance(inner, exceptions.ProxyError):
        inner = inner.original_error
    hint = None
    is_transient = True
    match inner:
        case exceptions.NameResolutionError():
            reason = "the host name cannot be resolved"
            hint = "is the machine on line? `--offline` uses only what is on the disk"
        case exceptions.ConnectTimeoutError():
            reason = "no connection within the time-out"
        case exceptions.NewConnectionError():
            reason = f"no connection ({_cause_of(inner)})"
        case exceptions.ReadTimeoutError():
            reason = "the server fell silent"
        case exceptions.SSLError():
            is_transient = "certificate" not in str(inner).lower()
            reason = f"TLS does not work ({redact(str(inner))})"
            hint = (
                "where a proxy inspects TLS, its certificate belongs into the system's trust "
                "store or the file that `SSL_CERT_FILE` names"
            )
        case exceptions.ProtocolError() if "IncompleteRead" in repr(inner):
            reason = "the connection ended too early"
        case exceptions.ProtocolError():
            reason = f"the connection broke ({_cause_of(inner)})"
        case _:
            reason = redact(str(inner)) or type(inner).__name__
    shown = redact(url)
    where = "through the proxy " if isinstance(error, exceptions.ProxyError) else ""
    return NetworkError(
        f"{shown} cannot be fetched {where}: {reason}".replace(" :", ":"),
        hint=hint,
        url=shown,
        status=None,
        is_transient=is_transient,
    )


def _cause_of(error: BaseException) -> str:
    """The innermost reason, which is what the operating system said."""
    cause = error.__cause__ or error.__context__
    while cause is not None and (cause.__cause__ or cause.__context__) is not None:
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    return redact(str(cause if cause is not None else error))
