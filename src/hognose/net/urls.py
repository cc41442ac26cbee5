"""Takes URLs of every scheme that a channel can have apart, and joins them."""

from __future__ import annotations

import re
from typing import TypeGuard
from urllib.parse import urljoin

__all__ = ("DEFAULT_PORTS", "is_loopback", "join_url", "origin_of")

# What does not fit in whole has no origin: half of it would be another server's.
_ORIGIN = re.compile(
    r"(https?)://(?:[^/?#@]*@)?(\[[0-9a-f:.%]+\]|[^/?#:@\[\]\\\s]+)(?::(\d*))?(?=[/?#]|\Z)",
    re.IGNORECASE,
)
# The ports that go without saying.
DEFAULT_PORTS = {"http": 80, "https": 443, "oci": 443}


def is_loopback(host: str | None) -> TypeGuard[str]:
    """Whether a host, as `urlsplit` gives it, is this machine: what goes there nobody else sees."""
    return host in ("localhost", "127.0.0.1", "::1")


def join_url(base: str, reference: str) -> str:
    """Resolve a reference against a base; `urllib.parse` does so only for schemes that it knows.

    >>> join_url("s3://bucket/channel/noarch/", "./shards/")
    's3://bucket/channel/noarch/shards/'
    """
    scheme, mark, rest = base.partition("://")
    if not mark or scheme in ("http", "https", "file"):
        return urljoin(base, reference)
    joined = urljoin(f"https://{rest}", reference)
    return joined if "://" in reference else f"{scheme}{joined.removeprefix('https')}"


def origin_of(url: str) -> str:
    """Return scheme, host and port of a web address: what secrets are bound to.

    A port that is the scheme's own is left out, so that two spellings are one origin. An address
    of another scheme, or one that is broken, has no origin, which is the empty text.

    >>> origin_of("HTTPS://Example.com:443/channel")
    'https://example.com'
    """
    found = _ORIGIN.match(url)
    if found is None:
        return ""
    scheme, host, port = found.groups()
    scheme = scheme.lower()
    suffix = f":{port}" if port and port != str(DEFAULT_PORTS[scheme]) else ""
    return f"{scheme}://{host.lower()}{suffix}"
