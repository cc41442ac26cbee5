"""Explanations as a person reads them: each was read, and found to say what to do."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from textwrap import dedent
from typing import Any

import msgspec
import pytest

from hognose.errors import UnsolvableError
from hognose.solve import Conflict, solve
from support.toy_packages import conflict, package, packages

LINUX = ["__unix=0=0", "__linux=6.0=0", "__glibc=2.35=0"]
FIRST = "https://example.org/first/"
SECOND = "https://example.org/second/"


def on_day(day: int) -> int:
    """A day of January 2026 in milliseconds."""
    return round(datetime(2026, 1, day, tzinfo=UTC).timestamp() * 1000)


def check(expected: str, specs: list[str], *sources: Any, **options: Any) -> None:
    assert dedent(expected).strip() == str(conflict(specs, *sources, **options))


def test_a_name_one_letter_away_is_suggested() -> None:
    check(
        """\
        `numpi` cannot be installed: no channel has a package `numpi`
        hint: did you mean `numpy`?
        """,
        ["numpi"],
        packages("numpy 1", "scipy 1"),
    )


def test_an_unknown_name_is_called_unknown() -> None:
    check(
        """\
        `zzz` cannot be installed: no channel has a package `zzz`
        """,
        ["zzz"],
        packages("a 1"),
    )


def test_a_dependency_that_no_channel_has_is_named() -> None:
    check(
        """\
        `a` cannot be installed:
        └─ a 1 needs `missing >=1`, but no channel has a package `missing`
        """,
        ["a"],
        packages("a 1: missing >=1"),
    )


def test_the_versions_that_there_are_are_shown() -> None:
    check(
        """\
        `a >=4` cannot be installed: a is there in versions 1 to 3, none of which matches
        """,
        ["a >=4"],
        packages("a 1", "a 2", "a 3"),
    )


def test_the_only_version_is_shown() -> None:
    check(
        """\
        `a 2` cannot be installed: there is only a 1
        """,
        ["a 2"],
        packages("a 1 x_0"),
    )


def test_the_builds_that_there_are_are_shown() -> None:
    check(
        """\
        `a 1 py39*` cannot be installed: its builds are py310_0 and py311_0
        """,
        ["a 1 py39*"],
        packages("a 1 py310_0", "a 1 py311_0", "a 2 py312_0"),
    )


def test_many_builds_are_counted() -> None:
    check(
        """\
        `a * py39*` cannot be installed: its builds are py315_0, py314_0 and 4 others
        """,
        ["a * py39*"],
        packages(*[f"a {i} py31{i}_0" for i in range(6)]),
    )


def test_two_specs_that_need_different_versions_of_a_third() -> None:
    check(
        """\
        `a` and `b` cannot be installed together:
        ├─ a 1 needs `c <2`
        └─ b 1 needs `c >=2`, which contradicts `c <2` of a
        """,
        ["a", "b"],
        packages("a 1: c <2", "b 1: c >=2", "c 1", "c 2"),
    )


def test_two_specs_on_one_package() -> None:
    check(
        """\
        `a 1` and `a 2` cannot be installed together:
        └─ `a 2`, which contradicts `a 1`
        """,
        ["a 1", "a 2"],
        packages("a 1", "a 2"),
    )


def test_specs_that_have_nothing_to_do_with_it_are_left_out() -> None:
    check(
        """\
        `a` and `b` cannot be installed together:
        ├─ a 1 needs `c <2`
        └─ b 1 needs `c >=2`, which contradicts `c <2` of a
        """,
        ["x", "a", "y", "b"],
        packages("x 1: y", "y 1", "a 1: c <2", "b 1: c >=2", "c 1", "c 2"),
    )


def test_three_specs_of_which_any_two_fit() -> None:
    check(
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
    check(
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


def test_a_chain_of_dependencies() -> None:
    check(
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


def test_a_chain_that_comes_back_to_a_spec() -> None:
    check(
        """\
        `a <2` and `b` cannot be installed together:
        └─ b 1 needs `c`
           └─ c 1 needs `a >=2`, which contradicts `a <2`
        """,
        ["a <2", "b"],
        packages("a 1", "a 2", "b 1: c", "c 1: a >=2"),
    )


def test_versions_next_to_each_other_become_ranges() -> None:
    check(
        """\
        `app` cannot be installed:
        ├─ app 1 to 2, 4 to 5 needs `x >9`, but there is only x 1
        └─ app 3 needs `y`, but no channel has a package `y`
        """,
        ["app"],
        packages("app 1: x >9", "app 2: x >9", "app 3: y", "app 4: x >9", "app 5: x >9", "x 1"),
    )


def test_many_ranges_are_abbreviated() -> None:
    check(
        """\
        `app` cannot be installed:
        ├─ app 1, 3, ..., 13 needs `x >9`, but there is only x 1
        └─ app 2, 4, ..., 12 needs `y`, but no channel has a package `y`
        """,
        ["app"],
        packages(
            *[f"app {i}: x >9" for i in range(1, 14, 2)],
            *[f"app {i}: y" for i in range(2, 14, 2)],
            "x 1",
        ),
    )


def test_many_demands_are_abbreviated() -> None:
    check(
        """\
        `app` and `lib 1.*` cannot be installed together:
        ├─ app needs `core >=0`, `core >=1` or 6 others like these
        │  └─ core needs `lib >=2`
        └─ `lib 1.*`, which contradicts `lib >=2` of core
        """,
        ["app", "lib 1.*"],
        packages(
            "lib 1.0",
            "lib 2.0",
            *[f"app {i}: core >={i}" for i in range(8)],
            *[f"core {i}: lib >=2" for i in range(9)],
        ),
    )


def test_single_builds_of_a_version_are_named() -> None:
    check(
        """\
        `a` cannot be installed:
        ├─ a 1 x_0 needs `b >1`, but there is only b 1
        └─ a 1 y_0 needs `c`, but no channel has a package `c`
        """,
        ["a"],
        packages("a 1 x_0: b >1", "a 1 y_0: c", "b 1"),
    )


def test_constrains_that_excludes_a_spec() -> None:
    check(
        """\
        `a` and `b <2` cannot be installed together:
        ├─ a 1 works only with `b >=2`
        └─ `b <2`, which contradicts `b >=2` of a
        """,
        ["a", "b <2"],
        packages("a 1: | b >=2", "b 1", "b 2"),
    )


def test_constrains_that_means_never_together() -> None:
    check(
        """\
        `jpeg` and `turbo` cannot be installed together:
        ├─ jpeg 9 works only with `turbo <0.0a0`
        └─ `turbo`, which contradicts `turbo <0.0a0` of jpeg
        """,
        ["jpeg", "turbo"],
        packages("jpeg 9: | turbo <0.0a0", "turbo 1", "turbo 2"),
    )


def test_mutually_exclusive_variants() -> None:
    check(
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


def test_a_virtual_package_that_is_not_there() -> None:
    check(
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
    check(
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
    check(
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
    check(
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
    check(
        """\
        `a` cannot be installed:
        └─ a 1 needs `__win`, but there is no __win
        hint: the package is for Windows
        hint: set `CONDA_OVERRIDE_WIN=1` to solve for a machine that has it
        hint: the virtual packages of this solve are __unix=0=0, __linux=6.0=0, __glibc=2.35=0
        """,
        ["a"],
        packages("a 1: __win"),
        virtual_packages=LINUX,
    )


def test_a_virtual_package_without_an_override() -> None:
    check(
        """\
        `a` cannot be installed:
        └─ a 1 needs `__strange`, but there is no __strange
        hint: this solve has no virtual packages
        """,
        ["a"],
        packages("a 1: __strange"),
    )


def test_a_version_hidden_by_channel_priority() -> None:
    check(
        """\
        `a >=2` cannot be installed: there is only a 1
        hint: strict channel priority hides 2 builds of a (2, 3) of https://example.org/second/, because https://example.org/first/ has a package of this name
        """,
        ["a >=2"],
        packages("a 1", channel=FIRST),
        packages("a 2", "a 3", channel=SECOND),
    )


def test_a_dependency_hidden_by_channel_priority() -> None:
    check(
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
    check(
        """\
        `a >=2` cannot be installed: there is only a 1
        hint: `exclude_newer` hides 1 build of a (2): the limit is 2026-01-09 00:00+00:00
        """,
        ["a >=2"],
        [package("a 1", timestamp_ms=on_day(1)), package("a 2", timestamp_ms=on_day(20))],
        exclude_newer=datetime(2026, 1, 9, tzinfo=UTC),
    )


def test_a_package_hidden_by_exclude_newer() -> None:
    check(
        """\
        `a` cannot be installed: all packages `a` are left out
        hint: `exclude_newer` hides 1 build of a (1): the limit is 2026-01-09 00:00+00:00
        """,
        ["a"],
        [package("a 1", timestamp_ms=on_day(15))],
        exclude_newer=datetime(2026, 1, 9, tzinfo=UTC),
    )


def test_a_channel_that_has_not_got_it() -> None:
    check(
        """\
        `https://example.org/third::a` cannot be installed: all packages `a` are left out
        hint: 1 build of a (1) is not from the requested channel third
        """,
        ["https://example.org/third::a"],
        packages("a 1", channel=FIRST),
    )


def test_a_constraint_of_the_caller() -> None:
    check(
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
    check(
        """\
        `a` cannot be installed with the constraint `b >=3`:
        ├─ a 1 needs `b`
        └─ the constraint `b >=3`, but b is there in versions 1 to 2, none of which matches
        """,
        ["a"],
        packages("a 1: b", "b 1", "b 2"),
        constraints=["b >=3"],
    )


def test_a_pinned_package() -> None:
    check(
        """\
        `a` cannot be installed with the pinned package b 1 0:
        └─ a 1 needs `b >=2`, but b is pinned to 1
        """,
        ["a"],
        packages("a 1: b >=2", "b 1", "b 2"),
        pinned_packages=packages("b 1"),
    )


def test_a_dependency_that_cannot_be_read() -> None:
    check(
        """\
        `a` cannot be installed:
        └─ a 1 has the demand `b >=<1`, which cannot be read
        """,
        ["a"],
        packages("a 1: b >=<1"),
    )


def test_an_extra_that_cannot_be_met() -> None:
    check(
        """\
        `a[extras=[plot]]` cannot be installed:
        └─ a 1 needs `b >=2`, but there is only b 1
        """,
        ["a[extras=[plot]]"],
        [package("a 1", extra_depends={"plot": ("b >=2",)}), package("b 1")],
    )


def test_a_condition_that_holds() -> None:
    check(
        """\
        `a` and `python` cannot be installed together:
        └─ a 1 needs `b >=2[when="python >=3"]`, but there is only b 1
        """,
        ["a", "python"],
        packages('a 1: b >=2[when="python >=3"]', "python 3", "b 1"),
    )


def test_an_explanation_is_capped() -> None:
    many = [f"p{i}" for i in range(60)]
    texts = [f"a 1: {'; '.join(many)}", *(f"{name} 1: q{name} >9" for name in many)]
    assert 40 >= len(str(conflict(["a"], packages(*texts))).splitlines())


def test_an_explanation_is_data_too() -> None:
    found = conflict(["a", "b"], packages("a 1: c <2", "b 1: c >=2", "c 1", "c 2"))
    assert ("a", "b") == found.specs
    assert {"a", "b", "c"} == set(found.packages)
    assert ["a", "b"] == [node.demands[0] for node in found.reasons]
    assert ("c <2",) == found.reasons[0].reasons[0].demands
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=Conflict)


def test_the_error_survives_pickling() -> None:
    with pytest.raises(UnsolvableError) as caught:
        solve(["a"], [packages("b 1")])
    copy = pickle.loads(pickle.dumps(caught.value))
    assert copy.conflict == caught.value.conflict
    assert str(copy) == str(caught.value)
