"""Secrets in environment variables, for machines where nobody can log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hognose.errors import ConfigError
from hognose.net.credentials import Credentials
from hognose.net.secret_store import SecretStore

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("CredentialVariables", "variable_suffix")

_ALL = "HOGNOSE_CREDENTIALS"


class CredentialVariables(SecretStore):
    """Reads one variable for a host, or one for all.

    `HOGNOSE_TOKEN_<HOST>` is a bearer token, `HOGNOSE_CONDA_TOKEN_<HOST>` a token in the path, and
    `HOGNOSE_USERNAME_<HOST>` with `HOGNOSE_PASSWORD_<HOST>` a login. The host is in capitals, with
    an underscore for each full stop and colon and two for each hyphen, as in Terraform's
    `TF_TOKEN_...`; it is one host and not what lies below it. `HOGNOSE_CREDENTIALS` holds what
    could be in a `credentials.json`, domains and buckets included.

    The variables of the field (`PREFIX_API_KEY`, `ANACONDA_API_TOKEN`, ...) authorise uploads and
    name no host, so they are not read here.
    """

    name = "environment"

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Keep the environment."""
        super().__init__()
        self._environ = environ
        self._entries: Mapping[str, Any] | None = None

    def get(self, url: str, /) -> Credentials | None:
        """Return what a variable has for the URL's host, which goes before the one for all."""
        from urllib.parse import urlsplit

        parts = urlsplit(url)
        host = parts.hostname or ""
        for each in (f"{host}:{parts.port}", host) if parts.port else (host,):
            found = self._named(variable_suffix(each))
            if found is not None:
                return found
        return super().get(url)

    def find(self, key: str) -> Mapping[str, Any] | None:
        """Return the entry of a key in the variable for all.

        Raises:
            ConfigError: The variable is not of this format.
        """
        if self._entries is None:
            try:
                content = self._environ.get(_ALL) or "{}"
                self._entries = msgspec.json.decode(content, type=dict[str, Any])
            except msgspec.MsgspecError as error:
                message = f"`{_ALL}` cannot be used: {error}"
                raise ConfigError(message, key=_ALL) from error
        entry = self._entries.get(key)
        return entry if isinstance(entry, dict) else None

    def store(self, key: str, entry: Mapping[str, Any] | None) -> bool:
        """Keep a renewed token for this process: nobody can change what started it."""
        was_there = self.find(key) is not None
        self._entries = {**(self._entries or {}), key: entry}
        return was_there

    def _named(self, suffix: str) -> Credentials | None:
        environ = self._environ
        if token := environ.get(f"HOGNOSE_TOKEN_{suffix}"):
            return Credentials.bearer(token)
        if token := environ.get(f"HOGNOSE_CONDA_TOKEN_{suffix}"):
            return Credentials(conda_token=token)
        if username := environ.get(f"HOGNOSE_USERNAME_{suffix}"):
            return Credentials.basic(username, environ.get(f"HOGNOSE_PASSWORD_{suffix}", ""))
        return None


def variable_suffix(host: str) -> str:
    """Return what stands for a host in the name of a variable.

    >>> variable_suffix("conda.my-org.com:8443")
    'CONDA_MY__ORG_COM_8443'
    """
    return host.upper().replace("-", "__").replace(".", "_").replace(":", "_")
