"""`env list`, `remove`, `rename` and `clone`."""

import json
import os
import stat

import pytest

from hognose.types import PrefixRecord


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("CONDA_ROOT_PREFIX", str(tmp_path / "root"))
    return tmp_path / "root"


@pytest.fixture
def first(hognose, channel, root):
    """Return an environment named `first` with files that belong to no package."""
    result = hognose("create", "-n", "first", "-c", channel, "app")
    assert 0 == result.status, result.err
    prefix = root / "envs/first"
    (prefix / "bin/mine").write_text(f"#!{prefix}/bin/app\n")
    (prefix / "bin/mine").chmod(0o755)
    (prefix / "share/data").write_bytes(b"\0" + os.fsencode(prefix))
    (prefix / "share/here").symlink_to(prefix / "lib/lib.txt")
    (prefix / "conda-meta/state").write_text('{"env_vars": {"A": "b"}}')
    return prefix


def test_list_names_what_is_below_the_root_and_what_is_registered(
    hognose, channel, first, tmp_path
):
    hognose("create", "-p", tmp_path / "elsewhere", "-c", channel, "lib")

    document = json.loads(hognose("env", "list", "--json").out)

    expected = [("first", str(first), 2), (None, str(tmp_path / "elsewhere"), 1)]
    found = [(row["name"], row["prefix"], row["packages"]) for row in document["environments"]]
    assert expected == found
    assert [str(first), str(tmp_path / "elsewhere")] == document["envs"]


@pytest.mark.skipif(os.name == "nt", reason="paths are text there")
def test_a_path_that_is_no_text_is_listed(hognose, root, private_home, tmp_path):
    odd = tmp_path / "odd\udcff"
    try:
        (odd / "conda-meta").mkdir(parents=True)
    except OSError:
        pytest.skip("the file system takes text only")
    (odd / "conda-meta/history").touch()
    (private_home / ".conda").mkdir()
    (private_home / ".conda/environments.txt").write_bytes(b"\xfe\n" + bytes(odd) + b"\n")

    listed = hognose("env", "list")

    assert 0 == listed.status, listed.err
    assert [str(odd)] == json.loads(hognose("env", "list", "--json").out)["envs"]


def test_a_registry_that_is_no_text_stops_no_command(hognose, channel, private_home, tmp_path):
    registry = private_home / ".conda/environments.txt"
    registry.parent.mkdir()
    registry.write_bytes(b"\xff\xfe\n")

    made = hognose("create", "-p", tmp_path / "env", "-c", channel, "lib")
    gone = hognose("env", "remove", "-y", "-p", tmp_path / "env")

    assert [0, 0] == [made.status, gone.status]
    assert b"" == registry.read_bytes()


def test_list_marks_the_active_and_the_frozen(hognose, first, monkeypatch):
    monkeypatch.setenv("CONDA_PREFIX", str(first))
    (first / "conda-meta/frozen").touch()

    lines = hognose("env", "list").out.splitlines()

    assert ["*+", "first", "2", str(first)] == lines[1].split()


def test_remove_deletes_and_unregisters(hognose, first, private_home):
    result = hognose("env", "remove", "-n", "first", "-y")

    assert 0 == result.status, result.err
    assert not first.exists()
    assert "" == (private_home / ".conda/environments.txt").read_text()


def test_remove_never_takes_the_active_environment_by_itself(hognose, first, monkeypatch):
    monkeypatch.setenv("CONDA_PREFIX", str(first))

    assert 2 == hognose("env", "remove", "-y").status
    assert first.exists()


def test_a_clone_has_the_same_packages_wishes_and_files(hognose, first, root, private_home):
    result = hognose("env", "clone", "-n", "first", "second", "-y")

    second = root / "envs/second"
    assert 0 == result.status, result.err
    records = PrefixRecord.collect(second)
    assert [("app", ("app",)), ("lib", ())] == [(r.name, r.requested_specs) for r in records]
    assert f"#!{second}/bin/app\n" == (second / "bin/mine").read_text()
    assert 0o755 == stat.S_IMODE((second / "bin/mine").stat().st_mode)
    assert str(second / "lib/lib.txt") == os.readlink(second / "share/here")
    assert '{"env_vars": {"A": "b"}}' == (second / "conda-meta/state").read_text()
    assert "share/data has the old directory in it" in result.err
    assert f"{second}\n" in (private_home / ".conda/environments.txt").read_text()
    assert 0 == hognose("doctor", "-p", second).status


def test_a_clone_that_fails_leaves_nothing(hognose, channel, first, root, tmp_path):
    hognose("cache", "clean", "--all")
    for archive in (channel / "linux-64").glob("app-*.conda"):
        archive.rename(tmp_path / archive.name)
    try:
        result = hognose("env", "clone", "-n", "first", "second", "-y")
    finally:
        for archive in tmp_path.glob("app-*.conda"):
            archive.rename(channel / "linux-64" / archive.name)

    assert 1 == result.status
    assert not (root / "envs/second").exists()
    assert first.exists()


def test_a_clone_over_something_is_refused(hognose, first, root):
    (root / "envs/second").mkdir()
    (root / "envs/second/precious").touch()

    result = hognose("env", "clone", "-n", "first", "second", "-y")

    assert 1 == result.status
    assert "not empty" in result.err
    assert ["precious"] == os.listdir(root / "envs/second")


def test_rename_keeps_the_history_and_the_mark_of_the_frozen(hognose, first, root, private_home):
    (first / "conda-meta/frozen").write_text('{"message": "stay"}')
    history = (first / "conda-meta/history").read_text()
    refused = hognose("env", "rename", "-n", "first", "second", "-y")

    result = hognose("env", "rename", "-n", "first", "second", "-y", "--override-frozen-env")

    second = root / "envs/second"
    assert 1 == refused.status
    assert 0 == result.status, result.err
    assert not first.exists()
    assert history == (second / "conda-meta/history").read_text()
    assert (second / "conda-meta/frozen").is_file()
    assert f"{second}\n" == (private_home / ".conda/environments.txt").read_text()
    assert 0 == hognose("doctor", "-p", second).status


def test_rename_into_itself_or_of_the_active_is_refused(hognose, first, monkeypatch):
    assert 1 == hognose("env", "rename", "-n", "first", f"{first}/inside", "-y").status
    monkeypatch.setenv("CONDA_PREFIX", str(first))
    assert 1 == hognose("env", "rename", "-n", "first", "second", "-y").status
    assert first.exists()


def test_a_dry_run_changes_nothing(hognose, first, root):
    document = json.loads(
        hognose("env", "clone", "-n", "first", "second", "--dry-run", "--json").out
    )

    assert document["dry_run"] is True
    assert not (root / "envs/second").exists()


@pytest.mark.parametrize("words", [("remove", "--all"), ("env", "remove"), ("env", "clone", "x")])
def test_a_dry_run_says_that_nothing_was_changed(hognose, first, words):
    result = hognose(*words, "-n", "first", "--dry-run")

    assert "dry run: nothing was changed" in result.err
    assert first.exists()


def test_a_list_that_cannot_be_written_is_only_a_warning(hognose, first, private_home, tmp_path):
    (private_home / ".conda/environments.txt").unlink()
    (private_home / ".conda/environments.txt").mkdir()

    renamed = hognose("env", "rename", "-y", "-n", "first", tmp_path / "second")
    removed = hognose("env", "remove", "-y", "-p", tmp_path / "second")

    assert (0, 0) == (renamed.status, removed.status)
    assert "is not in the list of environments" in " ".join(renamed.err.split())
    assert "is still in the list of environments" in " ".join(removed.err.split())
