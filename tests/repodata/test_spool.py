"""Bytes that are kept in memory or in a file, and are the same in both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.repodata.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

PIECES = [b"one", b"", b"three", b"4", b"five" * 10]


@pytest.mark.parametrize("in_memory", [0, 5, 9, 1000])
def test_what_is_kept_comes_back_in_pieces_and_as_a_whole(tmp_path: Path, in_memory: int) -> None:
    spool = Spool(tmp_path, in_memory=in_memory)
    for count, piece in enumerate(PIECES, 1):
        spool.append(piece)
        assert [spool[index] for index in range(len(spool))] == PIECES[:count]
    assert bytes(spool.whole()) == b"".join(PIECES)


def test_nothing_is_left_in_the_directory(tmp_path: Path) -> None:
    spool = Spool(tmp_path, in_memory=0)
    spool.append(b"something")
    assert bytes(spool.whole()) == b"something"
    del spool
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there_costs_only_memory(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "missing", in_memory=4)
    for piece in PIECES:
        spool.append(piece)
    assert [spool[index] for index in range(len(spool))] == PIECES
    assert spool.whole() == b"".join(PIECES)


def test_nothing_is_nothing(tmp_path: Path) -> None:
    assert Spool(tmp_path, in_memory=0).whole() == b""
