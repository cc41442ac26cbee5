"""`hognose unlink`.

Take the named packages out of an environment, and nothing else: what needs them stays, and so does
what only they needed. `hognose remove` does it properly.
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
    from hognose.cli.linking_options import add_script_options

    parser.add_argument("names", nargs="+", metavar="NAME", help="the packages to take out")
    options.add_prefix_options(parser)
    options.add_transaction_options(parser)
    options.add_output_options(parser)
    add_script_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Change the environment."""
    from hognose.cli.change import change_environment
    from hognose.cli.session import Session
    from hognose.types import PackageName, PrefixRecord, dependents

    prefix = options.find_environment(arguments)
    options.require_changeable(prefix, arguments, console)
    installed = PrefixRecord.collect(prefix)
    names: set[str] = {PackageName(name) for name in arguments.names}
    missing = sorted(names - {record.name for record in installed})
    if missing:
        raise UsageError(f"{prefix} does not have {', '.join(f'`{name}`' for name in missing)}")
    for name, others in sorted(dependents(installed).items()):
        left = [other for other in others if other not in names]
        if name in names and left:
            console.warn(f"`{name}` is needed by {', '.join(f'`{other}`' for other in left)}")
    with Session(arguments, console) as session:
        return change_environment(
            session,
            arguments,
            prefix=prefix,
            installed=installed,
            wanted=[record for record in installed if record.name not in names],
            specs=None,
            platform=options.find_platform(None, prefix, installed),
        )
