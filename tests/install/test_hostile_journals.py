"""Journals that came with a prefix: they lead nowhere, and where they are damaged there is a way on."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from hognose.errors import HognoseError, TransactionError
from hognose.install import diagnose, has_unfinished_transaction, recover, repair
from hognose.net import Client

if TYPE_CHECKING:
    from pathlib import Path

    from support.environment import Environment

OWN = "conda-meta/.transaction"
STARTED = {"step": "started", "process": 1, "journal_version": 1}

needs_links = pytest.mark.skipif(os.name == "nt", reason="makes symbolic links")


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    folder = tmp_path / "victim"
    (folder / "sub").mkdir(parents=True)
    (folder / "file").write_text("precious")
    return folder


@pytest.fixture
def installed(environment: Environment) -> Environment:
    environment.install(environment.package("a", files={"share/x": "x"}))
    return environment


def leave(prefix: Path, *steps: object, commit: object = None) -> Path:
    """Leave what an interrupted change leaves; return its folder."""
    folder = prefix / OWN
    for name in ("old", "new", "records"):
        (folder / name).mkdir(parents=True)
    (folder / "journal").write_text("".join(f"{json.dumps(step)}\n" for step in (STARTED, *steps)))
    if commit is not None:
        (folder / "commit.json").write_text(json.dumps(commit))
    return folder


@needs_links
@pytest.mark.parametrize("created", [{"files": ["evil/file"]}, {"directories": ["evil/sub"]}])
def test_undoing_removes_nothing_behind_a_link_that_it_has_brought(
    created: dict[str, list[str]], installed: Environment, victim: Path
) -> None:
    folder = leave(
        installed.prefix,
        {"step": "creating", **created},
        {"step": "moving", "moves": [["evil", f"{OWN}/old/1"]]},
    )
    (folder / "old/1").symlink_to(victim)

    recover(installed.prefix)

    assert ["file", "sub"] == sorted(os.listdir(victim))


@needs_links
def test_undoing_moves_nothing_through_a_link_that_it_has_brought(
    installed: Environment, victim: Path
) -> None:
    folder = leave(
        installed.prefix,
        {"step": "moving", "moves": [["taken", "evil/file"]]},
        {"step": "moving", "moves": [["evil", f"{OWN}/old/1"]]},
    )
    (folder / "old/1").symlink_to(victim)

    with pytest.raises(TransactionError, match="behind a link that leads out"):
        recover(installed.prefix)

    assert (victim / "file").exists()


@needs_links
@pytest.mark.parametrize(
    "commit",
    [
        {"obsolete_files": ["evil/file"]},
        {"obsolete_directories": ["evil/sub"]},
        {"obsolete_directories": ["evil/sub"], "byte_code_directories": ["evil/sub"]},
        {"replacements": [["share/x", "evil/file"]]},
        # The link comes in disguise: where a file waited, by two other ways to the same place.
        {"replacements": [["link", f"./{OWN}/new/2"], [f"{OWN}/new/2", "evil"]]},
        {"replacements": [["link", "way/2"], [f"{OWN}/new/2", "evil"]]},
    ],
    ids=["file", "folder", "byte-code", "move", "disguise", "detour"],
)
def test_finishing_changes_nothing_behind_a_link_that_it_has_brought(
    commit: dict[str, list[object]], installed: Environment, victim: Path
) -> None:
    replacements = [
        # Nothing waits there any more; but now it is known where `evil` leads.
        [f"{OWN}/new/9", "evil/x"],
        [f"{OWN}/new/1", "evil"],
        *commit.get("replacements", ()),
    ]
    folder = leave(
        installed.prefix,
        commit={"obsolete_files": ["evil/file"], **commit, "replacements": replacements},
    )
    if any("link" in move for move in replacements):
        (installed.prefix / "link").symlink_to(victim)
        (installed.prefix / "way").symlink_to(f"{OWN}/new")
        (folder / "new/2").write_text("a file")
    else:
        (folder / "new/1").symlink_to(victim)
    (victim / "sub/__pycache__").mkdir()

    try:
        recover(installed.prefix)
    except HognoseError as error:
        assert "leads out" in str(error)  # noqa: PT017  # either way is right

    assert "precious" == (victim / "file").read_text()
    assert (victim / "sub/__pycache__").exists()


@needs_links
@pytest.mark.parametrize("target", ["evil", "evil/", "./evil", "EVIL/../evil"])
def test_finishing_removes_nothing_behind_a_link_in_a_folder_that_it_has_brought(
    target: str, installed: Environment, victim: Path
) -> None:
    folder = leave(
        installed.prefix,
        commit={
            "replacements": [[f"{OWN}/new/1", target]],
            "obsolete_files": ["evil/out/file"],
            "obsolete_directories": ["evil/out/sub"],
        },
    )
    (folder / "new/1").mkdir()
    (folder / "new/1/out").symlink_to(victim)

    try:
        recover(installed.prefix)
    except HognoseError as error:
        assert "`..`" in str(error)  # noqa: PT017  # the only one that is refused at once

    assert ["file", "sub"] == sorted(os.listdir(victim))


@needs_links
def test_the_history_is_not_written_through_a_link_that_finishing_has_brought(
    installed: Environment, victim: Path
) -> None:
    replacements = [[f"{OWN}/new/1", "conda-meta/history"]]
    folder = leave(installed.prefix, commit={"replacements": replacements, "history": "evil"})
    (folder / "new/1").symlink_to(victim / "file")

    with pytest.raises(TransactionError, match="leads out"):
        recover(installed.prefix)

    assert "precious" == (victim / "file").read_text()


@needs_links
def test_what_finishing_left_behind_a_link_is_told(installed: Environment, victim: Path) -> None:
    folder = leave(
        installed.prefix,
        commit={"replacements": [[f"{OWN}/new/1", "evil"]], "obsolete_files": ["evil/file"]},
    )
    (folder / "new/1").symlink_to(victim)

    assert ("evil/file",) == recover(installed.prefix).left  # type: ignore[union-attr]


NONSENSE = [
    "garbage\n",
    '{"step":"zzz"}\n',
    '{"step":"creating","files":["\\ud800"]}\n',
    "\udcff\n",
    "[" * 100_000 + "\n",
    "\0\0\0\n",
]


@pytest.mark.parametrize("text", NONSENSE)
def test_a_journal_that_makes_no_sense_is_an_error_that_names_the_remedy(
    text: str, installed: Environment
) -> None:
    folder = leave(installed.prefix)
    (folder / "journal").write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(TransactionError, match="hognose doctor --repair"):
        recover(installed.prefix)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        '{"history_size":-5}',
        '{"history_size":1180591620717411303424}',
        '{"obsolete_files":["\\ud800"]}',
        '{"unknown":' + "[" * 100_000,
    ],
)
def test_a_commit_that_makes_no_sense_is_an_error_that_names_the_remedy(
    text: str, installed: Environment
) -> None:
    folder = leave(installed.prefix)
    (folder / "commit.json").write_text(text)

    with pytest.raises(TransactionError, match="hognose doctor --repair"):
        recover(installed.prefix)


def test_a_damaged_journal_does_not_keep_a_commit_from_being_finished(
    installed: Environment,
) -> None:
    folder = leave(installed.prefix, commit={"obsolete_files": ["share/x"]})
    (folder / "journal").write_text("garbage\n")

    recovered = recover(installed.prefix)

    assert recovered is not None
    assert ("finished", None) == (recovered.outcome, recovered.process)
    assert not (installed.prefix / "share/x").exists()


def test_a_folder_that_a_commit_takes_for_a_file_stays(installed: Environment) -> None:
    leave(installed.prefix, commit={"obsolete_files": ["share"]})

    recover(installed.prefix)

    assert "x" == installed.read("share/x")


def test_a_history_shorter_than_a_commit_says_is_not_filled_up(installed: Environment) -> None:
    leave(installed.prefix, commit={"history": "block\n", "history_size": 1_000_000})

    recover(installed.prefix)

    assert b"\0" not in (installed.prefix / "conda-meta/history").read_bytes()


def test_repair_puts_a_damaged_journal_aside_and_mends_what_the_change_did(
    installed: Environment,
) -> None:
    folder = leave(installed.prefix)
    (installed.prefix / "share/x").rename(folder / "old/1")
    (folder / "journal").write_text("garbage\n")

    recovered = recover(installed.prefix, abandon_damaged=True)
    damaged = diagnose(installed.prefix).damaged_packages
    with Client() as client:
        repair(installed.prefix, damaged, cache=installed.cache, client=client)

    assert recovered is not None
    assert "abandoned" == recovered.outcome
    assert recovered.left[0] in str(recovered)
    # What was moved out of the way may be somebody's.
    assert ["1"] == os.listdir(os.path.join(recovered.left[0], "old"))
    assert diagnose(installed.prefix).is_healthy
    assert "x" == installed.read("share/x")


def test_the_verb_of_repair_gets_past_a_damaged_journal_by_itself(installed: Environment) -> None:
    (leave(installed.prefix) / "commit.json").write_text("garbage")

    with Client() as client:
        repair(installed.prefix, [], cache=installed.cache, client=client)

    assert diagnose(installed.prefix).is_healthy


def test_a_journal_of_a_newer_program_is_never_put_aside(installed: Environment) -> None:
    folder = leave(installed.prefix)
    (folder / "journal").write_text('{"step":"started","process":1,"journal_version":2}\n')

    with pytest.raises(TransactionError, match="newer program"):
        recover(installed.prefix, abandon_damaged=True)

    assert has_unfinished_transaction(installed.prefix)


def test_a_refusal_of_the_system_is_an_error_of_ours(installed: Environment) -> None:
    # A folder stands where the journal's file belongs: it cannot be opened.
    folder = leave(installed.prefix)
    (folder / "journal").unlink()
    (folder / "journal").mkdir()

    with pytest.raises(HognoseError):
        recover(installed.prefix)
