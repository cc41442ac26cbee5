"""HTTP and HTTPS: to the servers themselves or through a proxy, with one kind of trust.

What is needed to open connections is loaded with the first request, and `ssl` with the first
`https` URL; a command that stays on the disk, or offline, pays for neither.
"""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import HognoseError, NetworkError
from hognose.net.proxy import ProxySettings
from hognose.net.redaction import redact
from hognose.net.tls import TlsSettings, make_tls_context

if TYPE_CHECKING:
    import ssl

    from hognose.net.direct_transport import DirectTransport
    from hognose.net.proxied_transport import ProxiedTransport
    from hognose.net.transport import Request, Response

__all__ = ("HttpTransport",)


class HttpTransport:
    """Sends requests over kept-alive connections; safe in several threads.

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
        self._context: ssl.SSLContext | None = None
        self._direct: DirectTransport | None = None
        self._through: dict[str, ProxiedTransport] = {}

    def send(self, request: Request, /) -> Response:
        """Send one request and return as soon as the head of the answer is there.

        Raises:
            InvalidUrlError: The URL cannot be used.
            NetworkError: There was no answer.
        """
        url = request.url
        proxy = self._proxies.proxy_for(url)
        transport = self._open_direct() if proxy is None else self._open_through(proxy)
        # Archives must arrive byte for byte: nothing is compressed unless the caller asks, and
        # nothing is ever decompressed here.
        headers = {"Accept-Encoding": "identity", **request.headers}
        try:
            return transport.send(msgspec.structs.replace(request, headers=headers))
        except HognoseError:
            raise
        except ValueError:
            # Its text, and what it chains, has the field, which may be a secret.
            message = f"{redact(url)} cannot be fetched: what is to be sent breaks HTTP's rules"
            hint = "is there a line break, or a letter beyond Latin-1, in the secret for this host?"
            raise NetworkError(
                message, hint=hint, url=redact(url), status=None, is_transient=False
            ) from None

    def close(self) -> None:
        """Close every idle connection; responses that are still open stay usable."""
        with self._lock:
            direct, self._direct = self._direct, None
            through, self._through = self._through, {}
        if direct is not None:
            direct.close()
        for each in through.values():
            each.close()

    def _open_direct(self) -> DirectTransport:
        direct = self._direct
        if direct is not None:
            return direct
        from hognose.net.direct_transport import DirectTransport

        with self._lock:
            if self._direct is None:
                self._direct = DirectTransport(
                    connect_timeout=self._connect_timeout,
                    read_timeout=self._read_timeout,
                    connections=self._connections,
                    tls_context=self._tls_context,
                )
            return self._direct

    def _open_through(self, proxy: str) -> ProxiedTransport:
        from hognose.net.proxied_transport import ProxiedTransport

        with self._lock:
            if proxy not in self._through:
                self._through[proxy] = ProxiedTransport(
                    proxy,
                    connect_timeout=self._connect_timeout,
                    read_timeout=self._read_timeout,
                    connections=self._connections,
                    tls_context=self._tls_context,
                )
            return self._through[proxy]

    def _tls_context(self) -> ssl.SSLContext:
        """Make the context once; loading the certificates of a system takes 10 ms and more."""
        context = self._context
        if context is None:
            if not self._tls.is_verified:
                message = (
                    "the checking of TLS certificates is off: anybody on the way can read and "
                    "change what is fetched"
                )
                warnings.warn(message, stacklevel=2)
            # Two threads may both make one; the later one stays.
            context = self._context = make_tls_context(self._tls)
        return context
