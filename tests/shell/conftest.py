"""Environments for the tests of shells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support import real_shells

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def make_prefix(tmp_path: Path) -> Callable[..., Path]:
    """A function that makes environments in a directory `envs`; see `real_shells.make_prefix`."""

    def make(name: str = "an env", **contents: Any) -> Path:
        return real_shells.make_prefix(tmp_path / "envs" / name, **contents)

    return make
