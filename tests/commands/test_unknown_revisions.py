"""Packages that only newer versions can read are told of by whatever reads channels (CEP 48)."""

from __future__ import annotations

import json

import pytest

from support.repodata_files import entry, repodata, write_repodata


@pytest.fixture
def channel(tmp_path):
    """Return a channel with two packages, and more in a revision that is not known."""
    revisions = {"v4": {"n_packages": 5, "message": "get the new one"}}
    document = repodata(entry("a"), entry("b", depends=["a"]), repodata_revisions=revisions)
    write_repodata(tmp_path / "telling", document)
    document = repodata(subdir="linux-64", repodata_revisions={"v4": {"n_packages": 2}})
    write_repodata(tmp_path / "telling", document, subdir="linux-64")
    return tmp_path / "telling"


COMMANDS = [
    "solve a",
    "create -n new --dry-run a",
    "lock a",
    "search a",
    "search a=3",
    "search nothing",
    "solve a=3",
    "repoquery depends a",
    "repoquery whoneeds a",
]


def run(hognose, command, channel, tmp_path, monkeypatch, *words):
    monkeypatch.chdir(tmp_path)
    return hognose(*command.split(), "-c", channel, "--platform", "linux-64", *words)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_tells_of_them_once(hognose, channel, tmp_path, monkeypatch, command):
    result = run(hognose, command, channel, tmp_path, monkeypatch)

    (line,) = [line for line in result.err.splitlines() if "newer version" in line]
    assert line.startswith("! ")
    assert line.endswith("telling: 7 packages need a newer version of hognose (v4)")
    assert 1 == result.err.count("get the new one")
    assert "newer version" not in result.out


@pytest.mark.parametrize("command", COMMANDS)
def test_a_quiet_command_does_not(hognose, channel, tmp_path, monkeypatch, command):
    result = run(hognose, command, channel, tmp_path, monkeypatch, "-q")

    assert "newer version" not in result.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_document_has_them(hognose, channel, tmp_path, monkeypatch, command):
    result = run(hognose, command, channel, tmp_path, monkeypatch, "--json")

    found = json.loads(result.out)["unknown_revisions"]
    assert [("linux-64", "v4", 2), ("noarch", "v4", 5)] == [
        (each["subdir"], each["revision"], each["package_count"]) for each in found
    ]
    assert "" == result.err


def test_several_platforms_of_a_channel_are_told_of_once_each(hognose, channel, tmp_path):
    document = repodata(subdir="osx-64", repodata_revisions={"v4": {"n_packages": 1}})
    write_repodata(channel, document, subdir="osx-64")
    platforms = ("--platform", "linux-64", "--platform", "osx-64")

    result = hognose("lock", "a", "-c", channel, "-o", tmp_path / "lock", *platforms)

    told = [line.rpartition(": ")[2] for line in result.err.splitlines() if "newer" in line]
    assert [
        "7 packages need a newer version of hognose (v4)",
        "1 package needs a newer version of hognose (v4)",
    ] == told


def test_an_environment_is_changed_all_the_same(hognose, channel, tmp_path):
    hognose("create", "-y", "-p", tmp_path / "env", "--override-channels", "-c", channel)

    for words in (("install", "--dry-run", "a"), ("update", "--all", "--dry-run")):
        result = hognose(*words, "-p", tmp_path / "env", "-c", channel)
        assert 0 == result.status, result.err
        assert 1 == result.err.count("newer version of hognose")


def test_the_description_of_a_channel_has_them_in_place_of_a_warning(hognose, channel):
    result = hognose("channel", "info", channel, "--platform", "linux-64")

    assert "newer version" not in result.err
    assert "5 packages need a newer version of hognose (v4)" in result.out
