import hashlib
import json
import os
import shutil

import msgspec
import pytest
from backports import zstd

from hognose.channel import SubdirIndex, index_channel
from hognose.errors import ArchiveError, ChannelBuildError, HognoseError, ParseSubdirError
from hognose.types import RepoData
from support.package_maker import make_package


def read(path):
    return json.loads(path.read_bytes())


def read_shards(directory):
    index = msgspec.msgpack.decode(
        zstd.decompress((directory / "repodata_shards.msgpack.zst").read_bytes())
    )
    shards = {}
    for name, digest in index["shards"].items():
        data = (directory / "shards" / f"{digest.hex()}.msgpack.zst").read_bytes()
        assert hashlib.sha256(data).digest() == digest
        shards[name] = msgspec.msgpack.decode(zstd.decompress(data))
    return index, shards


def contents(directory):
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and ".cache" not in path.parts
    }


def test_an_empty_channel_has_an_index_for_noarch(tmp_path):
    assert index_channel(tmp_path) == (SubdirIndex("noarch", 0, 0, 0, 5),)
    assert read(tmp_path / "noarch/repodata.json") == {
        "info": {"subdir": "noarch"},
        "packages": {},
        "packages.conda": {},
        "removed": [],
        "repodata_version": 1,
    }


def test_a_record_holds_what_the_package_says_and_is(tmp_path):
    record = make_package(
        tmp_path, "demo", "1.0", "py_0", depends=["python >=3.9"], constrains=["other <2"]
    )
    index_channel(tmp_path)
    assert read(tmp_path / "linux-64/repodata.json")["packages.conda"] == {
        "demo-1.0-py_0.conda": {
            "arch": "x86_64",
            "build": "py_0",
            "build_number": 0,
            "constrains": ["other <2"],
            "depends": ["python >=3.9"],
            "md5": record.md5_hex,
            "name": "demo",
            "platform": "linux",
            "sha256": record.sha256_hex,
            "size": record.size,
            "subdir": "linux-64",
            "timestamp": 1_700_000_000_000,
            "version": "1.0",
        }
    }


def test_both_archive_formats_have_their_own_map(tmp_path):
    make_package(tmp_path, "a", "1", archive="tar.bz2")
    make_package(tmp_path, "a", "1", archive="conda")
    index_channel(tmp_path)
    document = read(tmp_path / "linux-64/repodata.json")
    assert list(document["packages"]) == ["a-1-0.tar.bz2"]
    assert list(document["packages.conda"]) == ["a-1-0.conda"]


def test_compressed_copies_hold_the_same(tmp_path):
    make_package(tmp_path, "a", "1")
    index_channel(tmp_path)
    for name in ("repodata.json", "run_exports.json"):
        path = tmp_path / "linux-64" / name
        assert path.read_bytes() == zstd.decompress(path.with_name(f"{name}.zst").read_bytes())


def test_shards_hold_the_same_with_binary_hashes_and_run_exports(tmp_path):
    exports = {"run_exports.json": b'{"weak": ["a >=1,<2"]}'}
    record = make_package(tmp_path, "a", "1", extra_info=exports)
    make_package(tmp_path, "a", "2", archive="tar.bz2")
    make_package(tmp_path, "b", "1")
    index_channel(tmp_path)
    index, shards = read_shards(tmp_path / "linux-64")
    assert index["version"] == 1
    assert index["info"] == {"subdir": "linux-64", "base_url": "", "shards_base_url": "./shards/"}
    assert sorted(shards) == ["a", "b"]
    entry = shards["a"]["packages.conda"]["a-1-0.conda"]
    assert (entry["sha256"], entry["md5"]) == (record.sha256, record.md5)
    assert entry["run_exports"] == {"weak": ["a >=1,<2"]}
    assert shards["a"]["packages"]["a-2-0.tar.bz2"]["run_exports"] == {}


def test_run_exports_have_an_entry_for_every_package(tmp_path):
    exports = {"run_exports.json": b'["a >=1"]'}
    make_package(tmp_path, "a", "1", extra_info=exports)
    make_package(tmp_path, "a", "2", archive="tar.bz2", extra_info=exports)
    make_package(tmp_path, "b", "1")
    index_channel(tmp_path)
    assert read(tmp_path / "linux-64/run_exports.json") == {
        "info": {"arch": "x86_64", "platform": "linux", "subdir": "linux-64", "version": 1},
        "packages": {"a-2-0.tar.bz2": {"run_exports": {"weak": ["a >=1"]}}},
        "packages.conda": {
            "a-1-0.conda": {"run_exports": {"weak": ["a >=1"]}},
            "b-1-0.conda": {"run_exports": {}},
        },
    }


def test_a_base_url_makes_it_version_two(tmp_path):
    make_package(tmp_path, "a", "1")
    index_channel(tmp_path, base_url="../packages")
    document = read(tmp_path / "linux-64/repodata.json")
    assert (document["repodata_version"], document["info"]["base_url"]) == (2, "../packages")
    index, _ = read_shards(tmp_path / "linux-64")
    assert index["info"]["base_url"] == "../packages"


