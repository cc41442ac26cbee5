"""Checking extracted packages against their own list of files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from hognose.archive import ValidationMode, extract, validate_package_directory
from hognose.errors import ArchiveError, HashMismatchError
from support.package_maker import Link, make_package

if TYPE_CHECKING:
    from pathlib import Path

    from support.package_maker import Content


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files: dict[str, Content] = {
        "a": "aa",
        "lib/b": b"b" * 5_000_000,
        "lib/l": Link("b"),
        "c": "cc",
    }
    make_package(tmp_path, "p", "1", files=files)
    extract(tmp_path / "linux-64/p-1-0.conda", tmp_path / "tree")
    return tmp_path / "tree"


def faults(tree: Path, mode: ValidationMode, *, threads: int = 2) -> list[str]:
    try:
        validate_package_directory(tree, mode=mode, threads=threads)
    except ExceptionGroup as group:
        return [error.message for error in group.exceptions if isinstance(error, ArchiveError)]
    return []


def test_a_whole_package_gives_its_list(tree: Path) -> None:
    (tree / "more").write_text("files that are not listed are no fault")
    assert len(validate_package_directory(tree).paths) == 4


@pytest.mark.parametrize("threads", [1, 3])
def test_a_changed_file_is_found_by_its_hash(tree: Path, threads: int) -> None:
    (tree / "a").write_text("??")
    (tree / "c").write_text("!!")
    assert faults(tree, ValidationMode.SIZES) == []
    first, second = faults(tree, ValidationMode.HASHES, threads=threads)
    assert first.startswith("`a`: its SHA-256 is ")
    assert second.startswith("`c`: its SHA-256 is ")


def test_a_file_of_another_size_is_found_without_reading_it(tree: Path) -> None:
    (tree / "a").write_text("longer")
    assert faults(tree, ValidationMode.EXISTS) == []
    assert faults(tree, ValidationMode.SIZES) == ["`a`: its size is 6 and should be 2"]


def test_what_is_missing_or_of_another_kind_is_found(tree: Path) -> None:
    (tree / "a").unlink()
    (tree / "c").unlink()
    (tree / "c").mkdir()
    (tree / "lib/b").unlink()
    (tree / "lib/b").symlink_to("/etc/passwd")
    (tree / "lib/l").unlink()
    os.mkdir(tree / "lib/l")
    assert faults(tree, ValidationMode.SKIP) == []
    assert sorted(faults(tree, ValidationMode.EXISTS)) == [
        "`a`: it is missing",
        "`c`: it is not a file",
        "`lib/b`: it is a symbolic link",
        "`lib/l`: it is not a symbolic link",
    ]


def test_a_list_cannot_lead_out_of_the_package(tree: Path) -> None:
    path = tree / "info/paths.json"
    path.write_text('{"paths": [{"_path": "../../etc/passwd", "path_type": "hardlink"}]}')
    (fault,) = faults(tree, ValidationMode.HASHES)
    assert "contains `..`" in fault


def test_faults_carry_their_facts(tree: Path) -> None:
    (tree / "a").write_text("??")
    with pytest.raises(ExceptionGroup) as caught:
        validate_package_directory(tree)
    (error,) = caught.value.exceptions
    assert isinstance(error, HashMismatchError)
    assert error.__dict__["member"] == "a"
    assert len(error.__dict__["expected"]) == 64


def test_a_package_without_a_list_is_an_error(tree: Path) -> None:
    (tree / "info/paths.json").unlink()
    with pytest.raises(ArchiveError, match="no list of its files"):
        validate_package_directory(tree)
    (tree / "info/paths.json").write_text("[")
    with pytest.raises(ArchiveError, match="bad list of its files"):
        validate_package_directory(tree)


def test_old_packages_are_checked_by_their_older_list(tree: Path) -> None:
    (tree / "info/paths.json").unlink()
    (tree / "info/files").write_text("a\nlib/b\nlib/l\n")
    assert len(validate_package_directory(tree).paths) == 3
