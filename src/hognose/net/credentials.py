"""Secrets for servers: where they are looked up, and how they go with a request.

The stores read what other tools of the field write: rattler's `credentials.json` and `.netrc`.
The renewal of OAuth tokens is not here.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import urlsplit

import msgspec

from hognose.errors import ConfigError

if TYPE_CHECKING:
    import netrc
    from collections.abc import Iterator, Mapping, Sequence

    from hognose.net.s3 import S3Credentials

__all__ = (
    "CredentialChain",
    "CredentialFile",
    "CredentialStore",
    "Credentials",
    "KeyringStore",
    "NetrcFile",
    "default_credentials",
)


class Credentials(msgspec.Struct, frozen=True, gc=False):
    """What authorises a request; made with one of the class methods.

    Attributes:
        authorization: The value of the `Authorization` field, or None.
        conda_token: What goes into the path as `/t/TOKEN`, or None.
    """

    authorization: str | None = None
    conda_token: str | None = None

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
    """Knows the secrets for URLs; the seam between the client and files, key rings and tokens."""

    def get(self, url: str, /) -> Credentials | None:
        """Return what authorises a request for this URL, or None; from any thread."""
        ...


class CredentialFile:
    """A file in the format of rattler's `credentials.json`: secrets by host.

    A key is a host, or `*.DOMAIN` for a domain and everything below it. The host itself comes
    first, then the closest domain. The file is read when the first secret is wanted.

    Args:
        path: The file; one that does not exist has no secrets.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Keep the path."""
        self.path = os.fspath(path)
        self._entries: Mapping[str, Any] | None = None

    def get(self, url: str, /) -> Credentials | None:
        """Return what the file has for the URL's host.

        Raises:
            ConfigError: The file cannot be read, or is not of this format.
        """
        entry = self._find(url)
        return None if entry is None else _credentials_of(entry)

    def get_s3(self, url: str, /) -> S3Credentials | None:
        """Return the key pair that the file has for the bucket of an `s3` URL.

        Raises:
            ConfigError: The file cannot be read, or is not of this format.
        """
        match self._find(url):
            case {
                "S3Credentials": {"access_key_id": str(name), "secret_access_key": str(key)} as pair
            }:
                from hognose.net.s3 import S3Credentials

                return S3Credentials(name, key, pair.get("session_token"))
            case _:
                return None

    def entries(self) -> dict[str, str]:
        """Return the kind of secret that there is for each host.

        Raises:
            ConfigError: The file cannot be read, or is not of this format.
        """
        entries = self._read()
        return {
            host: next(iter(entry), "?") if isinstance(entry, dict) else "?"
            for host, entry in entries.items()
        }

    def store(self, host: str, entry: Mapping[str, Any] | None) -> bool:
        """Replace what the file has for a host, or remove it; nobody else can read the file.

        Args:
            host: The host, or `*.DOMAIN`, or a bucket.
            entry: The secret as the file holds it, such as `{"BearerToken": TOKEN}`; None removes.

        Returns:
            Whether there was something for the host before.

        Raises:
            ConfigError: The file cannot be read or written, or is not of this format.
        """
        entries = dict(self._read())
        was_there = entries.pop(host, None) is not None
        if entry is not None:
            entries[host] = entry
        elif not was_there:
            return False
        content = msgspec.json.format(msgspec.json.encode(entries), indent=2)
        temporary = f"{self.path}.{os.getpid()}.tmp"
        try:
            os.makedirs(os.path.dirname(self.path) or ".", mode=0o700, exist_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "wb") as file:
                file.write(content)
            os.replace(temporary, self.path)
        except OSError as error:
            message = f"{self.path} cannot be written: {error.strerror or error}"
            raise ConfigError(message, path=self.path) from error
        self._entries = entries
        return was_there

    def _find(self, url: str) -> dict[str, Any] | None:
        if self._entries is None:
            self._entries = self._read()
        for key in _keys_for(url):
            entry = self._entries.get(key)
            if isinstance(entry, dict):
                return entry
        return None

    def _read(self) -> Mapping[str, Any]:
        try:
            with open(self.path, "rb") as file:
                content = file.read()
            return msgspec.json.decode(content or b"{}", type=dict[str, Any])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.MsgspecError) as error:
            # The text of a decoding error has a position and no content.
            message = f"the credentials in {self.path} cannot be used: {error}"
            raise ConfigError(message, path=self.path) from error


class NetrcFile:
    """A `.netrc`; one that cannot be read, or parsed, has no secrets.

    Other programs own this file, so what they find good must not keep us from public channels.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Keep the path."""
        self.path = os.fspath(path)
        self._parsed: netrc.netrc | None = None
        self._is_read = False

    def get(self, url: str, /) -> Credentials | None:
        """Return the login of the URL's host, or of the `default` entry."""
        if not self._is_read:
            self._parsed = self._read()
            self._is_read = True
        host = urlsplit(url).hostname
        found = self._parsed.authenticators(host) if self._parsed and host else None
        return Credentials.basic(found[0], found[2] or "") if found else None

    def _read(self) -> netrc.netrc | None:
        import netrc

        try:
            return netrc.netrc(self.path)
        except (OSError, UnicodeDecodeError, netrc.NetrcParseError):
            return None


