from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from hognose.errors import InstallerError
from hognose.install import recover
from hognose.install.journal import Journal, recover_transaction

# Begins a change and starts a program that writes to the prefix once its input is closed.
KILLED = """
import subprocess, sys
from hognose.install.journal import Journal

prefix = sys.argv[1]
journal = Journal.begin(prefix)
journal.note_creation(files=["x"])
program = "import sys; print('up', flush=True); sys.stdin.read(); open(sys.argv[1], 'w')"
journal.popen([sys.executable, "-c", program, prefix + "/x"])
sys.stdin.read()
"""


@pytest.fixture
def prefix(tmp_path):
    (tmp_path / "prefix/conda-meta").mkdir(parents=True)
    return tmp_path / "prefix"


@pytest.mark.skipif(os.name == "nt", reason="locks are not inherited on Windows")
def test_tidying_up_waits_for_programs_that_outlive_a_killed_change(prefix):
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, prefix], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert b"up\n" == process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

        with pytest.raises(InstallerError, match="still runs"):
            recover_transaction(prefix, timeout=0)
        # The program goes on, writes, and ends.
        process.stdin.close()
        assert b"" == process.stdout.read()
        recovered = recover_transaction(prefix, timeout=20)

    assert "undone" == recovered.outcome
    assert not (prefix / "x").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and a limit of Linux")
def test_a_journal_that_cannot_begin_leaves_nothing(prefix):
    import resource

    def descriptors():
        return sorted(os.listdir("/proc/self/fd"))

    before, limits = descriptors(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            Journal.begin(prefix)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert before == descriptors()
    assert [] == os.listdir(prefix / "conda-meta")


def test_a_journal_without_a_first_line_is_removed(prefix):
    (prefix / "conda-meta/.transaction/new").mkdir(parents=True)
    assert "undone" == recover(prefix).outcome
    assert [] == os.listdir(prefix / "conda-meta")


def test_a_line_that_breaks_off_was_never_carried_out(prefix):
    journal = Journal.begin(prefix)
    journal.make_directories(["lib"])
    journal.close()
    with open(prefix / "conda-meta/.transaction/journal", "ab") as file:
        file.write(b'{"step":"creating","files":["precious')
    (prefix / "precious").touch()

    recover(prefix)

    assert ["conda-meta", "precious"] == sorted(os.listdir(prefix))
