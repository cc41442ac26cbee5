"""Packages extracted by other processes: the same trees, the same errors, and nobody left behind."""

from __future__ import annotations

import io
import os
import select
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hognose._workers.worker_pool import import_path
from hognose.archive import ExtractionWorkers, ExtractLimits, extract_into, worth_processes
from hognose.errors import ArchiveError
from support.hostile_archives import HOSTILE
from support.package_maker import File, Link, make_package
from support.trees import describe_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMITS = ExtractLimits()

PARENT = """
import os, sys
from hognose.archive import ExtractionWorkers, ExtractLimits

class Endless:
    def __init__(self, head):
        self.head = head
    def read(self, size):
        if self.head:
            head, self.head = self.head, b""
            return head
        print(workers._workers[0]._interpreter._process.pid, flush=True)
        sys.stdin.read()

workers = ExtractionWorkers(3)
archive = open(sys.argv[1], "rb").read()
source = Endless(archive[: len(archive) // 2])
workers.extract_into(source, sys.argv[2], limits=ExtractLimits(), archive_name="a")
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")


@pytest.fixture(scope="module")
def workers() -> Iterator[ExtractionWorkers]:
    with ExtractionWorkers(2) as workers:
        yield workers


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    make_package(
        tmp_path / "channel",
        "a",
        "1",
        files={
            "bin/run": File("#!/bin/sh\n", executable=True),
            "bin/link": Link("run"),
            "lib/large": os.urandom(3_000_000),
            **{f"lib/d{number % 7}/f{number}": f"{number}\n" * number for number in range(100)},
        },
    )
    return tmp_path / "channel/linux-64/a-1-0.conda"


class GivenUpError(Exception):
    pass


def give_up() -> None:
    raise GivenUpError


def fresh(path: Path) -> str:
    path.mkdir()
    return str(path)


@pytest.mark.parametrize("sha256_only", [True, False])
@pytest.mark.parametrize("by_path", [True, False])
def test_the_tree_and_the_digest_are_those_of_this_process(
    workers: ExtractionWorkers, archive: Path, tmp_path: Path, *, by_path: bool, sha256_only: bool
) -> None:
    with archive.open("rb") as stream:
        here = extract_into(
            stream,
            fresh(tmp_path / "here"),
            limits=LIMITS,
            archive_name="a",
            sha256_only=sha256_only,
        )
    with archive.open("rb") as stream:
        there = workers.extract_into(
            str(archive) if by_path else stream,
            fresh(tmp_path / "there"),
            limits=LIMITS,
            archive_name="a",
            sha256_only=sha256_only,
        )
    assert here == there
    assert describe_tree(tmp_path / "here") == describe_tree(tmp_path / "there")


@pytest.mark.parametrize("by_path", [True, False])
def test_progress_is_told_up_to_the_end(
    workers: ExtractionWorkers, archive: Path, tmp_path: Path, *, by_path: bool
) -> None:
    seen: list[int] = []
    with archive.open("rb") as stream:
        workers.extract_into(
            str(archive) if by_path else stream,
            fresh(tmp_path / "t"),
            limits=LIMITS,
            archive_name="a",
            progress=seen.append,
        )
    assert archive.stat().st_size == seen[-1]
    assert sorted(seen) == seen


@pytest.mark.parametrize("name", [name for name in HOSTILE if "bomb" not in name])
def test_a_hostile_archive_is_refused_with_the_same_error(
    workers: ExtractionWorkers, name: str, tmp_path: Path
) -> None:
    content = HOSTILE[name].make()
    place = tmp_path / "place"
    place.mkdir()
    with pytest.raises(ArchiveError) as here:
        extract_into(
            io.BytesIO(content), fresh(tmp_path / "here"), limits=LIMITS, archive_name=name
        )
    with pytest.raises(ArchiveError) as there:
        workers.extract_into(
            io.BytesIO(content), fresh(place / "there"), limits=LIMITS, archive_name=name
        )
    assert type(here.value) is type(there.value)
    assert here.value.__dict__ == there.value.__dict__
    assert str(here.value) == str(there.value)
    assert ["there"] == os.listdir(place)


def test_limits_are_those_of_the_caller(
    workers: ExtractionWorkers, archive: Path, tmp_path: Path
) -> None:
    with pytest.raises(ArchiveError, match="more than 5 members"):
        workers.extract_into(
            str(archive),
            fresh(tmp_path / "t"),
            limits=ExtractLimits(members=5),
            archive_name="a",
        )


def test_a_refused_package_is_not_read_to_its_end(
    workers: ExtractionWorkers, tmp_path: Path
) -> None:
    class Endless:
        count = 0

        def read(self, size: int, /) -> bytes:
            self.count += 1
            assert self.count < 10_000
            return b"x" * size

    with pytest.raises(ArchiveError, match="neither a"):
        workers.extract_into(Endless(), fresh(tmp_path / "t"), limits=LIMITS, archive_name="a")


def test_an_error_of_the_disk_keeps_its_number(
    workers: ExtractionWorkers, archive: Path, tmp_path: Path
) -> None:
    with pytest.raises(ArchiveError) as caught:
        workers.extract_into(
            str(archive), str(tmp_path / "missing"), limits=LIMITS, archive_name="a"
        )
    assert 2 == caught.value.__dict__["errno"]


def test_a_source_that_fails_raises_its_own_error_and_the_worker_goes_on(
    archive: Path, tmp_path: Path
) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            if not data:
                raise ConnectionResetError
            return data

    half = archive.read_bytes()[:1_000_000]
    with ExtractionWorkers(1) as workers:
        with pytest.raises(ConnectionResetError):
            workers.extract_into(
                Failing(half), fresh(tmp_path / "a"), limits=LIMITS, archive_name="a"
            )
        workers.extract_into(str(archive), fresh(tmp_path / "b"), limits=LIMITS, archive_name="a")
    assert (tmp_path / "b/bin/run").is_file()


def test_a_process_that_is_killed_is_an_error_and_the_next_package_is_extracted_here(
    archive: Path, tmp_path: Path
) -> None:
    class Killing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            own._workers[0].kill()
            return super().read(size)

    with ExtractionWorkers(1, executable=sys.executable) as own:
        with pytest.raises(ArchiveError, match="the process that did it was ended"):
            own.extract_into(
                Killing(archive.read_bytes()),
                fresh(tmp_path / "a"),
                limits=LIMITS,
                archive_name="a",
            )
        own.extract_into(str(archive), fresh(tmp_path / "b"), limits=LIMITS, archive_name="a")
    assert (tmp_path / "b/bin/run").is_file()


@pytest.mark.parametrize("executable", ["/no/such/python", "/bin/false"])
def test_without_an_interpreter_packages_are_extracted_here(
    executable: str, archive: Path, tmp_path: Path
) -> None:
    with ExtractionWorkers(2, executable=executable) as workers:
        for name in ("a", "b", "c"):
            workers.extract_into(
                str(archive), fresh(tmp_path / name), limits=LIMITS, archive_name="a"
            )
    assert (tmp_path / "c/bin/run").is_file()


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process of others")
def test_when_the_parent_is_killed_the_processes_end_and_remove_what_is_unfinished(
    archive: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, archive, target],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout is not None
        worker = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    try:
        ended, _, _ = select.select([worker], [], [], 20)
    finally:
        os.close(worker)
    assert [worker] == ended
    assert not target.exists()


def test_what_is_imported_for_a_process_is_little() -> None:
    code = """
