"""Which secret goes with which request, and that it goes nowhere else."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hognose.errors import ConfigError, NetworkError
from hognose.net.credentials import Credentials
from hognose.net.redaction import split_secrets
from hognose.net.urls import origin_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from hognose.net.credentials import CredentialStore
    from hognose.net.transport import Transport

__all__ = ("Authorisation",)

_log = logging.getLogger("hognose.net")

# A token that ends within this many seconds could end on its way; rattler's figure.
_RENEW_BEFORE = 300.0


class Authorisation:
    """Applies the secrets that URLs of an origin came with, or that a store knows.

    Records hold URLs without secrets, so those of a channel's URL are remembered for what else
    lies there: a login for the origin, a conda token for the channel. Safe in several threads.

    Args:
        store: Where to look.
        transport: What sends the questions that renew a token.
        clock: Tells the seconds since the epoch.
    """

    def __init__(
        self, store: CredentialStore | None, *, transport: Transport, clock: Callable[[], float]
    ) -> None:
        """Know nothing yet."""
        self._store = store
        self._transport = transport
        self._clock = clock
        # Written by several threads, each entry at once and always with what a caller gave, so
        # there is nothing to lock.
        self._logins: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        self._refusals: dict[str, str] = {}

    def apply(self, url: str) -> tuple[str, str | None]:
        """Return the URL to ask for, without user information, and the `Authorization` for it."""
        bare, login, token = split_secrets(url)
        if not bare.startswith("http"):
            return url, None
        if login:
            self._logins[origin_of(bare)] = _parse_login(login)
        if token:
            self._tokens[_channel_of(bare)] = token
            return _with_token(bare, token), self._logins.get(origin_of(bare))
        authorization = None
        if self._logins or self._tokens:
            authorization = self._logins.get(origin_of(bare))
            token = self._token_for(bare)
        if self._store is not None and not authorization and not token:
            found = self._find(self._store, bare)
            authorization, token = found.authorization, found.conda_token or ""
        return (_with_token(bare, token) if token else bare), authorization

    def renew(self, url: str, refused: str | None) -> bool:
        """Exchange an access token that a server refused.

        Args:
            url: The URL that it was for.
            refused: The `Authorization` that went with it.

        Returns:
            Whether it is worth while to ask again.
        """
        store = self._store
        found = store.get(url) if store is not None else None
        if store is None or found is None or not found.is_renewable or refused is None:
            return False
        if origin_of(url) in self._refusals:
            return False
        renewed = self._exchange(store, url, refused)
        return renewed is not None and renewed.authorization != refused

    def hint_for(self, url: str) -> str | None:
        """Say what went wrong with the login at a URL's origin, and what to do; or None."""
        return self._refusals.get(origin_of(url))

    def _find(self, store: CredentialStore, url: str) -> Credentials:
        found = store.get(url)
        if found is None:
            return Credentials()
        if not found.is_renewable or found.expires_at is None:
            return found
        now = self._clock()
        if found.expires_at - now >= _RENEW_BEFORE or origin_of(url) in self._refusals:
            return found if found.expires_at > now else Credentials()
        renewed = self._exchange(store, url, found.authorization)
        if renewed is not None:
            return renewed
        # What is public at the host should still be had.
        return found if found.expires_at > now else Credentials()

    def _exchange(
        self, store: CredentialStore, url: str, refused: str | None
    ) -> Credentials | None:
        renew = getattr(store, "renew", None)
        if renew is None:
            return None
        try:
            renewed: Credentials | None = renew(
                url, refused, transport=self._transport, now=self._clock()
            )
        except (NetworkError, ConfigError) as error:
            origin = origin_of(url)
            _log.debug("the access token for %s cannot be renewed: %s", origin, error.message)
            host = origin.partition("://")[2]
            self._refusals[origin] = (
                f"the login has ended and cannot be renewed ({error.message}): "
                f"`hognose auth login {host} --oauth`"
            )
            return None
        return renewed

    def _token_for(self, url: str) -> str:
        """The token of the channel that a URL is in: the one whose folder is the closest."""
        best = max(
            (folder for folder in self._tokens if url.startswith(folder)), key=len, default=""
        )
        return self._tokens[best] if best else ""


def _channel_of(url: str) -> str:
    """The folder of the channel, from the URL of a document in one of its platform folders.

    A document at the channel's root gives the folder above it, in which the channel is too.
    """
    folder = url.partition("?")[0].rpartition("/")[0]
    parent = folder.rpartition("/")[0]
    return f"{folder if parent.endswith('/') else parent}/"


def _with_token(url: str, token: str) -> str:
    origin, _, path = url.partition("://")[2].partition("/")
    return f"{url.partition('://')[0]}://{origin}/t/{token}/{path}"


def _parse_login(login: str) -> str:
    """Read `user:password`, or a user alone, as it stands in a URL."""
    username, _, password = login.partition(":")
    return Credentials.basic(unquote(username), unquote(password)).authorization or ""
