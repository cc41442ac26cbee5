"""`create`, `install`, `remove`, `list` and `run` on a real channel."""

import json
import os
import subprocess
import sys

import pytest

from hognose.types import PrefixRecord


def installed(prefix):
    return [str(record) for record in PrefixRecord.collect(prefix)]


@pytest.fixture
def prefix(tmp_path):
    return tmp_path / "my env ñ"


def test_create_installs_exactly_what_the_specs_ask_for(hognose, channel, prefix):
    result = hognose("create", "-p", prefix, "-c", channel, "app")

    assert 0 == result.status, result.err
    assert ["app=1.0=0", "lib=2.0=0"] == installed(prefix)
    assert "lib 2.0\n" == (prefix / "lib/lib.txt").read_text()
    assert "../app.txt" == os.readlink(prefix / "share/app/name")
    assert (prefix / "conda-meta/history").is_file()
    assert ("app",) == PrefixRecord.collect(prefix)[0].requested_specs
    assert "2 to install" in result.err


@pytest.mark.parametrize("text", [None, "dependencies: []\n"])
def test_create_makes_an_empty_environment_without_asking_a_channel(
    hognose, prefix, tmp_path, text
):
    words = []
    if text is not None:
        (tmp_path / "environment.yml").write_text(text)
        words = ["-f", tmp_path / "environment.yml"]

    result = hognose("create", "-p", prefix, "-c", "http://127.0.0.1:1/", *words)

    assert 0 == result.status, result.err
    assert [] == installed(prefix)
    assert (prefix / "conda-meta/history").is_file()


def test_create_from_a_directory_that_is_not_empty_is_refused(hognose, channel, prefix):
    prefix.mkdir()
    (prefix / "precious").touch()

    result = hognose("create", "-p", prefix, "-c", channel, "app")

    assert 2 == result.status
    assert "not empty" in result.err
    assert ["precious"] == os.listdir(prefix)


def test_create_over_an_environment_says_how_to_change_it(hognose, channel, prefix):
    hognose("create", "-p", prefix, "-c", channel, "lib")

    result = hognose("create", "-p", prefix, "-c", channel, "app")

    assert 2 == result.status
    assert f"hognose install -p '{prefix}'" in result.err


def test_install_keeps_what_was_asked_for_before(hognose, channel, prefix):
    hognose("create", "-p", prefix, "-c", channel, "lib")

    result = hognose("install", "-y", "-p", prefix, "-c", channel, "old")

    assert 0 == result.status, result.err
    assert ["lib=1.0=0", "old=1.0=0"] == installed(prefix)
    assert "downgrade" in result.err
    assert "lib 1.0\n" == (prefix / "lib/lib.txt").read_text()


def test_install_refuses_what_contradicts_what_was_asked_for(hognose, channel, prefix):
    hognose("create", "-p", prefix, "-c", channel, "lib 2.*")

    result = hognose("install", "-p", prefix, "-c", channel, "old")

    assert 1 == result.status
    assert "lib 2.*" in result.err
    assert ["lib=2.0=0"] == installed(prefix)


def test_a_second_install_of_the_same_changes_nothing(hognose, channel, prefix):
    hognose("create", "-p", prefix, "-c", channel, "app")

    result = hognose("install", "-p", prefix, "-c", channel, "app")

    assert 0 == result.status
    assert "nothing to do" in result.err


def test_remove_takes_along_what_only_the_removed_needed(hognose, channel, prefix):
    hognose("create", "-p", prefix, "-c", channel, "app", "old")

    result = hognose("remove", "-y", "-p", prefix, "app")

    assert 0 == result.status, result.err
    assert ["lib=1.0=0", "old=1.0=0"] == installed(prefix)
    assert not (prefix / "bin").exists()


def test_remove_all_leaves_no_trace(hognose, channel, prefix):
    hognose("create", "-p", prefix, "-c", channel, "app")

    result = hognose("remove", "-p", prefix, "--all", "-y")

    assert 0 == result.status, result.err
    assert not prefix.exists()


def test_remove_all_asks_before_it_removes(hognose, channel, prefix):
    hognose("create", "-p", prefix, "-c", channel, "app")

    result = hognose("remove", "-p", prefix, "--all")

    assert 0 != result.status
    assert "--yes" in result.err
    assert prefix.exists()


def test_a_new_environment_is_registered_and_a_removed_one_is_not(
    hognose, channel, prefix, private_home
):
    hognose("create", "-p", prefix, "-c", channel, "lib")
    registry = private_home / ".conda/environments.txt"
    assert f"{prefix}\n" == registry.read_text()

    hognose("remove", "-p", prefix, "--all", "-y")
    assert "" == registry.read_text()


def test_a_dry_run_shows_the_plan_and_changes_nothing(hognose, channel, prefix):
    result = hognose("create", "-p", prefix, "-c", channel, "app", "--dry-run")

    assert 0 == result.status
    assert "lib" in result.err
    assert not prefix.exists()


