from __future__ import annotations

import bz2
import json

import pytest

from hognose.errors import FetchRepoDataError, InvalidPackageFileError
from hognose.repodata import PackageFormatSelection, SparseRepoData
from hognose.types import Channel, MatchSpec, PackageName
from support.repodata_files import entry, packages_of, repodata, zstd

CHANNEL = Channel("https://example.com/mine")


def sparse(document, subdir="noarch"):
    return SparseRepoData.from_bytes(CHANNEL, subdir, json.dumps(document).encode())


def file_names(records):
    return [record.file_name for record in records]


def test_names_that_begin_alike_are_kept_apart():
    data = sparse(
        repodata(
            entry("python", "3.9"),
            entry("python", "3.10"),
            entry("python-abi", "3.9"),
            entry("python-abi-x", "1"),
            entry("python.org", "1"),
            entry("pythonx", "1"),
        )
    )
    assert file_names(data.load_records("python")) == ["python-3.10-0.conda", "python-3.9-0.conda"]
    assert file_names(data.load_records("python-abi")) == ["python-abi-3.9-0.conda"]
    assert file_names(data.load_records("python-abi-x")) == ["python-abi-x-1-0.conda"]
    assert file_names(data.load_records("python.org")) == ["python.org-1-0.conda"]
    assert data.load_records("pytho") == []
    assert data.load_records("") == []


def test_a_record_knows_where_its_archive_lies():
    (record,) = sparse(repodata(entry("a", license="MIT"))).load_records("a")
    assert record.url == "https://example.com/mine/noarch/a-1-0.conda"
    assert record.channel == "https://example.com/mine/"
    assert record.subdir == "noarch"
    assert record.name == PackageName("a")
    assert str(record.version) == "1"
    assert record.license == "MIT"
    assert len(record.sha256) == 32


def test_what_a_channel_writes_of_places_is_not_believed():
    odd = entry("a", fn="b", url=None, channel=None, arch=None, unknown={"x": [1]})
    del odd["subdir"]
    (record,) = sparse(repodata(odd)).load_records("a")
    assert record.url == "https://example.com/mine/noarch/a-1-0.conda"
    assert record.file_name == "a-1-0.conda"
    assert record.subdir == "noarch"


def test_a_record_under_a_wrong_file_name_is_left_out():
    document = repodata()
    document["packages.conda"]["a-1-0.conda"] = entry("b")
    data = sparse(document)
    assert data.load_records("a") == []
    assert data.load_records("b") == []
    assert data.load_all_records() == []


def test_upper_case_file_names_are_found():
    document = repodata(entry("a"), entry("B", "1", "H1"), entry("Cc-D", "2"))
    data = sparse(document)
    assert file_names(data.load_records("b")) == ["B-1-H1.conda"]
    assert file_names(data.load_records("CC-d")) == ["Cc-D-2-0.conda"]
    assert data.package_names() == ["a", "b", "cc-d"]
    assert len(data.load_all_records()) == 3


def test_files_that_are_not_sorted_are_found():
    document = repodata(entry("z"), entry("a", "2"), entry("m"), entry("a", "1"))
    assert file_names(sparse(document).load_records("a")) == ["a-1-0.conda", "a-2-0.conda"]


TWO_FORMATS = {
    "packages": packages_of([entry("a", "1"), entry("a", "2")], ".tar.bz2"),
    "packages.conda": packages_of([entry("a", "2"), entry("a", "3")]),
}


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("PREFER_CONDA", ["a-1-0.tar.bz2", "a-2-0.conda", "a-3-0.conda"]),
        ("ONLY_CONDA", ["a-2-0.conda", "a-3-0.conda"]),
        ("ONLY_TAR_BZ2", ["a-1-0.tar.bz2", "a-2-0.tar.bz2"]),
        ("BOTH", ["a-1-0.tar.bz2", "a-2-0.tar.bz2", "a-2-0.conda", "a-3-0.conda"]),
    ],
)
def test_formats_are_selected(selection, expected):
    data = sparse(TWO_FORMATS)
    chosen = PackageFormatSelection[selection]
    assert expected == file_names(data.load_records("a", chosen))
    assert expected == file_names(data.load_all_records(chosen))
    assert len(expected) == data.record_count(chosen)


