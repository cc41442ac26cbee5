"""`hognose repoquery`.

Ask channels about packages. Nothing is solved: shown is what there is, the newest first.

  search SPEC     packages by name, pattern or spec, like `hognose search`
  depends SPEC    what the newest package that matches needs; with `--recursive` all behind it
  whoneeds NAME   which packages need one: a name, a spec, or a virtual package `__glibc=2.17`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import repoquery_depends, repoquery_whoneeds
from hognose.cli import search as search_command
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console

_MORE = {
    "depends": "For each spec the newest package that matches, and for each of its dependencies "
    "the newest that meets it: what there is, which need not go together.",
    "whoneeds": "All builds that do; with `--recursive` or `--tree` the newest package of each "
    "name.",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION")
    for name, module, text in (
        ("search", search_command, "packages by name, pattern or spec"),
        ("depends", repoquery_depends, "what packages need"),
        ("whoneeds", repoquery_whoneeds, "which packages need one"),
    ):
        about = f"{text[:1].upper()}{text[1:]}. {_MORE.get(name, '')}".rstrip()
        command = commands.add_parser(name, help=text, description=about)
        module.configure(command)
        command.set_defaults(run=module.execute)


def execute(arguments: argparse.Namespace, console: Console) -> int:  # noqa: ARG001  # the seam's signature
    """Say that an action is missing."""
    raise UsageError(
        "no action is named", hint="`hognose repoquery search`, `depends` or `whoneeds`"
    )
