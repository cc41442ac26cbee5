"""`hognose run`.

Run a program in an environment. On Unix the program takes the place of `hognose`: signals, input,
output and the exit status are its own. Options come before the program; what follows is its own.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import ActivationError, UsageError

if TYPE_CHECKING:
    from hognose.console import Console


# As shells have it.
EXIT_NO_PROGRAM = 127


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_prefix_options(parser)
    parser.add_argument("--cwd", metavar="DIR", help="the directory to start in")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="PROGRAM ...")


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; returns only on Windows, or if it cannot be started."""
    from hognose.shell import run

    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not command:
        raise UsageError("no program is named", hint="`hognose run -p DIR PROGRAM ...`")
    try:
        return run(options.find_settled_environment(arguments, console), command, cwd=arguments.cwd)
    except ActivationError as error:
        if getattr(error, "program", None) is None:
            raise
        console.error(error.message, error.hint)
        return EXIT_NO_PROGRAM
