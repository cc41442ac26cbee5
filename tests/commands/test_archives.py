"""`extract`, `inspect` and `channel index`."""

import json
import os
import shutil

import pytest

from support.channel_server import ChannelServer


def test_extract_prints_where_and_which_hash(hognose, channel, tmp_path):
    archive = channel / "linux-64/lib-2.0-0.conda"
    result = hognose("extract", archive, tmp_path / "out", "--json")

    document = json.loads(result.out)
    assert str(tmp_path / "out") == document["path"]
    assert archive.stat().st_size == document["size"]
    assert "lib 2.0\n" == (tmp_path / "out/lib/lib.txt").read_text()


def test_extract_takes_a_url(hognose, channel, tmp_path):
    with ChannelServer(channel) as server:
        url = f"{server.url.rstrip('/')}/linux-64/lib-2.0-0.conda"
        result = hognose("extract", url, tmp_path / "out")

    assert 0 == result.status, result.err
    assert (tmp_path / "out/info/index.json").is_file()


def test_extract_with_another_hash_leaves_nothing(hognose, channel, tmp_path):
    archive = channel / "linux-64/lib-2.0-0.conda"
    result = hognose("extract", archive, tmp_path / "out", "--sha256", "00" * 32)

    assert 1 == result.status
    assert "SHA-256" in result.err
    assert not (tmp_path / "out").exists()


def test_extract_never_writes_over_what_is_there(hognose, channel, tmp_path):
    (tmp_path / "out").mkdir()
    result = hognose("extract", channel / "linux-64/lib-2.0-0.conda", tmp_path / "out")

    assert 2 == result.status
    assert [] == os.listdir(tmp_path / "out")


def test_inspect_shows_metadata_and_files(hognose, channel):
    result = hognose("inspect", channel / "linux-64/app-1.0-0.conda", "--files")

    assert 0 == result.status
    assert "lib >=1" in result.out
    assert "bin/app" in result.out


def test_inspect_prints_one_json_document(hognose, channel):
    document = json.loads(hognose("inspect", channel / "linux-64/app-1.0-0.conda", "--json").out)

    assert "app" == document["index"]["name"]
    assert 2 == document["files"]


def test_channel_index_makes_a_directory_of_packages_a_channel(hognose, channel, tmp_path):
    copy = tmp_path / "copy"
    (copy / "linux-64").mkdir(parents=True)
    shutil.copy(channel / "linux-64/lib-2.0-0.conda", copy / "linux-64")

    result = hognose("channel", "index", copy)

    assert 0 == result.status, result.err
    assert (copy / "noarch/repodata.json").is_file()
    assert "lib" in hognose("solve", "-c", copy, "lib").out


def test_channel_index_takes_corrections_of_records(hognose, channel, tmp_path):
    copy, patches = tmp_path / "copy", tmp_path / "patches"
    for folder in (copy / "linux-64", patches / "linux-64"):
        folder.mkdir(parents=True)
    shutil.copy(channel / "linux-64/lib-2.0-0.conda", copy / "linux-64")
    instructions = {"packages.conda": {"lib-2.0-0.conda": {"license": "MIT"}}}
    (patches / "linux-64/patch_instructions.json").write_text(json.dumps(instructions))

    result = hognose("channel", "index", copy, "--patches", patches)

    assert 0 == result.status, result.err
    document = json.loads((copy / "linux-64/repodata.json").read_bytes())
    assert "MIT" == document["packages.conda"]["lib-2.0-0.conda"]["license"]


def indexed(copy):
    return json.loads((copy / "linux-64/repodata.json").read_bytes())


def copy_of(channel, tmp_path, *names):
    folder = tmp_path / "copy/linux-64"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(channel / f"linux-64/{name}.conda", folder)
    return tmp_path / "copy"


def test_channel_index_notes_where_packages_lie(hognose, channel, tmp_path):
    copy = copy_of(channel, tmp_path, "lib-2.0-0")

    assert 0 == hognose("channel", "index", copy, "--base-url", "../packages/").status

    assert "../packages/" == indexed(copy)["info"]["base_url"]
    assert 2 == indexed(copy)["repodata_version"]


def test_channel_index_notes_when_packages_came_if_that_is_asked(hognose, channel, tmp_path):
    def times():
        records = indexed(copy)["packages.conda"]
        return {name: record.get("indexed_timestamp") for name, record in records.items()}

    copy = copy_of(channel, tmp_path, "lib-1.0-0")
    hognose("channel", "index", copy)
    assert {"lib-1.0-0.conda": None} == times()

    copy_of(channel, tmp_path, "lib-2.0-0")
    result = hognose("channel", "index", copy, "--indexed-timestamp", "2026-03-31")
    assert 0 == result.status, result.err
    assert {"lib-1.0-0.conda": None, "lib-2.0-0.conda": 1774915200000} == times()

    copy_of(channel, tmp_path, "old-1.0-0")
    hognose("channel", "index", copy, "--force", "--indexed-timestamp", "now")
    assert 1774915200000 == times()["lib-2.0-0.conda"]
    assert times()["old-1.0-0.conda"] > 1774915200000


