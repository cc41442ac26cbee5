"""Looking into packages without extracting them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from backports import zstd

from hognose.archive import PackageArchive
from hognose.errors import ArchiveError, InvalidPackageFileError
from support.hostile_archives import INDEX, conda, file, hard_link, symlink, tar, tar_bz2
from support.package_maker import make_package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INNER = [
    file("lib/a", b"first"),
    symlink("lib/soft", "a"),
    hard_link("hard", "lib/a"),
    symlink("loop", "loop"),
    symlink("out", "../../etc/passwd"),
]


@pytest.fixture(params=["conda", "tar.bz2"])
def archive(request: pytest.FixtureRequest) -> Iterator[PackageArchive]:
    data = (
        conda(zstd.compress(tar(INNER))) if request.param == "conda" else tar_bz2([*INNER, INDEX])
    )
    with PackageArchive.open(io.BytesIO(data), name="evil") as opened:
        assert request.param == opened.archive_type
        yield opened


@pytest.mark.parametrize("kind", ["conda", "tar.bz2"])
def test_the_metadata_comes_as_records(kind: str, tmp_path: Path) -> None:
    make_package(
        tmp_path,
        "a",
        "1",
        files={"x": "1"},
        depends=["b >=2"],
        noarch="python",
        entry_points=["c = d:e"],
        archive=kind,  # type: ignore[arg-type]
    )
    with PackageArchive.open(tmp_path / f"noarch/a-1-0.{kind}") as archive:
        assert archive.index_json().depends == ("b >=2",)
        assert [entry.relative_path for entry in archive.paths_json().paths] == ["x"]
        assert archive.about_json() is not None
        link = archive.link_json()
        assert link is not None
        assert link.noarch is not None
        assert archive.run_exports_json() is None


def test_files_are_listed_by_section(archive: PackageArchive) -> None:
    assert archive.list_files("info") == ["info/index.json"]
    assert archive.list_files("pkg") == ["lib/a", "lib/soft", "hard", "loop", "out"]
    assert len(archive.list_files()) == 6


def test_files_are_read_and_links_are_followed(archive: PackageArchive) -> None:
    wanted = ["lib/a", "lib/soft", "hard", "nothing", "loop", "out", "info/index.json", "info/no"]
    contents = archive.read_files(wanted)
    assert list(contents) == wanted
    assert [b"first", b"first", b"first", None, None, None] == [
        contents[name] for name in wanted[:6]
    ]
    assert (contents["info/index.json"] or b"").startswith(b'{"name":"evil"')
    assert contents["info/no"] is None


def test_entries_can_be_read_one_after_the_other(archive: PackageArchive) -> None:
    seen = {}
    for entry in archive.iter_entries("pkg"):
        seen[entry.name] = (entry.is_file, entry.is_symlink, entry.is_hardlink, entry.link_target)
        if entry.is_file:
            assert entry.size == 5
            assert entry.read() == b"first"
            assert entry.read() == b""
    assert seen["lib/a"] == (True, False, False, None)
    assert seen["lib/soft"] == (False, True, False, "a")
    assert seen["hard"] == (False, False, True, "lib/a")


def test_missing_metadata_is_an_error_that_names_both(archive: PackageArchive) -> None:
    with pytest.raises(ArchiveError, match=r"package `evil` has no `info/paths.json`"):
        archive.paths_json()


def test_bad_metadata_is_an_error() -> None:
    data = conda(info=zstd.compress(tar([file("info/index.json", b"[]")])))
    with PackageArchive.open(io.BytesIO(data)) as archive, pytest.raises(InvalidPackageFileError):
        archive.index_json()


def test_a_stream_stays_open_and_a_file_does_not(tmp_path: Path) -> None:
    stream = io.BytesIO(conda())
    with PackageArchive.open(stream):
        pass
    assert not stream.closed
    (tmp_path / "a.conda").write_bytes(conda())
    with PackageArchive.open(tmp_path / "a.conda") as archive:
        pass
    with pytest.raises(ValueError, match="closed"):
        archive.list_files()


def test_a_file_that_is_no_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.conda").write_bytes(b"no package")
    with pytest.raises(ArchiveError, match="neither"):
        PackageArchive.open(tmp_path / "a.conda")
    with pytest.raises(ArchiveError, match="cannot open"):
        PackageArchive.open(tmp_path / "nothing.conda")
