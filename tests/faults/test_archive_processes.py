"""Many processes that fill one cold cache at once."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hognose.archive import ValidationMode
from hognose.cache import PackageCache
from hognose.types import RepoDataRecord, wire
from support.channel_server import ChannelServer
from support.package_maker import Content, make_package

if TYPE_CHECKING:
    from pathlib import Path

FETCH_ALL = """
import random, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from hognose.cache import PackageCache
from hognose.net import Client
from hognose.types import RepoDataRecord, wire

files = sorted(Path(sys.argv[2]).iterdir())
random.shuffle(files)
cache = PackageCache(sys.argv[1], use_locks=sys.argv[3] == "locks")
with Client() as client, ThreadPoolExecutor(3) as pool:
    print("ready", flush=True)
    sys.stdin.readline()

    def fetch(file):
        record = wire.decode_json(file.read_bytes(), RepoDataRecord)
        return cache.fetch(record, client).path / "x"

    for path in pool.map(fetch, files):
        assert path.read_bytes()
"""


def run(tmp_path: Path, processes: int, packages: int, locks: str) -> ChannelServer:
    """Let the processes begin together, and wait for all; returns the server, closed."""
    (tmp_path / "records").mkdir()
    with ChannelServer(tmp_path / "channel") as server:
        for number in range(packages):
            files: dict[str, Content] = {
                "x": b"x" * 20_000,
                **{f"f{n}": f"{number} {n}" for n in range(30)},
            }
            record = make_package(tmp_path / "channel", f"p{number}", "1", files=files)
            record.url = f"{server.url}linux-64/{record.file_name}"
            (tmp_path / f"records/{number}").write_bytes(wire.encode_json(record))
        command = [sys.executable, "-c", FETCH_ALL]
        command += [str(tmp_path / "pkgs"), str(tmp_path / "records"), locks]
        running = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for _ in range(processes)
        ]
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        for process in running:
            assert process.stdin is not None
            process.stdin.write(b"\n")
            process.stdin.flush()
        for process in running:
            process.communicate()
        assert [0] * processes == [process.returncode for process in running]
    return server


def check(tmp_path: Path, packages: int) -> None:
    names = {path.name for path in (tmp_path / "pkgs").iterdir()}
    expected = {f"p{number}-1-0" for number in range(packages)}
    expected |= {f"{name}.lock" for name in expected}
    assert expected | {"urls.txt", "CACHEDIR.TAG"} == names - {".locks"}
    cache = PackageCache(tmp_path / "pkgs", validation=ValidationMode.HASHES)
    for path in (tmp_path / "records").iterdir():
        assert cache.lookup(wire.decode_json(path.read_bytes(), RepoDataRecord)) is not None


def test_processes_with_locks_download_each_package_once(tmp_path: Path) -> None:
    server = run(tmp_path, processes=3, packages=6, locks="locks")
    check(tmp_path, packages=6)
    assert [1] * 6 == [server.count(f"linux-64/p{number}-1-0.conda") for number in range(6)]
    assert len((tmp_path / "pkgs/urls.txt").read_text().splitlines()) == 6


def test_processes_without_locks_end_with_one_good_entry_each(tmp_path: Path) -> None:
    run(tmp_path, processes=3, packages=6, locks="no locks")
    check(tmp_path, packages=6)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("locks", ["locks", "no locks"])
def test_eight_processes_and_fifty_packages(locks: str, tmp_path: Path) -> None:
    server = run(tmp_path, processes=8, packages=50, locks=locks)
    check(tmp_path, packages=50)
    if locks == "locks":
        assert len(server.requests) == 50
