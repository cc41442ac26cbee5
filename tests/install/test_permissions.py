"""What this user may not change is found before a change begins, or does not keep it from ending."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

import pytest

import hognose.install.doctor
from hognose.errors import InstallerError
from hognose.install import LinkOptions, diagnose, has_unfinished_transaction
from hognose.install.failures import explain_failure
from hognose.install.journal import Commit, Journal
from hognose.install.unlink import empty_trash, remove_empty_directories
from support.environment import Environment
from support.exact_state import exact_state
from support.other_users import NOBODY, as_nobody, fixed, open_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hognose.types import RepoDataRecord

COPIES = LinkOptions(allow_hard_links=False, clobber="ignore")


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Environment]:
    """An environment where everybody may be; all that a change imports is imported."""
    warm = Environment(tmp_path / "warm")
    for version in "12":
        warm.install(warm.package("a", version, files={"d/x": version}))
    with pytest.raises(InstallerError):
        warm.install(link_options=LinkOptions(), lock_timeout=0, reinstall=["nothing"])
    assert hognose.install.doctor
    with open_folder() as folder:
        yield Environment(folder)


def versions(environment: Environment) -> tuple[RepoDataRecord, RepoDataRecord]:
    old, new = (environment.package("a", v, files={"d/x": v}) for v in "12")
    return old, new


def refuse(environment: Environment, *records: RepoDataRecord) -> InstallerError:
    """Have a change refused, and see that there was none."""
    before = exact_state(environment.prefix)
    with pytest.raises(InstallerError) as caught:
        environment.install(*records, link_options=COPIES)
    assert before == exact_state(environment.prefix)
    assert not has_unfinished_transaction(environment.prefix)
    return caught.value


def test_a_history_that_is_read_only_is_found_before(shared: Environment) -> None:
    with as_nobody():
        old, new = versions(shared)
        shared.install(old)
        (shared.prefix / "conda-meta/history").chmod(0o444)

        error = refuse(shared, new)

    assert "conda-meta/history" in str(error)


@pytest.mark.parametrize("change", ["update", "remove"])
def test_a_file_of_somebody_else_in_a_sticky_folder_is_found_before(
    change: str, shared: Environment
) -> None:
    with as_nobody():
        old, new = versions(shared)
        shared.install(old)
    os.chown(shared.prefix / "d", 0, 0)
    (shared.prefix / "d").chmod(0o1777)
    os.chown(shared.prefix / "d/x", 0, 0)

    with as_nobody():
        error = refuse(shared, *([new] if change == "update" else []))

    assert error.path.endswith("d/x")  # type: ignore[attr-defined]


def test_own_files_in_a_sticky_folder_are_no_obstacle(shared: Environment) -> None:
    with as_nobody():
        old, new = versions(shared)
        shared.install(old)
    os.chown(shared.prefix / "d", 0, 0)
    (shared.prefix / "d").chmod(0o1777)

    with as_nobody():
        shared.install(new, link_options=COPIES)
        assert "2" == shared.read("d/x")
    os.chown(shared.prefix / "d", NOBODY, NOBODY)


def test_read_only_files_of_ones_own_are_no_obstacle(shared: Environment) -> None:
    with as_nobody():
        old, new = versions(shared)
        shared.install(old, link_options=COPIES)
        (shared.prefix / "d/x").chmod(0o444)
        shared.install(new, link_options=COPIES)
        assert "2" == shared.read("d/x")


@pytest.mark.parametrize("path", ["conda-meta/history", "conda-meta/a-1-0.json", "d/x"])
def test_an_immutable_file_is_found_before(path: str, environment: Environment) -> None:
    old, new = versions(environment)
    environment.install(old, link_options=COPIES)

    with fixed(environment.prefix / path):
        error = refuse(environment, new)

    assert "immutable" in str(error)


def test_a_file_that_cannot_be_removed_does_not_keep_a_change_from_ending(
    environment: Environment,
) -> None:
    a, b = environment.package("a", files={"d/x": "1"}), environment.package("b")
    environment.install(a, b, link_options=COPIES)

    with fixed(environment.prefix / "d/x"):
        result = environment.install(b)
        assert not has_unfinished_transaction(environment.prefix)

    assert ("these files should be gone, and cannot be removed: d/x",) == result.outcome.warnings
    assert diagnose(environment.prefix).is_healthy


def test_files_that_a_change_has_made_and_cannot_remove_do_not_keep_it_from_being_undone(
    environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    environment.install(environment.package("a"))
    journal = Journal.begin(str(environment.prefix))
    journal.note_creation(files=["made"])
    (environment.prefix / "made").touch()

    with fixed(environment.prefix / "made"):
        journal.undo()

    assert not has_unfinished_transaction(environment.prefix)
    assert "cannot be removed: made" in caplog.text


def test_what_was_moved_away_and_cannot_be_deleted_goes_to_the_trash(shared: Environment) -> None:
    with as_nobody():
        shared.install(shared.package("a"))
        journal = Journal.begin(str(shared.prefix))
        (shared.prefix / "mixed").mkdir()
        journal.move([("mixed", journal.trash_path())])
    theirs = shared.prefix / "conda-meta/.transaction/old/1/theirs"
    theirs.mkdir(mode=0o755)
    (theirs / "file").touch()

    with as_nobody():
        commit = Commit(history_size=1 << 30)
        journal.commit(commit)
        assert [] == journal.finish(commit)
        assert not has_unfinished_transaction(shared.prefix)
        assert 1 == empty_trash(shared.prefix)

    assert 0 == empty_trash(shared.prefix)
    assert not (shared.prefix / ".trash").exists()


def test_byte_code_of_somebody_else_stays(shared: Environment) -> None:
    folder = shared.prefix / "lib/code"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__/x.pyc").touch()
    os.chown(folder, NOBODY, NOBODY)

    with as_nobody():
        remove_empty_directories(
            f"{shared.prefix}/", ["lib/code"], byte_code_only=frozenset({"lib/code"})
        )

    assert (folder / "__pycache__/x.pyc").exists()
    shutil.rmtree(folder)


@pytest.mark.parametrize("code", [32, 33])
def test_a_file_in_use_is_not_told_as_a_question_of_owners(code: int) -> None:
    error = PermissionError(errno.EACCES, "The process cannot access the file", "C:/e/tool.dll")
    error.winerror = code  # type: ignore[attr-defined,unused-ignore]

    told = str(explain_failure(error, "C:/e"))

    assert "in use" in told
    assert "who owns" not in told
