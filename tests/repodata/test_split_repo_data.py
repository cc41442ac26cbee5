"""A file that is cut while it arrives is what it is when it is read as a whole."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from hognose.errors import FetchRepoDataError, InvalidPackageFileError
from hognose.repodata import SparseRepoData
from hognose.repodata.record_scan import UNFORESEEN
from hognose.repodata.repo_data_contents import RepoDataPieces
from hognose.repodata.split_repo_data import SplitSubdir, split_stream, write_split
from hognose.types import Channel
from support import shared_data
from support.repodata_files import entry, packages_of, repodata, zstd

if TYPE_CHECKING:
    from pathlib import Path

CHANNEL = Channel("https://example.com/c")
REAL = ("conda-forge-python39/linux-64", "conda-forge/noarch", "anaconda-r/linux-64")


def cut_arriving(data: bytes, path: Path, *, max_size: int = 1 << 30) -> SplitSubdir:
    with path.open("wb") as file:
        source = io.BytesIO(zstd.compress(data))
        split_stream(source, "zst", file, max_size=max_size, what="repodata.json.zst")
    return SplitSubdir(CHANNEL, "linux-64", path)


def cut_in_memory(data: bytes, path: Path) -> SplitSubdir:
    with path.open("wb") as file:
        write_split(RepoDataPieces.cut(data, what="repodata.json"), file)
    return SplitSubdir(CHANNEL, "linux-64", path)


def assert_same(split: SplitSubdir, whole: SparseRepoData) -> None:
    assert sorted(split.package_names()) == whole.package_names()
    for name in whole.package_names():
        ours = {record.file_name: record for record in split.load_records(name)}
        assert ours == {record.file_name: record for record in whole.load_records(name)}
        assert split.removed(name) == whole.load_removed_packages(name)
    assert split.load_records("there is no such name") == []
    assert split.info == whole.info


@pytest.mark.parametrize("cut", [cut_arriving, cut_in_memory])
@pytest.mark.parametrize("file", REAL)
def test_every_name_of_a_real_file_has_the_same_records(
    tmp_path: Path, cut: Any, file: str
) -> None:
    data = shared_data.read_zst(f"channels/{file}/repodata.json.zst")
    whole = SparseRepoData.from_bytes(CHANNEL, "linux-64", data)
    assert_same(cut(data, tmp_path / "split"), whole)


@pytest.mark.parametrize("cut", [cut_arriving, cut_in_memory])
def test_what_is_hidden_and_what_was_withdrawn_is_left_out(tmp_path: Path, cut: Any) -> None:
    document = repodata(entry("a", "2"), entry("a", "3"), entry("Big"), entry("b"), base_url="x/")
    document["packages"] = packages_of([entry("a", "1"), entry("a", "2")], ".tar.bz2")
    document["removed"] = ["a-3-0.conda", "nothing that is a file name"]
    split = cut(json.dumps(document).encode(), tmp_path / "split")
    found = split.load_records("a")
    assert {record.file_name for record in found} == {"a-1-0.tar.bz2", "a-2-0.conda"}
    assert found[0].url == "https://example.com/c/linux-64/x/a-1-0.tar.bz2"
    assert [package.file_name for package in split.removed("a")] == ["a-3-0.conda"]
    assert [record.file_name for record in split.load_records("big")] == ["Big-1-0.conda"]
    assert set(split.mentioning("a-2-0")) | {"a"} == {"a"}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'{"packages": []}',
        b'{"packages": {"a-1-0.conda": {}}, "v3": {}}',
        b'{"packages": {}, "packages": {}}',
        b'{"packages.conda": {"a-1-0.conda": {',
        b'{"packages": {} "info": {}}',
        b'{"info": 7}',
    ],
)
def test_what_has_to_be_read_as_a_whole_says_so(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(UNFORESEEN):
        cut_arriving(text, tmp_path / "split")


def test_a_file_that_is_too_large_is_refused_on_the_way(tmp_path: Path) -> None:
    data = json.dumps(repodata(*(entry("a", str(number)) for number in range(100)))).encode()
    with pytest.raises(FetchRepoDataError, match="too large"):
        cut_arriving(data, tmp_path / "split", max_size=1000)


@pytest.mark.parametrize("damage", [b"", b"x", b"x" * 100])
def test_a_damaged_file_is_not_used(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "split"
    cut_arriving(json.dumps(repodata(entry("a"))).encode(), path)
    path.write_bytes(path.read_bytes()[:-1] + damage if damage else b"")
    with pytest.raises(InvalidPackageFileError, match="not a whole"):
        SplitSubdir(CHANNEL, "linux-64", path)
