"""`hognose why`.

Tell why a package is in an environment: who asked for it, what needs it, and which demands led to
its version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="a package of the environment")
    options.add_prefix_options(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Print the reasons."""
    from hognose.solve import why
    from hognose.types import PrefixRecord

    prefix = options.find_prefix(arguments)
    if not (prefix / "conda-meta").is_dir():
        raise UsageError(f"{prefix} is no environment")
    records = PrefixRecord.collect(prefix)
    names = {str(record.name) for record in records}
    for name in arguments.names:
        if name.lower() not in names:
            raise _unknown(name, names)
    found = [why(name, records) for name in arguments.names]
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json({"success": True, "packages": found}, console)
        return 0
    for presence in found:
        console.result(str(presence))
    return 0


def _unknown(name: str, names: set[str]) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), sorted(names), n=1)
    return UsageError(
        f"the environment has no package `{name}`",
        hint=f"did you mean `{near[0]}`?" if near else "`hognose list` shows what it has",
    )
