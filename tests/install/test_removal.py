"""Environments removed as a whole: what is refused, and what a failure leaves."""

import os
import shutil
import threading

import pytest

from hognose.errors import InstallerError
from hognose.install import (
    PrefixLock,
    begin_history,
    clone_environment,
    diagnose,
    parse_history,
    read_history,
    recover,
    remove_environment,
    rename_environment,
    repair,
    require_removable,
)
from hognose.install.removal import finish_removals
from hognose.net import Client
from hognose.types import PrefixRecord
from support.exact_state import exact_state
from support.mounts import in_memory, remount

posix = pytest.mark.skipif(os.name == "nt", reason="makes symbolic links")


@pytest.fixture
def prefix(environment, monkeypatch, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    environment.install(environment.package("a", files={"share/a.txt": "a"}))
    return environment.prefix


def rename(environment, prefix):
    with Client() as client:
        rename_environment(
            prefix, prefix.with_name("new name"), cache=environment.cache, client=client
        )


def test_nothing_is_left_of_a_removed_environment(prefix):
    before = set(os.listdir(prefix.parent))

    remove_environment(prefix)

    assert before - {prefix.name} == set(os.listdir(prefix.parent))


def test_an_interrupted_removal_is_finished_by_the_next(prefix):
    left = prefix.with_name(f".{prefix.name}.removed-0123456789ab")
    others = [
        prefix.with_name(f".{prefix.name}.removed-mine"),
        prefix.with_name(".other.removed-0123456789ab"),
    ]
    for folder in (left, *others):
        shutil.copytree(prefix, folder)

    remove_environment(prefix)

    assert not left.exists()
    assert all(folder.exists() for folder in others)


def test_an_interrupted_removal_is_finished_where_an_environment_is_to_be_made(prefix):
    left = prefix.rename(prefix.with_name(f".{prefix.name}.removed-0123456789ab"))

    assert recover(prefix) is None

    assert not left.exists()


def test_two_that_delete_the_same_environment_do_not_mind_each_other(environment, prefix):
    package = environment.package(
        "many", files={f"share/{n}/{m}": "x" for n in "ab" for m in range(99)}
    )
    is_over = threading.Event()

    def finish():
        while not is_over.is_set():
            finish_removals(str(prefix))

    thread = threading.Thread(target=finish)
    thread.start()
    try:
        for _ in range(5):
            environment.install(package)
            remove_environment(prefix)
    finally:
        is_over.set()
        thread.join()
    assert not [name for name in os.listdir(prefix.parent) if "removed" in name]


def test_an_environment_with_others_below_it_is_refused(prefix, environment):
    shutil.copytree(prefix, prefix / "envs/inner")
    before = exact_state(prefix)

    for act in (remove_environment, lambda path: rename(environment, path)):
        with pytest.raises(InstallerError, match="contains the environment"):
            act(prefix)

    assert before == exact_state(prefix)


def test_a_folder_of_a_package_that_looks_like_an_environment_is_none(environment, prefix):
    files = {"share/test/conda-meta/history": "==> 2020-01-01 00:00:00 <=="}
    environment.install(environment.package("b", files=files))

    remove_environment(prefix)

    assert not prefix.exists()


@pytest.mark.parametrize("below", ["", "envs/deep"])
def test_the_root_prefix_and_what_contains_it_are_refused(below, prefix):
    with pytest.raises(InstallerError, match="the root prefix"):
        remove_environment(prefix, root_prefix=prefix / below)

    assert (prefix / "share/a.txt").exists()


@pytest.mark.parametrize("inside", ["", "a/b"])
def test_the_home_directory_and_its_parents_are_refused(inside, prefix):
    with pytest.raises(InstallerError, match="the home directory"):
        require_removable(
            prefix, environ=dict.fromkeys(("HOME", "USERPROFILE"), str(prefix / inside))
        )


@posix
def test_the_active_environment_is_refused(prefix, monkeypatch, tmp_path):
    (tmp_path / "link").symlink_to(prefix.parent)
    monkeypatch.setenv("CONDA_PREFIX", str(tmp_path / "link" / prefix.name))

    with pytest.raises(InstallerError, match="it is the active environment"):
        remove_environment(prefix)


@pytest.mark.parametrize("inside", ["", "share"])
def test_the_current_directory_and_its_parents_are_refused(inside, prefix, monkeypatch):
    monkeypatch.chdir(prefix / inside)

    with pytest.raises(InstallerError, match="the current directory"):
        remove_environment(prefix)

    assert (prefix / "share/a.txt").exists()


def test_a_mount_point_is_refused(environment, prefix, tmp_path):
    with in_memory(tmp_path / "mounted", "size=8m") as place:
        shutil.copytree(prefix, place, dirs_exist_ok=True)

        with pytest.raises(InstallerError, match="a file system is mounted there"):
            remove_environment(place)

        assert (place / "conda-meta/history").exists()


@posix
def test_a_link_to_an_environment_is_refused_and_names_it(environment, prefix, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(prefix)
    before = exact_state(prefix)

    for act in (remove_environment, lambda path: rename(environment, path)):
        with pytest.raises(InstallerError, match=f"symbolic link to the environment {prefix}"):
            act(link)

    assert before == exact_state(prefix)
    assert link.is_symlink()
    assert not (tmp_path / "new name").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_an_environment_in_a_directory_that_is_read_only_stays_whole(prefix, tmp_path):
    before = exact_state(prefix)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(InstallerError, match="not allowed to write"):
            remove_environment(prefix)
    finally:
        tmp_path.chmod(0o755)

    assert before == exact_state(prefix)


@posix
def test_an_environment_that_cannot_get_its_hidden_name_stays_whole(prefix, tmp_path):
    with in_memory(tmp_path / "read-only", "size=8m") as place:
        shutil.copytree(prefix, place / "environment")
        remount(place, "ro")
        before = exact_state(place / "environment")

        with pytest.raises(InstallerError):
            remove_environment(place / "environment")

        assert before == exact_state(place / "environment")


def test_an_environment_that_is_being_changed_stays(prefix):
    with PrefixLock(prefix), pytest.raises(InstallerError, match="another process"):
        remove_environment(prefix, lock_timeout=0)

    assert (prefix / "share/a.txt").exists()


def test_who_waits_for_a_removed_environment_is_told_that_it_is_gone(prefix):
    lock = PrefixLock(prefix, timeout=0)
    remove_environment(prefix)

    with pytest.raises(InstallerError, match="there is no environment any more"), lock:
        pass


def test_a_missing_history_is_a_fault_that_repair_mends(environment, prefix):
    (prefix / "conda-meta/history").unlink()
    assert ["unlogged"] == [fault.kind for fault in diagnose(prefix).faults]

    with Client() as client:
        repair(prefix, [], cache=environment.cache, client=client)

    assert diagnose(prefix).is_healthy
    assert [1] == [len(block.linked) for block in read_history(prefix)]


def test_an_environment_whose_history_was_begun_anew_can_be_cloned(environment, prefix):
    (prefix / "conda-meta/history").unlink()

    assert begin_history(prefix)
    assert not begin_history(prefix)

    target = prefix.with_name("clone")
    with Client() as client:
        clone_environment(prefix, target, cache=environment.cache, client=client)
    assert ["a"] == [str(record.name) for record in PrefixRecord.collect(target)]


def test_secrets_that_another_program_logged_are_not_shown():
    text = (
        "==> 2026-01-01 00:00:00 <==\n"
        "# cmd: conda create -c http://me:pass@host/ -c http://host/t/tk-1 a\n"
        "+http://host/t/tk-1/linux-64::a-1-0\n"
        "# update specs: ['http://me:pass@host::a', \"http://host/t/tk-1\"]\n"
    )

    (block,) = parse_history(text)

    assert "conda create -c http://********@host/ -c http://host/t/******** a" == block.command
    assert ("http://host/t/********/linux-64::a-1-0",) == block.linked
    assert ("http://********@host::a", "http://host/t/********") == block.update_specs
