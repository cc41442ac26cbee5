"""The lock between processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hognose.cache import file_lock, is_on_network
from hognose.errors import LockTimeoutError

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys
from hognose.cache import file_lock
with file_lock(sys.argv[1], timeout=5):
    print("held", flush=True)
    sys.stdin.read()
"""

FORK = """
import os, sys
from hognose.cache import file_lock

def tell():
    with file_lock(sys.argv[1], timeout=5):
        print(open(sys.argv[1]).read(), flush=True)

tell()
if os.fork() == 0:
    tell()
    os._exit(0)
os.wait()
"""


def test_a_lock_file_is_gone_when_nobody_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with file_lock(str(path), timeout=0) as is_held:
        assert is_held
        assert path.exists()
    assert not path.exists()


def test_another_process_is_kept_out_and_told_who_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockTimeoutError) as caught, file_lock(str(path), timeout=0):
            pass
        assert f"process {holder.pid} " in caught.value.message
        assert str(path) in caught.value.message
        holder.kill()
    # The system takes the lock of a dead process away.
    with file_lock(str(path), timeout=5) as is_held:
        assert is_held


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_a_fork_gives_its_own_name(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", FORK, tmp_path / "lock"], check=True, capture_output=True, text=True
    )
    parent, child = map(json.loads, told.stdout.splitlines())
    assert parent["pid"] != child["pid"]


def test_what_a_killed_holder_wrote_is_gone_when_the_lock_is_held_again(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text("x" * 1000)
    with file_lock(str(path), timeout=0):
        assert json.loads(path.read_bytes())["pid"] == os.getpid()


def test_waiting_grows_longer_and_ends(tmp_path: Path) -> None:
    now = [0.0]
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    path = str(tmp_path / "lock")
    with (
        file_lock(path, timeout=0),
        pytest.raises(LockTimeoutError, match="more than 3 seconds"),
        file_lock(path, timeout=3, wait=wait, clock=lambda: now[0]),
    ):
        pass
    assert waits == sorted(waits)
    assert waits[-1] == 0.25
    assert 3 <= sum(waits) < 3.5


def test_where_a_lock_cannot_be_made_work_goes_on_without(tmp_path: Path) -> None:
    with file_lock(str(tmp_path / "no such folder" / "lock"), timeout=0) as is_held:
        assert not is_held


def test_the_lock_is_released_after_an_error(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with pytest.raises(KeyError), file_lock(path, timeout=0):
        raise KeyError
    with file_lock(path, timeout=0) as is_held:
        assert is_held


@pytest.mark.parametrize(
    ("kind", "expected"), [("nfs4", True), ("lustre", True), ("ext4", False), ("tmpfs", False)]
)
def test_network_file_systems_are_known(kind: str, *, expected: bool, tmp_path: Path) -> None:
    real = os.path.realpath(tmp_path)
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/sda / ext4 rw 0 0\nserver:/x {real} {kind} rw 0 0\n/dev/y /y nfs rw 0 0\n"
    )
    assert is_on_network(str(tmp_path / "pkgs"), mounts=str(mounts)) is expected


def test_a_system_without_a_table_of_mounts_is_taken_as_local(tmp_path: Path) -> None:
    assert not is_on_network(str(tmp_path), mounts=str(tmp_path / "nothing"))
