from __future__ import annotations

import bz2
import gzip
import io

import pytest

from hognose.errors import FetchRepoDataError
from hognose.repodata.decompression import read_all
from support.repodata_files import zstd

PACK = {"zst": zstd.compress, "bz2": bz2.compress, "gzip": gzip.compress}
TEXT = b"".join(b"%d " % number for number in range(200_000))


class Dripping:
    """A source that gives less than it is asked for."""

    def __init__(self, content):
        self.stream = io.BytesIO(content)

    def read(self, size):
        return self.stream.read(min(size, 4099))


@pytest.mark.parametrize("form", PACK)
@pytest.mark.parametrize("source", [io.BytesIO, Dripping])
def test_what_was_packed_is_unpacked(form, source):
    packed = PACK[form](TEXT)
    assert read_all(source(packed), form, max_size=len(TEXT), what="x") == TEXT


@pytest.mark.parametrize("form", PACK)
@pytest.mark.parametrize("text", [b"", b"a", bytes(1 << 20), bytes((1 << 22) + 1)])
def test_sizes_at_the_edges_are_unpacked(form, text):
    packed = PACK[form](text)
    assert read_all(io.BytesIO(packed), form, max_size=1 << 23, what="x") == text


@pytest.mark.parametrize("form", PACK)
def test_parts_that_follow_each_other_are_joined(form):
    packed = PACK[form](b"one") + PACK[form](TEXT) + PACK[form](b"two")
    expected = b"one" + TEXT + b"two"
    assert read_all(io.BytesIO(packed), form, max_size=1 << 23, what="x") == expected


@pytest.mark.parametrize("form", PACK)
def test_a_missing_end_is_noticed(form):
    packed = PACK[form](TEXT)
    with pytest.raises(FetchRepoDataError, match="x is broken: it ends too early"):
        read_all(io.BytesIO(packed[:-3]), form, max_size=1 << 23, what="x")


@pytest.mark.parametrize("form", PACK)
def test_garbage_is_noticed(form):
    for content in (b"garbage", PACK[form](b"a") + b"garbage"):
        with pytest.raises(FetchRepoDataError, match="x is broken"):
            read_all(io.BytesIO(content), form, max_size=1 << 23, what="x")


@pytest.mark.parametrize("form", [None, *PACK])
def test_the_limit_holds_to_the_byte(form):
    packed = TEXT if form is None else PACK[form](TEXT)
    assert len(read_all(io.BytesIO(packed), form, max_size=len(TEXT), what="x")) == len(TEXT)
    with pytest.raises(FetchRepoDataError, match="x is too large"):
        read_all(io.BytesIO(packed), form, max_size=len(TEXT) - 1, what="x")
