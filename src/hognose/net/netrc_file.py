"""Logins in a `.netrc`, which curl, git and others read too."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hognose.net.credentials import Credentials

if TYPE_CHECKING:
    import netrc

__all__ = ("NetrcFile",)


class NetrcFile:
    """A `.netrc`; one that cannot be read, or parsed, has no secrets.

    Other programs own this file, so what they find good must not keep us from public channels.
    What is wrong with it is told where a secret is missed: see `problem`.

    Args:
        path: The file.
        is_expected: Whether somebody named it, so that it is a problem if it does not exist.
    """

    def __init__(self, path: str | os.PathLike[str], *, is_expected: bool = False) -> None:
        """Keep the path."""
        self._is_expected = is_expected
        self._problem: str | None = None
        self.path = os.fspath(path)
        self.name = self.path
        self._parsed: netrc.netrc | None = None
        self._is_read = False

    def get(self, url: str, /) -> Credentials | None:
        """Return the login of the URL's host, or of the `default` entry."""
        host = urlsplit(url).hostname
        parsed = self._read()
        found = parsed.authenticators(host) if parsed and host else None
        return Credentials.basic(found[0], found[2] or "") if found else None

    def problem(self) -> str | None:
        """Say why nothing of the file is used, without anything that is in it; or None."""
        self._read()
        return self._problem

    def hosts(self) -> list[str]:
        """Return the hosts that the file has logins for; `default` is one of them."""
        parsed = self._read()
        return list(parsed.hosts) if parsed else []

    def _read(self) -> netrc.netrc | None:
        if not self._is_read:
            import netrc

            try:
                self._parsed = netrc.netrc(self.path)
            except FileNotFoundError:
                if self._is_expected:
                    self._problem = f"{self.path} does not exist"
            except OSError as error:
                self._problem = f"{self.path} cannot be read: {error.strerror or error}"
            except UnicodeDecodeError:
                self._problem = f"{self.path} cannot be used: it is not UTF-8"
            except netrc.NetrcParseError as error:
                # The text of the error may have the secret.
                self._problem = f"{self.path} cannot be used: line {error.lineno} breaks its rules"
            self._is_read = True
        return self._parsed
