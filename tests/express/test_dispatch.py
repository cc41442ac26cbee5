"""What the first word decides, and how commands are handed over."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from hognose.express import main
from hognose.version import __version__

if TYPE_CHECKING:
    from support.cx_world import World


@pytest.mark.parametrize("words", [("help",), ("--help",), ("-h",), ("-q", "help")])
def test_help_is_shown_on_standard_output(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    out = capsys.readouterr().out
    parts = ("Usage: cx", "bootstrap", "status", "shell", "uninstall", "help", "-V, --version")
    blocks = ("Quick start:", "Management:", "Pass-through:")
    assert [part for part in (*parts, *blocks) if part not in out] == []


def test_a_command_has_its_own_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("help", "bootstrap")) == 0
    assert "--lockfile" in capsys.readouterr().out


def test_there_is_no_help_on_unknown_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("help", "frobnicate")) == 2
    assert "frobnicate" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_the_version_is_shown(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main((word,)) == 0
    assert capsys.readouterr().out == f"cx {__version__}\n"


@pytest.mark.parametrize("word", ["activate", "deactivate", "init"])
def test_commands_that_change_the_shell_say_what_to_do_instead(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main((word, "myenv")) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "cx shell myenv" in captured.err


def test_no_word_at_all_does_not_bootstrap(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main((), environ=world.environ) == 1
    assert "cx bootstrap" in capsys.readouterr().err
    assert not world.prefix.exists()


def test_no_word_at_all_shows_condas_help_once_there_is_a_conda(world: World) -> None:
    main(("bootstrap", "-q"), environ=world.environ)
    assert world.run().stdout == f"conda root={world.prefix} args=--help\n"


def test_the_first_conda_command_installs_conda(world: World) -> None:
    done = world.run("info", "--json")
    assert done.returncode == 0
    assert "Bootstrapping now" in done.stderr
    assert done.stdout == f"conda root={world.prefix} args=info --json\n"


@pytest.mark.parametrize("words", [("-v", "list"), ("--json", "info"), ("-q", "list", "-v")])
def test_words_are_handed_over_unchanged(world: World, words: tuple[str, ...]) -> None:
    main(("bootstrap", "-q"), environ=world.environ)
    assert world.run(*words).stdout == f"conda root={world.prefix} args={' '.join(words)}\n"


def test_condas_exit_status_is_ours(world: World) -> None:
    main(("bootstrap", "-q"), environ=world.environ)
    assert world.run("fail").returncode == 3


def test_a_missing_conda_is_an_error_that_names_its_place(world: World) -> None:
    main(("bootstrap", "-q"), environ=world.environ)
    os.unlink(world.prefix / "bin/conda")
    done = world.run("info")
    assert done.returncode == 1
    assert str(world.prefix / "bin/conda") in done.stderr


def test_the_configuration_decides_who_takes_over(world: World) -> None:
    world.write_config(
        f'channels = ["{world.channel.as_uri()}"]\npackages = ["hognose"]\ndelegate = "hognose"\n'
    )
    assert world.run("info").stdout == f"hognose root={world.prefix} args=info\n"


def test_advice_on_activation_is_replaced_where_nobody_is_asked(world: World) -> None:
    main(("bootstrap", "-q"), environ=world.environ)
    done = world.run("create", "-n", "other", "python")
    assert done.returncode == 0
    assert "conda activate" not in done.stdout
    assert done.stdout.startswith("creating\n#\nbytes \udcff stay\n")
    assert "cx shell my env" in done.stdout


def test_shell_is_handed_to_condas_spawn(world: World) -> None:
    done = world.run("shell", "myenv", "--", "--extra")
    assert done.stdout == f"conda root={world.prefix} args=spawn myenv --extra\n"


def test_shell_starts_one_itself_where_hognose_takes_over(world: World) -> None:
    world.write_config(
        f'channels = ["{world.channel.as_uri()}"]\npackages = ["hognose"]\ndelegate = "hognose"\n'
    )
    main(("bootstrap", "-q"), environ=world.environ)
    world.environ["SHELL"] = "/bin/sh"
    done = world.run("shell", stdin="echo prefix=$CONDA_PREFIX; exit 5\n")
    assert f"prefix={world.prefix}" in done.stdout
    assert done.returncode == 5


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["init"], ["status"], ["info"]], ids=str
)
def test_start_up_needs_the_standard_library_only(world: World, words: list[str]) -> None:
    import subprocess

    main(("bootstrap", "-q"), environ=world.environ)
    program = (
        "import sys, os\n"
        "os.execve = lambda *_: sys.exit(0)\n"
        "from hognose.express import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "finally:\n    print('\\n'.join(sorted(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        env=world.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = set(done.stderr.splitlines())
    assert "hognose.express.dispatch" in loaded
    heavy = {"msgspec", "urllib3", "yaml", "rich", "subprocess", "asyncio", "logging", "tomllib"}
    assert loaded & (heavy | {"argparse"}) == set()
