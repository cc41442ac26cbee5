"""Channels that ask something unusual of a solver: a puzzle, features, builds of ten years.

Validity is judged by the toolkit's own checker of environments (`problems`), which knows nothing
of the solver, and what can be had at all by py-rattler.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from hognose.repodata import SparseRepoData
from hognose.solve import Conflict
from hognose.types import Channel, problems
from support import shared_data
from support.toy_packages import outcome, packages

if TYPE_CHECKING:
    from pathlib import Path

rattler = pytest.importorskip("rattler")
solver_error = pytest.importorskip("rattler.exceptions").SolverError

LINUX = ["__unix=0=0", "__linux=5.10=0", "__glibc=2.35=0", "__archspec=1=x86_64"]
VIRTUAL = {
    "linux-64": LINUX,
    "linux-aarch64": LINUX,
    "linux-ppc64le": LINUX,
    "osx-64": ["__unix=0=0", "__osx=13.0=0"],
    "osx-arm64": ["__unix=0=0", "__osx=13.0=0"],
    "win-64": ["__win=10.0=0"],
    "win-arm64": ["__win=10.0=0"],
    "noarch": [],
}


class World:
    """The same repodata for both solvers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ours: list[SparseRepoData] = []
        self.theirs: list[Any] = []

    def add(self, channel: str, subdir: str, text: bytes) -> World:
        path = self.folder / f"{channel}-{subdir}.json"
        path.write_bytes(text)
        self.ours.append(SparseRepoData(Channel(channel), subdir, path))
        self.theirs.append(rattler.SparseRepoData(rattler.Channel(channel), subdir, path))
        return self

    def add_shared(self, channel: str, subdir: str) -> World:
        text = shared_data.read_zst(f"channels/{channel}/{subdir}/repodata.json.zst")
        return self.add(channel, subdir, text)

    def ask_both(self, specs: list[str], virtual: list[str]) -> tuple[dict, dict] | None:
        """Versions by name from both; None if both say that there is no answer."""
        found = outcome(specs, *self.ours, virtual_packages=virtual)
        theirs = self._ask_them(specs, virtual)
        if isinstance(found, Conflict):
            assert theirs is None, f"py-rattler has an answer: {found}"
            assert str(found)
            return None
        assert theirs is not None, "py-rattler has no answer"
        inside = [text for text in problems(found) if "__" not in text]
        assert [] == inside
        return {str(r.name): str(r.version) for r in found}, theirs

    def _ask_them(self, specs: list[str], virtual: list[str]) -> dict[str, str] | None:
        build_string = rattler.package.build_string.BuildString
        packages = [
            rattler.GenericVirtualPackage(
                rattler.PackageName(name), rattler.Version(version), build_string(build)
            )
            for name, version, build in (text.split("=") for text in virtual)
        ]
        coroutine = rattler.solve_with_sparse_repodata(
            [rattler.MatchSpec(spec) for spec in specs], self.theirs, virtual_packages=packages
        )
        try:
            found = asyncio.run(coroutine)
        except solver_error:
            return None
        return {record.name.normalized: str(record.version) for record in found}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


# Columns and rows of the sudoku that libmamba's tests solve; a dot is a free cell.
PUZZLE = [
    "53..7....",
    "6..195...",
    ".98....6.",
    "8...6...3",
    "4..8.3..1",
    "7...2...6",
    ".6....28.",
    "...419..5",
    "....8..79",
]


def specs_of(rows: list[str]) -> list[str]:
    return [
        f"sudoku_{column}_{row}" + ("" if cell == "." else f" =={cell}")
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
    ]


