"""`solve_many`: one question, several platforms."""

from __future__ import annotations

import pytest

from hognose.errors import UnsolvableError
from hognose.solve import HognoseBackend, solve, solve_many
from hognose.solve.tables import SharedTables
from hognose.types import Platform, RepoDataRecord
from support.toy_packages import packages

LINUX, WINDOWS = Platform("linux-64"), Platform("win-64")
NOARCH = packages("a 1", "a 2: lib >=2", "only-linux 1: __linux")
SOURCES = {LINUX: [[*NOARCH, *packages("lib 2")]], WINDOWS: [[*NOARCH, *packages("lib 1")]]}
VIRTUAL = {LINUX: ["__linux=5.10=0"], WINDOWS: ["__win=10=0"]}


def names(records: list[RepoDataRecord]) -> list[str]:
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


def test_a_table_is_made_once_for_the_records_that_platforms_share() -> None:
    tables = SharedTables()
    first = tables.make("a", NOARCH[:2], lowest=False)
    assert first is tables.make("a", list(NOARCH[:2]), lowest=False)
    assert first is not tables.make("a", NOARCH[:1], lowest=False)
    lowest = tables.make("a", NOARCH[:2], lowest=True)
    assert ["2", "1"] == [str(record.version) for record in first.records]
    assert ["1", "2"] == [str(record.version) for record in lowest.records]


@pytest.mark.parametrize("strategy", ["highest", "lowest", "lowest-direct"])
def test_solving_together_gives_the_same_as_solving_one_by_one(strategy: str) -> None:
    shared = packages("top 1: mid", "top 2: mid", "mid 1 x_0: lib", "mid 1 y_0: lib <2", "mid 2")
    sources = {LINUX: [[*shared, *packages("lib 1")]], WINDOWS: [[*shared, *packages("lib 2")]]}
    together = solve_many(["top", "mid"], sources, virtual_packages=VIRTUAL, strategy=strategy)
    assert together == {
        platform: solve(["top", "mid"], of_platform, strategy=strategy)
        for platform, of_platform in sources.items()
    }


def test_platforms_can_be_solved_by_another_back_end() -> None:
    backend = HognoseBackend()
    solve_many(["a"], SOURCES, virtual_packages=VIRTUAL, backend=backend)
    assert backend.statistics.names
