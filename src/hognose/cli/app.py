"""Finds the command that is asked for and runs it.

Only the module of that command is imported, and only its parser is built: `hognose --help` costs
the interpreter and this table.
"""

from __future__ import annotations

import sys
from importlib import import_module

from hognose.version import __version__

# As `typing.TYPE_CHECKING`, without the 5 ms that importing `typing` takes.
TYPE_CHECKING = False

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Protocol

    from hognose.console import Console

    class Command(Protocol):
        """What each module of a command has: its options, and what it does."""

        def configure(self, parser: argparse.ArgumentParser) -> None:
            """Add the options; the parser's defaults may set `run` to another function."""

        def execute(self, arguments: argparse.Namespace, console: Console) -> int:
            """Do it, and return the exit status."""


__all__ = ("COMMANDS", "main")

COMMANDS: dict[str, str] = {
    "create": "create an environment that has exactly what the specs ask for",
    "install": "add packages to an environment, or change their versions",
    "update": "bring packages to the newest versions that what was asked for allows",
    "remove": "remove packages from an environment, or the environment itself",
    "list": "list the packages of an environment",
    "why": "tell why a package is in an environment",
    "env": "list, remove, rename and clone environments",
    "history": "list the revisions of an environment",
    "rollback": "bring an environment back to an earlier revision",
    "doctor": "find, and repair, what is wrong with an environment",
    "link": "put a package archive into an environment, without solving",
    "unlink": "take packages out of an environment, and nothing else",
    "install-menu": "make the menu items of an environment's packages",
    "remove-menu": "remove the menu items of an environment's packages",
    "run": "run a program in an environment",
    "spawn": "start a shell in an environment",
    "activate": "print the script that activates an environment, for `eval`",
    "solve": "show what would be installed, without a prefix",
    "lock": "solve for one or several platforms and write a lock file",
    "download": "fetch packages into the package cache",
    "extract": "extract a package archive",
    "inspect": "show what is in a package archive",
    "fetch-file": "read one file out of a package archive",
    "create-package": "make a package archive out of a directory",
    "transmute": "write a package archive in the other format",
    "validate": "check an extracted package, or an archive, against its list of files",
    "cache": "show and clean the caches",
    "search": "search channels for packages",
    "repoquery": "ask what packages need, and which packages need them",
    "channel": "make, index, serve and describe channels",
    "auth": "log in to servers, and show which secrets are used",
    "config": "show and change the settings",
    "info": "show what hognose knows about this machine",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the `hognose` command.

    Args:
        argv: The words after the program's name; those of this process by default.

    Returns:
        The exit status: 0 for success, 1 for an error, 2 for a wrong command line, 130 for an
        interrupt; `hognose run` returns that of the program.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in {"-h", "--help", "help"}:
        return _help(words[1:])
    if words[0] in {"-V", "--version"}:
        sys.stdout.write(f"hognose {__version__}\n")
        return 0
    if words[0] not in COMMANDS:
        return _unknown(words[0])
    parser, command = _load(words[0])
    return _execute(command, parser, words[1:])


def _load(name: str) -> tuple[argparse.ArgumentParser, Command]:
    import argparse

    command: Command = import_module(f"hognose.cli.{name.replace('-', '_')}")
    parser = argparse.ArgumentParser(
        prog=f"hognose {name}",
        description=(command.__doc__ or "").split("\n\n", 1)[-1].strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.configure(parser)
    return parser, command


def _execute(command: Command, parser: argparse.ArgumentParser, words: list[str]) -> int:
    from hognose.console import Console, report_errors

    try:
        arguments = parser.parse_args(words)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    console = Console(
        quiet=getattr(arguments, "quiet", False) or getattr(arguments, "json", False),
        verbose=getattr(arguments, "verbose", False),
    )
    run = getattr(arguments, "run", command.execute)
    if getattr(arguments, "json", False):
        from hognose.cli.json_output import run_with_json_errors

        return run_with_json_errors(lambda: int(run(arguments, console)), console)
    return report_errors(lambda: int(run(arguments, console)), console)


def _help(words: list[str]) -> int:
    if words and words[0] in COMMANDS:
        parser, _ = _load(words[0])
        parser.print_help()
        return 0
    if words:
        return _unknown(words[0])
    width = max(map(len, COMMANDS))
    lines = [
        "usage: hognose COMMAND [OPTIONS]",
        "",
        "The conda toolkit in Python.",
        "",
        "commands:",
        *(f"  {name.ljust(width)}  {text}" for name, text in COMMANDS.items()),
        "",
        "options:",
        f"  {'-h, --help'.ljust(width)}  show this; `hognose help COMMAND` shows a command's",
        f"  {'-V, --version'.ljust(width)}  show the version",
        "",
    ]
    sys.stdout.write("\n".join(lines))
    return 0


def _unknown(word: str) -> int:
    from difflib import get_close_matches

    near = get_close_matches(word, COMMANDS, n=1)
    sys.stderr.write(f"hognose: there is no command `{word}`\n")
    hint = f"did you mean `{near[0]}`? " if near else ""
    sys.stderr.write(f"{hint}`hognose --help` lists the commands\n")
    return 2
