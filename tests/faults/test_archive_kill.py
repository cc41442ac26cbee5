"""Processes that are killed while they fill a cache.

Whenever the kill comes, a reader afterwards finds a whole entry or none, and the next fetch works.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from hognose.archive import ValidationMode, find_faults
from hognose.cache import PackageCache, clean_cache
from hognose.net import Client
from hognose.types import PathsJson, RepoDataRecord, wire
from support.channel_server import ChannelServer
from support.package_maker import make_package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FETCH = """
import sys
from hognose.cache import PackageCache
from hognose.net import Client
from hognose.types import RepoDataRecord, wire

with Client() as client:
    cache = PackageCache(sys.argv[1])
    record = wire.decode_json(open(sys.argv[2], "rb").read(), RepoDataRecord)
    print("ready", flush=True)
    sys.stdin.readline()
    cache.fetch(record, client)
    print("done", flush=True)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChannelServer]:
    with ChannelServer(tmp_path / "channel") as server:
        yield server


@pytest.fixture
def record_file(tmp_path: Path, server: ChannelServer) -> Path:
    """A package of 400 files, one of them large, and its record in a file."""
    generator = random.Random(5)
    files: dict[str, bytes] = {f"lib/d{n % 20}/f{n}": generator.randbytes(2000) for n in range(400)}
    files["lib/big"] = generator.randbytes(3_000_000)
    record = make_package(tmp_path / "channel", "a", "1", files=files)
    record.url = f"{server.url}linux-64/a-1-0.conda"
    path = tmp_path / "record.json"
    path.write_bytes(wire.encode_json(record))
    return path


def fetch_in_process(root: Path, record_file: Path, kill_after: float | None) -> float | None:
    """Kill a process some time after it began to fetch.

    Returns:
        How long the fetch took, or None if it was killed before it was done.
    """
    command = [sys.executable, "-c", FETCH, str(root), str(record_file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.stdin.write(b"\n")
        process.stdin.flush()
        start = time.monotonic()
        try:
            process.wait(kill_after)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
        is_done = process.stdout.read() == b"done\n"
        return time.monotonic() - start if is_done else None


def check_every_acceptable_entry(root: Path, record: RepoDataRecord) -> bool:
    """Whether there is an entry that a reader would take; fails if it is not whole."""
    found = PackageCache(root).lookup(record)
    if found is None:
        return False
    paths = PathsJson.from_package_directory(found).paths
    assert len(paths) == 401
    assert find_faults(str(found), paths, mode=ValidationMode.HASHES) == []
    return True


def run(tmp_path: Path, record_file: Path, runs: int, seed: int) -> tuple[int, int]:
    record = wire.decode_json(record_file.read_bytes(), RepoDataRecord)
    generator = random.Random(seed)
    killed = found = 0
    # How long a fetch takes depends on the machine and on what else it does.
    duration = fetch_in_process(tmp_path / "whole", record_file, kill_after=None)
    assert duration is not None
    for number in range(runs):
        root = tmp_path / f"pkgs-{number}"
        took = fetch_in_process(root, record_file, generator.uniform(0.0, 1.5 * duration))
        duration = duration if took is None else 0.8 * duration + 0.2 * took
        killed += took is None
        found += check_every_acceptable_entry(root, record)
        if number % 10 == 0:
            with Client() as client:
                PackageCache(root).fetch(record, client)
            assert check_every_acceptable_entry(root, record)
    return killed, found


def test_a_killed_fetch_leaves_a_whole_entry_or_none(tmp_path: Path, record_file: Path) -> None:
    run(tmp_path, record_file, runs=6, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_hundred_killed_fetches_leave_whole_entries_or_none(
    tmp_path: Path, record_file: Path
) -> None:
    killed, found = run(tmp_path, record_file, runs=200, seed=2)
    # The moments must be spread over the whole of the work, or nothing was tested.
    assert killed >= 40
    assert found >= 5


def test_what_a_killed_process_left_is_cleaned_up_later(tmp_path: Path, record_file: Path) -> None:
    record = wire.decode_json(record_file.read_bytes(), RepoDataRecord)
    root = tmp_path / "pkgs"
    left = root / ".a-1-0.0123456789ab.partial"
    (left / "lib").mkdir(parents=True)
    (root / ".locks").mkdir()
    (root / ".locks/a-1-0").write_text('{"pid": 1, "host": "gone", "program": "hognose"}')
    with Client() as client:
        assert PackageCache(root, lock_timeout=0.0).fetch(record, client).is_new
    two_days_later = left.stat().st_mtime + 2 * 86400
    clean_cache(tmp_path, unused=True, older_than=1e9, clock=lambda: two_days_later)
    assert not left.exists()
    assert check_every_acceptable_entry(root, record)
