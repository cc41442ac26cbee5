"""A real environment, of Python and packages from PyPI, made by us and by py-rattler.

The channel is the demonstration's: the running interpreter repackaged, NumPy (compiled) and rich
(noarch, with commands among what it needs). The test is skipped where PyPI cannot be reached.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hognose.cache import PackageCache
from hognose.channel import build_channel
from hognose.errors import ChannelBuildError
from hognose.install import diagnose, install
from hognose.net import Client
from hognose.repodata import Gateway
from hognose.solve import solve
from hognose.types import Platform
from hognose.virtual_packages import detect
from support.installer_pair import Pair
from support.rattler_installer import RattlerInstaller

pytest.importorskip("rattler")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="repackages an interpreter on Linux"),
    pytest.mark.timeout(300),
]

if TYPE_CHECKING:
    from pathlib import Path

    from hognose.types import RepoDataRecord

PROGRAM = """
import ctypes, lzma, sqlite3, ssl, sys
import numpy, rich
assert numpy.ones(3).sum() == 3
print(sys.prefix)
"""
ODD_PLACES = ["with space", "ünï環境", "{fill}"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("real")


@pytest.fixture(scope="module")
def records(root: Path) -> list[RepoDataRecord]:
    try:
        build_channel(root / "channel", wheels=["rich", "numpy"], level=1)
    except ChannelBuildError as error:
        if "pip" not in str(error):
            raise
        pytest.skip(f"PyPI cannot be reached: {error.message}")
    with Client() as client:
        platforms = (Platform.current(), Platform("noarch"))
        sources = Gateway(client).query([str(root / "channel")], platforms, ["numpy", "rich"])
        solved = solve(["numpy", "rich"], sources, virtual_packages=detect())
    for record in solved:
        # py-rattler's records cannot be given any from Python.
        record.purls = None
    return solved


def test_the_environment_is_the_one_that_py_rattler_makes(
    root: Path, records: list[RepoDataRecord]
) -> None:
    with RattlerInstaller() as installer:
        pair = Pair(root, installer)
        pair.install(records, specs=["numpy", "rich"])
        pair.assert_equal()

    assert {"python", "numpy", "rich"} <= {record.name for record in records}
    assert 2000 < sum(len(files) for _, _, files in os.walk(pair.ours))


def test_each_updates_runs_and_empties_what_the_other_made(
    root: Path, records: list[RepoDataRecord], tmp_path: Path
) -> None:
    fewer = [record for record in records if record.name not in {"rich", "pygments"}]
    with RattlerInstaller() as installer:
        pair = Pair(root, installer)
        pair.ours, pair.theirs = tmp_path / "ours", tmp_path / "them"
        pair.install_ours(fewer, compile_byte_code=True)
        pair.install_theirs(fewer)

        pair.install_ours(records, prefix=pair.theirs, compile_byte_code=True)
        pair.install_theirs(records, prefix=pair.ours)
        for prefix in (pair.ours, pair.theirs):
            assert () == diagnose(prefix).faults
            command = [prefix / "bin/python", "-B", "-c", PROGRAM]
            out = subprocess.run(command, env={}, capture_output=True, text=True, check=True).stdout
            assert f"{prefix}\n" == out

        pair.install_ours([], prefix=pair.theirs)
        pair.install_theirs([], prefix=pair.ours)
        for prefix in (pair.ours, pair.theirs):
            left = {path.name for path in prefix.iterdir()}
            assert {"conda-meta"} == left - {"CACHEDIR.TAG"}
            assert {"history"} == {path.name for path in (prefix / "conda-meta").iterdir()}


@pytest.mark.parametrize("place", ODD_PLACES, ids=["space", "letters", "long"])
def test_it_works_anywhere(
    root: Path, records: list[RepoDataRecord], tmp_path: Path, place: str
) -> None:
    # The longest path that a package for one platform can be installed in.
    prefix = tmp_path / place.format(fill="l" * (254 - len(str(tmp_path))))
    with Client() as client:
        install(records, prefix, cache=PackageCache(root / "our-cache"), client=client)

    out = subprocess.run(
        [prefix / "bin/python", "-c", PROGRAM], env={}, capture_output=True, text=True, check=True
    ).stdout
    command = subprocess.run(
        [prefix / "bin/pygmentize", "-V"], env={}, capture_output=True, text=True, check=True
    ).stdout

    assert f"{prefix}\n" == out
    assert command.startswith("Pygments version")
