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
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from hognose.console import Console
    from hognose.errors import UsageError

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
    "env": "list, remove, rename and clone environments, and their variables",
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

# How often a command is begun when others change the same environment. One of them ends each time.
_ATTEMPTS = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Run the `hognose` command.

    Args:
        argv: The words after the program's name; those of this process by default.

    Returns:
        The exit status: 0 for success, 1 for an error, 2 for a wrong command line, 130 for an
        interrupt, 143 where SIGTERM ended it; `hognose run` returns that of the program.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if argv is None and sys.argv[0].endswith("__main__.py"):
        # What histories and locks call this program.
        sys.argv[0] = "hognose"
    if not words or words[0] in {"-h", "--help", "help"}:
        return _help(words[1:])
    if words[0] in {"-V", "--version"}:
        sys.stdout.write(f"hognose {__version__}\n")
        return 0
    if words[0] not in COMMANDS:
        return _unknown(words)
    if argv is None:
        from hognose.termination import end_like_interrupts

        end_like_interrupts()
    parser, command = _load(words[0])
    return _execute(command, parser, words[1:])


def _load(name: str) -> tuple[argparse.ArgumentParser, Command]:
    from hognose.cli.parser import CommandParser

    command: Command = import_module(f"hognose.cli.{name.replace('-', '_')}")
    parser = CommandParser(
        prog=f"hognose {name}",
        description=(command.__doc__ or "").split("\n\n", 1)[-1].rstrip(),
    )
    command.configure(parser)
    return parser, command


def _execute(command: Command, parser: argparse.ArgumentParser, words: list[str]) -> int:
    from hognose.cli.library_messages import library_messages
    from hognose.console import Console
    from hognose.errors import UsageError

    try:
        arguments = parser.parse_args(words)
    except SystemExit as stop:  # `--help`
        return stop.code if isinstance(stop.code, int) else 2
    except UsageError as error:
        return _refuse(error, words)
    as_json = getattr(arguments, "json", False)
    verbose = getattr(arguments, "verbose", False)
    # Messages go to standard error: with `--json` they are left out where nobody asks for them.
    quiet = getattr(arguments, "quiet", False) or (as_json and not verbose)
    console = Console(quiet=quiet, verbose=verbose)
    run = getattr(arguments, "run", command.execute)

    def carry_out() -> int:
        from hognose.errors import EnvironmentChangedError

        for _ in range(_ATTEMPTS - 1):
            try:
                return int(run(parser.parse_args(words), console))
            except EnvironmentChangedError as error:
                console.warn(f"{error.path} has been changed meanwhile: planning again")
        return int(run(parser.parse_args(words), console))

    with library_messages(console):
        return _report(carry_out, console, as_json=as_json)


def _report(action: Callable[[], int], console: Console, *, as_json: bool) -> int:
    if as_json:
        from hognose.cli.json_output import run_with_json_errors

        return run_with_json_errors(action, console)
    from hognose.console import report_errors

    return report_errors(action, console)


def _refuse(error: UsageError, words: list[str]) -> int:
    """Say what is wrong with a command line; as JSON, if that was to be the answer's form."""
    from hognose.console import Console

    def fail() -> int:
        raise error

    return _report(fail, Console(), as_json="--json" in words)


def _help(words: list[str]) -> int:
    if words and words[0] in COMMANDS:
        parser, command = _load(words[0])
        return _execute(command, parser, [*words[1:], "--help"])
    if words:
        return _unknown(words)
    from hognose.console import terminal_width

    column = max(map(len, COMMANDS))
    width = terminal_width(sys.stdout) or 1000  # whole lines for what is no terminal
    lines = [
        "usage: hognose COMMAND [OPTIONS]",
        "",
        "The conda toolkit in Python.",
        "",
        "commands:",
        *(_entry(name, text, column, width) for name, text in COMMANDS.items()),
        "",
        "options:",
        _entry("-h, --help", "show this; `hognose help COMMAND` shows a command's", column, width),
        _entry("-V, --version", "show the version", column, width),
        "",
    ]
    sys.stdout.write("\n".join(lines))
    return 0


def _entry(name: str, text: str, column: int, width: int) -> str:
    """A line of the help; what does not fit hangs below its text."""
    lines = [f"  {name.ljust(column)} "]
    for word in text.split():
        if len(lines[-1]) + 1 + len(word) > width:
            lines.append(" " * (column + 3))
        lines[-1] += f" {word}"
    return "\n".join(lines)


def _unknown(words: list[str]) -> int:
    from difflib import get_close_matches

    from hognose._url_secrets import redact
    from hognose.errors import UsageError

    word = words[0]
    if word.startswith("-"):
        name = next((each for each in words if each in COMMANDS), "COMMAND")
        message = f"there is no option `{word}` in front of a command"
        meant = f"options come behind it: `hognose {name} {word}`; "
    else:
        near = get_close_matches(word, COMMANDS, n=1)
        message = f"there is no command `{word}`"
        meant = f"did you mean `{near[0]}`? " if near else ""
    hint = f"{meant}`hognose --help` lists the commands"
    return _refuse(UsageError(redact(message), hint=hint), words)