def test_records_of_the_third_revision_are_found_by_their_stem():
    document = {
        **repodata(entry("a", "1"), repodata_revisions={"v3": {"n_packages": 2}}),
        "v3": {
            "conda": {"a-2-0": entry("a", "2", extra_depends={"x": ["y"]})},
            "tar.bz2": {"a-3-0": entry("a", "3")},
            "whl": {"a-4-0": {"whatever": 1}},
        },
    }
    data = sparse(document)
    assert file_names(data.load_records("a")) == ["a-3-0.tar.bz2", "a-1-0.conda", "a-2-0.conda"]
    assert data.repodata_revisions["v3"].n_packages == 2


def test_removed_packages_are_not_there():
    document = {**repodata(entry("a", "1"), entry("a", "2")), "removed": ["a-1-0.conda"]}
    data = sparse(document)
    assert file_names(data.load_records("a")) == ["a-2-0.conda"]
    assert data.load_removed() == ["a-1-0.conda"]
    assert data.load_removed("b") == []


def test_everything_behind_a_name_is_found_once():
    first = sparse(
        repodata(entry("a", depends=["b >=1", "__glibc", "gone"]), entry("b", depends=["a"]))
    )
    second = sparse(
        repodata(
            entry("b", "2", depends=["c[version='>=1']"]), entry("c"), entry("d"), subdir="linux-64"
        ),
        "linux-64",
    )
    found = SparseRepoData.load_records_recursive([first, second], ["A"])
    assert [file_names(records) for records in found] == [
        ["a-1-0.conda", "b-1-0.conda"],
        ["b-2-0.conda", "c-1-0.conda"],
    ]


def test_optional_groups_are_followed():
    data = sparse(repodata(entry("a", extra_depends={"x": ["b"]}), entry("b")))
    (found,) = SparseRepoData.load_records_recursive([data], ["a"])
    assert file_names(found) == ["a-1-0.conda", "b-1-0.conda"]


def test_matching_records_are_those_of_any_spec():
    data = sparse(repodata(entry("a", "1"), entry("a", "2"), entry("b"), entry("bc")))
    found = data.load_matching_records([MatchSpec("a >=2"), MatchSpec("b")])
    assert file_names(found) == ["a-2-0.conda", "b-1-0.conda"]
    found = data.load_matching_records([MatchSpec("b*", exact_names_only=False)])
    assert file_names(found) == ["b-1-0.conda", "bc-1-0.conda"]


def test_the_same_objects_come_back():
    data = sparse(repodata(entry("a")))
    assert data.load_records("a") is data.load_records(PackageName("A"))


def test_every_compression_is_read(tmp_path):
    text = json.dumps(repodata(entry("a"))).encode()
    for name, content in (
        ("repodata.json", text),
        ("repodata.json.zst", zstd.compress(text)),
        ("repodata.json.bz2", bz2.compress(text)),
    ):
        (tmp_path / name).write_bytes(content)
        with SparseRepoData(CHANNEL, "noarch", tmp_path / name) as data:
            assert file_names(data.load_records("a")) == ["a-1-0.conda"]


def test_an_empty_file_and_odd_keys_are_accepted(tmp_path):
    (tmp_path / "empty.json").touch()
    assert SparseRepoData(CHANNEL, "noarch", tmp_path / "empty.json").package_names() == []
    document = {
        "metadata": {"subdir": "noarch", "base_url": "https://elsewhere"},
        "_etag": "x",
        "signatures": {"a": {}},
        "packages": packages_of([entry("a")], ".tar.bz2"),
    }
    (record,) = sparse(document).load_records("a")
    assert record.url == "https://example.com/mine/noarch/a-1-0.tar.bz2"


def test_a_file_that_grows_beyond_the_limit_is_refused(tmp_path):
    (tmp_path / "repodata.json.zst").write_bytes(zstd.compress(b" " * 5_000_000))
    with pytest.raises(FetchRepoDataError, match="more than 1000000 bytes"):
        SparseRepoData(CHANNEL, "noarch", tmp_path / "repodata.json.zst", max_size=1_000_000)


def test_a_malformed_record_is_named_with_its_file():
    data = sparse(repodata(entry("a", "1"), {**entry("a", "2"), "depends": "b"}))
    with pytest.raises(InvalidPackageFileError, match=r"a-2-0\.conda"):
        data.load_records("a")


def test_nothing_is_loaded_after_the_end():
    data = sparse(repodata(entry("a")))
    data.close()
    with pytest.raises(ValueError, match="is closed"):
        data.load_records("a")
