"""Names that no file system can hold: refused, and what was begun is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.errors import HognoseError, TransactionError, UnsafeArchiveError
from hognose.install import has_unfinished_transaction, recover
from hognose.install.journal import Journal
from hognose.install.package_paths import cleaned
from hognose.install.unlink import remove_empty_directories, remove_file
from support.exact_state import exact_state
from support.package_maker import make_python

if TYPE_CHECKING:
    from pathlib import Path

    from support.environment import Environment

LONG = "y" * 300


def test_a_package_with_a_name_that_is_too_long_changes_nothing(environment: Environment) -> None:
    a = environment.package("a", files={"x": "x"})
    environment.install(a)
    before = exact_state(environment.prefix)
    bad = environment.package(
        "b", files={"y": "y"}, paths=[{"_path": LONG, "path_type": "hardlink"}]
    )

    with pytest.raises(HognoseError, match="longer than 255 bytes"):
        environment.install(a, bad)

    assert before == exact_state(environment.prefix)


def test_an_entry_point_with_a_name_that_is_too_long_changes_nothing(
    environment: Environment,
) -> None:
    python = make_python(environment.channel, "3.11.0")
    bad = environment.package(
        "b",
        noarch="python",
        files={"site-packages/m.py": ""},
        entry_points=[f"{LONG} = m:f"],
    )
    environment.install(python)
    before = exact_state(environment.prefix)

    with pytest.raises(HognoseError):
        environment.install(python, bad)

    assert before == exact_state(environment.prefix)


@pytest.mark.parametrize("path", [LONG, f"lib/{LONG}/x", "/".join(["y" * 200] * 30)])
def test_what_could_not_be_made_can_be_undone(path: str, tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    journal = Journal.begin(str(tmp_path))
    journal.note_creation(directories=[path], files=[path])
    journal.close()

    recover(tmp_path)

    assert not has_unfinished_transaction(tmp_path)


@pytest.mark.parametrize("path", [f"../{LONG}", f"{LONG}/../../x", f"/{LONG}"])
def test_a_long_name_is_no_way_out_of_the_environment(path: str, tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    journal = Journal.begin(str(tmp_path))
    journal.note_creation(files=[path])
    journal.close()

    with pytest.raises(TransactionError) as caught:
        recover(tmp_path)

    assert path == caught.value.path  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", [LONG, f"lib/{LONG}/x", "/".join(["y" * 200] * 30)])
def test_what_no_path_can_be_is_gone_already(path: str, tmp_path: Path) -> None:
    remove_file(f"{tmp_path}/", path)
    remove_empty_directories(f"{tmp_path}/", [path])


@pytest.mark.parametrize("part", ["y" * 256, "é" * 128, "\N{SNAKE}" * 64], ids=["1", "2", "4"])
def test_a_part_of_more_than_255_bytes_is_refused_whatever_its_characters(part: str) -> None:
    with pytest.raises(UnsafeArchiveError, match="longer than 255 bytes"):
        cleaned(["lib/x", f"lib/{part}/x"])


@pytest.mark.parametrize("part", ["y" * 255, "é" * 127, "\N{SNAKE}" * 63], ids=["1", "2", "4"])
def test_a_part_of_255_bytes_is_taken(part: str) -> None:
    paths = ["lib/x", f"lib/{part}/{part}/{part}"]
    assert paths == cleaned(paths)
