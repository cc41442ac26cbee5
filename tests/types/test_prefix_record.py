"""The records in `conda-meta`."""

import json
import os

import pytest

from hognose.errors import InvalidPackageFileError
from hognose.types import Link, LinkType, PrefixPaths, PrefixPathsEntry, PrefixRecord

TEXT = {
    "build": "0",
    "build_number": 0,
    "channel": "https://example.com/c/",
    "constrains": [],
    "depends": [],
    "extracted_package_dir": "/cache/a-1-0",
    "files": ["bin/a"],
    "fn": "a-1-0.conda",
    "link": {"source": "/cache/a-1-0", "type": 1},
    "name": "a",
    "paths_data": {
        "paths": [
            {
                "_path": "bin/a",
                "path_type": "hardlink",
                "sha256": "00",
                "sha256_in_prefix": "01",
                "size_in_bytes": 3,
            }
        ],
        "paths_version": 1,
    },
    "requested_specs": ["a >=1"],
    "some_tools_own": {"x": [1, 2.5, None]},
    "url": "https://example.com/c/noarch/a-1-0.conda",
    "version": "1",
}


def test_a_record_is_read_into_values():
    record = PrefixRecord.decode(json.dumps(TEXT))

    assert record.files == ("bin/a",)
    assert LinkType.HARDLINK is record.link.type
    assert record.paths_data.paths[0].sha256_in_prefix == b"\x01"
    assert os.fspath(record.paths_data.paths[0]) == "bin/a"
    assert record.record_file_name == "a-1-0.json"


def test_keys_of_others_survive_a_round_trip():
    record = PrefixRecord.decode(json.dumps(TEXT))

    assert json.loads(record.encode()) == TEXT


def test_a_record_is_written_by_rename_and_read_back(tmp_path):
    record = PrefixRecord.create(
        name="a",
        version="1",
        build="0",
        link=Link(source="/x", type=LinkType.COPY),
        paths_data=PrefixPaths(paths=(PrefixPathsEntry(relative_path="bin/a"),)),
    )
    path = tmp_path / "a-1-0.json"
    record.write_to_path(path)

    assert PrefixRecord.from_path(path) == record
    assert os.listdir(tmp_path) == ["a-1-0.json"]
    umask = os.umask(0)
    os.umask(umask)
    assert 0o666 & ~umask == path.stat().st_mode & 0o777


def test_a_record_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "a-1-0.json"
    path.mkdir()
    (path / "in-the-way").touch()
    record = PrefixRecord.create(name="a", version="1", build="0")

    with pytest.raises(OSError, match="a-1-0"):
        record.write_to_path(path)
    assert os.listdir(tmp_path) == ["a-1-0.json"]


def test_all_records_of_a_prefix_are_collected_by_name(tmp_path):
    meta = tmp_path / "conda-meta"
    meta.mkdir()
    (meta / "history").touch()
    for name in ("b", "a"):
        record = PrefixRecord.create(name=name, version="1", build="0")
        record.write_to_path(meta / record.record_file_name)

    assert [record.name for record in PrefixRecord.collect(tmp_path)] == ["a", "b"]
    assert PrefixRecord.collect(tmp_path / "nowhere") == []


def test_a_package_that_is_recorded_twice_is_an_error_that_names_both(tmp_path):
    meta = tmp_path / "conda-meta"
    meta.mkdir()
    for version in ("1", "2"):
        record = PrefixRecord.create(name="a", version=version, build="0")
        record.write_to_path(meta / record.record_file_name)

    with pytest.raises(InvalidPackageFileError, match=r"a-1-0\.json.*a-2-0\.json"):
        PrefixRecord.collect(tmp_path)


def test_a_broken_record_is_an_error_that_names_the_file(tmp_path):
    meta = tmp_path / "conda-meta"
    meta.mkdir()
    (meta / "a-1-0.json").write_text("{")

    with pytest.raises(InvalidPackageFileError, match=r"a-1-0\.json"):
        PrefixRecord.collect(tmp_path)
