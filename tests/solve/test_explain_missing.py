"""Explanations: what no channel has, told so that a person knows what there is instead."""

from __future__ import annotations

from support.explanations import check_explanation
from support.toy_packages import package, packages


def test_a_name_one_letter_away_is_suggested() -> None:
    check_explanation(
        """\
        `numpi` cannot be installed: no channel has a package `numpi`
        hint: did you mean `numpy`?
        """,
        ["numpi"],
        packages("numpy 1", "scipy 1"),
    )


def test_an_unknown_name_is_called_unknown() -> None:
    check_explanation(
        """\
        `zzz` cannot be installed: no channel has a package `zzz`
        """,
        ["zzz"],
        packages("a 1"),
    )


def test_a_dependency_that_no_channel_has_is_named() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        └─ a 1 needs `missing >=1`, but no channel has a package `missing`
        """,
        ["a"],
        packages("a 1: missing >=1"),
    )


def test_the_versions_that_there_are_are_shown() -> None:
    check_explanation(
        """\
        `a >=4` cannot be installed: a has versions 1 to 3, and none matches
        """,
        ["a >=4"],
        packages("a 1", "a 2", "a 3"),
    )


def test_the_only_version_is_shown() -> None:
    check_explanation(
        """\
        `a 2` cannot be installed: there is only a 1
        """,
        ["a 2"],
        packages("a 1 x_0"),
    )


def test_the_builds_that_there_are_are_shown() -> None:
    check_explanation(
        """\
        `a 1 py39*` cannot be installed: its builds are py310_0 and py311_0
        """,
        ["a 1 py39*"],
        packages("a 1 py310_0", "a 1 py311_0", "a 2 py312_0"),
    )


def test_many_builds_are_counted() -> None:
    check_explanation(
        """\
        `a * py39*` cannot be installed: its builds are py315_0, py314_0 and 4 others
        """,
        ["a * py39*"],
        packages(*[f"a {i} py31{i}_0" for i in range(6)]),
    )


def test_a_chain_of_dependencies() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        └─ a 1 needs `b`
           └─ b 1 needs `c`
              └─ c 1 needs `d`
                 └─ d 1 needs `e >3`, but there is only e 1
        """,
        ["a"],
        packages("a 1: b", "b 1: c", "c 1: d", "d 1: e >3", "e 1"),
    )


def test_single_builds_of_a_version_are_named() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        ├─ a 1 x_0 needs `b >1`, but there is only b 1
        └─ a 1 y_0 needs `c`, but no channel has a package `c`
        """,
        ["a"],
        packages("a 1 x_0: b >1", "a 1 y_0: c", "b 1"),
    )


def test_a_dependency_that_cannot_be_read() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        └─ a 1 has the demand `b >=<1`, which cannot be read
        """,
        ["a"],
        packages("a 1: b >=<1"),
    )


def test_a_constraint_whose_very_name_cannot_be_read() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        └─ a 1 has the demand `b)["]`, which cannot be read
        """,
        ["a"],
        packages('a 1: | b)["]'),
    )


def test_an_extra_that_cannot_be_met() -> None:
    check_explanation(
        """\
        `a[extras=[plot]]` cannot be installed:
        └─ a 1 needs `b >=2`, but there is only b 1
        """,
        ["a[extras=[plot]]"],
        [package("a 1", extra_depends={"plot": ("b >=2",)}), package("b 1")],
    )


def test_a_condition_that_holds() -> None:
    check_explanation(
        """\
        `a` and `python` cannot be installed together:
        └─ a 1 needs `b >=2[when="python >=3"]`, but there is only b 1
        """,
        ["a", "python"],
        packages('a 1: b >=2[when="python >=3"]', "python 3", "b 1"),
    )


def test_two_builds_of_one_version() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        ├─ a 1 x_0 and y_0 need `b >1`, but there is only b 1
        └─ a 1 z_0 needs `c`, but no channel has a package `c`
        """,
        ["a"],
        packages("a 1 x_0: b >1", "a 1 y_0: b >1", "a 1 z_0: c", "b 1"),
    )
