"""A marker that cannot be read freezes as one that can."""

import os

import pytest

from hognose.errors import FrozenEnvironmentError
from hognose.install import freeze, frozen_message, require_not_frozen

NONSENSE = {
    "no UTF-8": b'{"message": "\xff"}',
    "nested deeply": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "another type": b'{"message": 5}',
    "no object": b"[]",
    "no JSON": b"frozen",
    "nothing": b"",
}


@pytest.fixture
def prefix(tmp_path):
    (tmp_path / "env/conda-meta").mkdir(parents=True)
    return tmp_path / "env"


@pytest.mark.parametrize("content", NONSENSE.values(), ids=NONSENSE)
def test_a_marker_that_makes_no_sense_freezes(prefix, content):
    (prefix / "conda-meta/frozen").write_bytes(content)

    with pytest.raises(FrozenEnvironmentError):
        require_not_frozen(prefix)


def test_a_folder_as_a_marker_freezes(prefix):
    (prefix / "conda-meta/frozen").mkdir()

    assert "" == frozen_message(prefix)


@pytest.mark.skipif(os.name == "nt", reason="makes a symbolic link")
def test_a_link_that_leads_nowhere_as_a_marker_freezes(prefix):
    (prefix / "conda-meta/frozen").symlink_to("nowhere")

    assert "" == frozen_message(prefix)


@pytest.mark.skipif(os.name == "nt", reason="makes a symbolic link")
@pytest.mark.parametrize("name", ["frozen", "frozen.part"])
def test_a_marker_is_not_written_through_a_link(prefix, name):
    victim = prefix.parent / "victim"
    victim.write_text("precious")
    (prefix / "conda-meta" / name).symlink_to(victim)

    freeze(prefix, "a reason")

    assert "precious" == victim.read_text()
    assert "a reason" == frozen_message(prefix)


def test_a_marker_that_cannot_be_written_leaves_nothing_behind(prefix):
    (prefix / "conda-meta/frozen").mkdir()

    with pytest.raises(OSError, match="frozen"):
        freeze(prefix, "a reason")

    assert ["frozen"] == os.listdir(prefix / "conda-meta")
