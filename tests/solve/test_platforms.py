"""`solve_many`: one question, several platforms."""

from __future__ import annotations

import pytest

from hognose.errors import UnsolvableError
from hognose.solve import solve_many
from hognose.types import Platform
from support.toy_packages import packages

LINUX, WINDOWS = Platform("linux-64"), Platform("win-64")
NOARCH = packages("a 1", "a 2: lib >=2", "only-linux 1: __linux")
SOURCES = {LINUX: [[*NOARCH, *packages("lib 2")]], WINDOWS: [[*NOARCH, *packages("lib 1")]]}
VIRTUAL = {LINUX: ["__linux=5.10=0"], WINDOWS: ["__win=10=0"]}


def names(records: list) -> list[str]:
    return sorted(f"{record.name} {record.version}" for record in records)


def test_each_platform_gets_its_own_answer() -> None:
    found = solve_many(["a"], SOURCES, virtual_packages=VIRTUAL)
    assert {LINUX: ["a 2", "lib 2"], WINDOWS: ["a 1"]} == {p: names(r) for p, r in found.items()}


def test_specs_and_locks_can_differ_by_platform() -> None:
    found = solve_many(
        {LINUX: ["only-linux", "a"], WINDOWS: ["lib"]},
        SOURCES,
        virtual_packages=VIRTUAL,
        locked_packages={LINUX: NOARCH[:1]},
    )
    assert [["a 1", "only-linux 1"], ["lib 1"]] == [names(records) for records in found.values()]


def test_every_platform_without_an_answer_is_told() -> None:
    with pytest.raises(ExceptionGroup, match="no environment for win-64") as caught:
        solve_many(["only-linux"], SOURCES, virtual_packages=VIRTUAL)
    (error,) = caught.value.exceptions
    assert isinstance(error, UnsolvableError)
    assert str(error).startswith("for win-64: `only-linux` cannot be installed")
    assert WINDOWS == error.__dict__["platform"]
    assert ("only-linux",) == error.conflict.specs
    with pytest.raises(ExceptionGroup, match="linux-64, win-64"):
        solve_many(["zzz"], SOURCES, virtual_packages=VIRTUAL)


def test_no_platform_borrows_the_virtual_packages_of_another() -> None:
    with pytest.raises(ValueError, match="no virtual packages are given for win-64"):
        solve_many(["a"], SOURCES, virtual_packages={LINUX: VIRTUAL[LINUX]})
