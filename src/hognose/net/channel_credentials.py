"""Secrets of single channels, where the plug-in `conda-auth` of conda keeps them: in the key ring.

conda's setting `channel_settings` says which kind of login a channel wants. Kinds that other
plug-ins of conda bring have code of their own and are not known here.
"""

from __future__ import annotations

import re
import threading
from fnmatch import translate
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import msgspec

from hognose.net.credentials import Credentials
from hognose.net.urls import is_loopback

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.net.credentials import CredentialStore

__all__ = ("ChannelCredentials", "ChannelLogin", "channel_pattern")

_SERVICE = "conda-auth"
_PLACEHOLDERS = frozenset("*?[")


class ChannelLogin(msgspec.Struct, frozen=True, kw_only=True):
    """How one channel, or all below a pattern, want to be logged in to.

    Attributes:
        pattern: What the URLs of its documents match from their start.
        kind: `http-basic` for a user and a password, `token` for a token in a header.
        targets: The names that its secret may have in the key ring.
        username: The user, where the key ring does not tell.
        allows_plaintext: Whether the secret may go over `http` to another machine.
    """

    pattern: str
    kind: Literal["http-basic", "token"]
    targets: tuple[str, ...]
    username: str | None = None
    allows_plaintext: bool = False


class ChannelCredentials:
    """A store that knows channels, before others that know hosts; safe in several threads.

    A channel whose secret is not in the key ring is looked for by its host, like any other.

    Args:
        logins: The channels; of two that match a URL the last one counts.
        others: The stores for everything else.
    """

    name = "key ring (conda-auth)"

    def __init__(self, logins: Sequence[ChannelLogin], others: CredentialStore) -> None:
        """Ask nothing yet."""
        self._logins = [(re.compile(login.pattern), login) for login in reversed(logins)]
        self._others = others
        self._lock = threading.Lock()
        self._answers: dict[ChannelLogin, Credentials | None] = {}

    def get(self, url: str, /) -> Credentials | None:
        """Return what authorises a request for a URL."""
        login = next((login for found, login in self._logins if found.match(url)), None)
        if login is not None and _is_safe(url, login):
            with self._lock:
                if login not in self._answers:
                    self._answers[login] = _look_up(login, url)
                answer = self._answers[login]
            if answer is not None:
                return answer
        return self._others.get(url)

    def __getattr__(self, name: str) -> Any:
        """Leave buckets and the renewal of tokens, which are by host, to the other stores."""
        return getattr(self._others, name)


def channel_pattern(text: str, base_urls: Sequence[str]) -> str | None:
    """Return what the URLs of a channel's documents match.

    Args:
        text: The channel as it is written: a name, a URL, or a URL with `*`, `?` and `[...]`.
        base_urls: What the name or URL stands for.

    Returns:
        A regular expression, or None for a pattern without a scheme, which could match anything.
    """
    if not _PLACEHOLDERS.intersection(text):
        return "|".join(map(re.escape, base_urls))
    scheme, mark, rest = text.partition("://")
    if not mark or _PLACEHOLDERS.intersection(scheme):
        return None
    # The channel itself matches without what is below it.
    whole = re.sub(r"\\[zZ]$", "", translate(rest.rstrip("/")))
    return f"{re.escape(scheme)}://{whole}(?:/|$)"


def _is_safe(url: str, login: ChannelLogin) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname) or login.allows_plaintext


def _look_up(login: ChannelLogin, url: str) -> Credentials | None:
    if find_spec("keyring") is None:
        return None
    try:
        keyring: Any = import_module("keyring")
        for target in login.targets:
            found = _read(keyring, login, target, url)
            if found is not None:
                return found
    except Exception:  # each system's key ring has errors of its own
        return None
    return None


def _read(keyring: Any, login: ChannelLogin, target: str, url: str) -> Credentials | None:
    """Read the present form, a JSON object, or that of conda-auth before 0.3."""
    text = keyring.get_password(f"{_SERVICE}::credential::{target}", "credential")
    entry: Any = {} if text is None else msgspec.json.decode(text)
    if login.kind == "token":
        token = entry.get("token") or keyring.get_password(f"{_SERVICE}::token::{target}", "token")
        return None if token is None else _token(token, url)
    user = login.username or entry.get("username")
    if user is None:
        return None
    password = entry.get("password") if entry.get("username") == user else None
    if password is None:
        password = keyring.get_password(f"{_SERVICE}::http-basic::{target}", user)
    return None if password is None else Credentials.basic(user, password)


def _token(token: str, url: str) -> Credentials:
    host = urlsplit(url).hostname or ""
    if host == "anaconda.org" or host.endswith(".anaconda.org"):
        return Credentials(authorization=f"token {token}")
    return Credentials.bearer(token)
