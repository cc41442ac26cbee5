"""Files that another program holds open, as Windows has them: waited for, then put into a trash."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from hognose.errors import HognoseError
from hognose.install.unlink import _move_to_trash, discard, empty_trash

if TYPE_CHECKING:
    from pathlib import Path

    from support.environment import Environment


def test_files_of_one_name_lie_in_the_trash_side_by_side(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "tool.dll").write_text(folder)
        _move_to_trash(f"{tmp_path}/", f"{folder}/tool.dll")

    assert not (tmp_path / "a/tool.dll").exists()
    trash = tmp_path / ".trash"
    assert ["a", "b"] == sorted(path.read_text() for path in trash.iterdir())


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127])
def test_a_file_with_a_long_name_fits_into_the_trash(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()

    _move_to_trash(f"{tmp_path}/", name)

    assert 1 == len(os.listdir(tmp_path / ".trash"))


@pytest.mark.skipif(os.name == "nt", reason="makes symbolic links")
def test_nothing_is_moved_through_a_trash_that_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "prefix").mkdir()
    (tmp_path / "prefix/file").touch()
    (tmp_path / "prefix/.trash").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(FileExistsError):
        _move_to_trash(f"{tmp_path}/prefix/", "file")

    assert [] == os.listdir(tmp_path / "elsewhere")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may delete")
def test_what_cannot_be_deleted_stays_in_the_trash_and_is_counted(tmp_path: Path) -> None:
    held = tmp_path / ".trash/held"
    held.mkdir(parents=True)
    (held / "file").touch()
    held.chmod(0o500)
    (tmp_path / ".trash/free").touch()

    assert 1 == empty_trash(tmp_path)

    assert ["held"] == os.listdir(tmp_path / ".trash")
    held.chmod(0o700)


def test_folders_in_the_trash_are_deleted_as_well(tmp_path: Path) -> None:
    (tmp_path / ".trash/old.1.trash/sub").mkdir(parents=True)
    (tmp_path / ".trash/old.1.trash/sub/file").touch()

    assert 0 == empty_trash(tmp_path)

    assert not (tmp_path / ".trash").exists()


def test_a_file_called_as_the_trash_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".trash").write_text("somebody's")

    assert 0 == empty_trash(tmp_path)

    assert "somebody's" == (tmp_path / ".trash").read_text()


@pytest.mark.parametrize("path", [".trash", ".trash/x"])
def test_a_package_may_not_ship_the_trash(path: str, environment: Environment) -> None:
    with pytest.raises(HognoseError, match=r"belongs to the environment: \.trash"):
        environment.install(environment.package("a", files={path: "x"}))

    assert not environment.prefix.exists()


def test_what_is_gone_is_discarded_already(tmp_path: Path) -> None:
    discard(f"{tmp_path}/", "nothing/here")


def test_a_folder_is_discarded_with_all_in_it(tmp_path: Path) -> None:
    (tmp_path / "old/1").mkdir(parents=True)
    (tmp_path / "old/1/file").touch()

    discard(f"{tmp_path}/", "old")

    assert [] == os.listdir(tmp_path)
