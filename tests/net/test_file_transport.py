"""Files that URLs name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.net import Client

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a file?#%.json"
    path.write_text("{}")
    return path


def test_a_file_is_known_by_its_path(file: Path) -> None:
    assert Client().local_path(file.as_uri()) == str(file)


def test_a_file_with_a_plain_name_is_known_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "a-1-0.conda"
    file.touch()
    assert Client().local_path(file.as_uri()) == str(file)


@pytest.mark.parametrize("fault", ["missing", "a folder", "another scheme", "no path"])
def test_what_is_no_file_has_no_path(fault: str, tmp_path: Path) -> None:
    url = {
        "missing": (tmp_path / "missing").as_uri(),
        "a folder": tmp_path.as_uri(),
        "another scheme": f"http://localhost{tmp_path}",
        "no path": "file:///a%00b",
    }[fault]
    assert Client().local_path(url) is None


def test_the_only_mirror_is_where_a_file_lies(file: Path) -> None:
    mirrors = {"https://example.com/channel": [file.parent.as_uri()]}
    url = f"https://example.com/channel/{file.as_uri().rpartition('/')[2]}"
    assert Client(mirrors=mirrors).local_path(url) == str(file)


def test_of_several_mirrors_it_is_not_known_which_will_answer(file: Path) -> None:
    mirrors = {"https://example.com/": [file.parent.as_uri(), "https://mirror.example.com"]}
    url = f"https://example.com/{file.as_uri().rpartition('/')[2]}"
    assert Client(mirrors=mirrors).local_path(url) is None
