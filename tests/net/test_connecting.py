"""Connections to hosts with several addresses, some of which lead nowhere."""

from __future__ import annotations

import errno
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from hognose.errors import FetchCancelledError
from hognose.net import Cancellation
from hognose.net.connecting import connect_to_first, in_turns
from support.silent_ports import closed_port, full_port, is_connecting

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = "https://example.com/a"
V4, V6 = socket.AF_INET, socket.AF_INET6


def address(port: int) -> tuple[int, int, int, str, tuple[str, int]]:
    return V4, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)


@contextmanager
def open_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def connect(*ports: int, timeout: float = 60.0, cancel: Cancellation | None = None) -> int:
    """Connect to the first of some ports, and return which one it was."""
    with connect_to_first(
        [address(port) for port in ports],
        url=URL,
        timeout=timeout,
        cancellation=cancel or Cancellation(),
    ) as connection:
        return int(connection.getpeername()[1])


def test_the_first_address_is_the_one_that_is_used_where_all_answer() -> None:
    with open_port() as first, open_port() as second:
        assert first == connect(first, second)


def test_an_address_that_refuses_is_passed_over() -> None:
    with closed_port() as first, open_port() as second:
        assert second == connect(first, second)


def test_an_address_that_swallows_packets_is_not_waited_for() -> None:
    with full_port() as first, full_port() as second, open_port() as third:
        assert third == connect(first, second, third)


def test_the_reason_is_that_of_the_last_address() -> None:
    with closed_port() as first, closed_port() as second, pytest.raises(ConnectionRefusedError):
        connect(first, second)
    with full_port() as first, pytest.raises(TimeoutError):
        connect(first, timeout=0.01)


def test_a_host_without_addresses_cannot_be_connected_to() -> None:
    with pytest.raises(OSError, match="no address") as caught:
        connect()
    assert errno.EADDRNOTAVAIL == caught.value.errno


def test_all_attempts_end_when_they_are_cancelled() -> None:
    cancellation = Cancellation()
    with full_port() as first, full_port() as second:

        def cancel() -> None:
            while not (is_connecting(first) and is_connecting(second)):
                pass
            cancellation.cancel()

        threading.Thread(target=cancel).start()
        with pytest.raises(FetchCancelledError):
            connect(first, second, cancel=cancellation)


def test_families_take_turns_in_the_order_of_the_resolver() -> None:
    six = [(V6, 1, 6, "", (f"::{number}", 1)) for number in (1, 2, 3)]
    four = [(V4, 1, 6, "", ("127.0.0.1", 1))]
    assert [six[0], four[0], six[1], six[2]] == in_turns([*six, *four])
    assert [four[0], six[0], six[1], six[2]] == in_turns([*four, *six])
    assert [] == in_turns([])
