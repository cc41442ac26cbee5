"""Opens connections in three steps, each of which ends at once when it is cancelled.

The name is looked up, a line is opened, TLS is agreed on. A firewall that swallows packets makes
the first two last as long as their time-outs, and a port of something else the third.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from collections import deque
from contextlib import suppress
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Sequence

    from hognose.net.cancellation import Cancellation

    # As `socket.getaddrinfo` gives it: family, kind, protocol, canonical name, address.
    Address = tuple[Any, Any, int, str, Any]

__all__ = ("begin_tls", "connect_to_first", "in_turns", "open_connection")

# Seconds after which the next address of a host is tried, too (RFC 8305).
_HEAD_START = 0.25
# Where shutting down a socket does not wake who connects it, as on macOS and Windows, this many
# seconds pass at most until it is noticed.
_SLICE = 0.1
# One that needs no descriptor of its own, and counts sockets beyond 1,024, where there is one.
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)
_UNDER_WAY = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR})


def open_connection(
    host: str, port: int, *, url: str, timeout: float, cancellation: Cancellation
) -> socket.socket:
    """Connect to that address of a host which answers first.

    The addresses are tried in the system's order, both families in turns, each of them a quarter
    of a second after the one before or as soon as that has failed; so a host with an address that
    leads nowhere, which many networks make of IPv6, costs that quarter.

    Args:
        host: A name or an address, without brackets.
        port: The port.
        url: What it is for.
        timeout: The longest wait for one address, in seconds, and for what is sent later.
        cancellation: What ends it.

    Raises:
        FetchCancelledError: It was cancelled.
        OSError: The name is not known, or no address answers; that of the last one.
    """
    addresses = in_turns(_look_up(host, port, url, cancellation))
    connection = connect_to_first(addresses, url=url, timeout=timeout, cancellation=cancellation)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(timeout)
    return connection


def connect_to_first(
    addresses: Iterable[Address], *, url: str, timeout: float, cancellation: Cancellation
) -> socket.socket:
    """Connect to that one of several addresses, as the resolver gives them, which answers first.

    Raises:
        FetchCancelledError, OSError: As for `open_connection`.
    """
    attempts = _Attempts(addresses, timeout, cancellation)
    try:
        return attempts.run(url)
    finally:
        attempts.close()


def in_turns(addresses: Sequence[Address]) -> list[Address]:
    """Order addresses so that those of one family do not stand behind all of the other's."""
    first = [each for each in addresses if each[0] == addresses[0][0]]
    others = [each for each in addresses if each[0] != addresses[0][0]]
    turns = zip_longest(first, others)
    return [each for pair in turns for each in pair if each is not None]


def begin_tls(
    connection: socket.socket, context: ssl.SSLContext, host: str, *, cancellation: Cancellation
) -> ssl.SSLSocket:
    """Agree on TLS; the given socket must not be used any more, whatever comes of it.

    Raises:
        OSError: The server does not speak TLS, is not whom it should be, or falls silent; or it
            was cancelled.
    """
    # The socket changes hands before it waits for the server, and the new one is not ours until
    # that is over; a copy of it can be shut down all the same.
    twin = connection.dup()
    cancellation.watch(twin)
    try:
        return context.wrap_socket(connection, server_hostname=host)
    except BaseException:
        connection.close()
        raise
    finally:
        cancellation.forget(twin)
        twin.close()


class _Attempts:
    """Connections to the addresses of a host that are under way at the same time."""

    def __init__(
        self, addresses: Iterable[Address], timeout: float, cancellation: Cancellation
    ) -> None:
        self._addresses = deque(addresses)
        self._timeout = timeout
        self._cancellation = cancellation
        self._selector = _Selector()
        # Until when each may take.
        self._deadlines: dict[socket.socket, float] = {}
        self._failure = OSError(errno.EADDRNOTAVAIL, "the host has no address")

    def run(self, url: str) -> socket.socket:
        """Return the first connection that is there; the caller closes it."""
        next_start = 0.0
        while self._addresses or self._deadlines:
            now = time.monotonic()
            if self._addresses and (now >= next_start or not self._deadlines):
                self._begin(self._addresses.popleft(), now)
                next_start = now + _HEAD_START
            patience = self._patience(now, next_start)
            # Windows does not wait for nothing at all.
            for key, _ in self._selector.select(patience) if self._deadlines else ():
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                self._drop(connection)
                # One that was shut down on the way here looks connected.
                status = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not status and not self._cancellation.is_cancelled:
                    return connection
                connection.close()
                self._failure = _error(status)
                next_start = now
            self._cancellation.check(url)
            now = time.monotonic()
            for connection in [each for each, end in self._deadlines.items() if now >= end]:
                self._drop(connection)
                connection.close()
                self._failure = TimeoutError()
        raise self._failure

    def _patience(self, now: float, next_start: float) -> float:
        """For how many seconds nothing is to be done but to wait for an answer."""
        ends = [now + _SLICE, *self._deadlines.values()]
        if self._addresses:
            ends.append(next_start)
        return max(0.0, min(ends) - now)

    def close(self) -> None:
        """Close what is still under way."""
        for connection in list(self._deadlines):
            self._drop(connection)
            connection.close()
        self._selector.close()

    def _begin(self, found: Address, now: float) -> None:
        family, kind, protocol, _, address = found
        try:
            connection = socket.socket(family, kind, protocol)
        except OSError as error:
            # A system without one of the families.
            self._failure = error
            return
        self._deadlines[connection] = now + self._timeout
        self._cancellation.watch(connection)
        self._selector.register(connection, selectors.EVENT_WRITE)
        connection.setblocking(False)
        status = connection.connect_ex(address)
        if status not in _UNDER_WAY:
            self._drop(connection)
            connection.close()
            self._failure = _error(status)

    def _drop(self, connection: socket.socket) -> None:
        del self._deadlines[connection]
        self._cancellation.forget(connection)
        self._selector.unregister(connection)


def _look_up(host: str, port: int, url: str, cancellation: Cancellation) -> list[Address]:
    with suppress(socket.gaierror):
        return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
    return cancellation.run(lambda: socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM), url)


def _error(status: int) -> OSError:
    # Windows has numbers of its own for sockets.
    texts: dict[int, str] = getattr(socket, "errorTab", {})
    return OSError(status, texts.get(status) or os.strerror(status))
