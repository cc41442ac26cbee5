"""A path that cannot be an environment's is refused by a dry run as by the change."""

import os

import pytest

posix = pytest.mark.skipif(os.name == "nt", reason="paths of POSIX systems")


@pytest.fixture
def prefix(hognose, channel, tmp_path):
    path = tmp_path / "env"
    assert 0 == hognose("create", "-p", path, "-c", channel, "app").status
    (tmp_path / "file").write_text("")
    return path


def agree(hognose, *words):
    """Return the error that both a dry run and the change end with."""
    dry, real = hognose(*words, "--dry-run"), hognose(*words, "-y")
    assert dry.status == real.status
    assert dry.status in {1, 2}
    (said,) = (line for line in dry.err.splitlines() if line.startswith("error: "))
    assert said in real.err.splitlines()
    return said


@posix
@pytest.mark.parametrize("name", ["a:b", "x" * 250, "file/env"])
def test_nothing_is_planned_for_it(hognose, channel, prefix, tmp_path, name):
    said = agree(hognose, "create", "-p", tmp_path / name, "-c", channel, "app")

    assert "the environment" in said


@posix
@pytest.mark.parametrize("action", ["clone", "rename"])
@pytest.mark.parametrize("name", ["a:b", "file", "env", "env/sub"])
def test_no_environment_is_copied_to_it(hognose, prefix, tmp_path, action, name):
    before = sorted(tmp_path.iterdir())

    agree(hognose, "env", action, tmp_path / name, "-p", prefix)

    assert before == sorted(tmp_path.iterdir())
    assert (prefix / "conda-meta/history").is_file()
