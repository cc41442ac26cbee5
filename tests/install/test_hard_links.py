"""Hard links made by a process beside this one: the same files, the same errors, and an end."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from hognose._workers.worker_pool import borrow_workers
from hognose.errors import LinkError
from hognose.install import recover
from hognose.install.hard_links import HardLinks, link_error, worth_a_process
from hognose.install.prefix_lock import lock_descriptor
from hognose.types import PrefixPaths, PrefixRecord
from support.package_maker import PLACEHOLDER, File, Link
from support.trees import describe_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.environment import Environment

LARGE = 1 << 30

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are for Unix")

KILLED = """
import os, signal, sys
from hognose.install.hard_links import HardLinks
from hognose.install.journal import Journal

prefix, package = sys.argv[1:]
places = [str(number) for number in range(20_000)]
journal = Journal.begin(prefix)
journal.note_creation(files=places)
links = HardLinks(prefix, holding=journal.descriptor)
links.make("a", package, ["lib/file"] * len(places), places)
os.kill(os.getpid(), signal.SIGKILL)
"""

NAMES = [f"file {number} é" for number in range(40)]


@pytest.fixture
def held(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "held", os.O_CREAT | os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    package = tmp_path / "package"
    (package / "lib").mkdir(parents=True)
    for name in NAMES:
        (package / "lib" / name).write_text(name)
    return package


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    (tmp_path / "prefix/lib").mkdir(parents=True)
    return tmp_path / "prefix"


def paths_of(names: list[str]) -> list[str]:
    return [f"lib/{name}" for name in names]


@pytest.mark.parametrize("apart", [False, True])
def test_files_of_several_packages_are_linked_to_their_places(
    package: Path, prefix: Path, held: int, *, apart: bool
) -> None:
    with HardLinks(str(prefix), holding=held if apart else None) as links:
        links.make("a", str(package), paths_of(NAMES[:20]), paths_of(NAMES[:20]))
        links.make("b", str(package), paths_of(NAMES[20:]), NAMES[20:])
        links.settle()
        for name in NAMES[:20]:
            assert os.path.samefile(package / "lib" / name, prefix / "lib" / name)
        for name in NAMES[20:]:
            assert os.path.samefile(package / "lib" / name, prefix / name)


@pytest.mark.parametrize("apart", [False, True])
def test_a_link_that_cannot_be_made_is_an_error_with_its_path_and_package(
    package: Path, prefix: Path, held: int, *, apart: bool
) -> None:
    def link() -> None:
        links.make("good", str(package), ["lib/" + NAMES[0]], ["good"])
        links.make("bad", str(package), ["lib/missing"], ["bad"])
        links.settle()

    with (
        HardLinks(str(prefix), holding=held if apart else None) as links,
        pytest.raises(LinkError) as caught,
    ):
        link()
    facts = caught.value.__dict__
    assert ("bad", "lib/missing", errno.ENOENT) == (
        facts["package"],
        facts["path"],
        facts["errno"],
    )
    assert (prefix / "good").exists()


@pytest.mark.parametrize("apart", [False, True])
def test_a_package_that_is_gone_is_an_error(
    tmp_path: Path, prefix: Path, held: int, *, apart: bool
) -> None:
    def link() -> None:
        links.make("gone", str(tmp_path / "gone"), ["x"], ["x"])
        links.settle()

    with (
        HardLinks(str(prefix), holding=held if apart else None) as links,
        pytest.raises(LinkError, match="cannot"),
    ):
        link()


@pytest.mark.parametrize("apart", [False, True])
def test_what_cannot_be_linked_from_another_file_system_is_copied(
    prefix: Path, held: int, *, apart: bool
) -> None:
    if not os.path.isdir("/dev/shm") or os.stat("/dev/shm").st_dev == os.stat(prefix).st_dev:
        pytest.skip("there is no second file system")
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm") as package,
        HardLinks(str(prefix), holding=held if apart else None) as links,
    ):
        source = Path(package, "x")
        source.write_text("content")
        source.chmod(0o754)
        links.make("a", package, ["x"], ["copy"])
        links.settle()
        copy = prefix / "copy"
        assert ("content", source.stat().st_mode) == (copy.read_text(), copy.stat().st_mode)


def test_the_package_may_be_named_from_the_current_folder(
    package: Path, prefix: Path, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(package.parent)
    with HardLinks(str(prefix), holding=held) as links:
        links.make("a", package.name, paths_of(NAMES), paths_of(NAMES))
        links.settle()
    assert sorted(NAMES) == sorted(os.listdir(prefix / "lib"))


def test_when_the_process_is_ended_the_rest_is_linked_here(
    package: Path, prefix: Path, held: int
) -> None:
    with HardLinks(str(prefix), holding=held) as links:
        links.make("a", str(package), paths_of(NAMES[:20]), paths_of(NAMES[:20]))
        assert links._worker is not None
        links._worker.kill()
        links.make("b", str(package), paths_of(NAMES[20:]), paths_of(NAMES[20:]))
        links.settle()
    assert sorted(NAMES) == sorted(os.listdir(prefix / "lib"))


def test_a_process_that_cannot_be_started_is_done_without(
    package: Path, prefix: Path, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    for worker in borrow_workers(HardLinks.ROLE, 20):
        worker.close()
    with HardLinks(str(prefix), holding=held) as links:
        assert links._worker is None
        links.make("a", str(package), paths_of(NAMES), paths_of(NAMES))
    assert sorted(NAMES) == sorted(os.listdir(prefix / "lib"))


def test_what_was_asked_for_is_done_at_the_end_and_the_file_is_let_go(
    package: Path, prefix: Path, tmp_path: Path
) -> None:
    journal = os.open(tmp_path / "journal", os.O_CREAT | os.O_WRONLY)
    assert lock_descriptor(journal)
    with HardLinks(str(prefix), holding=journal) as links:
        links.make("a", str(package), paths_of(NAMES), paths_of(NAMES))
        os.close(journal)
    assert sorted(NAMES) == sorted(os.listdir(prefix / "lib"))
    second = os.open(tmp_path / "journal", os.O_WRONLY)
    assert lock_descriptor(second)
    os.close(second)


def test_an_interrupt_in_the_middle_of_a_message_ends_the_process(
    package: Path, prefix: Path, held: int
) -> None:
    with HardLinks(str(prefix), holding=held) as links:
        worker = links._worker
        assert worker is not None
        links._is_talking = True
        os.write(worker.descriptor, b"\xff")
    assert worker.descriptor < 0


def test_tidying_up_after_a_killed_process_waits_for_the_links_it_had_asked_for(
    package: Path, tmp_path: Path
) -> None:
    prefix = tmp_path / "environment"
    (prefix / "conda-meta").mkdir(parents=True)
    (package / "lib/file").write_text("linked")
    done = subprocess.run([sys.executable, "-c", KILLED, prefix, package], check=False)
    assert -signal.SIGKILL == done.returncode
    recover(prefix)
    assert ["conda-meta"] == os.listdir(prefix)
    assert 1 == (package / "lib/file").stat().st_nlink


@pytest.mark.skipif(not worth_a_process([LARGE]), reason="one processor")
def test_an_environment_is_the_same_whoever_links(environment: Environment) -> None:
    records = [
        environment.package(
            name,
            files={
                "shared": name,
                f"lib/{name}/plain": "plain",
                f"lib/{name}/text": File(f"{PLACEHOLDER}/x", prefix="text"),
                f"lib/{name}/link": Link("plain"),
            },
        )
        for name in "ab"
    ]
    environment.install(*records)
    alone, recorded = describe_tree(environment.prefix), paths_in_records(environment)
    environment.install()
    assert [] == environment.files()

    # What is said of an archive's size makes no difference once it is in the cache.
    environment.install(*(msgspec.structs.replace(record, size=LARGE) for record in records))
    for name in [name for name in alone if name.startswith("conda-meta")]:
        del alone[name]
    beside = describe_tree(environment.prefix)
    assert alone == {name: beside[name] for name in beside if not name.startswith("conda-meta")}
    assert recorded == paths_in_records(environment)
    assert 2 == (environment.prefix / "lib/a/plain").stat().st_nlink


def paths_in_records(environment: Environment) -> list[PrefixPaths]:
    return [record.paths_data for record in PrefixRecord.collect(environment.prefix)]


def test_small_environments_are_linked_without_a_process() -> None:
    assert not worth_a_process([1000, None, 2_000_000])


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_file_that_there_is_no_room_for_is_told_with_its_size(code: int, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(2_500_000))

    error = link_error(OSError(code, os.strerror(code)), "a", "file", source=f"{tmp_path}/file")

    assert "free some space" in str(error.hint)
    assert "2.5 MB" in str(error.hint)
