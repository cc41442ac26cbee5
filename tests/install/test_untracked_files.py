"""Files of no package, copied to another prefix."""

import tracemalloc

import pytest

from hognose.install import copy_untracked_files
from hognose.install.untracked_files import _PIECE


@pytest.fixture
def prefixes(tmp_path):
    old, new = tmp_path / "old", tmp_path / "a-new-one"
    old.mkdir()
    return old, new


def copy(prefixes):
    return copy_untracked_files(*map(str, prefixes), [])


@pytest.mark.parametrize("before", [0, _PIECE - 60, _PIECE - 3, _PIECE, 2 * _PIECE - 5])
def test_the_prefix_is_replaced_wherever_it_is_in_a_text(prefixes, before):
    old, new = prefixes
    text = "x" * before + f"{old}{old}/bin " + "y" * _PIECE + f"{old}"
    (old / "file").write_text(text)

    copied = copy(prefixes)

    assert text.replace(str(old), str(new)) == (new / "file").read_text()
    assert ((new / "file").name,) == copied.files
    assert () == copied.unchanged


@pytest.mark.parametrize("zero", [0, 3 * _PIECE])
@pytest.mark.parametrize("before", [10, _PIECE - 3, 2 * _PIECE])
def test_the_prefix_stays_in_what_is_no_text(prefixes, before, zero):
    old, new = prefixes
    data = bytearray(b"x" * before + bytes(old) + b"y" * (3 * _PIECE))
    data[zero] = 0
    (old / "file").write_bytes(data)

    copied = copy(prefixes)

    assert bytes(data) == (new / "file").read_bytes()
    assert (("file",), ("file",)) == (copied.files, copied.unchanged)


@pytest.mark.parametrize("text", ["", "the prefix follows"])
def test_a_large_file_is_not_read_into_memory(prefixes, text):
    old, new = prefixes
    with open(old / "file", "w") as file:
        file.writelines("x" * _PIECE for _ in range(32))
        if text:
            file.write(f"{text}: {old}")
    tracemalloc.start()
    try:
        copy(prefixes)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 12 * _PIECE
    assert (old / "file").stat().st_size <= (new / "file").stat().st_size