def test_a_frozen_environment_is_not_changed_without_the_override(hognose, channel, prefix):
    hognose("create", "-p", prefix, "-c", channel, "lib")
    (prefix / "conda-meta/frozen").write_text('{"message": "leave me alone"}')

    refused = hognose("install", "-p", prefix, "-c", channel, "app")
    allowed = hognose("install", "-p", prefix, "-c", channel, "app", "--override-frozen-env")

    assert 1 == refused.status
    assert "leave me alone" in refused.err
    assert 0 == allowed.status, allowed.err


def test_list_shows_what_is_installed(hognose, channel, prefix):
    hognose("create", "-p", prefix, "-c", channel, "app")

    table = hognose("list", "-p", prefix).out.splitlines()
    document = json.loads(hognose("list", "-p", prefix, "--json").out)

    assert ["name", "version", "build", "channel", "asked", "for"] == table[1].split()
    assert ["app", "1.0", "0"] == table[2].split()[:3]
    assert ["app", "lib"] == [package["name"] for package in document["packages"]]


def test_list_explicit_can_be_read_back(hognose, channel, prefix):
    hognose("create", "-p", prefix, "-c", channel, "lib")

    lines = hognose("list", "-p", prefix, "--explicit").out.splitlines()

    assert "@EXPLICIT" == lines[1]
    assert lines[2].startswith(f"file://{channel}/linux-64/lib-2.0-0.conda#")


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX program")
def test_run_replaces_itself_by_the_program(channel, prefix, hognose, tmp_path):
    hognose("create", "-p", prefix, "-c", channel, "app")

    process = subprocess.run(
        [sys.executable, "-m", "hognose", "run", "-p", prefix, "app", "--help", "a b"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert 7 == process.returncode
    assert [str(prefix), "--help", "a b"] == process.stdout.splitlines()


def test_create_from_a_lock_file_gives_the_locked_packages(hognose, channel, prefix, tmp_path):
    lock = tmp_path / "x.lock"
    locked = hognose("lock", "-c", channel, "-o", lock, "app", "lib 1.*")

    result = hognose("create", "-p", prefix, "--lockfile", lock)

    assert 0 == locked.status, locked.err
    assert 0 == result.status, result.err
    assert ["app=1.0=0", "lib=1.0=0"] == installed(prefix)


def test_a_lock_for_several_platforms_has_them_all(hognose, channel, tmp_path):
    lock = tmp_path / "x.lock"
    result = hognose(
        "lock", "-c", channel, "-o", lock, "lib", "--platform", "linux-64", "--platform", "osx-64"
    )

    assert 1 == result.status
    assert "osx-64" in result.err or "lib" in result.err
    assert not lock.exists()


def test_solve_prints_records_and_needs_no_prefix(hognose, channel):
    document = json.loads(hognose("solve", "-c", channel, "app", "--json").out)

    assert ["app", "lib"] == sorted(package["name"] for package in document["packages"])


def test_json_is_one_document_also_when_it_fails(hognose, channel, prefix):
    result = hognose("create", "-p", prefix, "-c", channel, "nothing-like-it", "--json")

    document = json.loads(result.out)
    assert 1 == result.status
    assert document["success"] is False
    assert "UnsolvableError" == document["error"]["type"]
    assert "nothing-like-it" in document["error"]["message"]


def test_create_prints_one_json_document(hognose, channel, prefix):
    result = hognose("create", "-p", prefix, "-c", channel, "lib", "--json")

    document = json.loads(result.out)
    assert document["success"] is True
    assert ["lib"] == [action["name"] for action in document["actions"]]
    assert "" == result.err


def test_channels_come_from_condarc_when_none_is_given(hognose, channel, prefix, private_home):
    (private_home / ".condarc").write_text(f"channels: [{channel}]\n")

    result = hognose("create", "-p", prefix, "lib")

    assert 0 == result.status, result.err


def test_named_environments_lie_below_the_root_prefix(hognose, channel, tmp_path, monkeypatch):
    monkeypatch.setenv("CONDA_ROOT_PREFIX", str(tmp_path / "root"))

    result = hognose("create", "-n", "mine", "-c", channel, "lib")

    assert 0 == result.status, result.err
    assert ["lib=2.0=0"] == installed(tmp_path / "root/envs/mine")


@pytest.mark.parametrize("name", ["a/b", "..", "a b", "x:y"])
def test_a_name_that_is_a_path_is_refused(hognose, channel, tmp_path, monkeypatch, name):
    monkeypatch.setenv("CONDA_ROOT_PREFIX", str(tmp_path / "root"))

    assert 2 == hognose("create", "-n", name, "-c", channel, "lib").status
    assert not (tmp_path / "root").exists()
