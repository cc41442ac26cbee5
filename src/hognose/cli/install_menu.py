"""`hognose install-menu`.

Make the menu items (CEP 11) of an environment's packages, for this user or for all users. Those
that are there are made anew; those of other environments and programs are left alone.
`hognose remove-menu` removes them, and so does removing the package.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.console import counted

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


class _Warnings:
    """Passes on what stops nothing."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def on_warning(self, message: str) -> None:
        """Show it."""
        self._console.warn(message)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="the packages (default: all)")
    parser.add_argument("--system", action="store_true", help="for all users of this machine")
    parser.add_argument(
        "--allow-precreate", action="store_true", help="run the commands that packages ask for"
    )
    parser.add_argument(
        "--override-frozen-env",
        action="store_true",
        help="change the environment although it is marked as frozen",
    )
    options.add_prefix_options(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Make the items."""
    from hognose.install import MenuPlaces, install_menus, system_registry
    from hognose.types import Platform

    prefix = options.find_settled_environment(arguments, console)
    options.require_not_frozen(prefix, arguments)
    platform = Platform.current()
    root = options.root_prefix()
    find = MenuPlaces.of_system if arguments.system else MenuPlaces.of_user
    made = install_menus(
        prefix,
        places=find(platform, os.environ),
        packages=arguments.names or None,
        base_prefix=root if (root / "conda-meta").is_dir() else prefix,
        platform=platform,
        home=os.path.expanduser("~"),
        registry=system_registry(for_all_users=arguments.system),
        run_precreate=arguments.allow_precreate,
        reporter=_Warnings(console),
    )
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json({"success": True, "prefix": os.fspath(prefix), "menus": made}, console)
        return 0
    for menu in made:
        console.step(menu.package)
        for path in menu.paths:
            console.detail(path)
    console.success(f"{prefix}: menu items of {counted(len(made), 'package')}")
    return 0
