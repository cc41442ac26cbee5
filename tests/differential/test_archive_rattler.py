"""The trees that hognose and py-rattler extract, compared member by member.

Accepted differences: none in content, names, modes, links and times of files and links. The time
of a directory with something in it is left out: py-rattler sets it before it fills the directory.
"""

from __future__ import annotations

import io
import sysconfig
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from backports import zstd

from hognose.archive import PackageEntry, create_package, extract, transmute, write_conda
from support.hostile_archives import conda, tar
from support.package_maker import File, Link, make_package
from support.trees import describe_tree

if TYPE_CHECKING:
    from support.package_maker import Content

rattler_streaming = pytest.importorskip("rattler.package_streaming")


def assert_same_tree_and_hashes(archive: Path, tmp_path: Path) -> None:
    digest = extract(archive, tmp_path / "ours")
    sha256, md5 = rattler_streaming.extract(archive, tmp_path / "theirs")
    assert describe_tree(tmp_path / "theirs") == describe_tree(tmp_path / "ours")
    assert (sha256, md5) == (digest.sha256, digest.md5)


VARIED: dict[str, Content] = {
    "bin/tool": File(b"#!/bin/sh\n", executable=True),
    "bin/alias": Link("tool"),
    "lib/deep/er/and/deeper/file": b"x" * 70_000,
    "lib/empty": b"",
    "lib/a" * 30: b"a name of 150 characters",
    "share/" + "long-name-" * 20: b"a component of 200 characters",
    "share/ünïcödé/文件": "text",
    "lib/up": Link("../bin/tool"),
}


@pytest.mark.parametrize("kind", ["conda", "tar.bz2"])
def test_packages_of_another_writer_come_out_the_same(kind: str, tmp_path: Path) -> None:
    make_package(tmp_path / "c", "a", "1", files=VARIED, archive=kind)  # type: ignore[arg-type]
    assert_same_tree_and_hashes(tmp_path / f"c/linux-64/a-1-0.{kind}", tmp_path)


@pytest.mark.parametrize("kind", ["conda", "tar.bz2"])
def test_packages_of_our_writer_come_out_the_same(kind: str, tmp_path: Path) -> None:
    make_package(tmp_path / "c", "a", "1", files=VARIED)
    extract(tmp_path / "c/linux-64/a-1-0.conda", tmp_path / "tree")
    (tmp_path / "tree/lib/empty-directory").mkdir()
    create_package(tmp_path / "tree", tmp_path / f"a-1-0.{kind}", level=1)
    assert_same_tree_and_hashes(tmp_path / f"a-1-0.{kind}", tmp_path)


def test_transmuted_packages_come_out_the_same(tmp_path: Path) -> None:
    make_package(tmp_path / "c", "a", "1", files=VARIED, archive="tar.bz2")
    transmute(tmp_path / "c/linux-64/a-1-0.tar.bz2", tmp_path / "a-1-0.conda", level=1)
    assert_same_tree_and_hashes(tmp_path / "a-1-0.conda", tmp_path)


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o664, 0o600, 0o444, 0o777, 0o4755, 0o2644, 0o1644])
@pytest.mark.parametrize("mtime", [0, 315532799, 1_700_000_000, 4_000_000_000])
def test_modes_and_times_come_out_the_same(mode: int, mtime: int, tmp_path: Path) -> None:
    header = tarfile.TarInfo("lib/file")
    header.mode, header.mtime, header.size = mode, mtime, 3
    link = tarfile.TarInfo("lib/link")
    link.type, link.linkname, link.mtime = tarfile.SYMTYPE, "file", mtime
    hard = tarfile.TarInfo("lib/hard")
    hard.type, hard.linkname, hard.mode, hard.mtime = tarfile.LNKTYPE, "lib/file", mode, mtime
    folder = tarfile.TarInfo("lib/folder")
    folder.type, folder.mode, folder.mtime = tarfile.DIRTYPE, 0o755, mtime
    inner = tar([(header, b"abc"), (link, b""), (hard, b""), (folder, b"")])
    path = tmp_path / "a-1-0.conda"
    path.write_bytes(conda(zstd.compress(inner)))
    assert_same_tree_and_hashes(path, tmp_path)


@pytest.mark.parametrize(
    "tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
)
def test_all_kinds_of_tar_come_out_the_same(tar_format: int, tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tar_format) as archive:
        for name in ("./a", "b/" * 40 + "c", "d/é" * 20, "./e/./f"):
            header = tarfile.TarInfo(name)
            header.size = 4
            archive.addfile(header, io.BytesIO(b"data"))
    path = tmp_path / "a-1-0.conda"
    path.write_bytes(conda(zstd.compress(stream.getvalue())))
    assert_same_tree_and_hashes(path, tmp_path)


@pytest.mark.slow
def test_the_standard_library_comes_out_the_same(tmp_path: Path) -> None:
    library = Path(sysconfig.get_paths()["stdlib"])
    entries = [
        PackageEntry(name=path.relative_to(library.parent).as_posix(), content=str(path))
        for path in library.rglob("*")
        if path.is_file() and "site-packages" not in path.parts
    ]
    index = PackageEntry(name="info/index.json", content=b"{}")
    write_conda(tmp_path / "a-1-0.conda", [*entries, index], level=1)
    assert_same_tree_and_hashes(tmp_path / "a-1-0.conda", tmp_path)
