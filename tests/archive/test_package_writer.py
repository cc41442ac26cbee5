"""Writing packages."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from backports import zstd

from hognose.archive import (
    PackageArchive,
    PackageEntry,
    create_package,
    extract,
    transmute,
    write_conda,
    write_tar_bz2,
)
from hognose.errors import ArchiveError, UnsafeArchiveError

if TYPE_CHECKING:
    from pathlib import Path

INDEX = PackageEntry(name="info/index.json", content=b"{}")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "info").mkdir(parents=True)
    (root / "info/index.json").write_text("{}")
    # The notes of a package cache are not the package's.
    (root / "info/repodata_record.json").write_text("{}")
    (root / "info/hognose-byte-code").mkdir()
    (root / "info/hognose-byte-code/dialect.json").write_text("{}")
    (root / "bin").mkdir()
    (root / "bin/run").write_text("run")
    (root / "bin/run").chmod(0o750)
    (root / "lib/empty").mkdir(parents=True)
    (root / "lib/data").write_bytes(b"data" * 50_000)
    (root / "lib/data").chmod(0o600)
    (root / "lib/link").symlink_to("data")
    return root


@pytest.mark.parametrize("kind", ["conda", "tar.bz2"])
def test_the_bytes_depend_on_nothing_but_the_content(kind: str, tree: Path, tmp_path: Path) -> None:
    names = ["lib/link", "info/index.json", "lib/empty", "bin/run", "lib/data"]
    target = tmp_path / f"a-1-0.{kind}"
    first = create_package(tree, target, level=3, threads=1)
    for path in tree.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (1, 1))
    (tree / "bin/run").chmod(0o700)
    for threads in (2, 4, None):
        again = create_package(tree, target, files=names, level=3, threads=threads)
        assert first == again
    data = target.read_bytes()
    assert (hashlib.sha256(data).digest(), len(data)) == (first.sha256, first.size)


def test_a_conda_package_is_laid_out_as_the_standard_says(tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "a-1-0.conda"
    create_package(tree, target, level=3, timestamp=1_600_000_000)
    with zipfile.ZipFile(target) as archive:
        infos = archive.infolist()
        assert [info.filename for info in infos] == [
            "metadata.json",
            "pkg-a-1-0.tar.zst",
            "info-a-1-0.tar.zst",
        ]
        assert {info.compress_type for info in infos} == {zipfile.ZIP_STORED}
        assert archive.testzip() is None
        assert archive.read("metadata.json") == b'{"conda_pkg_format_version": 2}'
        inner = zstd.decompress(archive.read("pkg-a-1-0.tar.zst"))
    (tmp_path / "inner.tar").write_bytes(inner)
    with tarfile.open(tmp_path / "inner.tar") as tar:
        members = {member.name: member for member in tar.getmembers()}
    assert list(members) == ["bin/run", "lib/data", "lib/empty", "lib/link"]
    assert [0o755, 0o644, 0o755, 0o777] == [member.mode for member in members.values()]
    assert {member.mtime for member in members.values()} == {1_600_000_000}
    assert {(member.uid, member.gid, member.uname) for member in members.values()} == {(0, 0, "")}


def test_a_tar_bz2_package_has_its_info_in_front(tree: Path, tmp_path: Path) -> None:
    create_package(tree, tmp_path / "a-1-0.tar.bz2")
    with tarfile.open(tmp_path / "a-1-0.tar.bz2") as tar:
        assert tar.getnames()[0] == "info/index.json"


def test_what_a_cache_added_is_left_out(tree: Path, tmp_path: Path) -> None:
    create_package(tree, tmp_path / "a-1-0.conda", level=1)
    with PackageArchive.open(tmp_path / "a-1-0.conda") as archive:
        assert archive.list_files("info") == ["info/index.json"]


def test_what_was_packed_comes_out_again(tree: Path, tmp_path: Path) -> None:
    create_package(tree, tmp_path / "a-1-0.conda", level=1)
    extract(tmp_path / "a-1-0.conda", tmp_path / "again")
    assert (tmp_path / "again/lib/data").read_bytes() == b"data" * 50_000
    assert (tmp_path / "again/lib/empty").is_dir()
    assert os.readlink(tmp_path / "again/lib/link") == "data"


@pytest.mark.parametrize("write", [write_conda, write_tar_bz2])
def test_entries_may_be_in_memory_and_in_any_order(write: object, tmp_path: Path) -> None:
    assert callable(write)
    target = tmp_path / ("a.conda" if write is write_conda else "a.tar.bz2")
    entries = [
        PackageEntry(name="z", content=b""),
        INDEX,
        PackageEntry(name="a/b", content=b"b", is_executable=True),
        PackageEntry(name="a/l", link_target="b"),
    ]
    first = write(target, entries, level=1)
    assert first == write(target, entries[::-1], level=1)
    with PackageArchive.open(target) as archive:
        assert archive.list_files() == ["info/index.json", "a/b", "a/l", "z"]
        assert archive.read_file("a/l") == b"b"


@pytest.mark.parametrize("name", ["../a", "/a", "", "a/../b", "a//b", "./a"])
def test_names_that_a_reader_would_refuse_or_change_are_not_written(
    name: str, tmp_path: Path
) -> None:
    with pytest.raises(ArchiveError):
        write_conda(tmp_path / "a.conda", [PackageEntry(name=name, content=b"")])
    assert list(tmp_path.iterdir()) == []


def test_links_that_lead_out_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(UnsafeArchiveError, match="leads out"):
        write_conda(tmp_path / "a.conda", [PackageEntry(name="l", link_target="../x")])


def test_a_name_may_be_there_once_only(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="is there twice"):
        write_conda(tmp_path / "a.conda", [INDEX, INDEX])


def test_pipes_cannot_be_packed(tree: Path, tmp_path: Path) -> None:
    os.mkfifo(tree / "pipe")
    with pytest.raises(ArchiveError, match="a pipe"):
        create_package(tree, tmp_path / "a-1-0.conda")


def test_a_missing_file_is_an_error_that_leaves_nothing(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="No such file"):
        create_package(tree, tmp_path / "out/a.conda", files=["nothing"])
    entry = PackageEntry(name="a", content=str(tmp_path / "nothing"))
    with pytest.raises(ArchiveError, match="No such file"):
        write_conda(tmp_path / "out/a.conda", [entry])
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_transmuting_there_and_back_gives_the_same_bytes(tree: Path, tmp_path: Path) -> None:
    first = create_package(tree, tmp_path / "a-1-0.conda", level=1)
    transmute(tmp_path / "a-1-0.conda")
    assert (tmp_path / "a-1-0.tar.bz2").exists()
    back = transmute(tmp_path / "a-1-0.tar.bz2", tmp_path / "back/a-1-0.conda", level=1)
    assert first == back
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a-1-0.conda",
        "a-1-0.tar.bz2",
        "back",
        "tree",
    ]


def test_transmuting_needs_to_know_the_format(tree: Path, tmp_path: Path) -> None:
    create_package(tree, tmp_path / "a-1-0.conda", level=1)
    (tmp_path / "a-1-0.conda").rename(tmp_path / "a.zip")
    with pytest.raises(ArchiveError, match="cannot tell the format"):
        transmute(tmp_path / "a.zip")
    with pytest.raises(ArchiveError, match="ends in neither format"):
        transmute(tmp_path / "a.zip", tmp_path / "b.zip")
