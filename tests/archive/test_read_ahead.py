"""Pieces made ahead by another thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from hognose.archive.read_ahead import PieceStream, read_ahead

if TYPE_CHECKING:
    from collections.abc import Iterator


def numbered(count: int, *, fail: bool = False) -> Iterator[bytes]:
    for number in range(count):
        yield b"%d" % number
    if fail:
        message = "the source broke"
        raise ValueError(message)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "read-ahead" in thread.name]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100])
def test_all_pieces_come_in_order(count: int) -> None:
    assert [b"%d" % number for number in range(count)] == list(
        read_ahead(numbered(count), without_thread=2)
    )
    assert threads() == []


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100])
def test_an_error_of_the_source_comes_after_its_pieces(count: int) -> None:
    seen: list[bytes] = []
    with pytest.raises(ValueError, match="the source broke"):
        seen.extend(read_ahead(numbered(count, fail=True), without_thread=2))
    assert count == len(seen)
    assert threads() == []


def test_closing_early_ends_the_thread() -> None:
    source = numbered(1000)
    pieces = read_ahead(source, without_thread=2)
    for _ in range(5):
        next(pieces)
    assert len(threads()) == 1
    pieces.close()
    assert threads() == []
    assert int(next(source)) < 15


def test_few_pieces_are_made_without_a_thread() -> None:
    pieces = read_ahead(numbered(10), without_thread=10)
    for _ in range(10):
        next(pieces)
        assert threads() == []
    assert list(pieces) == []


def test_pieces_are_read_as_a_stream() -> None:
    stream = PieceStream(iter([b"abcd", b"ef", b"ghij"]))
    assert stream.peek(5) == b"abcde"
    assert stream.read(3) == b"abc"
    assert stream.read(100) == b"def"
    assert stream.peek(100) == b"ghij"
    assert stream.read(1) == b"g"
    assert stream.read(100) == b"hij"
    assert stream.read(1) == b""
    assert stream.peek(1) == b""


def test_what_is_left_of_a_stream_is_made() -> None:
    source = numbered(1000)
    stream = PieceStream(source)
    stream.read(1)
    stream.drain()
    assert stream.read(1) == b""
    assert next(source, None) is None
