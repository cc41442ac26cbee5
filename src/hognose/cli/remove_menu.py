"""`hognose remove-menu`.

Remove the menu items that `hognose install-menu` made for an environment's packages.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.console import counted

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="the packages (default: all)")
    parser.add_argument("--system", action="store_true", help="those made for all users")
    parser.add_argument(
        "--override-frozen-env",
        action="store_true",
        help="change the environment although it is marked as frozen",
    )
    options.add_prefix_options(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Remove the items."""
    from hognose.install import remove_menus, system_registry

    prefix = options.find_settled_environment(arguments, console)
    options.require_not_frozen(prefix, arguments)
    removed = remove_menus(
        prefix,
        packages=arguments.names or None,
        registry=system_registry(for_all_users=arguments.system),
    )
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json({"success": True, "prefix": os.fspath(prefix), "menus": removed}, console)
        return 0
    console.success(f"{prefix}: menu items of {counted(len(removed), 'package')} are gone")
    return 0
