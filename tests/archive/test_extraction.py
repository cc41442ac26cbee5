"""Extracting packages."""

from __future__ import annotations

import hashlib
import io
import os
import random
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import pytest
from backports import zstd

from hognose.archive import ArchiveDigest, extract, extract_info
from hognose.errors import ArchiveError, HashMismatchError, NetworkError
from support.hostile_archives import INDEX, conda, file, hard_link, tar
from support.package_maker import File, Link, make_package

if TYPE_CHECKING:
    from support.package_maker import Content

# More than two pieces of what the decompressors give at once.
BIG = random.Random(1).randbytes(2_300_000)
FILES: dict[str, Content] = {
    "bin/run": File(b"#!/bin/sh\n", executable=True),
    "lib/big": BIG,
    "lib/empty": b"",
    "lib/link": Link("big"),
}
KINDS = ("conda", "tar.bz2")


class Pipe:
    """A stream that can neither seek nor tell, and gives less than it is asked for."""

    def __init__(self, data: bytes, *, fail_at: int | None = None) -> None:
        self._stream = io.BytesIO(data)
        self._fail_at = fail_at

    def read(self, size: int = -1, /) -> bytes:
        if self._fail_at is not None and self._stream.tell() > self._fail_at:
            message = "the connection broke"
            raise NetworkError(message, url="https://example.com/a")
        return self._stream.read(min(size, 10_007) if size > 0 else size)


def pipe(data: bytes, *, fail_at: int | None = None) -> BinaryIO:
    return cast("BinaryIO", Pipe(data, fail_at=fail_at))


def packed(tmp_path: Path, kind: str) -> Path:
    make_package(tmp_path / "channel", "a", "1", files=FILES, archive=kind)  # type: ignore[arg-type]
    return tmp_path / "channel/linux-64" / f"a-1-0.{kind}"


def check(tree: Path) -> None:
    assert sorted(child.name for child in tree.iterdir()) == ["bin", "info", "lib"]
    assert (tree / "lib/big").read_bytes() == BIG
    assert (tree / "lib/empty").read_bytes() == b""
    assert (tree / "lib/link").readlink() == Path("big")
    assert os.access(tree / "bin/run", os.X_OK)
    assert (tree / "lib/big").stat().st_mtime == 1_700_000_000


@pytest.mark.parametrize("kind", KINDS)
def test_a_path_a_file_and_a_pipe_give_the_same_tree_and_hashes(kind: str, tmp_path: Path) -> None:
    path = packed(tmp_path, kind)
    data = path.read_bytes()
    expected = ArchiveDigest(
        hashlib.sha256(data).digest(), hashlib.md5(data, usedforsecurity=False).digest(), len(data)
    )
    assert expected == extract(path, tmp_path / "1")
    assert expected == extract(str(path), str(tmp_path / "2"))
    with path.open("rb") as stream:
        assert expected == extract(stream, tmp_path / "3")
        assert not stream.closed
    assert expected == extract(pipe(data), tmp_path / "deep/er/4")
    for tree in ("1", "2", "3", "deep/er/4"):
        check(tmp_path / tree)


