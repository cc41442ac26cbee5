"""A file of secrets in the format of rattler's `credentials.json`."""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from hognose.errors import ConfigError
from hognose.net.secret_store import SecretStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("CredentialFile",)


class CredentialFile(SecretStore):
    """A JSON file of secrets by host, read when the first one is wanted.

    Args:
        path: The file; one that does not exist has no secrets.
        is_expected: Whether somebody named it, so that it is a problem if it does not exist.
        is_optional: Whether nobody asked for it, so that one that cannot be read, or is not of
            this format, must not keep us from public channels: it is warned of once, and has no
            secrets. It is never written to.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        is_expected: bool = False,
        is_optional: bool = False,
    ) -> None:
        """Keep the path."""
        super().__init__()
        self._is_expected, self._is_optional = is_expected, is_optional
        self._fault: str | None = None
        self._is_told = False
        self.path = os.fspath(path)
        self.name = self.path
        self._entries: Mapping[str, Any] | None = None
        self._is_held = False

    def problem(self) -> str | None:
        """Say why the file has no secrets, where somebody thinks that it has; or None."""
        if self._is_expected and not os.path.exists(self.path):
            return f"{self.path} does not exist"
        if self._is_optional:
            self._read_if_usable()
            self._is_told = True
        return self._fault

    def find(self, key: str) -> Mapping[str, Any] | None:
        """Return the entry of a key.

        Raises:
            ConfigError: The file cannot be read, or is not of this format, and is not optional.
        """
        if self._entries is None:
            self._entries = self._read_if_usable()
        if self._fault is not None and not self._is_told:
            self._is_told = True
            warnings.warn(f"{self._fault}; requests go without them", stacklevel=2)
        entry = self._entries.get(key)
        return entry if isinstance(entry, dict) else None

    def entries(self) -> dict[str, Mapping[str, Any]]:
        """Return every entry by its key, as the file has them now.

        Raises:
            ConfigError: The file cannot be read, or is not of this format, and is not optional.
        """
        entries = self._read_if_usable()
        return {key: entry if isinstance(entry, dict) else {} for key, entry in entries.items()}

    def store(self, key: str, entry: Mapping[str, Any] | None) -> bool:
        """Replace what the file has for a key, or remove it; nobody else can read the file.

        Args:
            key: The host, or `*.DOMAIN`, or a bucket.
            entry: The secret as the file holds it, such as `{"BearerToken": TOKEN}`; None removes.

        Returns:
            Whether there was something for the key before.

        Raises:
            ConfigError: The file cannot be read or written, or is not of this format.
        """
        with self.fresh():
            entries = dict(self._read())
            was_there = entries.pop(key, None) is not None
            if entry is not None:
                entries[key] = entry
            elif not was_there:
                return False
            self._write(msgspec.json.format(msgspec.json.encode(entries), indent=2))
            self._entries = entries
        return was_there

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """Keep other processes of ours from changing the file, and forget what was read.

        The lock is a file beside it, because the file itself is replaced. Where there can be
        none, as on some network disks, it goes without.
        """
        if self._is_held:
            yield
            return
        self._entries = None
        descriptor = _open_lock(f"{self.path}.lock")
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            if descriptor is not None:
                os.close(descriptor)

    def _write(self, content: bytes) -> None:
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

    def _read_if_usable(self) -> Mapping[str, Any]:
        """Read the file; one that is optional and broken has nothing in it."""
        self._fault = None
        try:
            return self._read()
        except ConfigError as error:
            if not self._is_optional:
                raise
            self._fault = error.message
            return {}

    def _read(self) -> Mapping[str, Any]:
        try:
            with open(self.path, "rb") as file:
                content = file.read()
            return msgspec.json.decode(content or b"{}", type=dict[str, Any])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            # The text of a decoding error has a position and no content, but for that of a letter.
            fault = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            if isinstance(error, OSError):
                fault = error.strerror or fault
            message = f"the credentials in {self.path} cannot be used: {fault}"
            raise ConfigError(message, path=self.path) from error


def _open_lock(path: str) -> int | None:
    """Wait for the lock; the system lets go of it when the file is closed, or the process ends."""
    try:
        os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
