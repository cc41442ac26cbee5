"""Explanations: a field of a spec that no build has is named, with what there is instead."""

from __future__ import annotations

import pytest

from support.explanations import check_explanation
from support.toy_packages import CHANNEL, conflict, package, packages

_DIGEST = "0" * 32


def _reason(spec: str, *records: object) -> str:
    return str(conflict([spec], list(records))).partition(" cannot be installed: ")[2]


def test_the_only_md5_digest_is_shown() -> None:
    check_explanation(
        f"""\
        `a[md5="{_DIGEST}"]` cannot be installed: its MD5 digest is {"1" * 32}
        """,
        [f'a[md5="{_DIGEST}"]'],
        [package("a 1", md5_hex="1" * 32)],
    )


def test_many_digests_are_counted() -> None:
    archives = [package(f"a {n}", sha256_hex=f"{n}" * 64) for n in range(1, 6)]
    expected = "none of its 5 archives has this SHA-256 digest"
    assert _reason(f"a[sha256={_DIGEST * 2}]", *archives) == expected


def test_digests_are_those_of_the_versions_that_match() -> None:
    archives = [package(f"a {n}", md5_hex=f"{n}" * 32) for n in (1, 2)]
    assert _reason(f"a 2[md5={_DIGEST}]", *archives) == f"its MD5 digest is {'2' * 32}"


def test_a_missing_digest_is_called_missing() -> None:
    assert _reason(f"a[md5={_DIGEST}]", package("a 1")) == "it has no MD5 digests"


@pytest.mark.parametrize(
    ("demand", "expected"),
    [
        ("build_number=7", "its build number is 0"),
        ('fn="b.conda"', "its file name is a-1-0.conda"),
        ('url="https://example.org/a-1-0.conda"', f"its URL is {CHANNEL}noarch/a-1-0.conda"),
        ("flags=[cuda]", "its flags are cpu and mkl"),
        ("track_features=[x]", "it has no tracked features"),
        ("license=MIT", "its license is BSD-3-Clause"),
        ("license_family=MIT", "its license family is BSD"),
        ("subdir=linux-64", "its subdir is noarch"),
        ("build=x_1", "its build is 0"),
    ],
)
def test_the_field_that_fails_is_named(demand: str, expected: str) -> None:
    record = package("a 1", flags=("cpu", "mkl"), license="BSD-3-Clause", license_family="BSD")
    assert _reason(f"a[{demand}]", record) == expected


def test_of_fields_that_only_together_are_too_much_the_last_is_named() -> None:
    archives = [package("a 1 x_0", license="MIT"), package("a 1 y_0", license="BSD")]
    assert _reason("a 1 x_0[license=BSD]", *archives) == "its license is MIT"


def test_a_quote_in_a_field_is_no_trouble() -> None:
    (record,) = packages("a 1")
    assert _reason("""a[license='say "MIT"']""", record) == "it has no licenses"


def test_the_channel_that_a_dependency_is_in_is_named() -> None:
    check_explanation(
        f"""\
        `a` cannot be installed:
        └─ a 1 needs `https://example.org/other::b`, but it is only in {CHANNEL}
        """,
        ["a"],
        packages("a 1: https://example.org/other::b", "b 1"),
    )


def test_patterns_are_matched_as_in_a_solve() -> None:
    record = package("a 1", license="BSD-3-Clause")
    assert _reason(r"a[license='^M(I|X)T\d*$']", record) == "its license is BSD-3-Clause"
