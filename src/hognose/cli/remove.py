"""`hognose remove`.

Remove packages from an environment, and what only they needed. With `--all` the environment
itself goes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.cli.consent import EXIT_DECLINED, agrees
from hognose.cli.registry import unregister
from hognose.console import counted
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console
    from hognose.types import PrefixRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from hognose.cli.linking_options import add_script_options

    parser.add_argument("names", nargs="*", metavar="NAME", help="the packages to remove")
    parser.add_argument("--all", action="store_true", help="remove the whole environment")
    options.add_prefix_options(parser)
    options.add_transaction_options(parser)
    options.add_output_options(parser)
    add_script_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Change or remove the environment."""
    from hognose.cli.change import change_environment
    from hognose.cli.session import Session
    from hognose.cli.specs import NOT_NEEDED
    from hognose.install import noted_requests, requested_specs
    from hognose.types import PackageName, PrefixRecord

    if bool(arguments.names) == arguments.all:
        raise UsageError("name the packages to remove, or give `--all`")
    if arguments.all:
        return remove_whole_environment(arguments, console)
    prefix = options.find_environment(arguments)
    options.require_changeable(prefix, arguments, console)
    installed = PrefixRecord.collect(prefix)
    names: set[str] = {PackageName(name) for name in arguments.names}
    missing = sorted(names - {record.name for record in installed})
    if missing:
        raise UsageError(f"{prefix} does not have {', '.join(f'`{name}`' for name in missing)}")
    asked = requested_specs(installed).keys() - names
    noted = {name: spec for name, spec in noted_requests(installed).items() if name not in names}
    kept = _keep(installed, roots=set(asked), removed=names)
    reasons = _reasons(installed, names)
    for record in installed:
        if record.asked_by and reasons.get(record.name, NOT_NEEDED) != NOT_NEEDED:
            console.warn(
                f"`{record.name}`, which was asked for, goes too: it {reasons[record.name]}"
            )
    with Session(arguments, console) as session:
        return change_environment(
            session,
            arguments,
            prefix=prefix,
            installed=installed,
            wanted=kept,
            specs=list(noted.values()),
            platform=options.find_platform(None, prefix, installed),
            reasons=reasons,
        )


def _keep(
    installed: list[PrefixRecord], *, roots: set[str], removed: set[str]
) -> list[PrefixRecord]:
    """Return the records that the remaining roots reach; whoever needs a removed one goes too."""
    from hognose.types import dependencies, dependents, reachable

    gone = reachable(dependents(installed), removed)
    staying = dependencies(record for record in installed if record.name not in gone)
    reached = reachable(staying, roots)
    return [record for record in installed if record.name in reached]


def _reasons(installed: list[PrefixRecord], removed: set[str]) -> dict[str, str]:
    """Return by name why packages go that are not named, of all that might."""
    from hognose.cli.specs import NOT_NEEDED
    from hognose.types import dependencies, dependents, reachable

    gone = reachable(dependents(installed), removed)
    return {
        name: f"needs {', '.join(f'`{other}`' for other in needed if other in gone)}"
        if name in gone
        else NOT_NEEDED
        for name, needed in dependencies(installed).items()
        if name not in removed
    }


def remove_whole_environment(arguments: argparse.Namespace, console: Console) -> int:
    """Delete the environment that is named, after a question, and take it off the list.

    Its records are counted and not read, so that a broken one is no obstacle.

    Raises:
        UsageError: None is named, or the directory looks like no environment.
        InstallerError: It must not be removed, or nobody can be asked.
    """
    from hognose.install import remove_environment, require_removable

    if not (arguments.prefix or arguments.name):
        # The active environment is nothing that one wants to lose by leaving out a word.
        raise UsageError("name the environment to remove with `-p DIR` or `-n NAME`")
    prefix = options.find_environment(arguments)
    options.require_not_frozen(prefix, arguments)
    root = options.root_prefix()
    require_removable(prefix, root_prefix=root)
    count = sum(name.endswith(".json") for name in os.listdir(prefix / "conda-meta"))
    if not (prefix / "conda-meta" / "history").is_file() and not count:
        raise UsageError(f"{prefix} does not look like an environment, so it is left alone")
    console.step(f"remove {prefix} with {counted(count, 'package')}")
    if not arguments.dry_run:
        if not agrees(arguments, console, prefix=prefix, takes_away=True):
            return EXIT_DECLINED
        remove_environment(prefix, root_prefix=root, override_frozen=arguments.override_frozen_env)
        unregister(console, prefix)
    if arguments.json:
        from hognose.cli.json_output import print_json

        document = {
            "success": True,
            "prefix": os.fspath(prefix),
            "dry_run": arguments.dry_run,
            "removed": not arguments.dry_run,
        }
        print_json(document, console)
    done = (
        f"{prefix}: dry run: nothing was changed" if arguments.dry_run else f"{prefix} is removed"
    )
    console.success(done)
    return 0
