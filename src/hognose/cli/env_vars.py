"""`hognose env vars`: the variables that activating an environment sets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.console import counted
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path
    from typing import Any

    from hognose.console import Console

__all__ = ("configure_variables",)


def configure_variables(commands: argparse._SubParsersAction[Any]) -> None:
    """Add `vars`, with actions of its own."""
    parser = commands.add_parser("vars", help="show and change the variables that activation sets")
    actions = parser.add_subparsers(dest="variables_action", metavar="ACTION", required=True)
    known = actions.add_parser("list", help="the variables and their values")
    set_ = actions.add_parser("set", help="give variables values")
    set_.add_argument("assignments", nargs="+", metavar="NAME=VALUE", help="a variable: `DEBUG=1`")
    unset = actions.add_parser("unset", help="take variables out")
    unset.add_argument("names", nargs="+", metavar="NAME", help="a variable")
    for action, run in ((known, _list), (set_, _set), (unset, _unset)):
        options.add_prefix_options(action)
        if action is not known:
            action.add_argument(
                "--override-frozen-env",
                action="store_true",
                help="change the environment although it is marked as frozen",
            )
        options.add_output_options(action)
        action.set_defaults(run=run)


def _list(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.install import read_environment_variables

    prefix = options.find_settled_environment(arguments, console)
    variables = read_environment_variables(prefix)
    if arguments.json:
        _print(prefix, variables, console)
        return 0
    for name, value in sorted(variables.items()):
        console.result(f"{name} = {value}")
    return 0


def _set(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.install import require_variable_names

    given: dict[str, str | None] = {}
    for text in arguments.assignments:
        name, mark, value = text.partition("=")
        if not (mark and name):
            raise UsageError(f"`{text}` gives no variable a value", hint="write `NAME=VALUE`")
        given[name] = value
    try:
        require_variable_names(given)
    except ValueError as error:
        raise UsageError(str(error)) from error
    prefix = options.find_environment(arguments)
    options.require_changeable(prefix, arguments, console)
    return _change(prefix, arguments, given, "set", console)


def _unset(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.install import read_environment_variables

    prefix = options.find_environment(arguments)
    options.require_changeable(prefix, arguments, console)
    present = read_environment_variables(prefix)
    missing = [name for name in arguments.names if name not in present]
    if missing:
        raise UsageError(f"{prefix} has no variable {', '.join(f'`{name}`' for name in missing)}")
    return _change(prefix, arguments, dict.fromkeys(arguments.names), "taken out", console)


def _change(
    prefix: Path,
    arguments: argparse.Namespace,
    given: dict[str, str | None],
    done: str,
    console: Console,
) -> int:
    from hognose.install import read_environment_variables, set_environment_variables

    try:
        set_environment_variables(prefix, given)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if arguments.json:
        _print(prefix, read_environment_variables(prefix), console)
    console.success(f"{prefix}: {counted(len(given), 'variable')} {done}")
    if os.environ.get("CONDA_PREFIX") == os.fspath(prefix):
        console.hint("the environment is active: activate it again for this to take effect")
    return 0


def _print(prefix: object, variables: dict[str, str], console: Console) -> None:
    from hognose.cli.json_output import print_json

    print_json({"success": True, "prefix": str(prefix), "variables": variables}, console)
