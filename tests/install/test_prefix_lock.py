"""One writer per prefix, also on file systems that know no locks."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hognose.errors import InstallerError
from hognose.install import PrefixLock
from hognose.install.directory_lock import DirectoryLock
from hognose.install.prefix_lock import LockHolder, is_locked

if TYPE_CHECKING:
    from pathlib import Path

fcntl = pytest.importorskip("fcntl")

# Takes the lock as on a file system of that kind, says so, and holds it while its input is open.
HOLD = """
import errno, fcntl, os, sys

def flock(descriptor, operation):
    raise OSError(int(sys.argv[2]), os.strerror(int(sys.argv[2])))

fcntl.flock = flock
from hognose.install import PrefixLock

with PrefixLock(sys.argv[1]):
    print("taken", flush=True)
    sys.stdin.read()
"""
CODES = [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP]


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    (tmp_path / "prefix/conda-meta").mkdir(parents=True)
    return tmp_path / "prefix"


@pytest.fixture(params=CODES, ids=[errno.errorcode[code] for code in CODES])
def code(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """What this process is told from now on when it asks for a lock."""
    number: int = request.param

    def flock(_descriptor: int, _operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    return number


def hold(prefix: Path, code: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, prefix, str(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert b"taken\n" == process.stdout.readline()
    return process


def test_without_locks_the_second_process_waits_all_the_same(prefix: Path, code: int) -> None:
    with hold(prefix, code) as holder:
        with (
            pytest.raises(InstallerError, match="another process") as caught,
            PrefixLock(prefix, timeout=0),
        ):
            pass
        held = is_locked(prefix)
        holder.communicate()

    assert held
    assert holder.pid == caught.value.holder.process  # type: ignore[attr-defined]
    assert "conda-meta/.lock.d" in str(caught.value.hint)
    with PrefixLock(prefix, timeout=0):
        assert is_locked(prefix)
    assert [] == os.listdir(prefix / "conda-meta")
    assert not is_locked(prefix)


def test_without_locks_that_of_a_killed_process_is_nobodys(prefix: Path, code: int) -> None:
    with hold(prefix, code) as holder:
        holder.kill()
        holder.communicate()
    assert not is_locked(prefix)

    with PrefixLock(prefix, timeout=0):
        pass

    assert [] == os.listdir(prefix / "conda-meta")


def test_who_can_lock_respects_who_cannot(prefix: Path) -> None:
    with hold(prefix, errno.ENOLCK) as holder:
        with pytest.raises(InstallerError, match="another process"), PrefixLock(prefix, timeout=0):
            pass
        holder.communicate()


def test_nobody_knows_whether_a_holder_on_another_machine_has_ended(prefix: Path) -> None:
    place = str(prefix / "conda-meta/.lock.d")
    assert DirectoryLock(place).take(LockHolder(process=1 << 22, host="elsewhere"))

    with pytest.raises(InstallerError, match=r"remove .*/\.lock\.d"), PrefixLock(prefix, timeout=0):
        pass


@pytest.mark.parametrize("mark", [b"", b"garbage", b'{"holder":{"process":1e400}}', b"[" * 100_000])
def test_a_mark_that_cannot_be_read_counts(mark: bytes, prefix: Path) -> None:
    place = prefix / "conda-meta/.lock.d"
    place.mkdir()
    (place / "mark").write_bytes(mark)

    assert not DirectoryLock(str(place)).take(LockHolder(process=os.getpid()))
    assert ["mark"] == os.listdir(place)
    assert [".lock.d"] == os.listdir(prefix / "conda-meta")


def test_a_lock_directory_that_is_a_link_is_refused(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (prefix / "conda-meta/.lock.d").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(NotADirectoryError):
        DirectoryLock(str(prefix / "conda-meta/.lock.d")).take(LockHolder(process=1))


def test_another_refusal_of_the_system_is_an_error_of_ours(
    prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(fcntl, "flock", flock)

    with pytest.raises(InstallerError, match="Input/output error"), PrefixLock(prefix, timeout=0):
        pass


@pytest.mark.parametrize("content", [b"\xff", b"[" * 100_000, b"{}"])
def test_a_holder_that_cannot_be_read_is_not_named(content: bytes, prefix: Path) -> None:
    (prefix / "conda-meta/.lock").write_bytes(content)
    with open(prefix / "conda-meta/.lock", "rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(InstallerError, match="not said"), PrefixLock(prefix, timeout=0):
            pass
