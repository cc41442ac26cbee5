"""What most tests of the gateway start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.net import Client
from support.toy_channel import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(environ={}, sleep=lambda seconds: None, read_timeout=5.0) as client:
        yield client


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    return tmp_path / "channel"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
