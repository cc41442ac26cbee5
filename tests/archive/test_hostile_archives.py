"""What an archive may never do, tried with archives that try it."""

from __future__ import annotations

import io
import os
import random
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


# Members that are as nearly all are, in front of one that is not.
ORDINARY = [file(f"{folder}/f{number}") for folder in ("lib", "info", "lib/a") for number in "123"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lib/..", "contains `..`"),
        ("lib/.", "has no name"),
        ("lib/a/../../../x", "contains `..`"),
        ("/lib/x", "is absolute"),
        ("lib/f1/x", "in its place"),
        ("lib/f1", "is there twice"),
        ("./lib//f1", "is there twice"),
        ("info/repodata_record.json", "is reserved"),
        ("info/Repodata_Record.json", "is reserved"),
        ("./info/hognose-byte-code/x", "is reserved"),
        ("conda-meta/x", "is reserved"),
        ("conda-meta", "is reserved"),
        ("lib/" + "\U0001f40d" * 64, "longer than 255 bytes"),
    ],
)
def test_a_name_after_many_ordinary_ones_is_looked_at_as_closely(
    name: str, message: str, tmp_path: Path
) -> None:
    archive = conda(zstd.compress(tar([*ORDINARY, file(name, b"other")])))
    with pytest.raises(UnsafeArchiveError, match=message) as caught:
        extract(io.BytesIO(archive), tmp_path / "t")
    assert name == caught.value.__dict__["member"]
    assert everything_below(tmp_path) == set()


def test_windows_rules_hold_for_every_name(tmp_path: Path) -> None:
    archive = conda(zstd.compress(tar([*ORDINARY, file("lib/nul")])))
    with pytest.raises(UnsafeArchiveError, match="Windows"):
        extract(io.BytesIO(archive), tmp_path / "t", limits=ExtractLimits(windows_names=True))
    assert everything_below(tmp_path) == set()


def test_a_member_repeated_among_ordinary_ones_is_compared_with_its_own_data_alone(
    tmp_path: Path,
) -> None:
    # The last one goes on in what is decompressed later.
    large = random.Random(1).randbytes(300_000)
    members = [*ORDINARY, ORDINARY[1], file("lib/large", large)]
    extract(io.BytesIO(conda(zstd.compress(tar(members)))), tmp_path / "t")
    assert (tmp_path / "t/lib/f2").read_bytes() == b"evil"
    assert (tmp_path / "t/lib/large").read_bytes() == large


@pytest.mark.parametrize("number", [500, 3000])
def test_a_name_of_very_many_parts_is_refused(number: int, tmp_path: Path) -> None:
    archive = conda(zstd.compress(tar([file("a/" * number + "x")])))
    with pytest.raises(UnsafeArchiveError, match="more than 400 parts"):
        extract(io.BytesIO(archive), tmp_path / "t")
    assert everything_below(tmp_path) == set()


def test_a_name_of_very_many_parts_is_refused_if_it_grows_member_by_member(tmp_path: Path) -> None:
    archive = conda(zstd.compress(tar([file("a/" * depth + "x") for depth in range(1, 450)])))
    with pytest.raises(UnsafeArchiveError, match="more than 400 parts"):
        extract(io.BytesIO(archive), tmp_path / "t")
    assert everything_below(tmp_path) == set()


def test_names_in_any_script_and_of_any_bytes_lie_beside_ordinary_ones(tmp_path: Path) -> None:
    names = ["lib/\u00fc", "\u00fc/x", "\u00fc/y", "lib/\udcff", "lib/a/" + "\u86c7" * 80]
    members = [*ORDINARY, *(file(name) for name in names), file("top")]
    extract(io.BytesIO(conda(zstd.compress(tar(members)))), tmp_path / "t")
    expected = {header.name for header, _ in ORDINARY} | {*names, "top", "info/index.json"}
    folders = {"lib", "lib/a", "info", "\u00fc"}
    assert expected | folders == everything_below(tmp_path / "t")


def test_the_first_member_too_many_is_named(tmp_path: Path) -> None:
    archive = conda(zstd.compress(tar([file("lib/f0"), *ORDINARY])))
    with pytest.raises(UnsafeArchiveError, match="more than 6 members") as caught:
        extract(io.BytesIO(archive), tmp_path / "t", limits=ExtractLimits(members=6))
    assert ORDINARY[5][0].name == caught.value.__dict__["member"]
