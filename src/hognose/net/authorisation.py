"""Which secret goes with which request, and that it goes nowhere else."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hognose.errors import ConfigError, FetchCancelledError, NetworkError
from hognose.net.cancellation import Cancellation
from hognose.net.credentials import Credentials
from hognose.net.redaction import split_secrets, with_token
from hognose.net.urls import origin_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hognose.net.credentials import CredentialStore
    from hognose.net.transport import Transport

__all__ = ("Authorisation",)

_log = logging.getLogger("hognose.net")

# A token that ends within this many seconds could end on its way; rattler's figure.
_RENEW_BEFORE = 300.0
# A refresh token may be taken only once: with the answer that nobody waits for the login is lost.
_RENEWAL_GRACE = 5.0


class Authorisation:
    """Applies the secrets that URLs of an origin came with, or that a store knows.

    Records hold URLs without secrets, so those of a channel's URL are remembered for what else
    lies there: a login for the channel and then for the origin, a conda token for the channel, with
    the place in the path that it stood at. Safe in several threads.

    Args:
        store: Where to look.
        transport: What sends the questions that renew a token.
        clock: Tells the seconds since the epoch.
        token_places: The starts of addresses that a stored conda token stands behind; elsewhere
            it stands behind the host.
        renewal_grace: For how many seconds the renewal of a token is waited for after what it was
            for was cancelled. Then it is left to itself, in a daemon thread.
    """

    def __init__(
        self,
        store: CredentialStore | None,
        *,
        transport: Transport,
        clock: Callable[[], float],
        token_places: Iterable[str] = (),
        renewal_grace: float = _RENEWAL_GRACE,
    ) -> None:
        """Know nothing yet."""
        self._store = store
        places = (split_secrets(place).url.rstrip("/") for place in token_places)
        self._token_places = {f"{place}/": place for place in places}
        self._transport = transport
        self._clock = clock
        self._renewal_grace = renewal_grace
        # Written by several threads, each entry at once and always with what a caller gave, so
        # there is nothing to lock. Logins are by the folder of a channel, and by origin for what
        # else lies there; tokens, each after the start of the address that it stands behind, by
        # folder.
        self._logins: dict[str, str] = {}
        self._tokens: dict[str, tuple[str, str]] = {}
        self._refusals: dict[str, str] = {}

    def apply(self, url: str, cancellation: Cancellation | None = None) -> tuple[str, str | None]:
        """Return the URL to ask for, without user information, and the `Authorization` for it.

        Raises:
            FetchCancelledError: It was cancelled while an access token was renewed.
        """
        parts = split_secrets(url)
        bare = parts.url
        if not bare.startswith("http"):
            return url, None
        if parts.login:
            login = _parse_login(parts.login)
            self._logins[origin_of(bare)] = self._logins[_channel_of(bare)] = login
        if parts.token:
            # A token is not for what lies beside the place that it stands at.
            folder = max(_channel_of(bare), f"{parts.token_place}/", key=len)
            self._tokens[folder] = parts.token_place, parts.token
            return with_token(bare, parts.token_place, parts.token), self._login_for(bare)
        authorization, placed = None, None
        if self._logins or self._tokens:
            authorization = self._login_for(bare)
            placed = self._token_for(bare)
        if self._store is not None and not authorization and placed is None:
            found = self._find(self._store, bare, cancellation)
            authorization = found.authorization
            if found.conda_token:
                placed = self._token_place_of(bare), found.conda_token
        return (bare if placed is None else with_token(bare, *placed)), authorization

    def renew(
        self, url: str, refused: str | None, cancellation: Cancellation | None = None
    ) -> bool:
        """Exchange an access token that a server refused.

        Args:
            url: The URL that it was for.
            refused: The `Authorization` that went with it.
            cancellation: What ends the waiting for it.

        Returns:
            Whether it is worth while to ask again.

        Raises:
            FetchCancelledError: It was cancelled.
        """
        store = self._store
        found = store.get(url) if store is not None else None
        if store is None or found is None or not found.is_renewable or refused is None:
            return False
        if origin_of(url) in self._refusals:
            return False
        renewed = self._exchange(store, url, refused, cancellation)
        return renewed is not None and renewed.authorization != refused

    def hint_for(self, url: str) -> str | None:
        """Say what went wrong with the login at a URL's origin, and what to do; or None."""
        return self._refusals.get(origin_of(url))

    def _find(
        self, store: CredentialStore, url: str, cancellation: Cancellation | None
    ) -> Credentials:
        found = store.get(url)
        if found is None:
            return Credentials()
        if not found.is_renewable or found.expires_at is None:
            return found
        now = self._clock()
        if found.expires_at - now >= _RENEW_BEFORE or origin_of(url) in self._refusals:
            return found if found.expires_at > now else Credentials()
        renewed = self._exchange(store, url, found.authorization, cancellation)
        if renewed is not None:
            return renewed
        # What is public at the host should still be had.
        return found if found.expires_at > now else Credentials()

    def _exchange(
        self,
        store: CredentialStore,
        url: str,
        refused: str | None,
        cancellation: Cancellation | None,
    ) -> Credentials | None:
        renew: Callable[..., Credentials | None] | None = getattr(store, "renew", None)
        if renew is None:
            return None
        work = partial(renew, url, refused, transport=self._transport, now=self._clock())
        try:
            return (cancellation or Cancellation()).run(work, url, grace=self._renewal_grace)
        except FetchCancelledError:
            raise
        except (NetworkError, ConfigError) as error:
            origin = origin_of(url)
            _log.debug("the access token for %s cannot be renewed: %s", origin, error.message)
            host = origin.partition("://")[2]
            self._refusals[origin] = (
                f"the login has ended and cannot be renewed ({error.message}): "
                f"`hognose auth login {host} --oauth`"
            )
            return None

    def _token_for(self, url: str) -> tuple[str, str] | None:
        """The token of the channel that a URL is in, with its place: that of the closest folder."""
        folder = _closest(self._tokens, url)
        return self._tokens[folder] if folder else None

    def _token_place_of(self, url: str) -> str:
        """Where a stored token stands in an address."""
        folder = _closest(self._token_places, url)
        return self._token_places[folder] if folder else _root_of(url)

    def _login_for(self, url: str) -> str | None:
        """The login that came with the closest folder, else the last one for the server."""
        return self._logins.get(_closest(self._logins, url) or origin_of(url))


def _closest(folders: Mapping[str, object], url: str) -> str:
    """The longest of the folders that a URL is in; an empty text if it is in none."""
    # A copy, because other threads add to them.
    return max((each for each in list(folders) if url.startswith(each)), key=len, default="")


def _channel_of(url: str) -> str:
    """The folder of the channel, from the URL of a document in one of its platform folders.

    A document at the channel's root gives the folder above it, in which the channel is too.
    """
    folder = url.partition("?")[0].rpartition("/")[0]
    parent = folder.rpartition("/")[0]
    return f"{folder if parent.endswith('/') else parent}/"


def _root_of(url: str) -> str:
    """The start of an address that ends before its path."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _parse_login(login: str) -> str:
    """Read `user:password`, or a user alone, as it stands in a URL."""
    username, _, password = login.partition(":")
    return Credentials.basic(unquote(username), unquote(password)).authorization or ""