def test_nothing_new_means_nothing_is_read_or_written(tmp_path):
    make_package(tmp_path, "a", "1")
    index_channel(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert [(s.read, s.written) for s in index_channel(tmp_path)] == [(0, 0), (0, 0)]
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}


def test_only_new_and_changed_packages_are_read(tmp_path):
    make_package(tmp_path, "a", "1")
    make_package(tmp_path, "b", "1")
    index_channel(tmp_path)
    make_package(tmp_path, "b", "1", depends=["a"])
    make_package(tmp_path, "c", "1")
    linux, _ = index_channel(tmp_path)
    assert (linux.packages, linux.read) == (3, 2)
    entries = read(tmp_path / "linux-64/repodata.json")["packages.conda"]
    assert entries["b-1-0.conda"]["depends"] == ["a"]


def test_force_reads_everything_again(tmp_path):
    make_package(tmp_path, "a", "1")
    index_channel(tmp_path)
    assert index_channel(tmp_path, force=True)[0].read == 1


def test_a_deleted_package_leaves_the_index(tmp_path):
    record = make_package(tmp_path, "a", "1")
    make_package(tmp_path, "b", "1")
    index_channel(tmp_path)
    (tmp_path / "linux-64" / record.file_name).unlink()
    assert index_channel(tmp_path)[0].gone == 1
    assert list(read(tmp_path / "linux-64/repodata.json")["packages.conda"]) == ["b-1-0.conda"]
    assert list(read_shards(tmp_path / "linux-64")[1]) == ["b"]


def test_withdrawn_packages_stay_withdrawn(tmp_path):
    make_package(tmp_path, "a", "1")
    (tmp_path / "linux-64/repodata.json").write_text(
        '{"removed": ["old-1-0.conda", "a-1-0.conda"]}'
    )
    index_channel(tmp_path)
    assert read(tmp_path / "linux-64/repodata.json")["removed"] == ["old-1-0.conda"]
    assert read_shards(tmp_path / "linux-64")[1]["old"]["removed"] == ["old-1-0.conda"]


def test_shards_of_the_last_index_stay_and_older_ones_go(tmp_path):
    shards = tmp_path / "linux-64" / "shards"
    seen = []
    for version in ("1", "2", "3"):
        make_package(tmp_path, "a", version)
        index_channel(tmp_path)
        seen.append({path.name for path in shards.iterdir()})
    assert [len(names) for names in seen] == [1, 2, 2]
    assert seen[0] & seen[2] == set()


def test_the_same_packages_give_the_same_index_everywhere(tmp_path):
    for number in range(5):
        make_package(tmp_path / "one", f"p{number}", "1", depends=["x"])
    (tmp_path / "two" / "linux-64").mkdir(parents=True)
    for path in sorted((tmp_path / "one" / "linux-64").iterdir(), reverse=True):
        shutil.copyfile(path, tmp_path / "two" / "linux-64" / path.name)
    index_channel(tmp_path / "one", max_workers=1)
    index_channel(tmp_path / "two", max_workers=4)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_time_of_indexing_is_noted_once(tmp_path):
    make_package(tmp_path, "a", "1")
    index_channel(tmp_path, indexed_timestamp_ms=1000)
    make_package(tmp_path, "b", "1")
    index_channel(tmp_path, indexed_timestamp_ms=2000)
    index_channel(tmp_path, indexed_timestamp_ms=3000, force=True)
    entries = read(tmp_path / "linux-64/repodata.json")["packages.conda"]
    assert {name: entry["indexed_timestamp"] for name, entry in entries.items()} == {
        "a-1-0.conda": 1000,
        "b-1-0.conda": 2000,
    }


def test_a_damaged_memory_is_ignored(tmp_path):
    make_package(tmp_path, "a", "1")
    index_channel(tmp_path)
    (tmp_path / "linux-64/.cache/hognose-index.msgpack").write_bytes(b"\xc1broken")
    assert index_channel(tmp_path)[0].read == 1


def test_records_that_older_readers_would_misunderstand_are_kept_apart(tmp_path):
    make_package(tmp_path, "a", "1", depends=['b[when="__unix"]'])
    make_package(tmp_path, "c", "1", archive="tar.bz2", depends=["d[extras=[x]]"])
    make_package(tmp_path, "e", "1", depends=["f[version='>=1']"])
    index_channel(tmp_path)
    document = read(tmp_path / "linux-64/repodata.json")
    assert (list(document["packages"]), list(document["packages.conda"])) == ([], ["e-1-0.conda"])
    assert (list(document["v3"]["conda"]), list(document["v3"]["tar.bz2"])) == (
        ["a-1-0"],
        ["c-1-0"],
    )
    assert document["info"]["repodata_revisions"]["v3"]["n_packages"] == 2
    assert list(read_shards(tmp_path / "linux-64")[1]["a"]["v3"]["conda"]) == ["a-1-0"]
    names = [
        name
        for name, _ in RepoData.from_path(
            tmp_path / "linux-64/repodata.json"
        ).iter_package_records()
    ]
    assert sorted(names) == ["a-1-0.conda", "c-1-0.tar.bz2", "e-1-0.conda"]