def test_a_conda_package_whose_writer_could_not_seek_is_spooled(tmp_path: Path) -> None:
    stream = io.BytesIO()

    class Unseekable(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            return stream.write(cast("bytes", data))

    with zipfile.ZipFile(Unseekable(), "w") as archive:
        archive.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
        inner = zstd.compress(tar([file("lib/a", b"a" * 300_000)]))
        archive.writestr("pkg-a-1-0.tar.zst", inner)
        archive.writestr("info-a-1-0.tar.zst", zstd.compress(tar([INDEX])))
    data = stream.getvalue()
    assert data[6] & 8
    digest = extract(pipe(data), tmp_path / "t")
    assert hashlib.sha256(data).digest() == digest.sha256
    assert (tmp_path / "t/lib/a").stat().st_size == 300_000
    assert (tmp_path / "t/info/index.json").exists()


def test_several_frames_and_skippable_frames_are_one_stream(tmp_path: Path) -> None:
    inner = tar([file("lib/a", b"a" * 5000)])
    skippable = b"\x50\x2a\x4d\x18\x04\0\0\0skip"
    frames = zstd.compress(inner[:700]) + skippable + zstd.compress(inner[700:])
    extract(io.BytesIO(conda(frames)), tmp_path / "t")
    assert (tmp_path / "t/lib/a").read_bytes() == b"a" * 5000


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_info_part_can_be_extracted(kind: str, tmp_path: Path) -> None:
    path = packed(tmp_path, kind)
    digest = extract_info(path, tmp_path / "t")
    assert hashlib.sha256(path.read_bytes()).digest() == digest.sha256
    assert sorted(child.name for child in (tmp_path / "t").iterdir()) == ["info"]
    assert (tmp_path / "t/info/index.json").exists()


def test_hard_links_share_their_content(tmp_path: Path) -> None:
    inner = tar([file("lib/a", b"once"), hard_link("lib/b", "lib/a"), hard_link("c", "./lib/a")])
    extract(io.BytesIO(conda(zstd.compress(inner))), tmp_path / "t")
    assert (tmp_path / "t/lib/a").stat().st_nlink == 3
    assert (tmp_path / "t/c").read_bytes() == b"once"


def test_the_umask_has_no_influence(tmp_path: Path) -> None:
    inner = tar([file("a", mode=0o664), file("b", mode=0o777), file("c", mode=0o400)])
    before = os.umask(0o077)
    try:
        extract(io.BytesIO(conda(zstd.compress(inner))), tmp_path / "t")
    finally:
        os.umask(before)
    modes = [(tmp_path / "t" / name).stat().st_mode & 0o7777 for name in "abc"]
    assert [0o664, 0o777, 0o400] == modes


def test_an_empty_directory_may_be_there_already(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    extract(packed(tmp_path, "conda"), tmp_path / "t")
    check(tmp_path / "t")


def test_a_directory_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t/mine").write_text("mine")
    with pytest.raises(ArchiveError, match="is not empty"):
        extract(packed(tmp_path, "conda"), tmp_path / "t")
    assert [child.name for child in (tmp_path / "t").iterdir()] == ["mine"]


def test_a_file_in_the_place_of_the_destination_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("mine")
    with pytest.raises(ArchiveError, match="is not empty"):
        extract(packed(tmp_path, "conda"), tmp_path / "t")
    assert (tmp_path / "t").read_text() == "mine"


@pytest.mark.parametrize("kind", KINDS)
def test_truncation_anywhere_is_an_error_that_leaves_nothing(kind: str, tmp_path: Path) -> None:
    data = packed(tmp_path, kind).read_bytes()
    (tmp_path / "x").mkdir()
    for length in (0, 3, 10, 40, 200, len(data) // 3, len(data) // 2, len(data) - 1):
        with pytest.raises(ArchiveError):
            extract(pipe(data[:length]), tmp_path / "x/t")
        assert list((tmp_path / "x").iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_error_of_the_source_comes_through_and_leaves_nothing(
    kind: str, tmp_path: Path
) -> None:
    data = packed(tmp_path, kind).read_bytes()
    (tmp_path / "x").mkdir()
    with pytest.raises(NetworkError, match="the connection broke"):
        extract(pipe(data, fail_at=len(data) // 2), tmp_path / "x/t")
    assert list((tmp_path / "x").iterdir()) == []


def test_a_package_with_another_hash_than_expected_leaves_nothing(tmp_path: Path) -> None:
    path = packed(tmp_path, "conda")
    with pytest.raises(HashMismatchError) as caught:
        extract(path, tmp_path / "x/t", expected_sha256=bytes(32))
    assert caught.value.__dict__["expected"] == "0" * 64
    assert list((tmp_path / "x").iterdir()) == []
    actual = hashlib.sha256(path.read_bytes()).digest()
    extract(path, tmp_path / "x/t", expected_sha256=actual)
    check(tmp_path / "x/t")


def test_progress_is_told_in_bytes_up_to_the_size(tmp_path: Path) -> None:
    path = packed(tmp_path, "conda")
    seen: list[int] = []
    extract(path, tmp_path / "t", progress=seen.append)
    assert seen == sorted(seen)
    assert path.stat().st_size == seen[-1]


def test_a_missing_package_is_an_error_with_the_path(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="No such file") as caught:
        extract(tmp_path / "nothing.conda", tmp_path / "t")
    assert caught.value.__dict__["path"] == str(tmp_path / "nothing.conda")


def test_a_disk_that_is_full_is_an_error_that_says_so(tmp_path: Path) -> None:
    import resource

    # A limit on the size of files stands in for a full disk: the write fails the same way.
    path = packed(tmp_path, "conda")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(ArchiveError, match="File too large") as caught:
            extract(path, tmp_path / "x/t")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert caught.value.__dict__["member"] == "lib/big"
    assert list((tmp_path / "x").iterdir()) == []
