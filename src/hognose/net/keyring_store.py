"""The operating system's key ring, through the `keyring` library where that is installed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from hognose.errors import ConfigError
from hognose.net.secret_store import SecretStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ("KeyringStore",)

_SERVICE = "rattler"
# The keys of what `store` has put there, as a list in JSON.
_OWN_SERVICE, _OWN_KEYS = "hognose", "hosts"


class KeyringStore(SecretStore):
    """Entries of rattler's tools in a key ring: service `rattler`, the host as the user.

    A key ring that is locked or broken has no secrets, and is not asked again: on a machine
    without a desktop each question may take seconds.
    """

    name = "key ring"

    def __init__(self) -> None:
        """Ask nothing yet."""
        super().__init__()
        self._fault: str | None = None

    def find(self, key: str) -> Mapping[str, Any] | None:
        """Return the entry of a key."""
        entry = self._ask(_SERVICE, key)
        return entry if isinstance(entry, dict) else None

    def entries(self, keys: Iterable[str] = ()) -> dict[str, Mapping[str, Any]]:
        """Return by its key what there is of some keys, and of those that `store` was given.

        A key ring can be asked for single keys; there is no way to list it that all systems have.
        """
        own = self._own_keys()
        found = {key: self.find(key) for key in dict.fromkeys([*own, *keys])}
        return {key: entry for key, entry in found.items() if entry is not None}

    def problem(self) -> str | None:
        """Say why the key ring cannot be used, as far as that has come to light; or None."""
        return self._fault

    def store(self, key: str, entry: Mapping[str, Any] | None) -> bool:
        """Replace what the key ring has for a key, or remove it.

        Raises:
            ConfigError: There is no key ring, or it is locked.
        """
        was_there = self.find(key) is not None
        try:
            keyring: Any = import_module("keyring")
            if entry is not None:
                keyring.set_password(_SERVICE, key, msgspec.json.encode(entry).decode())
            elif was_there:
                keyring.delete_password(_SERVICE, key)
            self._note(keyring, key, is_there=entry is not None)
        except ImportError as error:
            message = "there is no key ring: the package `keyring` is not installed"
            raise ConfigError(message, hint="run `pip install hognose[keyring]`") from error
        except Exception as error:
            message = f"the key ring cannot be changed: {type(error).__name__}"
            hint = "is it locked? `--store file` keeps the secret in a file"
            raise ConfigError(message, hint=hint) from error
        return was_there

    def _note(self, keyring: Any, key: str, *, is_there: bool) -> None:
        """Keep which keys `store` was given."""
        before = self._own_keys()
        keys = [each for each in before if each != key] + ([key] if is_there else [])
        if keys and keys != before:
            keyring.set_password(_OWN_SERVICE, _OWN_KEYS, msgspec.json.encode(keys).decode())
        elif before and not keys:
            keyring.delete_password(_OWN_SERVICE, _OWN_KEYS)

    def _own_keys(self) -> list[str]:
        keys = self._ask(_OWN_SERVICE, _OWN_KEYS)
        return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []

    def _ask(self, service: str, key: str) -> Any:
        """Return what the key ring has, decoded; None where there is nothing that we know."""
        if self._fault is not None:
            return None
        try:
            keyring: Any = import_module("keyring")
            text = keyring.get_password(service, key)
        except Exception as error:  # each system's key ring has errors of its own
            self._fault = f"the key ring cannot be used: {type(error).__name__}"
            return None
        try:
            return None if text is None else msgspec.json.decode(text)
        except msgspec.MsgspecError:
            return None
