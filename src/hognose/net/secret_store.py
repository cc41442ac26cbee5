"""What all stores of secrets in rattler's format have in common: hosts, entries and renewal.

An entry is the JSON object that rattler's tools keep for a host, for example
`{"BearerToken": TOKEN}` or `{"OAuth": {"access_token": TOKEN, ...}}`.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hognose.net.credentials import Credentials
from hognose.net.oauth import OAuthToken
from hognose.net.urls import DEFAULT_PORTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hognose.net.s3 import S3Credentials
    from hognose.net.transport import Transport

__all__ = ("SecretStore", "credentials_of", "keys_for")

_log = logging.getLogger("hognose.net")


class SecretStore:
    """Finds the entry for a URL and makes of it what a request needs; from any thread.

    A key is a host, `HOST:PORT`, or `*.DOMAIN` for a domain and everything below it. The host
    itself comes first, then the closest domain. Of an `s3` URL also the address itself and each
    folder above it is a key.
    """

    name: str
    """What people call the store: the path of a file, or a few words."""

    def __init__(self) -> None:
        """Have no renewal under way."""
        self._renewals = threading.Lock()

    def find(self, key: str) -> Mapping[str, Any] | None:
        """Return the entry of a key."""
        raise NotImplementedError

    def store(self, key: str, entry: Mapping[str, Any] | None) -> bool:
        """Replace the entry of a key, or remove it; True if there was one before.

        Raises:
            ConfigError: The store cannot be changed.
        """
        raise NotImplementedError

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """Keep other processes from changing the store, and show what they changed before."""
        yield

    def get(self, url: str, /) -> Credentials | None:
        """Return what authorises a request for a URL.

        Raises:
            ConfigError: The store cannot be read.
        """
        _, entry = self.look_up(url)
        return None if entry is None else credentials_of(entry)

    def get_s3(self, url: str, /) -> S3Credentials | None:
        """Return the key pair for the bucket of an `s3` URL.

        Raises:
            ConfigError: The store cannot be read.
        """
        _, entry = self.look_up(url)
        match entry:
            case {
                "S3Credentials": {"access_key_id": str(name), "secret_access_key": str(key)} as pair
            }:
                from hognose.net.s3 import S3Credentials

                return S3Credentials(name, key, pair.get("session_token"))
            case _:
                return None

    def look_up(self, url: str) -> tuple[str, Mapping[str, Any] | None]:
        """Return the key that decides for a URL, and its entry; an empty text if none does."""
        for key in keys_for(url):
            entry = self.find(key)
            if entry is not None:
                return key, entry
        return "", None

    def renew(
        self, url: str, refused: str | None, *, transport: Transport, now: float
    ) -> Credentials | None:
        """Exchange an access token that is not good any more for another, and keep that.

        Many threads and processes may find out about the same token at once. One of them asks the
        server, which may take a refresh token only once; the others see what it got.

        Args:
            url: The URL that the token was for.
            refused: The `Authorization` that is not good any more.
            transport: What sends the question.
            now: The time in seconds since the epoch.

        Returns:
            What to send from now on; None if there is nothing to renew.

        Raises:
            NetworkError: The server refuses, or cannot be asked.
            ConfigError: The store cannot be changed.
        """
        with self._renewals, self.fresh():
            key, entry = self.look_up(url)
            token = None if entry is None else OAuthToken.from_entry(entry)
            if token is None:
                return None
            if token.authorization == refused:
                if token.refresh_token is None:
                    return None
                _log.debug("the access token for %s is renewed", key)
                token = token.refresh(transport, now=now)
                self.store(key, token.to_entry())
            return Credentials(token.authorization, expires_at=token.expires_at, is_renewable=True)


def credentials_of(entry: Mapping[str, Any]) -> Credentials | None:
    """Make what a request needs out of an entry; None for a kind that is not for requests."""
    match entry:
        case {"BearerToken": str(bearer)}:
            return Credentials.bearer(bearer)
        case {"BasicHTTP": {"username": str(username), "password": str(password)}}:
            return Credentials.basic(username, password)
        case {"CondaToken": str(conda_token)}:
            return Credentials(conda_token=conda_token)
        case {"OAuth": _}:
            token = OAuthToken.from_entry(entry)
            if token is None:
                return None
            return Credentials(
                token.authorization,
                expires_at=token.expires_at,
                is_renewable=token.refresh_token is not None,
            )
        case _:
            return None


def keys_for(url: str) -> Iterator[str]:
    """Yield the keys under which the secret for a URL may stand, the closest first.

    That with the port comes first also where a URL leaves the port of its scheme out. An address
    that is broken has none.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return
    if ":" in host:
        host = f"[{host}]"
    if port is not None:
        yield f"{host}:{port}"
    yield host
    if parts.scheme == "s3":
        folder = url.rstrip("/")
        while folder.count("/") > 1:
            yield folder
            folder = folder.rpartition("/")[0]
    while host:
        yield f"*.{host}"
        host = host.partition(".")[2]
