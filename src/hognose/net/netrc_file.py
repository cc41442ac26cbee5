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
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Keep the path."""
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

    def hosts(self) -> list[str]:
        """Return the hosts that the file has logins for; `default` is one of them."""
        parsed = self._read()
        return list(parsed.hosts) if parsed else []

    def _read(self) -> netrc.netrc | None:
        if not self._is_read:
            import netrc

            try:
                self._parsed = netrc.netrc(self.path)
            except (OSError, UnicodeDecodeError, netrc.NetrcParseError):
                self._parsed = None
            self._is_read = True
        return self._parsed
