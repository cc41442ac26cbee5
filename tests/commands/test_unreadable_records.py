"""A record that cannot be read: `list` shows the others, and nothing is changed."""

import hashlib
import json
import os

import pytest


@pytest.fixture
def prefix(hognose, channel, tmp_path):
    path = tmp_path / "my env"
    assert 0 == hognose("create", "-p", path, "-c", channel, "app").status
    (path / "conda-meta/lib-2.0-0.json").write_text("{")
    return path


def test_the_others_are_listed_with_a_warning(hognose, prefix):
    result = hognose("list", "-p", prefix)

    assert 1 == result.status
    assert ["app"] == [line.split()[0] for line in result.out.splitlines()[2:]]
    assert "conda-meta/lib-2.0-0.json" in result.err
    assert f"`hognose doctor --repair -p '{prefix}'`" in result.err


def test_a_document_names_what_could_not_be_read(hognose, prefix):
    result = hognose("list", "-p", prefix, "--json")
    document = json.loads(result.out)

    assert 1 == result.status
    assert not document["success"]
    assert ["app"] == [package["name"] for package in document["packages"]]
    assert ["conda-meta/lib-2.0-0.json"] == [item["path"] for item in document["unreadable"]]


def test_a_whole_list_says_that_nothing_is_unreadable(hognose, channel, tmp_path):
    hognose("create", "-p", tmp_path / "env", "-c", channel, "app")

    assert [] == json.loads(hognose("list", "-p", tmp_path / "env", "--json").out)["unreadable"]


def test_a_record_that_is_a_folder_is_named_like_any_other(hognose, prefix):
    (prefix / "conda-meta/lib-2.0-0.json").unlink()
    (prefix / "conda-meta/lib-2.0-0.json").mkdir()

    result = hognose("list", "-p", prefix)

    assert 1 == result.status
    assert "conda-meta/lib-2.0-0.json" in result.err


def test_a_list_to_install_from_is_whole_or_not_made(hognose, prefix):
    result = hognose("list", "-p", prefix, "--explicit")

    assert (1, "") == (result.status, result.out)
    assert "lib-2.0-0.json" in result.err


@pytest.mark.parametrize(
    "words",
    [
        ("install", "old"),
        ("update", "--all"),
        ("remove", "app"),
        ("unlink", "app"),
        ("rollback", "0"),
        ("env", "clone", "./copy"),
        ("install", "app", "--dry-run"),
    ],
)
def test_commands_that_change_something_refuse(hognose, prefix, channel, words, monkeypatch):
    monkeypatch.chdir(prefix.parent)
    before = sorted(path.name for path in prefix.rglob("*"))
    takes_channels = words[0] in {"install", "update"}
    source = ["-c", channel] if takes_channels else []

    result = hognose(*words, "-y", "-p", prefix, *source)

    assert 1 == result.status
    assert "lib-2.0-0.json" in result.err
    assert before == sorted(path.name for path in prefix.rglob("*"))
    assert not (prefix.parent / "copy").exists()


def test_after_a_repair_the_list_is_whole(hognose, prefix):
    repaired = hognose("doctor", "--repair", "-y", "-p", prefix)

    assert 0 == repaired.status, repaired.err
    assert 0 == hognose("list", "-p", prefix).status


@pytest.fixture
def doubled(hognose, channel, tmp_path):
    """Return an environment whose `lib` was updated by a program that left the old record."""
    path = tmp_path / "doubled"
    assert 0 == hognose("create", "-p", path, "-c", channel, "app", "lib 1.*").status
    record = (path / "conda-meta/lib-1.0-0.json").read_text()
    assert 0 == hognose("install", "-y", "-p", path, "-c", channel, "lib 2.*").status
    document = json.loads(record)
    for name, content in (("old", b"old\n"), ("changed", b"mine\n")):
        (path / f"lib/{name}.txt").write_bytes(content)
        document["files"].append(f"lib/{name}.txt")
        document["paths_data"]["paths"].append(
            {
                "_path": f"lib/{name}.txt",
                "path_type": "hardlink",
                "sha256": hashlib.sha256(b"old\n").hexdigest(),
            }
        )
    (path / "conda-meta/lib-1.0-0.json").write_text(json.dumps(document))
    os.utime(path / "conda-meta/lib-1.0-0.json", (0, 0))
    return path


def test_a_package_that_is_recorded_twice_is_listed_as_the_last_record_says(hognose, doubled):
    result = hognose("list", "-p", doubled)

    assert 1 == result.status
    assert [["app", "1.0"], ["lib", "2.0"]] == [
        line.split()[:2] for line in result.out.splitlines()[2:]
    ]
    assert "not listed: conda-meta/lib-1.0-0.json: package `lib` is recorded twice" in result.err


def test_a_package_that_is_recorded_twice_is_a_fault(hognose, doubled):
    document = json.loads(hognose("doctor", "-p", doubled, "--json").out)

    assert [("doubled", "lib")] == [
        (fault["kind"], fault["package"]) for fault in document["faults"]
    ]
    assert "`hognose doctor --repair" in hognose("install", "-p", doubled, "app").err


def test_a_repair_leaves_one_record_and_its_files(hognose, doubled):
    result = hognose("doctor", "--repair", "-y", "-p", doubled)

    assert 0 == result.status, result.err
    assert 0 == hognose("doctor", "-p", doubled).status
    assert 0 == hognose("list", "-p", doubled).status
    assert ["app-1.0-0.json", "history", "lib-2.0-0.json"] == sorted(
        os.listdir(doubled / "conda-meta")
    )
    # What was changed since is somebody's work.
    assert ["changed.txt", "lib.txt"] == sorted(os.listdir(doubled / "lib"))
    assert "lib 2.0\n" == (doubled / "lib/lib.txt").read_text()


def test_a_repair_that_was_interrupted_goes_on(hognose, doubled):
    record = doubled / "conda-meta/lib-1.0-0.json"
    record.rename(f"{record}.unreadable")

    assert "recorded twice" in hognose("doctor", "-p", doubled).out
    assert 0 == hognose("doctor", "--repair", "-y", "-p", doubled).status
    assert 0 == hognose("doctor", "-p", doubled).status
    assert not (doubled / "lib/old.txt").exists()


def test_a_repair_that_fails_leaves_both_records(hognose, doubled):
    # Nothing can be appended to it.
    (doubled / "conda-meta/history").unlink()
    (doubled / "conda-meta/history").mkdir()
    assert 1 == hognose("doctor", "--repair", "-y", "-p", doubled).status

    assert ["app-1.0-0.json", "history", "lib-1.0-0.json", "lib-2.0-0.json"] == sorted(
        os.listdir(doubled / "conda-meta")
    )
    assert (doubled / "lib/old.txt").exists()


def test_a_dry_repair_leaves_both_records(hognose, doubled):
    before = {path: path.lstat().st_mtime_ns for path in doubled.rglob("*")}

    assert 0 == hognose("doctor", "--repair", "--dry-run", "-y", "-p", doubled).status

    assert before == {path: path.lstat().st_mtime_ns for path in doubled.rglob("*")}
