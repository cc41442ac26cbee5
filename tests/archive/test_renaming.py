"""Renames and removals that wait while Windows refuses."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from hognose.archive import delete, delete_tree, outlast, remove_tree, rename

if TYPE_CHECKING:
    from pathlib import Path


class Held:
    """Refuses as Windows does while somebody holds the file, for some attempts."""

    def __init__(self, attempts: int, code: int = 5) -> None:
        self.attempts = attempts
        self.calls = 0
        self.code = code

    def __call__(self, source: str, target: str) -> None:
        self.calls += 1
        if self.calls <= self.attempts:
            error = PermissionError(13, "Access is denied", source)
            error.winerror = self.code  # type: ignore[attr-defined,unused-ignore]
            raise error


def test_a_file_that_is_held_for_a_moment_is_renamed_after_short_waits() -> None:
    held = Held(4)
    waits: list[float] = []
    rename("a", "b", operation=held, wait=waits.append)
    assert held.calls == 5
    assert waits == [0.01, 0.02, 0.04, 0.08]


def test_a_file_that_is_held_for_good_is_an_error_after_ten_seconds() -> None:
    waits: list[float] = []
    with pytest.raises(PermissionError):
        rename("a", "b", operation=Held(1000), wait=waits.append)
    assert 5 < sum(waits) < 15


def test_other_refusals_are_final() -> None:
    held = Held(1, code=2)
    with pytest.raises(PermissionError):
        rename("a", "b", operation=held, wait=lambda _: None)
    assert held.calls == 1


def test_a_directory_without_permissions_can_be_removed(tmp_path: Path) -> None:
    (tmp_path / "t/a/b").mkdir(parents=True)
    (tmp_path / "t/a/b/c").write_text("")
    (tmp_path / "t/a").chmod(0o500)
    (tmp_path / "t/a/b").chmod(0)
    remove_tree(str(tmp_path / "t"))
    assert not (tmp_path / "t").exists()
    remove_tree(str(tmp_path / "nothing"))


def refusal(code: int) -> PermissionError:
    error = PermissionError(13, "Access is denied")
    error.winerror = code  # type: ignore[attr-defined,unused-ignore]
    return error


@pytest.mark.parametrize("code", [5, 32, 33, 145])
def test_what_is_held_for_a_moment_is_outlasted(code: int) -> None:
    refusals = [refusal(code)] * 2

    def act() -> str:
        if refusals:
            raise refusals.pop()
        return "done"

    assert "done" == outlast(act, wait=lambda _: None)


def test_a_few_attempts_are_half_a_second() -> None:
    waits: list[float] = []

    def act() -> None:
        raise refusal(32)

    with pytest.raises(PermissionError):
        outlast(act, attempts=6, wait=waits.append)

    assert 0.5 < sum(waits) < 1


def test_a_file_that_may_not_be_written_is_made_writable_before_it_is_deleted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    path.touch(mode=0o444)

    def delete_as_windows(place: str) -> None:
        if not os.stat(place).st_mode & stat.S_IWRITE:
            raise refusal(5)
        os.unlink(place)

    waits: list[float] = []
    delete(str(path), operation=delete_as_windows, wait=waits.append)

    assert not path.exists()
    assert [] == waits


def test_a_file_that_cannot_be_deleted_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        delete(str(tmp_path / "nothing"))


def test_a_tree_is_deleted_whatever_the_permissions_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "t/a").mkdir(parents=True)
    (tmp_path / "t/a/file").touch(mode=0o444)

    delete_tree(str(tmp_path / "t"))

    assert not (tmp_path / "t").exists()
    with pytest.raises(FileNotFoundError):
        delete_tree(str(tmp_path / "t"))
