"""The texts that need no parser: the help, and what is said in place of missing commands."""

from __future__ import annotations

import sys

PROGRAM = "cx.exe" if sys.platform == "win32" else "cx"

HELP = f"""\
A small program that installs a complete conda in seconds and then gets out of the way.
The first conda command installs it; everything that is not listed here goes to conda.

Usage: {PROGRAM} [COMMAND]

Commands:
  bootstrap  Install conda into ~/.cx, or another prefix
  status     Show what is installed, and where
  shell      Start a shell in an environment
  uninstall  Remove the installation
  help       Show this, or the help of a command

Options:
  -q, --quiet    Say nothing but warnings and errors
  -v, --verbose  Say more
  -h, --help     Show this
  -V, --version  Show the version

Quick start:
  cx bootstrap                          Install conda
  cx create -n myenv python=3.12 numpy  Create an environment
  cx shell myenv                        Work in it
  exit                                  Leave it

Management:
  cx status                             What is installed
  cx uninstall                          Remove everything

Pass-through:
  cx install, remove, list, env, info, config, ...: conda's own commands

More on a command: cx help COMMAND
"""

_SPAWN = "https://github.com/conda-incubator/conda-spawn"


def disabled_text(command: str, prefix: str) -> str:
    """Say what to do in place of a command that changes the shell one is in."""
    if command == "init":
        condabin = f"{prefix}/condabin"
        return (
            "`conda init` is not needed with cx: nothing in your shell's start files has to "
            "change.\n\n"
            f'To have conda itself on the search path:\n\n    export PATH="{condabin}:$PATH"\n\n'
            f"To work in an environment:\n\n    cx shell myenv\n\nMore: {_SPAWN}\n"
        )
    return (
        f"`conda {command}` is not available in cx.\n\n"
        "cx starts a shell of its own for an environment (conda-spawn):\n\n    cx shell myenv\n\n"
        f"Leave it with Ctrl+D or `exit`.\n\nMore: {_SPAWN}\n"
    )
