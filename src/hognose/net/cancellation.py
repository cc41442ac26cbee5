"""The end of what several threads are fetching, asked for by another one."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from hognose.errors import FetchCancelledError
from hognose.net.redaction import redact

if TYPE_CHECKING:
    from socket import socket

__all__ = ("Cancellation",)


class Cancellation:
    """A flag that fetching threads look at, and that wakes those that wait for a server.

    Looking between two blocks is not enough: a slow server takes minutes for a block, and a silent
    one never ends it. So what waits says for which socket it does, and that is shut down. Safe in
    several threads; there is no way back.
    """

    def __init__(self) -> None:
        """Begin without one."""
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._sockets: set[socket] = set()

    @property
    def is_cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._event.is_set()

    def cancel(self) -> None:
        """Have everything that is being fetched end now; a second time does no harm."""
        self._event.set()
        with self._lock:
            for each in self._sockets:
                _shut_down(each)

    def check(self, url: str) -> None:
        """Do nothing, unless it is cancelled.

        Raises:
            FetchCancelledError: It is; names the URL.
        """
        if self._event.is_set():
            shown = redact(url)
            raise FetchCancelledError(f"{shown} is not fetched: that was cancelled", url=shown)

    def wait(self, seconds: float) -> None:
        """Wait for a number of seconds, or until it is cancelled."""
        self._event.wait(seconds)

    def watch(self, connection: socket) -> None:
        """Take a socket that somebody is going to wait for."""
        with self._lock:
            self._sockets.add(connection)
            if self._event.is_set():
                _shut_down(connection)

    def forget(self, connection: socket) -> None:
        """Give a socket up; to be called before it is closed or used for something else."""
        with self._lock:
            self._sockets.discard(connection)


def _shut_down(connection: socket) -> None:
    import socket

    # Not what a TLS socket makes of it, which would have the other thread read what is encrypted.
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
