"""The trees that hognose and conda's own libraries extract, compared member by member.

Conda extracts with conda-package-handling (`cph`), which stands on conda-package-streaming.
Accepted differences are tests of their own below; `docs/reference/archive-differences.md` has their
reasons.
"""

from __future__ import annotations

import io
import os
import sys
import tarfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from backports import zstd

from hognose.archive import create_package, extract, transmute
from hognose.channel import build_channel
from hognose.errors import ArchiveError, UnsafeArchiveError
from support.hostile_archives import STEM, conda, tar
from support.package_maker import File, Link, make_package
from support.trees import describe_tree, snapshot
from support.wheel_maker import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.package_maker import Content

pytest.importorskip("conda_package_streaming")
pytest.importorskip("conda_package_handling")


def extract_by_streaming(archive: Path, target: Path) -> None:
    import_module("conda_package_streaming.extract").extract(str(archive), str(target))


def extract_by_handling(archive: Path, target: Path) -> None:
    import_module("conda_package_handling.api").extract(str(archive), str(target))


PEERS = pytest.mark.parametrize("peer", [extract_by_streaming, extract_by_handling])

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


def assert_same_tree(archive: Path, peer: Callable[[Path, Path], None], tmp_path: Path) -> None:
    extract(archive, tmp_path / "ours" / archive.name)
    peer(archive, tmp_path / "theirs" / archive.name)
    ours = describe_tree(tmp_path / "ours" / archive.name)
    theirs = describe_tree(tmp_path / "theirs" / archive.name)
    assert comparable(theirs) == comparable(ours)


def comparable(tree: dict[str, tuple[object, ...]]) -> dict[str, tuple[object, ...]]:
    """Leave out the times of links, and let times begin in 1980: two accepted differences."""
    result: dict[str, tuple[object, ...]] = {}
    for name, (kind, mode, time, *rest) in tree.items():
        if kind == "link":
            time = None
        elif isinstance(time, int):
            time = max(time, 315532800 * 10**9)
        result[name] = (kind, mode, time, *rest)
    return result


def one_member(header: tarfile.TarInfo, data: bytes, target: Path) -> Path:
    header.size = len(data)
    target.write_bytes(conda(zstd.compress(tar([(header, data)]))))
    return target


