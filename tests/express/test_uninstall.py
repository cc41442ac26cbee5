"""Removing an installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.express import main

if TYPE_CHECKING:
    from support.cx_world import World


def test_nothing_to_uninstall_is_no_error(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("uninstall", "-y"), environ=world.environ) == 0
    assert "Nothing to uninstall." in capsys.readouterr().err


def test_everything_goes_where_there_are_no_named_environments(world: World) -> None:
    main(("bootstrap",), environ=world.environ)
    assert main(("uninstall", "--yes"), environ=world.environ) == 0
    assert not world.prefix.exists()


@pytest.mark.parametrize(("words", "expected"), [((), True), (("--environments",), False)])
def test_named_environments_stay_unless_they_are_to_go(
    world: World, words: tuple[str, ...], *, expected: bool
) -> None:
    main(("bootstrap",), environ=world.environ)
    environment = world.prefix / "envs/mine/conda-meta"
    environment.mkdir(parents=True)
    assert main(("uninstall", "--yes", *words), environ=world.environ) == 0
    assert environment.exists() is expected
    assert not (world.prefix / "conda-meta").exists()


@pytest.mark.parametrize(("answer", "is_left"), [("y\n", 0), ("YES\n", 0), ("\n", 1), ("", 1)])
def test_the_question_is_asked_once_and_only_yes_is_yes(
    world: World, answer: str, is_left: int
) -> None:
    main(("bootstrap",), environ=world.environ)
    done = world.run("uninstall", stdin=answer)
    assert done.returncode == 0
    assert "Continue? [y/N]" in done.stderr
    assert ("Aborted." in done.stderr) == bool(is_left)
    assert world.prefix.exists() == bool(is_left)


def test_conda_removes_the_environments_that_are_to_go(world: World) -> None:
    main(("bootstrap",), environ=world.environ)
    (world.prefix / "envs/mine/conda-meta").mkdir(parents=True)
    log = world.home / "log"
    (world.prefix / "bin/conda").write_text(f'#!/bin/sh\necho "$@" >> "{log}"\nexit 1\n')
    done = world.run("uninstall", "-y", "--environments")
    assert log.read_text() == "remove --all -n mine -y --json\n"
    assert "could not remove the environment mine" in done.stderr
    assert done.returncode == 0
    assert not world.prefix.exists()


def test_our_lines_go_from_the_start_files_and_no_others(world: World) -> None:
    main(("bootstrap",), environ=world.environ)
    condabin = f"{world.prefix}/condabin"
    bashrc = world.home / ".bashrc"
    bashrc.write_bytes(
        f'# caf\xe9\nexport PATH="{condabin}:$PATH"\nexport PATH="/mine:$PATH"\r\n\nlast'.encode(
            "latin-1"
        )
    )
    fish = world.home / ".config/fish/config.fish"
    fish.parent.mkdir(parents=True)
    fish.write_text(f'  set -gx PATH "{condabin}" $PATH\n')
    zshrc = world.home / ".zshrc"
    zshrc.write_text("untouched\n")
    before = zshrc.stat().st_mtime_ns
    main(("uninstall", "-y"), environ=world.environ)
    assert bashrc.read_bytes() == b'# caf\xe9\nexport PATH="/mine:$PATH"\r\n\nlast'
    assert fish.read_text() == ""
    assert zshrc.stat().st_mtime_ns == before


def test_the_home_directory_is_never_deleted(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (world.home / "conda-meta").mkdir()
    words = ("uninstall", "-y", "--prefix", str(world.home))
    assert main(words, environ=world.environ) == 1
    assert "it is the home directory" in capsys.readouterr().err
    assert (world.home / "conda-meta").exists()
