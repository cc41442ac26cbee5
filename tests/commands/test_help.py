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
