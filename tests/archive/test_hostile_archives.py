"""What an archive may never do, tried with archives that try it."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from backports import zstd

from hognose.archive import ExtractLimits, PackageArchive, extract
from hognose.errors import ArchiveError, UnsafeArchiveError
from support.hostile_archives import HOSTILE, conda, file, symlink, tar

if TYPE_CHECKING:
    from pathlib import Path


def everything_below(path: Path) -> set[str]:
    return {
        os.path.relpath(os.path.join(folder, name), path)
        for folder, folders, files in os.walk(path)
        for name in (*folders, *files)
    }


def test_the_corpus_is_large() -> None:
    assert len(HOSTILE) >= 60


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    hostile = HOSTILE[name]
    place = tmp_path / "a" / "b"
    place.mkdir(parents=True)
    with pytest.raises(ArchiveError) as caught:
        extract(io.BytesIO(hostile.make()), place / "target", archive_name=name)
    assert hostile.message in caught.value.message
    assert caught.value.message.startswith(f"cannot extract `{name}`: ")
    assert everything_below(tmp_path) == {"a", "a/b"}


@pytest.mark.parametrize("name", [name for name in HOSTILE if "bomb" not in name])
def test_looking_into_a_hostile_archive_ends_in_an_archive_error_or_an_answer(name: str) -> None:
    with (
        suppress(ArchiveError),
        PackageArchive.open(io.BytesIO(HOSTILE[name].make()), name=name) as archive,
    ):
        archive.list_files()
        archive.read_file("info/index.json")


def test_an_error_names_the_archive_the_member_and_the_rule(tmp_path: Path) -> None:
    with pytest.raises(UnsafeArchiveError) as caught:
        extract(io.BytesIO(conda(zstd.compress(tar([file("../x")])))), tmp_path / "t")
    facts = caught.value.__dict__
    assert facts["member"] == "../x"
    assert facts["rule"] == "contains `..`"
    assert facts["path"] == "the archive"


def test_windows_rules_can_be_asked_for(tmp_path: Path) -> None:
    limits = ExtractLimits(windows_names=True)
    for name in ("a:b", "aux.c", "lib/NUL", "a.", "back\\slash", "C:/x", "tab\tname", "q?"):
        archive = conda(zstd.compress(tar([file(name)])))
        with pytest.raises(UnsafeArchiveError, match="Windows"):
            extract(io.BytesIO(archive), tmp_path / "t", limits=limits)


def test_escaping_symlinks_can_be_allowed_but_not_written_through(tmp_path: Path) -> None:
    limits = ExtractLimits(escaping_symlinks=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    link = symlink("lib", str(outside))
    extract(io.BytesIO(conda(zstd.compress(tar([link])))), tmp_path / "good", limits=limits)
    assert str(outside) == os.readlink(tmp_path / "good" / "lib")
    archive = conda(zstd.compress(tar([link, file("lib/evil")])))
    with pytest.raises(UnsafeArchiveError, match="in its place"):
        extract(io.BytesIO(archive), tmp_path / "bad", limits=limits)
    assert list(outside.iterdir()) == []


def test_reserved_names_can_be_allowed(tmp_path: Path) -> None:
    archive = conda(zstd.compress(tar([file("conda-meta/pinned", b"python 3.*")])))
    extract(io.BytesIO(archive), tmp_path / "t", limits=ExtractLimits(reserved_names=True))
    assert (tmp_path / "t/conda-meta/pinned").read_bytes() == b"python 3.*"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (ExtractLimits(members=3), "more than 3 members"),
        (ExtractLimits(expanded_size=10_000), "more than 10000 bytes"),
        (ExtractLimits(ratio=2, ratio_floor=10_000), "2 times its size"),
    ],
)
def test_limits_can_be_set(limits: ExtractLimits, message: str, tmp_path: Path) -> None:
    archive = conda(zstd.compress(tar([file(f"f{n}", bytes(3000)) for n in range(5)])))
    with pytest.raises(UnsafeArchiveError, match=message):
        extract(io.BytesIO(archive), tmp_path / "t", limits=limits)
    assert list(tmp_path.iterdir()) == []


def test_a_member_repeated_with_the_same_content_is_harmless(tmp_path: Path) -> None:
    twice = [file("a", b"same"), file("a", b"same"), symlink("l", "a"), symlink("l", "a")]
    extract(io.BytesIO(conda(zstd.compress(tar(twice)))), tmp_path / "t")
    assert (tmp_path / "t/a").read_bytes() == b"same"
