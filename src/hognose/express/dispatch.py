"""`cx`: looks at the first word, and does it or hands it over.

| first word                                   | what happens                          |
| activate, deactivate, init                   | a word on what to do instead, exit 1  |
| bootstrap, status, shell, uninstall, help... | our own                               |
| anything else                                | conda, which is installed if it is not |
"""

from __future__ import annotations

import os
import sys

from hognose.console import Console, report_errors

TYPE_CHECKING = False  # as in `typing`, whose import would double the start-up time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_DISABLED = ("activate", "deactivate", "init")
_LOUDNESS = {"-q": "quiet", "--quiet": "quiet", "-v": "verbose", "--verbose": "verbose"}


def main(argv: Sequence[str] | None = None, *, environ: Mapping[str, str] | None = None) -> int:
    """Run the `cx` command.

    Args:
        argv: The words after the program's name; those of this process by default.
        environ: The environment variables.

    Returns:
        The exit status: 0 for success, 1 for an error, 2 for a wrong command line; that of conda
        for a command that was handed over.
    """
    environ = os.environ if environ is None else environ
    words = list(sys.argv[1:] if argv is None else argv)
    # `-q` and `-v` in front of a command of ours belong to it.
    own = words
    while own and own[0] in _LOUDNESS:
        own = own[1:]
    if own and own[0] in _COMMANDS:
        words = [*own[:1], *words[: len(words) - len(own)], *own[1:]]
    first = words[0] if words else ""
    loudness = {_LOUDNESS[word] for word in words if word in _LOUDNESS}
    console = Console(quiet="quiet" in loudness, verbose="verbose" in loudness)
    if first in _COMMANDS:
        if argv is None:
            from hognose.termination import end_like_interrupts

            end_like_interrupts()
        command = _COMMANDS[first]
        return report_errors(lambda: command(words[1:], console, environ), console)
    if first in _DISABLED:
        return _disabled(first, environ)
    return report_errors(lambda: _pass_through(words, console, environ), console)


def _pass_through(words: list[str], console: Console, environ: Mapping[str, str]) -> int:
    from hognose.express.handoff import hand_off
    from hognose.express.prefix import default_prefix, state_of

    prefix = default_prefix(environ)
    if not words:
        if state_of(prefix) != "complete":
            console.error("no conda installation was found", "run `cx bootstrap` to install one")
            return 1
        words = ["--help"]
    _ensure_bootstrapped(prefix, console, environ)
    return hand_off(prefix, words, environ=environ)


def _ensure_bootstrapped(prefix: str, console: Console, environ: Mapping[str, str]) -> None:
    from hognose.express.prefix import state_of

    if state_of(prefix) == "complete":
        return
    console.step("No conda installation found. Bootstrapping now...")
    from hognose.express.bootstrap import Bootstrap

    Bootstrap.default(prefix, environ=environ).run(Console(quiet=True))


def _disabled(command: str, environ: Mapping[str, str]) -> int:
    from hognose.express.help_text import disabled_text
    from hognose.express.prefix import default_prefix

    sys.stderr.write(disabled_text(command, default_prefix(environ)))
    return 1


def _help(words: list[str], console: Console, environ: Mapping[str, str]) -> int:
    topics = [word for word in words if word not in _LOUDNESS]
    if topics and topics[0] in ("bootstrap", "status", "shell", "uninstall"):
        return _COMMANDS[topics[0]](["--help"], console, environ)
    if topics and topics[0] != "help":
        sys.stderr.write(f"cx: there is no help on `{topics[0]}`; conda may have some\n")
        return 2
    from hognose.express.help_text import HELP

    sys.stdout.write(HELP)
    return 0


def _version(words: list[str], console: Console, environ: Mapping[str, str]) -> int:
    del words, console, environ
    from hognose.version import __version__

    sys.stdout.write(f"cx {__version__}\n")
    return 0


def _bootstrap(words: list[str], console: Console, environ: Mapping[str, str]) -> int:
    from hognose.express.options import parse_bootstrap

    options = parse_bootstrap(words)
    if isinstance(options, int):
        return options
    from hognose.express.bootstrap import Bootstrap

    Bootstrap.from_options(options, environ=environ).run(console)
    return 0


def _status(words: list[str], console: Console, environ: Mapping[str, str]) -> int:
    from hognose.express.status import show_status

    if not words:
        show_status(None, console=console, environ=environ)
        return 0
    from hognose.express.options import parse_status

    options = parse_status(words)
    if isinstance(options, int):
        return options
    show_status(options.prefix, options.config, console=console, environ=environ)
    return 0


def _shell(words: list[str], console: Console, environ: Mapping[str, str]) -> int:
    from hognose.express.options import parse_shell

    options = parse_shell(words)
    if isinstance(options, int):
        return options
    from hognose.express.handoff import delegate_of, hand_off
    from hognose.express.prefix import default_prefix

    prefix = default_prefix(environ)
    _ensure_bootstrapped(prefix, console, environ)
    if delegate_of(prefix) == "conda":
        environment = [] if options.environment is None else [options.environment]
        return hand_off(prefix, ["spawn", *environment, *options.rest], environ=environ)
    from hognose.shell import spawn

    directory = environment_directory(prefix, options.environment)
    return spawn(directory, environ=environ, name=options.environment)


def environment_directory(prefix: str, environment: str | None) -> str:
    """The directory of an environment, named by path or by name; the prefix itself for none."""
    if environment in (None, "base", "root"):
        return prefix
    assert environment is not None
    if os.sep in environment or environment in (".", ".."):
        return os.path.abspath(environment)
    return os.path.join(prefix, "envs", environment)


def _uninstall(words: list[str], console: Console, environ: Mapping[str, str]) -> int:
    from hognose.express.options import parse_uninstall

    options = parse_uninstall(words)
    if isinstance(options, int):
        return options
    from hognose.express.uninstall import uninstall

    uninstall(
        options.prefix,
        console=console,
        environ=environ,
        is_confirmed=options.yes,
        keep_environments=not options.environments,
    )
    return 0


_COMMANDS: dict[str, Callable[[list[str], Console, Mapping[str, str]], int]] = {
    "bootstrap": _bootstrap,
    "status": _status,
    "shell": _shell,
    "uninstall": _uninstall,
    "help": _help,
    "--help": _help,
    "-h": _help,
    "--version": _version,
    "-V": _version,
}