def sees(a: int, b: int, column: int, row: int) -> bool:
    in_box = (a // 3, b // 3) == (column // 3, row // 3)
    return (a, b) != (column, row) and (a == column or b == row or in_box)


def test_a_sudoku_is_solved() -> None:
    cells = [(column, row) for row in range(9) for column in range(9)]
    source = packages(
        *(
            f"sudoku_{c}_{r} {digit}: "
            + "; ".join(f"sudoku_{a}_{b} !={digit}" for a, b in cells if sees(a, b, c, r))
            for c, r in cells
            for digit in range(1, 10)
        )
    )
    found = outcome(specs_of(PUZZLE), source)
    assert isinstance(found, list)
    digits = {str(record.name): str(record.version) for record in found}
    assert [
        "534678912",
        "672195348",
        "198342567",
        "859761423",
        "426853791",
        "713924856",
        "961537284",
        "287419635",
        "345286179",
    ] == ["".join(digits[f"sudoku_{c}_{row}"] for c in range(9)) for row in range(9)]


def test_the_sudoku_channel_has_no_solution(world: World) -> None:
    # It takes boxes to be other cells than a sudoku does: 486 of its 729 records name 22 others.
    world.add("sudoku", "noarch", shared_data.read_zst("other/sudoku.json.zst"))
    assert world.ask_both(specs_of(PUZZLE), []) is None


def test_three_digits_are_enough_to_refute_the_sudoku_channel(world: World) -> None:
    world.add("sudoku", "noarch", shared_data.read_zst("other/sudoku.json.zst"))
    assert world.ask_both([f"sudoku_{column}_0 =={column + 1}" for column in range(3)], []) is None


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_sudoku_channel_is_refuted_without_any_digit_given() -> None:
    # Some 27,000 conflicts in two minutes of an idle machine; py-rattler did not end within 90 s.
    text = shared_data.read_zst("other/sudoku.json.zst")
    source = SparseRepoData.from_bytes(Channel("sudoku"), "noarch", text)
    assert isinstance(outcome(["sudoku_0_0"], source), Conflict)


@pytest.mark.parametrize(
    "spec",
    [
        "pytorch",
        "pytorch 1.12.*",
        "pytorch 2.0.* *cuda11.8*",
        "pytorch 1.0.*",
        "torchvision <0.10",
        "pytorch *=*cpu*",
        "pytorch-cuda 12.1.*",
        "pytorch >=99",
    ],
)
def test_the_pytorch_channel_is_solved(world: World, spec: str) -> None:
    world.add_shared("pytorch", "linux-64")
    world.add_shared("conda-forge", "linux-64").add_shared("conda-forge", "noarch")
    found = world.ask_both([spec], [*LINUX, "__cuda=12.2=0"])
    if found is not None:
        name = spec.split(maxsplit=1)[0]
        assert found[0][name] == found[1][name]


@pytest.mark.parametrize("subdir", [name for name in VIRTUAL if name != "noarch"])
def test_python_is_solved_for_every_platform(world: World, subdir: str) -> None:
    channel = "conda-forge-python39"
    world.add_shared(channel, subdir).add_shared(channel, "noarch")
    found = world.ask_both(["python 3.9.*", "pip"], VIRTUAL[subdir])
    if found is not None:
        assert found[0]["python"] == found[1]["python"]
        assert found[0]["pip"] == found[1]["pip"]
    # There is no python among the few packages for Windows on ARM.
    assert (found is None) == (subdir == "win-arm64")


def old_index(number: str) -> tuple[bytes, list[str]]:
    """An index of 2013 to 2018 as repodata, and the names in it."""
    content = json.loads(shared_data.read_zst(f"other/anaconda-index{number}.json.zst"))
    packages = {
        file_name: {"subdir": "linux-64", **record}
        for file_name, record in content.items()
        if isinstance(record, dict)
    }
    names = sorted({record["name"] for record in packages.values()})
    return msgspec.json.encode({"info": {"subdir": "linux-64"}, "packages": packages}), names


@pytest.mark.parametrize(
    ("number", "step"),
    [
        pytest.param("", 40, id="1149 records"),
        pytest.param("2", 80, id="4118 records"),
        pytest.param("4", 80, id="5643 records"),
        pytest.param("5", 40, id="1152 records"),
        pytest.param("", 1, id="all of 1149 records", marks=pytest.mark.slow),
        pytest.param("2", 2, id="half of 4118 records", marks=pytest.mark.slow),
        pytest.param("4", 2, id="half of 5643 records", marks=pytest.mark.slow),
    ],
)
def test_indexes_of_old_are_solved(world: World, number: str, step: int) -> None:
    text, names = old_index(number)
    world.add("defaults", "linux-64", text)
    for name in names[::step]:
        found = world.ask_both([name], LINUX)
        if found is not None:
            assert found[0][name] == found[1][name], name


def test_the_r_channel_is_solved(world: World) -> None:
    world.add_shared("anaconda-r", "linux-64").add_shared("anaconda-main", "noarch")
    for spec in ("r-base 3.4.*", "r-ggplot2", "r-essentials", "rstudio"):
        world.ask_both([spec], LINUX)
