"""`hognose spawn`.

Start an interactive shell in an environment; leave it with Ctrl+D or `exit`. Nothing in the start
files of the shell has to be changed for this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("environment", nargs="?", help="a name, or a directory")
    options.add_prefix_options(parser)
    parser.add_argument("--shell", metavar="SHELL", help="bash, zsh, fish, ... (default: yours)")


def execute(arguments: argparse.Namespace, console: Console) -> int:  # the seam's signature
    """Start the shell and wait for its end."""
    from hognose.shell import Shell, spawn

    word = arguments.environment
    if word and not (arguments.prefix or arguments.name):
        is_path = "/" in word or "\\" in word or word in {".", ".."}
        setattr(arguments, "prefix" if is_path else "name", word)
    shell = Shell.parse(arguments.shell) if arguments.shell else None
    return spawn(options.find_settled_environment(arguments, console), shell)
