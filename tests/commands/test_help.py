"""Help, versions, and what starting costs."""

import subprocess
import sys

import pytest

from hognose.cli.app import COMMANDS
from hognose.version import __version__


def test_help_lists_every_command(hognose):
    result = hognose("--help")

    assert 0 == result.status
    for name, text in COMMANDS.items():
        assert f"  {name}" in result.out
        assert text in result.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_options(hognose, name):
    long, other = hognose(name, "--help"), hognose("help", name)

    assert 0 == long.status
    assert long.out == other.out
    assert f"usage: hognose {name}" in long.out


def test_no_argument_is_a_request_for_help(hognose):
    assert hognose("--help").out == hognose().out


def test_the_version_is_the_packages(hognose):
    assert f"hognose {__version__}\n" == hognose("--version").out


def test_help_imports_nothing_that_it_does_not_need():
    program = "import sys; from hognose.cli import main; main(['--help']); print(*sys.modules)"
    out = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    ).stdout
    loaded = set(out.splitlines()[-1].split())

    assert not loaded & {"argparse", "msgspec", "typing", "json", "urllib3", "rich", "asyncio"}


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_the_terminal(hognose, monkeypatch, name, columns):
    monkeypatch.setenv("COLUMNS", str(columns))

    lines = hognose(name, "--help").out.splitlines()

    assert [] == [line for line in lines if len(line) > columns]


def test_a_table_in_a_description_stays_a_table(hognose, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    out = hognose("update", "--help").out

    assert (
        "  update NAME                     the named packages; others move only where\n"
        "                                  they must\n"
    ) in out


@pytest.mark.parametrize("words", [("help", "env", "remove"), ("env", "remove", "--help")])
def test_an_action_has_help_of_its_own(hognose, words):
    assert "usage: hognose env remove " in hognose(*words).out


def test_the_placeholders_of_arguments_are_upper_case(hognose):
    for name in COMMANDS:
        usage = hognose(name, "--help").out.partition("\n\n")[0]
        words = usage.replace("[", " ").replace("]", " ").split()[3:]
        assert not [word for word in words if word.islower() and word.isalpha()], usage


def test_an_option_in_front_of_the_command_is_told_where_it_belongs(hognose):
    result = hognose("-v", "info")

    assert 2 == result.status
    assert "`hognose info -v`" in result.err
