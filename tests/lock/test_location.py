"""What a location says, and how URLs and paths become each other."""

from __future__ import annotations

import pytest

from hognose.lock import without_secrets
from hognose.lock.location import (
    derive,
    derive_arch,
    derive_build_number,
    derive_noarch,
    from_url,
    is_archive,
    is_url,
    to_url,
)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (
            "https://x.org/t/main/linux-64/qt-a-5.15-h8_0.conda",
            ("qt-a", "5.15", "h8_0", "linux-64", "https://x.org/t/main"),
        ),
        (
            "https://x.org/main/elsewhere/a-1!2-0.tar.bz2",
            ("a", "1!2", "0", None, "https://x.org/main"),
        ),
        ("../dir/win-64/a-1-0.conda", ("a", "1", "0", None, None)),
        ("https://x.org/c/noarch/no-archive", (None, None, None, None, "https://x.org/c")),
        ("../dir/", (None, None, None, None, None)),
    ],
)
def test_a_location_says_name_version_build_subdir_and_channel(
    location: str, expected: tuple[str | None, ...]
) -> None:
    assert derive(location)[1:] == expected


@pytest.mark.parametrize(
    ("build", "expected"),
    [("2", 2), ("py313h_1", 1), ("hbbac1ca_101_cp313", 313), ("foobar", 0), ("1_", 0), ("", 0)],
)
def test_the_build_number_is_what_the_build_ends_with(build: str, expected: int) -> None:
    assert derive_build_number(build) == expected


@pytest.mark.parametrize(
    ("subdir", "build", "expected"),
    [
        ("noarch", "pyhd8ed1ab_0", "python"),
        ("noarch", "h1_0", "generic"),
        ("linux-64", "py310_0", None),
    ],
)
def test_the_kind_of_a_noarch_package_is_read_off_its_build(
    subdir: str, build: str, expected: str | None
) -> None:
    assert derive_noarch(subdir, build) == expected


def test_the_machine_is_read_off_the_subdir() -> None:
    assert derive_arch("osx-arm64") == ("arm64", "osx")
    assert derive_arch("noarch") == (None, None)
    assert derive_arch("unknown") == (None, None)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///srv/a%20b/c-1-0.conda", "/srv/a b/c-1-0.conda"),
        ("file:///C:/x/c-1!2-0.conda", "C:/x/c-1!2-0.conda"),
    ],
)
def test_a_file_url_is_a_path_and_comes_back(url: str, path: str) -> None:
    assert from_url(url) == path
    assert to_url(path) == url
    assert not is_url(path)


def test_a_relative_path_starts_from_the_directory_of_the_lock_file() -> None:
    assert to_url("../x/a-1-0.conda", "/srv/locks") == "file:///srv/x/a-1-0.conda"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:secret@x.org/c/a.conda", "https://x.org/c/a.conda"),
        ("https://x.org/t/tk-secret/c/a.conda", "https://x.org/c/a.conda"),
        ("https://x.org/api/t/tk-secret/c", "https://x.org/api/c"),
        ("https://x.org/c/a@b.conda", "https://x.org/c/a@b.conda"),
        ("s3://bucket/c", "s3://bucket/c"),
    ],
)
def test_secrets_are_taken_out_of_urls(url: str, expected: str) -> None:
    assert without_secrets(url) == expected


def test_the_query_of_an_archive_is_no_part_of_its_location() -> None:
    assert from_url("https://me@x.org/c/noarch/a-1-0.conda?sig=secret") == (
        "https://x.org/c/noarch/a-1-0.conda"
    )


@pytest.mark.parametrize(
    ("location", "expected"),
    [("https://x/a-1-0.conda", True), ("./dir", False), ("a.conda", False), ("a-1-0.zip", False)],
)
def test_an_archive_ends_in_a_packages_file_name(location: str, expected: object) -> None:
    assert is_archive(location) is expected
