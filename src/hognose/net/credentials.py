"""Secrets for servers: what they are, and in which order they are looked for.

The stores themselves are in modules of their own: `credential_file`, `keyring_store`,
`netrc_file` and `credential_variables`.
"""

from __future__ import annotations

import logging
import os
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hognose.net.s3 import S3Credentials
    from hognose.net.transport import Transport

__all__ = ("CredentialChain", "CredentialStore", "Credentials", "default_credentials")

_log = logging.getLogger("hognose.net")


class Credentials(msgspec.Struct, frozen=True, gc=False):
    """What authorises a request; made with one of the class methods.

    Attributes:
        authorization: The value of the `Authorization` field, or None.
        conda_token: What goes into the path as `/t/TOKEN`, or None.
        expires_at: When the server stops to accept it, in seconds since the epoch; None if that
            is not known.
        is_renewable: Whether the store that it is from can exchange it for another.
    """

    authorization: str | None = None
    conda_token: str | None = None
    expires_at: float | None = None
    is_renewable: bool = False

    @classmethod
    def bearer(cls, token: str) -> Self:
        """Make credentials out of a bearer token."""
        return cls(authorization=f"Bearer {token}")

    @classmethod
    def basic(cls, username: str, password: str) -> Self:
        """Make credentials out of a user's name and password."""
        from base64 import b64encode

        login = b64encode(f"{username}:{password}".encode()).decode()
        return cls(authorization=f"Basic {login}")

    def __repr__(self) -> str:
        """Show which kind it is and nothing of the secret."""
        kind = "conda token" if self.conda_token else (self.authorization or "").partition(" ")[0]
        return f"<Credentials: {kind or 'none'}>"


class CredentialStore(Protocol):
    """Knows the secrets for URLs; the seam between the client and files, key rings and tokens.

    A store may have more methods: `get_s3(url)`, which gives the key pair for a bucket,
    `renew(url, refused, transport=..., now=...)`, which exchanges an access token, and `problem()`,
    which says why a file that should have secrets has none.
    """

    def get(self, url: str, /) -> Credentials | None:
        """Return what authorises a request for this URL, or None; from any thread."""
        ...


class CredentialChain:
    """Several stores, of which the first that knows a host decides.

    What was found for a host, also that nothing was, is remembered for the life of the chain.
    """

    def __init__(self, stores: Sequence[CredentialStore]) -> None:
        """Keep the stores in their order."""
        self.stores = tuple(stores)
        self._answers: dict[str, Credentials | None] = {}
        # A key ring may ask its user, which is not to happen once for every thread.
        self._guard = threading.Lock()

    def get(self, url: str, /) -> Credentials | None:
        """Return the first answer of the stores; an address that is broken has none."""
        try:
            parts = urlsplit(url)
            host, _ = parts.netloc, parts.port
        except ValueError:
            return None
        if host not in self._answers:
            with self._guard:
                if host not in self._answers:
                    self._answers[host] = self._look_up(url, host)
        return self._answers[host]

    def _look_up(self, url: str, host: str) -> Credentials | None:
        for store in self.stores:
            found = store.get(url)
            if found is not None:
                name = getattr(store, "name", type(store).__name__)
                _log.debug("%s: the secret is from %s", host.rpartition("@")[2], name)
                return found
        return None

    def get_s3(self, url: str, /) -> S3Credentials | None:
        """Return the first key pair that a store has for a bucket."""
        for store in self.stores:
            look_up = getattr(store, "get_s3", None)
            found: S3Credentials | None = None if look_up is None else look_up(url)
            if found is not None:
                return found
        return None

    def renew(
        self, url: str, refused: str | None, *, transport: Transport, now: float
    ) -> Credentials | None:
        """Let the store that answers for a URL exchange an access token; see `SecretStore`.

        Raises:
            NetworkError: The server refuses, or cannot be asked.
            ConfigError: The store cannot be changed.
        """
        renew = getattr(self.source_of(url), "renew", None)
        if renew is None:
            return None
        renewed: Credentials | None = renew(url, refused, transport=transport, now=now)
        self._answers[urlsplit(url).netloc] = renewed
        return renewed

    def problems(self) -> list[str]:
        """Say which files of secrets are named and missing, or cannot be used, and why."""
        found = (getattr(store, "problem", None) for store in self.stores)
        told = (problem() for problem in found if problem is not None)
        return [each for each in told if each is not None]

    def source_of(self, url: str) -> CredentialStore | None:
        """Return the store that answers for a URL."""
        return next((store for store in self.stores if store.get(url) is not None), None)


def default_credentials(
    environ: Mapping[str, str], *, path: str | os.PathLike[str] | None = None
) -> CredentialChain:
    """Return the stores that rattler's tools share, the most explicit first, and our variables.

    They are the file that `RATTLER_AUTH_FILE` names, the key ring where `keyring` is installed,
    `~/.rattler/credentials.json`, the file that `NETRC` names or else `~/.netrc`, and the variables
    of `CredentialVariables`. Nothing is read before a request is made. A file that no variable and
    no argument names is passed over with a warning if it is broken.

    Args:
        environ: The environment.
        path: A further file in the format of `credentials.json`, which stands after that of
            `RATTLER_AUTH_FILE`.
    """
    from hognose.net.credential_file import CredentialFile
    from hognose.net.credential_variables import CredentialVariables
    from hognose.net.keyring_store import KeyringStore
    from hognose.net.netrc_file import NetrcFile

    home = environ.get("HOME") or os.path.expanduser("~")
    stores: list[CredentialStore] = []
    if environ.get("RATTLER_AUTH_FILE"):
        stores.append(CredentialFile(environ["RATTLER_AUTH_FILE"], is_expected=True))
    if path is not None:
        stores.append(CredentialFile(path, is_expected=True))
    if find_spec("keyring") is not None:
        stores.append(KeyringStore())
    shared = os.path.join(home, ".rattler", "credentials.json")
    stores.append(CredentialFile(shared, is_optional=True))
    name = "_netrc" if os.name == "nt" else ".netrc"
    named = environ.get("NETRC")
    stores.append(NetrcFile(named or os.path.join(home, name), is_expected=bool(named)))
    stores.append(CredentialVariables(environ))
    return CredentialChain(stores)
