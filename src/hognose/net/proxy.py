"""Which proxy a URL goes through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

import msgspec

from hognose.net.urls import DEFAULT_PORTS

__all__ = ("ProxySettings",)


class ProxySettings(msgspec.Struct, frozen=True, kw_only=True):
    """The proxies in use, and the hosts that are reached without one.

    Attributes:
        by_scheme: The proxy's URL by the scheme of the URL to fetch (`http`, `https`), or `all`;
            for single hosts by `https://HOST` and so on, which comes before that.
        exceptions: What `NO_PROXY` lists: host names (which stand for their subdomains too),
            IP addresses, networks such as `10.0.0.0/8` or `10.*`, each with an optional port; `*`
            is all.
    """

    by_scheme: Mapping[str, str] = {}
    exceptions: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, lower case first.

        In a CGI program `HTTP_PROXY` holds what the client of the web server sent, so the
        upper-case form is not read where `REQUEST_METHOD` is set.
        """
        by_scheme = {}
        for scheme in ("http", "https", "all"):
            value = environ.get(f"{scheme}_proxy")
            if value is None and not (scheme == "http" and "REQUEST_METHOD" in environ):
                value = environ.get(f"{scheme.upper()}_PROXY")
            if value:
                by_scheme[scheme] = value if "://" in value else f"http://{value}"
        exceptions = environ.get("no_proxy", environ.get("NO_PROXY", ""))
        # curl takes blanks between the names as well.
        listed = tuple(exceptions.replace(",", " ").split())
        return cls(by_scheme=by_scheme, exceptions=listed)

    def proxy_for(self, url: str) -> str | None:
        """Return the URL of the proxy for a URL, or None to connect to its host."""
        if not self.by_scheme:
            return None
        parts = urlsplit(url)
        host = parts.hostname
        if not host:
            return None
        names = (f"{parts.scheme}://{host}", parts.scheme, f"all://{host}", "all")
        proxy = next((self.by_scheme[name] for name in names if self.by_scheme.get(name)), None)
        if proxy is None:
            return None
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        if any(_covers(exception, host, port) for exception in self.exceptions):
            return None
        return proxy


def _covers(exception: str, host: str, port: int) -> bool:
    if exception == "*":
        return True
    name, wanted_port = _split_port(exception.lower())
    if wanted_port is not None and wanted_port != port:
        return False
    if name.endswith(".*"):
        # As Windows writes networks.
        return host.startswith(name[:-1])
    if "/" in name or ":" in host or host.replace(".", "").isdecimal():
        return _network_holds(name, host)
    name = name.removeprefix("*").lstrip(".")
    return host == name or host.endswith(f".{name}")


def _split_port(exception: str) -> tuple[str, int | None]:
    if exception.startswith("["):
        name, _, rest = exception[1:].partition("]")
        port = rest.removeprefix(":")
    elif exception.count(":") == 1:
        name, _, port = exception.partition(":")
    else:
        name, port = exception, ""
    return name, int(port) if port.isdecimal() else None


def _network_holds(network: str, host: str) -> bool:
    from ipaddress import ip_address, ip_network

    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False
