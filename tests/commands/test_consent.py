"""Who is asked before a change, what a question looks like, and what holds without a terminal."""

import json
import os
import subprocess
import sys

import pytest

from hognose.types import PrefixRecord

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals in the standard library")


def at_a_terminal(answer, *words):
    """Run the command with a terminal for input and messages; return status, output, messages."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "hognose", *map(str, words)],
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        env=dict(os.environ, TERM="dumb"),
    )
    os.close(theirs)
    os.write(ours, answer)
    said = b""
    while True:
        try:
            block = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        said += block
    out, _ = process.communicate(timeout=20)
    os.close(ours)
    return process.returncode, out.decode(), said.decode()


@pytest.fixture
def prefix(hognose, channel, tmp_path):
    path = tmp_path / "env"
    for words in (("create", "app"), ("install", "-y", "old")):
        result = hognose(*words, "-p", path, "-c", channel)
        assert 0 == result.status, result.err
    return path


def installed(prefix):
    return [str(record.name) for record in PrefixRecord.collect(prefix)]


@pytest.mark.parametrize(
    "words",
    [
        ("remove", "app"),
        ("remove", "--all"),
        ("env", "remove"),
        ("env", "rename", "./other"),
        ("unlink", "app"),
        ("rollback", "0"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("more", [(), ("-q",)], ids=["plain", "quiet"])
def test_without_a_terminal_nothing_is_taken_away_unless_yes_is_said(hognose, prefix, words, more):
    result = hognose(*words, "-p", prefix, *more)

    assert 1 == result.status
    assert "no terminal to ask at" in result.err
    assert "--yes" in result.err
    assert ["app", "lib", "old"] == installed(prefix)


def test_json_is_no_yes(hognose, prefix):
    result = hognose("remove", "-p", prefix, "app", "--json")

    assert 1 == result.status
    document = json.loads(result.out)
    assert "--yes" in document["error"]["hint"]
    assert ["app", "lib", "old"] == installed(prefix)


def test_a_downgrade_needs_a_yes_without_a_terminal(hognose, channel, tmp_path):
    hognose("create", "-p", tmp_path / "env", "-c", channel, "lib")

    refused = hognose("install", "-p", tmp_path / "env", "-c", channel, "lib <2")
    allowed = hognose("install", "-p", tmp_path / "env", "-c", channel, "lib <2", "-y")

    assert (1, 0) == (refused.status, allowed.status)


def test_what_only_adds_needs_no_yes_without_a_terminal(hognose, channel, tmp_path):
    created = hognose("create", "-p", tmp_path / "env", "-c", channel, "lib")
    added = hognose("install", "-p", tmp_path / "env", "-c", channel, "app")

    assert (0, 0) == (created.status, added.status)
    assert ["app", "lib"] == installed(tmp_path / "env")


def test_the_configuration_may_say_yes(hognose, prefix, private_home):
    (private_home / ".condarc").write_text("always_yes: true\n")

    assert 0 == hognose("remove", "-p", prefix, "app").status
    assert ["lib", "old"] == installed(prefix)


@pytest.mark.parametrize("more", [(), ("-q",)], ids=["plain", "quiet"])
@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"\x04"], ids=["no", "nothing", "end"])
def test_at_a_terminal_removing_asks_and_the_default_is_no(prefix, answer, more):
    status, _, said = at_a_terminal(answer, "remove", "-p", prefix, "app", *more)

    assert 1 == status
    assert "[y/N]" in said
    assert "1 to remove" in said
    assert "nothing was changed" in said
    assert ["app", "lib", "old"] == installed(prefix)


def test_at_a_terminal_a_yes_is_a_yes(prefix):
    status, _, said = at_a_terminal(b"y\n", "remove", "-p", prefix, "app")

    assert 0 == status, said
    assert ["lib", "old"] == installed(prefix)


def test_at_a_terminal_adding_asks_and_the_default_is_yes(channel, tmp_path):
    status, _, said = at_a_terminal(b"\n", "create", "-p", tmp_path / "new", "-c", channel, "lib")

    assert 0 == status, said
    assert "[Y/n]" in said


def test_json_at_a_terminal_adds_as_it_does_without_one(channel, tmp_path):
    status, out, said = at_a_terminal(
        b"", "create", "-p", tmp_path / "new", "-c", channel, "lib", "--json"
    )

    assert 0 == status, said
    assert json.loads(out)["success"]
    assert "[Y/n]" not in said
    assert ["lib"] == installed(tmp_path / "new")


def test_at_a_terminal_json_asks_nothing_and_takes_nothing_away(prefix):
    status, out, said = at_a_terminal(b"y\n", "remove", "-p", prefix, "app", "--json")

    assert 1 == status
    assert "--dry-run" in json.loads(out)["error"]["hint"]
    assert "[y/N]" not in said
    assert ["app", "lib", "old"] == installed(prefix)


def test_saying_no_to_removing_an_environment_ends_the_same_way(prefix):
    status, _, said = at_a_terminal(b"n\n", "env", "remove", "-p", prefix)

    assert 1 == status
    assert "nothing was changed" in said
    assert prefix.is_dir()
