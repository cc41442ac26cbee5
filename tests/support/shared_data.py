"""Real channel metadata beside the checkout, where there is some.

The data is large and not part of the project; a test that wants it is skipped without it.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from backports import zstd

ROOT = Path(
    os.environ.get("HOGNOSE_SHARED_DATA")
    or Path(__file__).resolve().parents[2].parent / "shared" / "data"
)


def require(relative_path: str) -> Path:
    """Return a path in the shared data, or skip the test that asks."""
    path = ROOT / relative_path
    if not path.exists():
        pytest.skip(f"no shared data at {path}")
    return path


@cache
def read_zst(relative_path: str) -> bytes:
    """Return the decompressed content of a `.zst` file in the shared data, or skip."""
    return zstd.decompress(require(relative_path).read_bytes())
