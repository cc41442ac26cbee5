"""The end of a login in the browser: a listener on loopback that the browser comes back to."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import msgspec

from hognose._closing import Closing
from hognose.errors import NetworkError, UsageError
from hognose.net.urls import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("RedirectListener", "Visit")

_LONGEST_HEAD = 1 << 16
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<body style="font-family:sans-serif;max-width:32em;margin:4em auto"><h1>{title}</h1><p>{text}</p>
"""


class Visit(msgspec.Struct, frozen=True):
    """What the browser brought: a code, or the reason why there is none."""

    code: str | None
    reason: str = ""


class RedirectListener(Closing):
    """Listens on loopback; a context manager.

    Args:
        uri: The address that the server sends browsers to; any free port by default.

    Raises:
        UsageError: The address is not one of this machine with a port, or the port is taken.
    """

    def __init__(self, uri: str | None = None) -> None:
        """Open the port."""
        parts = urlsplit(uri or "http://127.0.0.1:0")
        if parts.scheme != "http" or not is_loopback(parts.hostname) or parts.port is None:
            message = f"`{uri}` is not an `http` address of this machine with a port"
            raise UsageError(message, hint="for example `http://127.0.0.1:8000/callback`")
        family = socket.AF_INET6 if parts.hostname == "::1" else socket.AF_INET
        try:
            self._socket = socket.create_server((parts.hostname, parts.port), family=family)
        except OSError as error:
            message = f"nobody can listen at `{uri}`: {error.strerror or error}"
            raise UsageError(message) from error
        self._path = parts.path or "/"
        self.uri = uri or f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @contextmanager
    def wait(self, state: str, *, time_limit: float) -> Iterator[Visit]:
        """Wait for the browser, and tell it at the end of the block how it went.

        Requests that do not carry the state (a browser asks for an icon; another program may
        knock) are answered and passed over: only who sent the browser away knows it.

        Args:
            state: What was sent with the browser.
            time_limit: How long to wait, in seconds.

        Raises:
            NetworkError: Nobody came.
        """
        ends_at = time.monotonic() + time_limit
        while True:
            connection = self._accept(ends_at)
            with connection:
                visit = _read_visit(connection, self._path, state)
                if visit is None:
                    _answer(connection, 404, "Nothing here", "This is not the page of a login.")
                    continue
                try:
                    yield visit
                except BaseException as error:
                    text = escape(str(error).partition("\n")[0])
                    _answer(connection, 200, "The login did not work", text)
                    raise
                _answer(connection, 200, "You are logged in", "You can close this page now.")
                return

    def _accept(self, ends_at: float) -> socket.socket:
        self._socket.settimeout(max(0.01, ends_at - time.monotonic()))
        try:
            connection, _ = self._socket.accept()
        except TimeoutError as error:
            message = "nobody came back from the browser in time"
            raise NetworkError(message, url=self.uri, status=None, is_transient=False) from error
        # A browser opens connections that it may never use.
        connection.settimeout(10.0)
        return connection

    def close(self) -> None:
        """Close the port."""
        self._socket.close()


def _read_visit(connection: socket.socket, path: str, state: str) -> Visit | None:
    head = b""
    try:
        while b"\r\n\r\n" not in head and len(head) < _LONGEST_HEAD:
            piece = connection.recv(4096)
            if not piece:
                return None
            head += piece
        method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ", 2)
    except (OSError, UnicodeDecodeError, ValueError):
        return None
    parts = urlsplit(target)
    if method != "GET" or (parts.path or "/") != path:
        return None
    fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if fields.get("state") != state:
        return None
    if fields.get("code"):
        return Visit(fields["code"])
    return Visit(None, fields.get("error_description") or fields.get("error") or "no code")


def _answer(connection: socket.socket, status: int, title: str, text: str) -> None:
    page = _PAGE.format(title=title, text=text).encode()
    head = (
        f"HTTP/1.1 {status} {'OK' if status == 200 else 'Not Found'}\r\n"
        "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
        f"Content-Length: {len(page)}\r\nConnection: close\r\n\r\n"
    )
    try:
        connection.sendall(head.encode() + page)
    except OSError:
        return
