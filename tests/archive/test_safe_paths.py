"""The one function that decides whether a path stays inside its root."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hognose.archive import resolve_inside
from hognose.archive.safe_paths import symlink_needs_the_disk, symlink_stays_inside
from hognose.errors import UnsafeArchiveError


@pytest.mark.parametrize(
    ("relative", "expected"),
    [
        ("a", "/root/a"),
        ("a/b", "/root/a/b"),
        ("./a", "/root/a"),
        ("a//b/", "/root/a/b"),
        ("a/./b/.", "/root/a/b"),
        ("...", "/root/..."),
        ("a..b/c", "/root/a..b/c"),
        ("é/文", "/root/é/文"),
        ("a" * 255, "/root/" + "a" * 255),
    ],
)
def test_names_that_stay_inside_are_cleaned_and_joined(relative: str, expected: str) -> None:
    assert expected == resolve_inside("/root", relative, windows=False)


def test_the_root_may_be_a_path_or_end_in_a_slash() -> None:
    assert resolve_inside(Path("/root"), "a") == "/root/a"
    assert resolve_inside("/", "a") == "/a"


@pytest.mark.parametrize(
    ("relative", "rule"),
    [
        ("", "is empty"),
        (".", "names the directory itself"),
        ("./", "names the directory itself"),
        ("/a", "is absolute"),
        ("..", "contains `..`"),
        ("a/../b", "contains `..`"),
        ("a/..", "contains `..`"),
        ("a\0b", "contains a NUL character"),
        ("a" * 256, "has a part longer than 255 bytes"),
        ("é" * 128, "has a part longer than 255 bytes"),
    ],
)
def test_names_that_leave_are_refused_with_the_rule(relative: str, rule: str) -> None:
    with pytest.raises(UnsafeArchiveError) as caught:
        resolve_inside("/root", relative, windows=False)
    assert rule == caught.value.__dict__["rule"]
    assert relative == caught.value.__dict__["member"]


@pytest.mark.parametrize(
    "relative",
    [
        *("C:/a", "C:a", "a\\b", "..\\a", "a:b", "a*", "a?", 'a"', "a<", "a>", "a|", "a\nb"),
        *("con", "CON.txt", "a/NUL", "aux .c", "com1", "LPT9.x", "COM¹", "a.", "a /b"),
    ],
)
def test_names_that_windows_cannot_hold_are_refused_there_only(relative: str) -> None:
    assert resolve_inside("/root", relative, windows=False)
    with pytest.raises(UnsafeArchiveError, match="Windows"):
        resolve_inside("/root", relative, windows=True)


@pytest.mark.parametrize("relative", ["console", "nul0", "com10", "lpt", ".con", "a.b"])
def test_names_that_only_look_like_devices_are_fine(relative: str) -> None:
    assert resolve_inside("/root", relative, windows=True) == f"/root/{relative}"


@given(st.text(alphabet="./a\\ :\0é~", max_size=20))
def test_whatever_is_let_through_is_below_the_root(relative: str) -> None:
    try:
        path = resolve_inside("/root/dir", relative, windows=False)
    except UnsafeArchiveError:
        return
    assert os.path.normpath(path) == path
    assert path.startswith("/root/dir/")


@pytest.mark.parametrize(
    ("link", "target", "expected"),
    [
        ("a", "b", True),
        ("a/b", "../c", True),
        ("a/b", "..", True),
        ("a", ".", True),
        ("a", "..", False),
        ("a/b", "../..", False),
        ("a/b", "../../c", False),
        ("a", "/etc", False),
        ("a", "", False),
        ("a", "b/../..", False),
        ("a", "b/../c", True),
        ("a", "b\0", False),
    ],
)
def test_where_a_symbolic_link_leads_is_judged_from_its_place(
    link: str, target: str, *, expected: bool
) -> None:
    assert expected is symlink_stays_inside(link, target)


def test_only_targets_that_climb_after_a_name_depend_on_other_links() -> None:
    assert not symlink_needs_the_disk("../../a/b")
    assert symlink_needs_the_disk("a/../b")