import sys
sys.path[:0] = sys.argv[1:]
import hognose.archive.extraction_process
print(*sys.modules)
"""
    command = [sys.executable, "-I", "-S", "-c", code, *import_path()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "hognose.archive.unpacking" in loaded
    assert "_zstd" in loaded
    slow = {"msgspec", "typing", "subprocess", "threading", "json", "tempfile", "enum"}
    assert set() == loaded & {*slow, "collections", "backports.zstd", "compression.zstd"}


@pytest.mark.parametrize(
    ("sizes", "processors", "expected"),
    [
        ([], 8, False),
        ([1000] * 10, 8, False),
        ([50_000_000], 8, True),
        ([1_000_000] * 40, 8, True),
        ([None] * 200, 8, True),
        ([50_000_000], 1, False),
    ],
)
def test_processes_are_for_many_bytes_or_many_packages(
    sizes: list[int | None], processors: int, *, expected: bool
) -> None:
    assert expected is worth_processes(sizes, processors=processors)


def test_a_file_that_is_given_up_ends_its_process_and_leaves_nothing(
    archive: Path, tmp_path: Path
) -> None:
    with ExtractionWorkers(1) as workers:
        place = fresh(tmp_path / "place")
        with pytest.raises(GivenUpError):
            workers.extract_into(
                str(archive), place, limits=LIMITS, archive_name="a", check=give_up
            )
        # The next one is extracted here.
        workers.extract_into(str(archive), fresh(tmp_path / "t"), limits=LIMITS, archive_name="a")
    assert not os.path.exists(place) or not os.listdir(place)
    assert (tmp_path / "t/bin/run").is_file()


def test_folders_have_the_mask_of_the_caller(archive: Path, tmp_path: Path) -> None:
    with ExtractionWorkers(1) as workers:
        modes = []
        before = os.umask(0o022)
        try:
            for mask in (0o022, 0o077, 0o002):
                os.umask(mask)
                place = fresh(tmp_path / f"mask{mask}")
                workers.extract_into(str(archive), place, limits=LIMITS, archive_name="a")
                modes.append(os.stat(f"{place}/lib").st_mode & 0o777)
        finally:
            os.umask(before)
    assert [0o755, 0o700, 0o775] == modes


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="there is no /proc")
def test_a_process_that_was_ended_in_the_middle_holds_no_folder_and_no_archive(
    archive: Path, tmp_path: Path
) -> None:
    with ExtractionWorkers(2, executable=sys.executable) as workers:
        # The first one is the parent of the others, and stays until they end.
        process = workers._workers[0]._interpreter._process.pid
        with pytest.raises(GivenUpError):
            workers.extract_into(
                str(archive),
                fresh(tmp_path / "place"),
                limits=LIMITS,
                archive_name="a",
                check=give_up,
            )
        assert "/" == os.readlink(f"/proc/{process}/cwd")
        held = [
            os.readlink(f"/proc/{process}/fd/{name}") for name in os.listdir(f"/proc/{process}/fd")
        ]
        assert str(archive) not in held


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="there is no /proc")
def test_when_a_package_is_there_the_process_has_left_its_folder_and_its_archive(
    archive: Path, tmp_path: Path
) -> None:
    with ExtractionWorkers(1, executable=sys.executable) as workers:
        place = fresh(tmp_path / "place")
        workers.extract_into(str(archive), place, limits=LIMITS, archive_name="a")
        folder = f"/proc/{workers._workers[0]._process}"
        assert "/" == os.readlink(f"{folder}/cwd")
        held = [os.readlink(f"{folder}/fd/{name}") for name in os.listdir(f"{folder}/fd")]
        assert str(archive) not in held
