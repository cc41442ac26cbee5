"""What commands refuse to remove, and what several of them at once do to one environment."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from hognose.channel import index_channel
from hognose.install import read_history
from hognose.types import PrefixRecord
from support.package_maker import make_package


def installed(prefix):
    return [str(record.name) for record in PrefixRecord.collect(prefix)]


@pytest.fixture
def prefix(hognose, channel, tmp_path):
    result = hognose("create", "-y", "-p", tmp_path / "environment", "-c", channel, "app")
    assert 0 == result.status, result.err
    return tmp_path / "environment"


@pytest.mark.parametrize("words", [("remove", "--all"), ("env", "remove"), ("env", "rename", "x")])
@pytest.mark.parametrize("has_inner", [False, True])
def test_the_root_prefix_stays(words, has_inner, hognose, channel, tmp_path, monkeypatch):
    root = tmp_path / "root"
    monkeypatch.setenv("CONDA_ROOT_PREFIX", str(root))
    hognose("create", "-y", "-p", root, "-c", channel, "lib")
    if has_inner:
        hognose("create", "-y", "-n", "work", "-c", channel, "lib")

    result = hognose(*words, "-n", "base", "-y")

    assert 0 != result.status
    assert "root prefix" in result.err
    assert ["lib"] == installed(root)
    assert not has_inner or ["lib"] == installed(root / "envs/work")


def test_a_home_directory_that_looks_like_an_environment_stays(hognose, channel, private_home):
    hognose("create", "-y", "-p", private_home / "x", "-c", channel, "lib")
    (private_home / "conda-meta").mkdir()
    (private_home / "conda-meta/history").touch()

    result = hognose("remove", "--all", "-y", "-p", private_home)

    assert 1 == result.status
    assert "the home directory" in result.err
    assert ["lib"] == installed(private_home / "x")


def test_remove_all_never_takes_the_active_environment_by_itself(hognose, prefix, monkeypatch):
    monkeypatch.setenv("CONDA_PREFIX", str(prefix))

    result = hognose("remove", "--all", "-y")

    assert 2 == result.status
    assert "name the environment to remove" in result.err
    assert ["app", "lib"] == installed(prefix)


def test_an_environment_with_a_broken_record_can_be_removed(hognose, prefix):
    (prefix / "conda-meta/app-1.0-0.json").write_text("{")

    result = hognose("remove", "--all", "-y", "-p", prefix)

    assert 0 == result.status, result.err
    assert not prefix.exists()


@pytest.mark.skipif(os.name == "nt", reason="makes a symbolic link")
@pytest.mark.parametrize("words", [("env", "remove"), ("env", "rename", "./new")])
def test_a_link_to_an_environment_is_not_taken_for_it(words, hognose, prefix, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(prefix)

    result = hognose(*words, "-p", link, "-y")

    assert 1 == result.status
    assert str(prefix) in result.err
    assert (prefix / "conda-meta/history").is_file()
    assert link.is_symlink()


@pytest.mark.skipif(os.name == "nt", reason="a colon is part of every path there")
def test_an_environment_that_path_could_not_hold_is_not_made(hognose, channel, tmp_path):
    result = hognose("create", "-y", "-p", tmp_path / "a:b", "-c", channel, "lib")

    assert 1 == result.status
    assert "`:`" in result.err
    assert not (tmp_path / "a:b").exists()


def test_the_history_has_a_command_line_that_can_be_pasted_and_no_secret(
    hognose, channel, prefix, monkeypatch
):
    words = ["hognose", "install", "lib <2", "-c", "http://me:pass@host/", "-p", "a b"]
    monkeypatch.setattr(sys, "argv", words)
    hognose("install", "-y", "-p", prefix, "-c", channel, "old")

    logged = read_history(prefix)[-1].command

    assert "pass" not in (prefix / "conda-meta/history").read_text()
    assert [*words[:4], "http://********@host/", "-p", "a b"] == shlex.split(logged)
    assert "me:pass" not in hognose("history", "-p", prefix, "1").out


def test_doctor_makes_a_record_that_cannot_be_read_anew(hognose, channel, prefix):
    record = prefix / "conda-meta/app-1.0-0.json"
    before = json.loads(record.read_text())
    record.write_text("{")

    hint = hognose("install", "-y", "-p", prefix, "-c", channel, "old").err
    result = hognose("doctor", "--repair", "-y", "-p", prefix, "-c", channel)

    assert "hognose doctor --repair" in hint
    assert str(record) in hint
    assert 0 == result.status, result.err
    assert before == json.loads(record.read_text())
    assert 0 == hognose("doctor", "-p", prefix).status
    assert "replaced" not in result.err


def test_doctor_fetches_a_package_whose_record_cannot_be_read(hognose, channel, prefix, tmp_path):
    (prefix / "conda-meta/lib-2.0-0.json").write_text("")
    hognose("cache", "clean", "--all", "-y")
    os.rename(tmp_path / "cache", tmp_path / "moved away")

    result = hognose("doctor", "--repair", "-y", "-p", prefix, "-c", channel)

    assert 0 == result.status, result.err
    assert ["app", "lib"] == installed(prefix)
    assert [("app",), ()] == [item.requested_specs for item in PrefixRecord.collect(prefix)]


def test_doctor_says_so_where_a_package_is_not_to_be_had(hognose, channel, prefix):
    (prefix / "conda-meta/gone-1-0.json").write_text("{")

    result = hognose("doctor", "--repair", "-y", "-p", prefix, "-c", channel)

    assert 1 == result.status
    assert f"delete {prefix}/conda-meta/gone-1-0.json" in result.err
    assert (prefix / "conda-meta/gone-1-0.json").exists()


def test_doctor_begins_a_history_where_there_is_none(hognose, channel, prefix):
    (prefix / "conda-meta/history").unlink()
    assert "unlogged" in hognose("doctor", "-p", prefix).out

    assert 0 == hognose("doctor", "--repair", "-y", "-p", prefix).status

    assert 0 == hognose("doctor", "-p", prefix).status
    assert ["app", "lib"] == [line.split("::")[1].split("-")[0] for line in _linked(prefix)]


def _linked(prefix):
    return read_history(prefix)[0].linked


@pytest.fixture
def rivals(tmp_path):
    """Return a channel with packages that have nothing to do with each other."""
    directory = tmp_path / "rivals"
    for name in ("one", "two", "three", "base"):
        make_package(directory, name, "1", files={f"share/{name}": name})
    index_channel(directory)
    return directory


def test_changes_at_the_same_time_all_hold(hognose, rivals, tmp_path):
    prefix = tmp_path / "environment"
    hognose("create", "-y", "-p", prefix, "-c", rivals, "base")
    names = ["one", "two", "three"]
    command = [sys.executable, "-m", "hognose.cli", "install", "-y", "-p", prefix, "-c", rivals]

    processes = [
        subprocess.Popen(
            [*command, name],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    ends = [(process.communicate()[1], process.returncode) for process in processes]

    assert [0, 0, 0] == [status for _, status in ends], ends
    assert ["base", "one", "three", "two"] == installed(prefix)
    records = PrefixRecord.collect(prefix)
    assert all((str(record.name),) == record.requested_specs for record in records)


def test_what_came_while_somebody_was_asked_stays(hognose, rivals, tmp_path, monkeypatch):
    prefix = tmp_path / "environment"
    hognose("create", "-y", "-p", prefix, "-c", rivals, "base")
    asked = []

    def answer(*_words, **_options):
        asked.append(installed(prefix))
        if len(asked) == 1:
            command = [sys.executable, "-m", "hognose.cli", "install", "-y"]
            subprocess.run([*command, "-p", prefix, "-c", rivals, "two"], check=True)
        return True

    # A person at a terminal, who takes a moment.
    monkeypatch.setattr("hognose.cli.change.agrees", answer)

    result = hognose("install", "-p", prefix, "-c", rivals, "one")

    assert 0 == result.status, result.err
    assert [["base"], ["base", "two"]] == asked
    assert ["base", "one", "two"] == installed(prefix)
    assert "planning again" in result.err