def test_dependencies_of_the_third_revision_are_written_in_brackets(tmp_path):
    """CEP 48: a bare name, or a name with everything else in brackets."""
    depends = ["python >=3.9", "pip", 'numpy >=2 py*[when="python>=3.10"]']
    make_package(tmp_path, "a", "1", depends=depends)
    index_channel(tmp_path)
    record = read(tmp_path / "linux-64/repodata.json")["v3"]["conda"]["a-1-0"]
    assert record["depends"] == [
        'python[version=">=3.9"]',
        "pip",
        'numpy[version=">=2",build="py*",when="python>=3.10"]',
    ]


def test_a_revision_says_when_its_records_were_indexed(tmp_path):
    """CEP 48: `oldest` and `newest` are times of indexing, not of building."""
    for version, time in (("1", 1_700_000_000_000), ("2", 1_800_000_000_000)):
        make_package(tmp_path, "a", version, depends=['b[when="__unix"]'])
        index_channel(tmp_path, indexed_timestamp_ms=time)
    revision = read(tmp_path / "linux-64/repodata.json")["info"]["repodata_revisions"]["v3"]
    assert (1_700_000_000_000, 1_800_000_000_000) == (revision["oldest"], revision["newest"])


def test_only_known_subdirs_are_indexed(tmp_path):
    make_package(tmp_path, "a", "1", subdir="linux-64")
    (tmp_path / "documents").mkdir()
    (tmp_path / "linux-64" / ".b-1-0.conda").write_bytes(b"a download that is not complete")
    (tmp_path / "linux-64" / "notes.txt").write_text("")
    assert [(s.subdir, s.packages) for s in index_channel(tmp_path)] == [
        ("linux-64", 1),
        ("noarch", 0),
    ]


def test_subdirs_can_be_chosen(tmp_path):
    make_package(tmp_path, "a", "1", subdir="linux-64")
    assert [s.subdir for s in index_channel(tmp_path, subdirs=["osx-64"])] == ["noarch", "osx-64"]
    with pytest.raises(ParseSubdirError):
        index_channel(tmp_path, subdirs=["../etc"])


def test_compressed_copies_and_shards_can_be_left_out(tmp_path):
    make_package(tmp_path, "a", "1")
    index_channel(tmp_path, write_zst=False, write_shards=False)
    names = {path.name for path in (tmp_path / "linux-64").iterdir()}
    assert names == {"a-1-0.conda", "repodata.json", "run_exports.json", ".cache"}


@pytest.mark.parametrize("archive", ["conda", "tar.bz2"])
def test_a_truncated_package_is_an_error_and_the_index_stays(tmp_path, archive):
    make_package(tmp_path, "a", "1")
    index_channel(tmp_path)
    record = make_package(tmp_path, "b", "1", archive=archive)
    path = tmp_path / "linux-64" / record.file_name
    path.write_bytes(path.read_bytes()[:90])
    before = contents(tmp_path)
    with pytest.raises(HognoseError, match="b-1-0"):
        index_channel(tmp_path)
    assert before == contents(tmp_path)


def test_several_broken_packages_are_reported_together(tmp_path):
    (tmp_path / "noarch").mkdir()
    for name in ("a-1-0.conda", "b-1-0.tar.bz2"):
        (tmp_path / "noarch" / name).write_bytes(b"no archive")
    with pytest.raises(ExceptionGroup, match="2 packages") as caught:
        index_channel(tmp_path)
    assert all(isinstance(error, ArchiveError) for error in caught.value.exceptions)


def test_a_package_without_metadata_is_an_error(tmp_path):
    record = make_package(tmp_path, "a", "1")
    path = tmp_path / "linux-64" / record.file_name
    import zipfile

    with zipfile.ZipFile(path, "w") as archive:
        empty = zstd.compress(bytes(1024))
        archive.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
        archive.writestr("info-a-1-0.tar.zst", empty)
        archive.writestr("pkg-a-1-0.tar.zst", empty)
    with pytest.raises(HognoseError, match=r"info/index\.json"):
        index_channel(tmp_path)


def test_a_missing_directory_is_an_error_and_is_not_made(tmp_path):
    with pytest.raises(ChannelBuildError, match="no channel to index"):
        index_channel(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_directory_that_cannot_be_written_is_an_error(tmp_path):
    make_package(tmp_path, "a", "1")
    (tmp_path / "noarch").write_text("a file where a directory should be")
    with pytest.raises(ChannelBuildError, match="cannot index channel"):
        index_channel(tmp_path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user without all rights")
def test_a_directory_without_permission_keeps_its_index(tmp_path):
    make_package(tmp_path, "a", "1")
    (tmp_path / "linux-64").chmod(0o500)
    try:
        with pytest.raises(ChannelBuildError, match="Permission denied"):
            index_channel(tmp_path)
    finally:
        (tmp_path / "linux-64").chmod(0o700)
