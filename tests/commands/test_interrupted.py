"""What a killed command left behind is tidied up by the next one, before it plans."""

from __future__ import annotations

import pytest

from hognose.install.journal import Journal
from hognose.types import PrefixRecord


@pytest.fixture
def prefix(tmp_path, hognose, channel):
    prefix = tmp_path / "environment"
    assert hognose("create", "-q", "-y", "-p", prefix, "-c", channel, "lib=1").status == 0
    return prefix


def interrupt(prefix):
    """Leave an environment as a kill does in the middle of removing everything."""
    journal = Journal.begin(str(prefix))
    journal.move([("lib/lib.txt", journal.trash_path())])
    journal.move([("conda-meta/lib-1.0-0.json", journal.trash_path())])
    journal.close()
    assert PrefixRecord.collect(prefix) == []


@pytest.mark.parametrize(
    "command", [["update", "lib"], ["remove", "lib"], ["install", "old"], ["update", "--all"]]
)
def test_commands_plan_with_the_state_that_was_brought_back(prefix, hognose, channel, command):
    interrupt(prefix)
    source = [] if command[0] == "remove" else ["-c", channel]
    result = hognose(*command, "-y", "-p", prefix, *source)
    assert result.status == 0, result.err
    assert not (prefix / "conda-meta/.transaction").exists()
    installed = {record.name for record in PrefixRecord.collect(prefix)}
    assert {"remove": set(), "install": {"lib", "old"}}.get(command[0], {"lib"}) == installed


def test_a_creation_that_was_killed_is_begun_again(tmp_path, hognose, channel):
    prefix = tmp_path / "environment"
    (prefix / "conda-meta").mkdir(parents=True)
    Journal.begin(str(prefix), made_directories=[str(prefix), f"{prefix}/conda-meta"]).close()
    result = hognose("create", "-y", "-p", prefix, "-c", channel, "lib")
    assert result.status == 0, result.err


def test_a_creation_that_was_killed_at_once_is_begun_again(tmp_path, hognose, channel):
    prefix = tmp_path / "environment"
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta/.lock").write_text("")
    result = hognose("create", "-y", "-p", prefix, "-c", channel, "lib")
    assert result.status == 0, result.err
