"""Explanations: demands that exclude each other, told from the user's own specs on."""

from __future__ import annotations

from support.explanations import check_explanation
from support.toy_packages import packages


def test_two_specs_that_need_different_versions_of_a_third() -> None:
    check_explanation(
        """\
        `a` and `b` cannot be installed together:
        ├─ a 1 needs `c <2`
        └─ b 1 needs `c >=2`, which contradicts `c <2` of a
        """,
        ["a", "b"],
        packages("a 1: c <2", "b 1: c >=2", "c 1", "c 2"),
    )


def test_two_specs_on_one_package() -> None:
    check_explanation(
        """\
        `a 1` and `a 2` cannot be installed together:
        └─ `a 2`, which contradicts `a 1`
        """,
        ["a 1", "a 2"],
        packages("a 1", "a 2"),
    )


def test_specs_that_have_nothing_to_do_with_it_are_left_out() -> None:
    check_explanation(
        """\
        `a` and `b` cannot be installed together:
        ├─ a 1 needs `c <2`
        └─ b 1 needs `c >=2`, which contradicts `c <2` of a
        """,
        ["x", "a", "y", "b"],
        packages("x 1: y", "y 1", "a 1: c <2", "b 1: c >=2", "c 1", "c 2"),
    )


def test_three_specs_of_which_any_two_fit() -> None:
    check_explanation(
        """\
        `a`, `b` and `c` cannot be installed together:
        ├─ a 1 needs `x !=3`
        ├─ b 1 needs `x !=1`
        └─ c 1 needs `x !=2`, and nothing meets `x !=3` of a, `x !=1` of b and `x !=2` of c at once
        """,
        ["a", "b", "c"],
        packages("a 1: x !=3", "b 1: x !=1", "c 1: x !=2", "x 1", "x 2", "x 3"),
    )


def test_a_python_too_old_for_every_version() -> None:
    check_explanation(
        """\
        `python 3.8.*` and `app` cannot be installed together:
        └─ app needs `python 3.9.*` or `python 3.10.*`, which contradicts `python 3.8.*`
        """,
        ["python 3.8.*", "app"],
        packages(
            "python 3.8",
            "python 3.9",
            "python 3.10",
            *[f"app {i} py3{i}_0: python 3.{i}.*" for i in (9, 10)],
        ),
    )


def test_a_chain_that_comes_back_to_a_spec() -> None:
    check_explanation(
        """\
        `a <2` and `b` cannot be installed together:
        └─ b 1 needs `c`
           └─ c 1 needs `a >=2`, which contradicts `a <2`
        """,
        ["a <2", "b"],
        packages("a 1", "a 2", "b 1: c", "c 1: a >=2"),
    )


def test_constrains_that_excludes_a_spec() -> None:
    check_explanation(
        """\
        `a` and `b <2` cannot be installed together:
        ├─ a 1 works only with `b >=2`
        └─ `b <2`, which contradicts `b >=2` of a
        """,
        ["a", "b <2"],
        packages("a 1: | b >=2", "b 1", "b 2"),
    )


def test_constrains_that_means_never_together() -> None:
    check_explanation(
        """\
        `jpeg` and `turbo` cannot be installed together:
        ├─ jpeg 9 works only with `turbo <0.0a0`, which rules out every turbo there is
        └─ `turbo`, which contradicts `turbo <0.0a0` of jpeg
        """,
        ["jpeg", "turbo"],
        packages("jpeg 9: | turbo <0.0a0", "turbo 1", "turbo 2"),
    )


def test_mutually_exclusive_variants() -> None:
    check_explanation(
        """\
        `a` and `b` cannot be installed together:
        ├─ a 1 needs `mpi 1.0 openmpi_0`
        └─ b 1 needs `mpi 1.0 mpich_0`, which contradicts `mpi 1.0 openmpi_0` of a
        """,
        ["a", "b"],
        packages(
            "a 1: mpi 1.0 openmpi_0", "b 1: mpi 1.0 mpich_0", "mpi 1.0 openmpi_0", "mpi 1.0 mpich_0"
        ),
    )


def test_a_constraint_of_the_caller() -> None:
    check_explanation(
        """\
        `a` cannot be installed with the constraint `b >=2`:
        ├─ a 1 needs `b <2`
        └─ the constraint `b >=2`, which contradicts `b <2` of a
        """,
        ["a", "b"],
        packages("a 1: b <2", "b 1", "b 2"),
        constraints=["b >=2"],
    )


def test_a_constraint_of_the_caller_that_nothing_meets() -> None:
    check_explanation(
        """\
        `a` cannot be installed with the constraint `b >=3`:
        ├─ a 1 needs `b`
        └─ the constraint `b >=3`, but b has versions 1 and 2, and none matches
        """,
        ["a"],
        packages("a 1: b", "b 1", "b 2"),
        constraints=["b >=3"],
    )


def test_a_pinned_package() -> None:
    check_explanation(
        """\
        `a` cannot be installed with the pinned package b 1 0:
        └─ a 1 needs `b >=2`, but b is pinned to 1
        """,
        ["a"],
        packages("a 1: b >=2", "b 1", "b 2"),
        pinned_packages=packages("b 1"),
    )


def test_versions_that_meet_both_demands_are_not_said_to_meet_neither() -> None:
    check_explanation(
        """\
        `a` and `n <2` cannot be installed together:
        ├─ a needs `n >=1` or `n >=2`
        │  └─ n 1 needs `p 1`
        └─ a 1 needs `p 2`, which contradicts `p 1` of n
        """,
        ["a", "n <2"],
        packages("a 1: n >=1; p 2", "a 2: n >=2", "n 0", "n 1: p 1", "n 2", "p 1", "p 2"),
    )


def test_builds_of_one_package_are_not_said_to_contradict_each_other() -> None:
    check_explanation(
        """\
        `python <3` and `n` cannot be installed together:
        ├─ python 2 pypy_0 needs `abi 2 pypy_0`
        ├─ python 2 cpython_0 works only with `abi 2 cp_0`
        └─ n 1 needs `abi 3`, which contradicts `abi 2 pypy_0` of python and `abi 2 cp_0` of python
        """,
        ["python <3", "n"],
        packages(
            "python 2 pypy_0: abi 2 pypy_0",
            "python 2 cpython_0: | abi 2 cp_0",
            "python 3",
            "n 1: abi 3",
            "abi 2 pypy_0",
            "abi 2 cp_0",
            "abi 3",
        ),
    )
