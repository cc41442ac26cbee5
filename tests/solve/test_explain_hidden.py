"""Explanations: packages that are there and may not be used."""

from __future__ import annotations

from datetime import UTC, datetime

from hognose.solve import ExcludeNewer
from support.explanations import check_explanation
from support.toy_packages import package, packages

FIRST = "https://example.org/first/"
SECOND = "https://example.org/second/"


def on_day(day: int) -> int:
    """A day of January 2026 in milliseconds."""
    return round(datetime(2026, 1, day, tzinfo=UTC).timestamp() * 1000)


def test_a_version_hidden_by_channel_priority() -> None:
    check_explanation(
        """\
        `a >=2` cannot be installed: there is only a 1
        hint: strict channel priority hides 2 builds of a (2, 3) of https://example.org/second/, because https://example.org/first/ has a package of this name
        """,
        ["a >=2"],
        packages("a 1", channel=FIRST),
        packages("a 2", "a 3", channel=SECOND),
    )


def test_a_dependency_hidden_by_channel_priority() -> None:
    check_explanation(
        """\
        `b` cannot be installed:
        └─ b 1 needs `a >=2`, but there is only a 1
        hint: strict channel priority hides 1 build of a (2) of https://example.org/second/, because https://example.org/first/ has a package of this name
        """,
        ["b"],
        packages("b 1: a >=2", "a 1", channel=FIRST),
        packages("a 2", "b 1", channel=SECOND),
    )


def test_a_version_hidden_by_exclude_newer() -> None:
    check_explanation(
        """\
        `a >=2` cannot be installed: there is only a 1
        hint: `exclude_newer` hides 1 build of a (2): the limit is 2026-01-09 00:00 UTC
        """,
        ["a >=2"],
        [package("a 1", timestamp_ms=on_day(1)), package("a 2", timestamp_ms=on_day(20))],
        exclude_newer=datetime(2026, 1, 9, tzinfo=UTC),
    )


def test_a_package_hidden_by_exclude_newer() -> None:
    check_explanation(
        """\
        `a` cannot be installed: all packages `a` are left out
        hint: `exclude_newer` hides 1 build of a (1): the limit is 2026-01-09 00:00 UTC
        """,
        ["a"],
        [package("a 1", timestamp_ms=on_day(15))],
        exclude_newer=datetime(2026, 1, 9, tzinfo=UTC),
    )


def test_a_channel_that_has_not_got_it() -> None:
    check_explanation(
        """\
        `https://example.org/third::a` cannot be installed: all packages `a` are left out
        hint: 1 build of a (1) is not from the requested channel https://example.org/third/
        """,
        ["https://example.org/third::a"],
        packages("a 1", channel=FIRST),
    )


def test_a_package_that_the_caller_excluded() -> None:
    source = packages("a 1", "a 2", "b 1: a 2")
    check_explanation(
        """\
        `b` cannot be installed:
        └─ b 1 needs `a 2`, but there is only a 1
        hint: 1 build of a (2) is left out: its licence is not accepted
        """,
        ["b"],
        source,
        excluded_candidates={source[1].url: "its licence is not accepted"},
    )


def test_a_version_hidden_by_a_rule_for_its_package() -> None:
    check_explanation(
        """\
        `a >=2` cannot be installed: there is only a 1
        hint: `exclude_newer` hides 2 builds of a (2, 3): the limit is 2026-01-09 00:00 UTC
        """,
        ["a >=2", "b >=2"],
        [
            package(f"{name} {version}", timestamp_ms=on_day(version * 7))
            for name in "ab"
            for version in (1, 2, 3)
        ],
        exclude_newer=ExcludeNewer(packages={"a": datetime(2026, 1, 9, tzinfo=UTC)}),
    )
