"""`history` and `rollback`: what was, and back to it."""

import json
import os
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


@pytest.fixture
def unlogged(hognose, channel, tmp_path):
    """Return an environment with lib, into which another program then installed app."""
    path = tmp_path / "unlogged"
    hognose("create", "-p", path, "-c", channel, "lib")
    log = path / "conda-meta/history"
    before = log.read_text()
    hognose("install", "-y", "-p", path, "-c", channel, "app")
    log.write_text(before)
    return path


def test_rollback_undoes_a_change_and_not_what_another_program_did_before(
    hognose, channel, unlogged
):
    hognose("install", "-y", "-p", unlogged, "-c", channel, "old")

    result = hognose("rollback", "-y", "-p", unlogged)

    assert 0 == result.status, result.err
    assert ["app=1.0=0", "lib=2.0=0"] == installed(unlogged)


def test_rollback_past_what_another_program_did_names_what_goes(hognose, unlogged):
    later = 4_000_000_000
    os.utime(unlogged / "conda-meta/app-1.0-0.json", (later, later))

    result = hognose("rollback", "-y", "-p", unlogged, "0")

    said = " ".join(result.err.split())
    assert "installed by another program after revision 0, are removed: `app`" in said
    assert ["lib=2.0=0"] == installed(unlogged)


def test_rollback_keeps_what_is_older_than_an_incomplete_log(hognose, unlogged):
    os.utime(unlogged / "conda-meta/app-1.0-0.json", (0, 0))

    result = hognose("rollback", "-y", "-p", unlogged, "0")

    assert 0 == result.status, result.err
    assert "so left in place: `app`" in " ".join(result.err.split())
    assert ["app=1.0=0", "lib=2.0=0"] == installed(unlogged)


def test_history_shows_what_another_program_changed_as_that(hognose, unlogged):
    rows = json.loads(hognose("history", "-p", unlogged, "--json").out)["revisions"]

    assert [False, True] == [row["by_another_program"] for row in rows]
    assert "(changed by another program)" in hognose("history", "-p", unlogged).out


def test_an_environment_that_another_program_made_loses_nothing_by_a_rollback(
    hognose, channel, unlogged
):
    (unlogged / "conda-meta/history").write_text("")
    hognose("install", "-y", "-p", unlogged, "-c", channel, "old")

    hognose("rollback", "-y", "-p", unlogged)

    assert ["app=1.0=0", "lib=2.0=0"] == installed(unlogged)


def test_a_package_of_a_linked_archive_comes_back_from_the_archive(hognose, tmp_path, channel):
    archive = tmp_path / "downloads/lib-2.0-0.conda"
    archive.parent.mkdir()
    shutil.copy(channel / "linux-64/lib-2.0-0.conda", archive)
    path = tmp_path / "linked"
    hognose("link", "-y", "-p", path, archive)
    hognose("unlink", "-y", "-p", path, "lib")
    shutil.rmtree(tmp_path / "cache")

    result = hognose("rollback", "-y", "-p", path)

    assert 0 == result.status, result.err
    assert ["lib=2.0=0"] == installed(path)
