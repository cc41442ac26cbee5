"""`history` and `rollback`: what was, and back to it."""

import json
import shutil

import pytest

from hognose.types import PrefixRecord
from support.trees import snapshot


@pytest.fixture
def prefix(hognose, channel, tmp_path):
    """Return an environment with three revisions: lib 2; then old and lib 1; then all."""
    path = tmp_path / "env"
    for words in (
        ("create", "-p", path, "-c", channel, "lib"),
        ("install", "-y", "-p", path, "-c", channel, "old"),
        ("install", "-y", "-p", path, "-c", channel, "app"),
    ):
        result = hognose(*words)
        assert 0 == result.status, result.err
    return path


def installed(prefix):
    return [str(record) for record in PrefixRecord.collect(prefix)]


def test_every_change_is_a_revision(hognose, channel, prefix):
    document = json.loads(hognose("history", "-p", prefix, "--json").out)

    revisions = document["revisions"]
    base = f"{channel.as_uri()}/linux-64::"
    assert [0, 1, 2] == [revision["revision"] for revision in revisions]
    assert [f"{base}lib-1.0-0", f"{base}old-1.0-0"] == revisions[1]["packages"]
    assert [f"{base}lib-2.0-0"] == revisions[1]["unlinked"]


def test_the_table_has_a_line_for_each(hognose, prefix):
    lines = hognose("history", "-p", prefix).out.splitlines()

    assert 5 == len(lines)
    assert ["1", "+2", "-1", "2"] == [lines[3].split()[index] for index in (0, 3, 4, 5)]


def test_one_revision_shows_its_changes(hognose, channel, prefix):
    lines = hognose("history", "-p", prefix, "2").out.splitlines()

    assert [f"+{channel.as_uri()}/linux-64::app-1.0-0"] == lines[1:]


def test_rollback_goes_one_step_back_and_forgets_what_was_asked_for_since(hognose, prefix):
    result = hognose("rollback", "-y", "-p", prefix)

    assert 0 == result.status, result.err
    assert ["lib=1.0=0", "old=1.0=0"] == installed(prefix)
    assert [("lib",), ("old",)] == [item.requested_specs for item in PrefixRecord.collect(prefix)]


def test_rollback_to_a_revision_restores_its_files(hognose, channel, prefix, tmp_path):
    other = tmp_path / "other"
    hognose("create", "-p", other, "-c", channel, "lib")

    result = hognose("rollback", "-y", "-p", prefix, "0")

    assert 0 == result.status, result.err
    shutil.rmtree(prefix / "conda-meta")
    shutil.rmtree(other / "conda-meta")
    assert snapshot(other) == snapshot(prefix)


def test_a_rollback_can_be_rolled_back(hognose, prefix):
    hognose("rollback", "-y", "-p", prefix, "0")

    result = hognose("rollback", "-y", "-p", prefix)

    assert 0 == result.status, result.err
    assert ["app=1.0=0", "lib=1.0=0", "old=1.0=0"] == installed(prefix)


def test_packages_that_left_the_cache_are_fetched_from_their_channel(hognose, prefix, tmp_path):
    hognose("rollback", "-y", "-p", prefix, "0")
    shutil.rmtree(tmp_path / "cache")

    result = hognose("rollback", "-y", "-p", prefix)

    assert 0 == result.status, result.err
    assert ["app=1.0=0", "lib=1.0=0", "old=1.0=0"] == installed(prefix)


def test_a_revision_that_is_not_there_is_refused(hognose, prefix):
    result = hognose("rollback", "-y", "-p", prefix, "7")

    assert 2 == result.status
    assert "no revision 7" in result.err


def test_the_first_revision_has_nothing_before_it(hognose, channel, tmp_path):
    hognose("create", "-p", tmp_path / "new", "-c", channel, "lib")

    assert "nothing to go back to" in hognose("rollback", "-y", "-p", tmp_path / "new").err
