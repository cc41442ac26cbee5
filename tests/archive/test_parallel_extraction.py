"""Several packages at once."""

from __future__ import annotations

import signal
import subprocess
import sys
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from hognose.archive import ExtractionJob, ExtractLimits, extract_many
from hognose.errors import ArchiveError, HashMismatchError, UnsafeArchiveError
from support.package_maker import make_package
from support.trees import snapshot

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def archives(tmp_path: Path) -> list[Path]:
    for name in ("a", "b", "c", "d"):
        make_package(tmp_path / "channel", name, "1", files={f"lib/{name}": name * 1000})
    return [tmp_path / f"channel/linux-64/{name}-1-0.conda" for name in ("a", "b", "c", "d")]


@pytest.mark.parametrize("threads", [None, 1, 3, 20])
def test_every_package_is_extracted_and_its_digest_is_in_order(
    threads: int | None, archives: list[Path], tmp_path: Path
) -> None:
    jobs = [ExtractionJob(archive, tmp_path / "out" / archive.name) for archive in archives]
    digests = extract_many(jobs, threads=threads)
    assert [sha256(archive.read_bytes()).digest() for archive in archives] == [
        digest.sha256 for digest in digests
    ]
    for archive in archives:
        name = archive.name[0]
        assert (tmp_path / "out" / archive.name / "lib" / name).read_text() == name * 1000


@pytest.mark.parametrize("threads", [1, 2])
def test_failures_are_raised_together_and_leave_the_others_whole(
    threads: int, archives: list[Path], tmp_path: Path
) -> None:
    archives[1].write_bytes(archives[1].read_bytes()[:-100])
    jobs = [
        ExtractionJob(archives[0], tmp_path / "out/a"),
        ExtractionJob(archives[1], tmp_path / "out/b"),
        ExtractionJob(archives[2], tmp_path / "out/c", expected_sha256=bytes(32)),
        ExtractionJob(archives[3], tmp_path / "out/d"),
    ]
    with pytest.raises(ExceptionGroup, match="cannot extract 2 of 4 packages") as caught:
        extract_many(jobs, threads=threads)
    truncated, another = caught.value.exceptions
    assert isinstance(truncated, ArchiveError)
    assert truncated.__dict__["path"] == str(archives[1])
    assert isinstance(another, HashMismatchError)
    assert ["a", "d"] == sorted(path.name for path in (tmp_path / "out").iterdir())
    assert (tmp_path / "out/d/lib/d").read_text() == "d" * 1000


def test_a_job_may_be_a_stream_with_a_name(archives: list[Path], tmp_path: Path) -> None:
    with archives[0].open("rb") as good, archives[1].open("rb") as bad:
        bad.seek(1)
        jobs = [
            ExtractionJob(good, tmp_path / "out/a"),
            ExtractionJob(bad, tmp_path / "out/b", archive_name="what came"),
        ]
        with pytest.raises(ExceptionGroup) as caught:
            extract_many(jobs)
    assert "cannot extract `what came`" in str(caught.value.exceptions[0])
    assert (tmp_path / "out/a/lib/a").exists()


def test_limits_hold_for_each_package(archives: list[Path], tmp_path: Path) -> None:
    jobs = [ExtractionJob(archive, tmp_path / archive.name) for archive in archives]
    with pytest.raises(ExceptionGroup) as caught:
        extract_many(jobs, limits=ExtractLimits(members=1))
    assert 4 == len(caught.value.exceptions)
    assert all(isinstance(error, UnsafeArchiveError) for error in caught.value.exceptions)


def test_one_destination_cannot_be_given_twice(archives: list[Path], tmp_path: Path) -> None:
    jobs = [ExtractionJob(archive, tmp_path / "out") for archive in archives[:2]]
    with pytest.raises(ValueError, match="two packages have the destination"):
        extract_many(jobs)
    assert not (tmp_path / "out").exists()


def test_a_width_below_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="threads must be at least 1"):
        extract_many([], threads=0)
    assert extract_many([]) == []


INTERRUPTED = """
import os, signal, sys, threading
from pathlib import Path
from hognose.archive import ExtractionJob, extract_many

class Endless:
    # A package that goes on for as long as somebody reads. The interrupt comes late enough for
    # both threads to be running.
    def __init__(self, archive, interrupt_at):
        self.start = Path(archive).read_bytes()[:40]
        self.reads = 0
        self.interrupt_at = interrupt_at
    def read(self, size, /):
        self.reads += 1
        if self.reads == self.interrupt_at:
            os.kill(os.getpid(), signal.SIGINT)
        data, self.start = self.start[:size], self.start[size:]
        return data or bytes(min(size, 1))

archive, out = sys.argv[1:]
sources = [Endless(archive, 30_000), Endless(archive, 0)]
try:
    extract_many([ExtractionJob(s, f"{out}/{n}") for n, s in enumerate(sources)], threads=2)
except KeyboardInterrupt:
    assert threading.active_count() == 1
    print("interrupted")
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")
def test_an_interrupt_ends_what_is_running_and_leaves_nothing(
    archives: list[Path], tmp_path: Path
) -> None:
    # The first zip member announces more data than ever comes.
    data = bytearray(archives[0].read_bytes())
    data[18:26] = (1 << 30).to_bytes(4, "little") * 2
    archives[0].write_bytes(data)
    (tmp_path / "out").mkdir()
    command = [sys.executable, "-c", INTERRUPTED, str(archives[0]), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ("interrupted\n", "") == (done.stdout, done.stderr)
    assert {} == snapshot(tmp_path / "out")
