"""Showing what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.express import main
from hognose.version import __version__

if TYPE_CHECKING:
    import pytest

    from support.cx_world import World


def test_nothing_installed_is_one_line_on_standard_error_and_no_failure(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(("status",), environ=world.environ) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1


def test_the_installation_is_described_on_standard_output(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    main(("bootstrap",), environ=world.environ)
    (world.prefix / "envs/mine/conda-meta").mkdir(parents=True)
    capsys.readouterr()
    assert main(("status",), environ=world.environ) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"cx {__version__}"
    shown = dict(line.split(":", 1) for line in lines[1:])
    assert {key.strip(): value.strip() for key, value in shown.items()} == {
        "prefix": str(world.prefix),
        "channels": world.channel.as_uri() + "/",
        "packages": "conda >=25",
        "excludes": "conda-libmamba-solver",
        "installed": "2 packages",
        "conda": str(world.prefix / "bin/conda"),
        "environments": "mine",
    }


def test_another_prefix_can_be_asked_about(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    other = world.home / "other place"
    main(("bootstrap", "--prefix", str(other)), environ=world.environ)
    capsys.readouterr()
    main(("status", "--prefix", str(other)), environ=world.environ)
    assert str(other) in capsys.readouterr().out


def test_an_interrupted_bootstrap_is_said_to_be_incomplete(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    main(("bootstrap",), environ=world.environ)
    (world.prefix / ".cx-bootstrapping").touch()
    capsys.readouterr()
    main(("status",), environ=world.environ)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "not complete" in captured.err
