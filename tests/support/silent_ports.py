"""Ports of loopback where nobody answers, in the ways that firewalls and broken hosts have."""

from __future__ import annotations

import socket
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("closed_port", "full_port", "is_connecting", "silent_port")


@contextmanager
def closed_port() -> Iterator[int]:
    """Give a port where connections are refused, and that nobody else takes meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def full_port() -> Iterator[int]:
    """Give a port whose queue is full: who connects to it gets no answer at all."""
    if sys.platform != "linux":
        pytest.skip("other systems answer when the queue is full")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        try:
            while True:
                waiting.append(socket.socket())
                waiting[-1].settimeout(0.2)
                waiting[-1].connect(listener.getsockname())
        except TimeoutError:
            waiting.pop().close()
            yield listener.getsockname()[1]
        finally:
            for each in waiting:
                each.close()


@contextmanager
def silent_port() -> Iterator[socket.socket]:
    """Give a socket that listens, for who accepts its connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        yield listener


def is_connecting(port: int) -> bool:
    """Whether a connection to a port of loopback has been begun and not answered (Linux)."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(line.split()[2:4] == [f"0100007F:{port:04X}", "02"] for line in lines)
