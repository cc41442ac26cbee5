"""What a killed command left behind is tidied up by the next one, before it plans."""

from __future__ import annotations

import sys
from subprocess import run

import pytest

from hognose.install import PrefixLock
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


@pytest.mark.parametrize(
    "command",
    [
        ["list"],
        ["run", "true"],
        ["activate"],
        ["history"],
        ["why", "lib"],
        ["env", "vars", "list"],
        ["env", "vars", "set", "A=1"],
        ["install-menu"],
        ["remove-menu"],
    ],
)
def test_no_command_uses_what_is_half_changed(prefix, channel, command):
    interrupt(prefix)
    words = [*command[:1], "-p", prefix, *command[1:]]
    if command[0] == "env":
        words = [*command[:3], "-p", prefix, *command[3:]]
    if command[0] == "why":
        words += ["-c", channel]

    # A process of its own: `run` takes the place of the one that it runs in.
    done = run(
        [sys.executable, "-m", "hognose", *words], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "an interrupted change was undone" in done.stderr
    assert not (prefix / "conda-meta/.transaction").exists()
    assert {"lib"} == {record.name for record in PrefixRecord.collect(prefix)}


@pytest.mark.parametrize("command", ["list", "history"])
def test_what_somebody_is_changing_is_shown_with_a_warning(prefix, hognose, command):
    interrupt(prefix)

    with PrefixLock(prefix):
        result = hognose(command, "-p", prefix)

    assert result.status == 0, result.err
    assert "may be half changed: another process is changing the environment" in result.err
    assert (prefix / "conda-meta/.transaction").exists()


def test_a_dry_run_leaves_what_is_half_changed_and_says_so(prefix, hognose, channel):
    interrupt(prefix)

    result = hognose("install", "-p", prefix, "-c", channel, "--dry-run", "lib")

    assert result.status == 0, result.err
    assert "may be half changed" in result.err
    assert (prefix / "conda-meta/.transaction").exists()


def test_doctor_says_only_that_a_change_was_interrupted(prefix, hognose):
    interrupt(prefix)

    result = hognose("doctor", "-p", prefix)

    assert result.status == 1
    (line,) = result.out.splitlines()
    assert line.startswith("unfinished")
    assert "`hognose doctor --repair`" in line


def test_a_dry_repair_plans_nothing_with_half_of_a_change(prefix, hognose):
    interrupt(prefix)

    result = hognose("doctor", "--repair", "--dry-run", "-p", prefix)

    assert result.status == 1
    assert "plan for" not in result.err
    assert (prefix / "conda-meta/.transaction").exists()


def test_a_repair_finishes_with_an_interrupted_change_and_looks_again(prefix, hognose):
    interrupt(prefix)

    result = hognose("doctor", "--repair", "-y", "-p", prefix)

    assert result.status == 0, result.err
    assert "nothing is wrong with 1 package" in result.err
    assert hognose("doctor", "-p", prefix).status == 0


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