@PEERS
@pytest.mark.parametrize("kind", ["conda", "tar.bz2"])
def test_packages_of_another_writer_come_out_the_same(
    kind: str, peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    make_package(tmp_path / "c", "a", "1", files=VARIED, archive=kind)  # type: ignore[arg-type]
    assert_same_tree(tmp_path / f"c/linux-64/a-1-0.{kind}", peer, tmp_path)


@PEERS
@pytest.mark.parametrize("kind", ["conda", "tar.bz2"])
def test_packages_of_our_writer_come_out_the_same(
    kind: str, peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    make_package(tmp_path / "c", "a", "1", files=VARIED)
    extract(tmp_path / "c/linux-64/a-1-0.conda", tmp_path / "tree")
    (tmp_path / "tree/lib/empty-directory").mkdir()
    create_package(tmp_path / "tree", tmp_path / f"a-1-0.{kind}", level=1)
    assert_same_tree(tmp_path / f"a-1-0.{kind}", peer, tmp_path)


@PEERS
def test_transmuted_packages_come_out_the_same(
    peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    make_package(tmp_path / "c", "a", "1", files=VARIED, archive="tar.bz2")
    transmute(tmp_path / "c/linux-64/a-1-0.tar.bz2", tmp_path / "a-1-0.conda", level=1)
    assert_same_tree(tmp_path / "a-1-0.conda", peer, tmp_path)


@pytest.mark.parametrize("kind", ["conda", "tar.bz2"])
def test_packages_that_conda_makes_come_out_the_same(kind: str, tmp_path: Path) -> None:
    make_package(tmp_path / "c", "a", "1", files=VARIED)
    extract(tmp_path / "c/linux-64/a-1-0.conda", tmp_path / "tree")
    files = [name for name, value in snapshot(tmp_path / "tree").items() if value != "directory"]
    api: Any = import_module("conda_package_handling.api")
    api.create(str(tmp_path / "tree"), files, f"a-1-0.{kind}", str(tmp_path))
    assert_same_tree(tmp_path / f"a-1-0.{kind}", extract_by_handling, tmp_path)


@PEERS
def test_a_channel_made_of_wheels_comes_out_the_same(
    peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    script = "[console_scripts]\ntool = demo:main\n"
    wheels = [
        make_wheel(tmp_path / "wheels", "demo", entry_points=script),
        make_wheel(tmp_path / "wheels", "other", files={"other/data.bin": bytes(300_000)}),
    ]
    build_channel(tmp_path / "channel", python=False, wheels=wheels)
    archives = sorted((tmp_path / "channel").glob("*/*.conda"))
    assert ["demo", "other"] == [archive.name.split("-")[0] for archive in archives]
    for archive in archives:
        assert_same_tree(archive, peer, tmp_path)


@pytest.mark.slow
@PEERS
def test_the_package_of_this_python_comes_out_the_same(
    peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    build_channel(tmp_path / "channel", python=True)
    for archive in (tmp_path / "channel").glob("*/*.conda"):
        assert_same_tree(archive, peer, tmp_path)


@pytest.mark.slow
@PEERS
def test_packages_of_a_chosen_channel_come_out_the_same(
    peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    folder = os.environ.get("HOGNOSE_BENCH_CHANNEL")
    if folder is None:
        pytest.skip("HOGNOSE_BENCH_CHANNEL names no directory of packages")
    for archive in Path(folder).glob("*/*.conda"):
        assert_same_tree(archive, peer, tmp_path)


@PEERS
@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o444])
@pytest.mark.parametrize("mtime", [315532800, 1_700_000_000, 4_000_000_000])
def test_modes_and_times_come_out_the_same(
    mode: int, mtime: int, peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    header = tarfile.TarInfo("lib/file")
    header.mode, header.mtime, header.size = mode, mtime, 3
    link = tarfile.TarInfo("lib/link")
    link.type, link.linkname, link.mtime = tarfile.SYMTYPE, "file", mtime
    hard = tarfile.TarInfo("lib/hard")
    hard.type, hard.linkname, hard.mode, hard.mtime = tarfile.LNKTYPE, "lib/file", mode, mtime
    folder = tarfile.TarInfo("lib/folder")
    folder.type, folder.mode, folder.mtime = tarfile.DIRTYPE, 0o755, mtime
    inner = tar([(header, b"abc"), (link, b""), (hard, b""), (folder, b"")])
    (tmp_path / f"{STEM}.conda").write_bytes(conda(zstd.compress(inner)))
    assert_same_tree(tmp_path / f"{STEM}.conda", peer, tmp_path)


@PEERS
@pytest.mark.parametrize(
    "tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
)
def test_all_kinds_of_tar_come_out_the_same(
    tar_format: int, peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tar_format) as archive:
        for name in ("./a", "b/" * 40 + "c", "d/é" * 20, "./e/./f"):
            header = tarfile.TarInfo(name)
            header.size = 4
            header.mtime = 1_700_000_000
            archive.addfile(header, io.BytesIO(b"data"))
    path = tmp_path / f"{STEM}.conda"
    path.write_bytes(conda(zstd.compress(stream.getvalue())))
    assert_same_tree(path, peer, tmp_path)


# -- accepted differences ---------------------------------------------------------------------------


def modes_and_times(archive: Path, peer: Callable[[Path, Path], None], tmp_path: Path) -> Any:
    extract(archive, tmp_path / "ours")
    peer(archive, tmp_path / "theirs")
    files = [(tmp_path / who / "lib/file").stat() for who in ("ours", "theirs")]
    return [(oct(status.st_mode & 0o7777), int(status.st_mtime)) for status in files]


@PEERS
def test_times_before_1980_become_1980(peer: Callable[[Path, Path], None], tmp_path: Path) -> None:
    header = tarfile.TarInfo("lib/file")
    header.mode, header.mtime = 0o644, 0
    archive = one_member(header, b"abc", tmp_path / f"{STEM}.conda")
    expected = [("0o644", 315532800), ("0o644", 0)]
    assert expected == modes_and_times(archive, peer, tmp_path)


@PEERS
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask to speak of")
@pytest.mark.parametrize("mode", [0o664, 0o777])
def test_the_umask_has_no_influence_on_ours(
    mode: int, peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    header = tarfile.TarInfo("lib/file")
    header.mode, header.mtime = mode, 1_700_000_000
    archive = one_member(header, b"abc", tmp_path / f"{STEM}.conda")
    previous = os.umask(0o022)
    try:
        found = modes_and_times(archive, peer, tmp_path)
    finally:
        os.umask(previous)
    assert [(oct(mode), 1_700_000_000), (oct(mode & 0o755), 1_700_000_000)] == found


@PEERS
def test_links_get_the_time_that_the_archive_gives_them(
    peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    header = tarfile.TarInfo("lib/link")
    header.type, header.linkname, header.mtime = tarfile.SYMTYPE, "file", 1_700_000_000
    archive = one_member(header, b"", tmp_path / f"{STEM}.conda")
    extract(archive, tmp_path / "ours")
    peer(archive, tmp_path / "theirs")
    assert 1_700_000_000 == (tmp_path / "ours/lib/link").lstat().st_mtime
    assert 1_700_000_000 != (tmp_path / "theirs/lib/link").lstat().st_mtime


@PEERS
@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o1755])
def test_set_user_id_and_the_like_are_dropped(
    mode: int, peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    header = tarfile.TarInfo("lib/file")
    header.mode, header.mtime = mode, 1_700_000_000
    archive = one_member(header, b"abc", tmp_path / f"{STEM}.conda")
    expected = [("0o755", 1_700_000_000), (oct(mode), 1_700_000_000)]
    assert expected == modes_and_times(archive, peer, tmp_path)


@PEERS
def test_a_directory_without_access_keeps_its_owner_s_access(
    peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    header = tarfile.TarInfo("lib/folder")
    header.type, header.mode, header.mtime = tarfile.DIRTYPE, 0o055, 1_700_000_000
    archive = one_member(header, b"", tmp_path / f"{STEM}.conda")
    extract(archive, tmp_path / "ours")
    peer(archive, tmp_path / "theirs")
    found = [
        oct((tmp_path / who / "lib/folder").stat().st_mode & 0o7777) for who in ("ours", "theirs")
    ]
    (tmp_path / "theirs/lib/folder").chmod(0o755)
    assert ["0o755", "0o55"] == found


@PEERS
@pytest.mark.skipif(sys.platform == "win32", reason="Windows needs a right for links")
def test_a_link_that_leads_out_is_refused(
    peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    header = tarfile.TarInfo("lib/link")
    header.type, header.linkname = tarfile.SYMTYPE, "/etc/passwd"
    archive = one_member(header, b"", tmp_path / f"{STEM}.conda")
    peer(archive, tmp_path / "theirs")
    assert Path("/etc/passwd") == (tmp_path / "theirs/lib/link").readlink()
    with pytest.raises(UnsafeArchiveError, match="a symbolic link that leads out"):
        extract(archive, tmp_path / "ours")


@PEERS
def test_a_member_that_is_there_twice_is_refused(
    peer: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    headers = [tarfile.TarInfo("lib/file"), tarfile.TarInfo("lib/file")]
    for header in headers:
        header.size = 3
    inner = tar([(headers[0], b"one"), (headers[1], b"two")])
    archive = tmp_path / f"{STEM}.conda"
    archive.write_bytes(conda(zstd.compress(inner)))
    peer(archive, tmp_path / "theirs")
    assert (tmp_path / "theirs/lib/file").read_bytes() == b"two"
    with pytest.raises(UnsafeArchiveError, match="is there twice"):
        extract(archive, tmp_path / "ours")


@PEERS
def test_a_failure_leaves_nothing(peer: Callable[[Path, Path], None], tmp_path: Path) -> None:
    make_package(
        tmp_path / "c", "a", "1", files={f"lib/{n}": os.urandom(400_000) for n in range(6)}
    )
    archive = tmp_path / "a-1-0.tar.bz2"
    transmute(tmp_path / "c/linux-64/a-1-0.conda", archive)
    archive.write_bytes(archive.read_bytes()[:-400_000])
    with pytest.raises(Exception, match="end"):
        peer(archive, tmp_path / "theirs/out")
    with pytest.raises(ArchiveError, match="truncated"):
        extract(archive, tmp_path / "ours/out")
    assert {} != snapshot(tmp_path / "theirs")
    assert {} == snapshot(tmp_path / "ours")
