"""The options of cx's own commands."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False  # as in `typing`, whose import would double the start-up time

if TYPE_CHECKING:
    from collections.abc import Sequence


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"cx {command}", description=description, allow_abbrev=False
    )
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-v", "--verbose", action="store_true", help="say more")
    loudness.add_argument(
        "-q", "--quiet", action="store_true", help="say nothing but warnings and errors"
    )
    return parser


def _add_prefix(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prefix", metavar="DIR", help="the installation; default: ~/.cx")


def _parse(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace | int:
    try:
        return parser.parse_args(words)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2


def parse_bootstrap(words: Sequence[str]) -> argparse.Namespace | int:
    """Parse the options of `cx bootstrap`, or return the exit status if that is all."""
    parser = _parser("bootstrap", "Install conda into a prefix of its own.")
    _add_prefix(parser)
    add = parser.add_argument
    add(
        "--force",
        action="store_true",
        help="delete an existing installation first; its named environments are kept",
    )
    add(
        "-c",
        "--channel",
        action="append",
        metavar="CH",
        help="a channel for a live solve, in place of the configured ones; may be repeated",
    )
    add(
        "-p",
        "--package",
        action="append",
        metavar="SPEC",
        default=[],
        help="a package to install as well; may be repeated",
    )
    add(
        "-e",
        "--exclude",
        action="append",
        metavar="NAME",
        help="a package to leave out, in place of the configured ones; may be repeated",
    )
    add("--no-exclude", action="store_true", help="leave nothing out")
    add("--no-lock", action="store_true", help="use no lock file: solve now")
    add("--lockfile", metavar="PATH", help="install what this rattler-lock file says")
    add(
        "--payload",
        metavar="DIR",
        help="a directory with packages; default: the variable CX_PAYLOAD",
    )
    add(
        "--offline",
        action="store_true",
        default=None,
        help="do not use the network; default: the variable CX_OFFLINE",
    )
    add(
        "--config",
        metavar="FILE",
        help="a TOML file with the table [tool.cx]; default: the variable CX_CONFIG, then built in",
    )
    return _parse(parser, words)


def parse_status(words: Sequence[str]) -> argparse.Namespace | int:
    """Parse the options of `cx status`, or return the exit status if that is all."""
    parser = _parser("status", "Show what is installed, and where.")
    _add_prefix(parser)
    parser.add_argument("--config", metavar="FILE", help="a TOML file with the table [tool.cx]")
    return _parse(parser, words)


def parse_shell(words: Sequence[str]) -> argparse.Namespace | int:
    """Parse the options of `cx shell`, or return the exit status if that is all."""
    parser = _parser("shell", "Start a shell in an environment.")
    parser.add_argument("environment", nargs="?", help="its name or path; default: base")
    parser.add_argument("rest", nargs="*", help="after `--`: further words for `conda spawn`")
    return _parse(parser, words)


def parse_uninstall(words: Sequence[str]) -> argparse.Namespace | int:
    """Parse the options of `cx uninstall`, or return the exit status if that is all."""
    parser = _parser("uninstall", "Remove the installation; its named environments are kept.")
    _add_prefix(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--environments", action="store_true", help="remove the named environments too"
    )
    return _parse(parser, words)
