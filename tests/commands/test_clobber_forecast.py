"""`--dry-run` says of contested files what is known, and what is not."""

import json

import pytest

from hognose.channel import index_channel
from support.package_maker import make_package


@pytest.fixture
def contested(tmp_path):
    directory = tmp_path / "contested"
    make_package(directory, "one", "1", files={"share/x": "1"})
    make_package(directory, "two", "1", depends=["one"], files={"share/x": "2"})
    make_package(directory, "module", "1", noarch="python", files={"site-packages/m.py": ""})
    index_channel(directory)
    return directory


@pytest.fixture
def prefix(hognose, contested, tmp_path):
    """Return an environment with `one`, while `two` is in the cache."""
    path = tmp_path / "env"
    assert 0 == hognose("create", "-p", path, "-c", contested, "one").status
    return path


def test_what_would_be_an_error_is_one_in_a_dry_run(hognose, prefix, contested, tmp_path):
    hognose("create", "-p", tmp_path / "other", "-c", contested, "two")
    words = ("install", "-y", "-p", prefix, "-c", contested, "two", "--clobber", "error")

    dry, real = hognose(*words, "--dry-run"), hognose(*words)

    assert (1, 1) == (dry.status, real.status)
    assert "error: several packages ship share/x: one, two" in dry.err
    assert "error: several packages ship share/x: one, two" in real.err


def test_what_would_be_a_warning_is_one_in_a_dry_run(hognose, prefix, contested, tmp_path):
    hognose("create", "-p", tmp_path / "other", "-c", contested, "two")
    words = ("install", "-y", "-p", prefix, "-c", contested, "two")

    dry = hognose(*words, "--dry-run")
    document = json.loads(hognose(*words, "--dry-run", "--json").out)

    assert 0 == dry.status
    assert "several packages ship share/x: one, two; the file of two is used" in dry.err
    expected = [{"path": "share/x", "winner": "two", "losers": ["one"]}]
    assert expected == document["clobbered"]
    assert [] == document["unknown_files"]


def test_what_is_not_known_yet_is_said_where_it_may_be_an_error(hognose, prefix, contested):
    words = ("install", "-p", prefix, "-c", contested, "two", "--dry-run")

    strict = hognose(*words, "--clobber", "error")
    usual = hognose(*words)
    document = json.loads(hognose(*words, "--json").out)

    assert (0, 0) == (strict.status, usual.status)
    assert "what files there are in two is known when they are fetched" in strict.err
    assert "fetched" not in usual.err
    assert (["two"], []) == (document["unknown_files"], document["clobbered"])


def test_a_module_without_python_is_refused_by_a_dry_run_as_well(hognose, contested, tmp_path):
    words = ("create", "-p", tmp_path / "new", "-c", contested, "module")

    dry, real = hognose(*words, "--dry-run"), hognose(*words)

    assert (1, 1) == (dry.status, real.status)
    assert "module-1-0 needs Python to be linked" in dry.err
    assert dry.err.splitlines()[-2:] == real.err.splitlines()[-2:]


@pytest.mark.parametrize("action", ["clone", "rename"])
def test_a_copy_that_would_be_refused_is_refused_by_a_dry_run(
    hognose, prefix, contested, tmp_path, action
):
    hognose("install", "-y", "-p", prefix, "-c", contested, "two")
    words = ("env", action, tmp_path / "copy", "-y", "-p", prefix, "--clobber", "error")

    dry, real = hognose(*words, "--dry-run"), hognose(*words)

    assert (1, 1) == (dry.status, real.status)
    assert "several packages ship share/x: one, two" in dry.err
    assert not (tmp_path / "copy").exists()
