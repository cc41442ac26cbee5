"""The operating system's key ring, through the `keyring` library where that is installed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from hognose.errors import ConfigError
from hognose.net.secret_store import SecretStore

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("KeyringStore",)

_SERVICE = "rattler"


class KeyringStore(SecretStore):
    """Entries of rattler's tools in a key ring: service `rattler`, the host as the user.

    A key ring that is locked or broken has no secrets, and is not asked again: on a machine
    without a desktop each question may take seconds.
    """

    name = "key ring"

    def __init__(self) -> None:
        """Ask nothing yet."""
        super().__init__()
        self._is_usable = True

    def find(self, key: str) -> Mapping[str, Any] | None:
        """Return the entry of a key."""
        if not self._is_usable:
            return None
        try:
            keyring: Any = import_module("keyring")
            text = keyring.get_password(_SERVICE, key)
        except Exception:  # each system's key ring has errors of its own
            self._is_usable = False
            return None
        try:
            entry: Any = None if text is None else msgspec.json.decode(text)
        except msgspec.MsgspecError:
            return None
        return entry if isinstance(entry, dict) else None

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
        except ImportError as error:
            message = "there is no key ring: the package `keyring` is not installed"
            raise ConfigError(message, hint="run `pip install hognose[keyring]`") from error
        except Exception as error:
            message = f"the key ring cannot be changed: {type(error).__name__}"
            hint = "is it locked? `--store file` keeps the secret in a file"
            raise ConfigError(message, hint=hint) from error
        return was_there
