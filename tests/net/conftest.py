"""A client and a server with one file, for tests that bring no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.net import Client
from support.channel_server import ChannelServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChannelServer]:
    (tmp_path / "noarch").mkdir()
    (tmp_path / "noarch" / "a.conda").write_bytes(bytes(range(256)) * 64)
    with ChannelServer(tmp_path) as server:
        yield server


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def client(pauses: list[float]) -> Iterator[Client]:
    with Client(environ={}, sleep=pauses.append, jitter=lambda: 1.0, read_timeout=5.0) as client:
        yield client