def test_when_packages_came_outlives_the_notes_beside_the_index(hognose, channel, tmp_path):
    copy = copy_of(channel, tmp_path, "lib-2.0-0")
    hognose("channel", "index", copy, "--indexed-timestamp", "2026-03-31")
    shutil.rmtree(copy / "linux-64/.cache")

    for words in ((), ("--indexed-timestamp", "now")):
        hognose("channel", "index", copy, *words)
        record = indexed(copy)["packages.conda"]["lib-2.0-0.conda"]
        assert 1774915200000 == record["indexed_timestamp"]


@pytest.mark.parametrize("when", ["soon", "9999-01-01", ""])
def test_packages_cannot_have_come_at_no_time(hognose, channel, tmp_path, when):
    copy = copy_of(channel, tmp_path, "lib-2.0-0")

    assert 2 == hognose("channel", "index", copy, "--indexed-timestamp", when).status
    assert not (copy / "linux-64/repodata.json").exists()


def test_fetch_file_prints_one_file(hognose, channel):
    result = hognose("fetch-file", channel / "linux-64/lib-2.0-0.conda", "lib/lib.txt")

    assert (0, "lib 2.0\n") == (result.status, result.out)


def test_fetch_file_of_a_file_that_is_not_there_says_how_to_find_it(hognose, channel):
    result = hognose("fetch-file", channel / "linux-64/lib-2.0-0.conda", "nothing")

    assert 1 == result.status
    assert "inspect --files" in result.err


def test_fetch_file_from_a_url_does_not_fetch_the_archive(hognose, channel):
    with ChannelServer(channel) as server:
        url = f"{server.url.rstrip('/')}/linux-64/lib-2.0-0.conda"
        result = hognose("fetch-file", url, "info/index.json")

        assert 0 == result.status, result.err
        assert all("range" in request.headers for request in server.requests)
    assert "lib" == json.loads(result.out)["name"]


def test_a_package_is_made_changed_and_validated(hognose, channel, tmp_path):
    tree, archive = tmp_path / "tree", tmp_path / "lib-2.0-0.tar.bz2"
    hognose("extract", channel / "linux-64/lib-2.0-0.conda", tree)

    made = hognose("create-package", tree, archive)
    other = hognose("transmute", archive, "--json")

    assert (0, 0) == (made.status, other.status)
    assert str(tmp_path / "lib-2.0-0.conda") == json.loads(other.out)["path"]
    assert 0 == hognose("validate", tmp_path / "lib-2.0-0.conda").status


def test_validate_names_what_is_damaged(hognose, channel, tmp_path):
    hognose("extract", channel / "linux-64/lib-2.0-0.conda", tmp_path / "tree")
    (tmp_path / "tree/lib/lib.txt").write_text("other")

    result = hognose("validate", tmp_path / "tree")

    assert 1 == result.status
    assert "lib/lib.txt" in result.err


def test_an_archive_that_is_there_is_not_replaced_unasked(hognose, channel, tmp_path):
    archive = tmp_path / "lib-2.0-0.tar.bz2"
    archive.write_text("precious")

    result = hognose("transmute", channel / "linux-64/lib-2.0-0.conda", archive)

    assert 2 == result.status
    assert "precious" == archive.read_text()


def test_download_fills_the_cache_and_clean_empties_it(hognose, channel, tmp_path):
    hognose("download", "-c", channel, "app")
    before = json.loads(hognose("cache", "info", "--json").out)

    dry = hognose("cache", "clean", "--unused", "--dry-run")
    packages = sorted(os.listdir(tmp_path / "cache/pkgs"))
    hognose("cache", "clean", "--unused")

    assert 2 == before["caches"][0]["items"]
    assert "2 items" in dry.err
    assert {"app-1.0-0", "lib-2.0-0"} <= set(packages)
    after = json.loads(hognose("cache", "info", "--json").out)
    assert 0 == after["caches"][0]["items"]


def test_clean_without_a_choice_removes_nothing(hognose, channel):
    hognose("download", "-c", channel, "lib")

    assert 2 == hognose("cache", "clean").status
    assert 2 == hognose("cache", "clean", "--older-than", "soon").status
