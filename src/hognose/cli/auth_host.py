"""What people type for a server, as the stores of secrets call it; and what can be a secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hognose.errors import UsageError
from hognose.net import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("host_key", "host_url", "kept_keys", "require_sendable")

_SCHEMES = ("https", "http", "oci", "s3")
_DEFAULT_PORTS = {"https": 443, "http": 80, "oci": 443}
# Letters, digits and hyphens, of any alphabet; underscores occur inside of networks.
_LABEL = re.compile(r"\w(?:[\w-]*\w)?")
_ADDRESS = re.compile(r"[0-9a-f:.]+(?:%\w+)?")


def host_key(text: str) -> str:
    """Return what stores call a server: the key under which a request for it looks.

    It is in lower case, without the path and without the port that its scheme has anyway. Of a
    bucket, the folder in it is a part of the key.

    Args:
        text: `HOST`, `HOST:PORT`, `*.DOMAIN`, a URL, or `s3://BUCKET/FOLDER`.

    Raises:
        UsageError: It names no host.
    """
    scheme, mark, rest = text.strip().rpartition("://")
    scheme = scheme.lower() if mark else "https"
    if scheme not in _SCHEMES:
        known = ", ".join(f"`{each}`" for each in _SCHEMES)
        raise UsageError(f"no secrets are kept for `{scheme}` addresses", hint=f"for {known} alone")
    authority, _, path = re.sub(r"[?#].*", "", rest).partition("/")
    if "@" in authority:
        raise UsageError(
            f"there is a user in front of the host `{authority.rpartition('@')[2]}`",
            hint="leave it out, and give `--username`",
        )
    is_domain = authority.startswith("*.")
    host, port = _split_port(authority.removeprefix("*."), text)
    if is_domain and (port is not None or ":" in host):
        raise UsageError(
            f"`{redact(text)}` names no host", hint="a domain is `*.DOMAIN`, without a port"
        )
    if is_domain:
        return f"*.{host}"
    if scheme == "s3" and path.strip("/"):
        return f"s3://{host}/{path.strip('/')}"
    return host if port in (None, _DEFAULT_PORTS.get(scheme)) else f"{host}:{port}"


def host_url(text: str) -> str:
    """Return a URL at a host."""
    return text if "://" in text else f"https://{text}/"


def kept_keys(text: str) -> Iterator[str]:
    """Yield the keys that a secret for a host may be kept under: ours, and those of other tools.

    Raises:
        UsageError: It names no host.
    """
    key = host_key(text)
    yield key
    if "://" not in key:
        yield from (f"*.{key}", f"s3://{key}")
    if ":" not in key:
        yield from (f"{key}:{port}" for port in (443, 80))


def require_sendable(secret: str, noun: str, *, is_in_path: bool = False) -> str:
    """Return a secret that a request can carry.

    Args:
        secret: The secret.
        noun: What it is called.
        is_in_path: Whether it will be a part of a URL's path, as conda's tokens are.

    Raises:
        UsageError: There is a letter in it that would end the field or the part of the path that
            it stands in. The message does not have the secret.
    """
    if any(not mark.isprintable() for mark in secret):
        wrong = "a line break or another control character"
    elif is_in_path and (re.search(r"[\s/?#%\\]", secret) or secret in {".", ".."}):
        wrong = "a letter that cannot stand in a path"
    else:
        return secret
    raise UsageError(
        f"the {noun} has {wrong} in it", hint="was something else copied along with it?"
    )


def _split_port(authority: str, text: str) -> tuple[str, int | None]:
    """Split `host:port`; an address of the sixth version keeps its brackets."""
    try:
        parts = urlsplit(f"//{authority}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not authority.isprintable():  # `urlsplit` passes over some
        host = ""
    if authority.startswith("[") and _ADDRESS.fullmatch(host):
        return f"[{host}]", port
    if not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise UsageError(
            f"`{redact(text)}` names no host",
            hint="give `HOST`, `HOST:PORT`, `*.DOMAIN`, a URL, or `s3://BUCKET`",
        )
    return host, port