class KeyringStore:
    """The operating system's key ring, through the `keyring` library if that is installed.

    The entries are those of rattler's tools. A key ring that is locked or broken has no secrets.
    """

    def __init__(self) -> None:
        """Ask nothing yet."""
        self._is_usable = True

    def get(self, url: str, /) -> Credentials | None:
        """Return what the key ring has for the URL's host, or the closest domain."""
        if not self._is_usable:
            return None
        try:
            keyring: Any = import_module("keyring")
        except ImportError:
            self._is_usable = False
            return None
        try:
            for key in _keys_for(url):
                text = keyring.get_password("rattler", key)
                entry: Any = None if text is None else msgspec.json.decode(text)
                if isinstance(entry, dict):
                    return _credentials_of(entry)
        except Exception:  # each system's key ring has errors of its own
            self._is_usable = False
        return None


class CredentialChain:
    """Several stores, of which the first that knows a host decides.

    What was found for a host, also that nothing was, is remembered for the life of the chain.
    """

    def __init__(self, stores: Sequence[CredentialStore]) -> None:
        """Keep the stores in their order."""
        self.stores = tuple(stores)
        self._answers: dict[str, Credentials | None] = {}

    def get(self, url: str, /) -> Credentials | None:
        """Return the first answer of the stores."""
        host = urlsplit(url).netloc
        if host not in self._answers:
            found = (store.get(url) for store in self.stores)
            self._answers[host] = next((each for each in found if each is not None), None)
        return self._answers[host]

    def get_s3(self, url: str, /) -> S3Credentials | None:
        """Return the first key pair that a store has for a bucket."""
        stores = [store for store in self.stores if isinstance(store, CredentialFile)]
        return next((found for store in stores if (found := store.get_s3(url))), None)

    def source_of(self, url: str) -> CredentialStore | None:
        """Return the store that answers for a URL."""
        return next((store for store in self.stores if store.get(url) is not None), None)


def default_credentials(
    environ: Mapping[str, str], *, path: str | os.PathLike[str] | None = None
) -> CredentialChain:
    """Return the stores that rattler's tools share, the most explicit first.

    They are the file that `RATTLER_AUTH_FILE` names, the key ring where `keyring` is installed,
    `~/.rattler/credentials.json`, and the file that `NETRC` names or else `~/.netrc`. Nothing is
    read before a request is made.

    Args:
        environ: The environment.
        path: A further file in the format of `credentials.json`, which stands after that of
            `RATTLER_AUTH_FILE`.
    """
    home = environ.get("HOME") or os.path.expanduser("~")
    stores: list[CredentialStore] = []
    if environ.get("RATTLER_AUTH_FILE"):
        stores.append(CredentialFile(environ["RATTLER_AUTH_FILE"]))
    if path is not None:
        stores.append(CredentialFile(path))
    if find_spec("keyring") is not None:
        stores.append(KeyringStore())
    stores.append(CredentialFile(os.path.join(home, ".rattler", "credentials.json")))
    name = "_netrc" if os.name == "nt" else ".netrc"
    stores.append(NetrcFile(environ.get("NETRC") or os.path.join(home, name)))
    return CredentialChain(stores)


def _keys_for(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.port:
        yield f"{host}:{parts.port}"
    yield host
    while host:
        yield f"*.{host}"
        host = host.partition(".")[2]


def _credentials_of(entry: Mapping[str, Any]) -> Credentials | None:
    match entry:
        case {"BearerToken": str(token)} | {"OAuth": {"access_token": str(token)}}:
            return Credentials.bearer(token)
        case {"BasicHTTP": {"username": str(username), "password": str(password)}}:
            return Credentials.basic(username, password)
        case {"CondaToken": str(token)}:
            return Credentials(conda_token=token)
        case _:
            return None
