"""`hognose activate`.

Print the script that activates an environment: `eval "$(hognose activate -p DIR)"`. With
`--deactivate`, print the one that leaves the active environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_prefix_options(parser)
    parser.add_argument("--shell", metavar="SHELL", default="bash", help="default: bash")
    parser.add_argument(
        "--deactivate", action="store_true", help="print the script that leaves the environment"
    )


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Print the script."""
    import os

    from hognose.shell import ActivationVariables, Shell, activate, deactivate

    shell = Shell.parse(arguments.shell)
    variables = ActivationVariables.from_environ(os.environ)
    if arguments.deactivate:
        result = deactivate(variables, shell)
    else:
        prefix = options.find_settled_environment(arguments, console)
        name = prefix.name if prefix.parent.name == "envs" else str(prefix)
        result = activate(prefix, variables, shell, name=name)
    console.script(result.script.rstrip("\n"))
    return 0
