"""A small world for the tests of `cx`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.cx_world import World, make_world

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A channel, a configuration that names it, and an empty home."""
    return make_world(tmp_path)
