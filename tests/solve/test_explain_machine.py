"""Explanations: what the machine is not or has not, and what to do about it."""

from __future__ import annotations

from support.explanations import check_explanation
from support.toy_packages import packages

LINUX = ["__unix=0=0", "__linux=6.0=0", "__glibc=2.35=0"]


def test_a_virtual_package_that_is_not_there() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        └─ a 1 needs `__cuda`, but there is no __cuda
        hint: set `CONDA_OVERRIDE_CUDA=12.9` to solve for a machine that has it
        hint: the virtual packages of this solve are __unix=0=0, __linux=6.0=0, __glibc=2.35=0
        """,
        ["a"],
        packages("a 1: __cuda"),
        virtual_packages=LINUX,
    )


def test_a_virtual_package_that_is_too_old() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        └─ a 1 needs `__glibc >=2.36`, but the machine has __glibc 2.35
        hint: set `CONDA_OVERRIDE_GLIBC=2.36` to solve for a machine that has it
        hint: the virtual packages of this solve are __unix=0=0, __linux=6.0=0, __glibc=2.35=0
        """,
        ["a"],
        packages("a 1: __glibc >=2.36"),
        virtual_packages=LINUX,
    )


def test_constrains_on_a_virtual_package_that_is_too_old() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        └─ a 1 works only with `__glibc >=2.36`, but the machine has __glibc 2.35
        hint: set `CONDA_OVERRIDE_GLIBC=2.36` to solve for a machine that has it
        hint: the virtual packages of this solve are __unix=0=0, __linux=6.0=0, __glibc=2.35=0
        """,
        ["a"],
        packages("a 1: | __glibc >=2.36"),
        virtual_packages=LINUX,
    )


def test_a_processor_that_is_too_old() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        └─ a 1 needs `__archspec * x86_64_v4`, but the machine has __archspec 1 x86_64_v3
        hint: set `CONDA_OVERRIDE_ARCHSPEC=x86_64_v4` to solve for a machine that has it
        hint: the virtual packages of this solve are __archspec=1=x86_64_v3
        """,
        ["a"],
        packages("a 1: __archspec * x86_64_v4"),
        virtual_packages=["__archspec=1=x86_64_v3"],
    )


def test_a_package_for_another_system() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        └─ a 1 needs `__win`, but there is no __win
        hint: the package is for Windows: solve for one of its platforms, such as win-64
        hint: the virtual packages of this solve are __unix=0=0, __linux=6.0=0, __glibc=2.35=0
        """,
        ["a"],
        packages("a 1: __win"),
        virtual_packages=LINUX,
    )


def test_a_virtual_package_without_an_override() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        └─ a 1 needs `__strange`, but there is no __strange
        hint: the virtual packages of this solve are __unix=0=0
        """,
        ["a"],
        packages("a 1: __strange"),
        virtual_packages=LINUX[:1],
    )


def test_a_solve_that_was_given_no_virtual_packages() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        └─ a 1 needs `__glibc >=2.17`, but there is no __glibc
        hint: this solve has no virtual packages: \
`virtual_packages=hognose.virtual_packages.detect()` passes those of this machine
        """,
        ["a"],
        packages("a 1: __glibc >=2.17"),
    )


def test_a_linux_without_glibc() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        └─ a 1 needs `__glibc >=2.17`, but there is no __glibc
        hint: set `CONDA_OVERRIDE_GLIBC=2.17` to solve for a machine that has it
        hint: the virtual packages of this solve are __unix=0=0, __linux=6.0=0
        """,
        ["a"],
        packages("a 1: __glibc >=2.17"),
        virtual_packages=LINUX[:2],
    )


def test_a_package_for_linux_on_another_system() -> None:
    check_explanation(
        """\
        `a` cannot be installed:
        └─ a 1 needs `__glibc >=2.17`, but there is no __glibc
        hint: the package is for Linux with glibc: solve for one of its platforms, such as linux-64
        hint: set `CONDA_OVERRIDE_GLIBC=2.17` to solve for a machine that has it
        hint: the virtual packages of this solve are __unix=0=0, __osx=14.0=0
        """,
        ["a"],
        packages("a 1: __glibc >=2.17"),
        virtual_packages=["__unix=0=0", "__osx=14.0=0"],
    )
