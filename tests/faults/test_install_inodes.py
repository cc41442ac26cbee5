"""File systems that have room for bytes and none for another file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from hognose.cache import PackageCache
from hognose.errors import HognoseError
from support.environment import Environment
from support.exact_state import exact_state
from support.mounts import in_memory

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts file systems of Linux")

FOLDERS = range(6)


def test_too_few_inodes_leave_the_state_before_or_the_one_after(tmp_path: Path) -> None:
    messages: list[str] = []
    for inodes in range(6, 60, 4):
        with in_memory(tmp_path / "disk", f"size=16m,nr_inodes={inodes}") as disk:
            environment = Environment(disk)
            environment.channel = tmp_path / "channel"
            environment.cache = PackageCache(tmp_path / "cache")
            old = environment.package("a", "1", files={f"d{n}/x": "old" for n in FOLDERS})
            new = environment.package("a", "2", files={f"d{n}/y": "new" for n in FOLDERS})
            try:
                environment.install(old)
            except HognoseError as error:
                messages.append(str(error).lower())
                assert not environment.prefix.exists()
                continue
            before = exact_state(environment.prefix)
            try:
                environment.install(new)
            except HognoseError as error:
                messages.append(str(error).lower())
                assert before == exact_state(environment.prefix)
            else:
                assert [f"d{n}/y" for n in FOLDERS] == environment.files()
    assert 2 < len(messages) < 14
    assert [] == [text for text in messages if "no space left" not in text]
