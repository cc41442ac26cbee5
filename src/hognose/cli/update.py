"""`hognose update`.

Bring packages to the newest versions that what was asked for allows. Those that are not named stay
where they can. A spec with a version replaces what was asked for before: `numpy >=2`.

  update NAME                     the named packages; others move only where they must
  update NAME --update-deps       and everything that they need
  update NAME --freeze-installed  nothing but the named packages
  update --all                    everything
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from hognose.console import Console
    from hognose.types import MatchSpec, PrefixRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("specs", nargs="*", metavar="SPEC", help="what to update: `numpy`")
    parser.add_argument(
        "-f", "--file", dest="files", action="append", default=[], help="a file of specs"
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--all", action="store_true", help="update every package")
    group.add_argument(
        "--update-deps", action="store_true", help="update what the named packages need as well"
    )
    group.add_argument(
        "--freeze-installed", action="store_true", help="leave all other packages as they are"
    )
    options.add_prefix_options(parser)
    options.add_channel_options(parser)
    options.add_platform_option(parser)
    options.add_transaction_options(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Change the environment."""
    from hognose.cli.change import change_environment
    from hognose.cli.session import Session
    from hognose.cli.specs import read_specs, requested_specs
    from hognose.types import PrefixRecord

    new = read_specs(arguments.specs, arguments.files)
    if bool(new) == arguments.all:
        raise UsageError("name the packages to update, or give `--all`")
    prefix = options.find_environment(arguments)
    options.require_not_frozen(prefix, arguments)
    platform = options.find_platform(arguments.platform)
    installed = PrefixRecord.collect(prefix)
    asked = requested_specs(installed)
    free = _named(new, installed)
    for spec in new:
        # A bare name asks for nothing new, and what is only needed is not asked for.
        if spec.name.exact is not None and str(spec) != spec.name.exact:
            asked[spec.name.exact] = spec
    if arguments.all:
        free = {record.name for record in installed}
    elif arguments.update_deps:
        free = _with_dependencies(free, installed)
    others = [record for record in installed if record.name not in free]
    specs = list(asked.values())
    with Session(arguments, console) as session:
        records = session.solve(
            specs,
            platform,
            locked_packages=() if arguments.freeze_installed else others,
            pinned_packages=others if arguments.freeze_installed else (),
        )
        return change_environment(
            session,
            arguments,
            prefix=prefix,
            installed=installed,
            wanted=records,
            specs=specs,
            platform=platform,
        )


def _named(specs: Sequence[MatchSpec], installed: Sequence[PrefixRecord]) -> set[str]:
    present = {record.name for record in installed}
    found: set[str] = set()
    for spec in specs:
        name = spec.name.exact
        if name is None:
            raise UsageError(f"`{spec}` names no single package")
        if name not in present:
            raise UsageError(f"`{name}` is not installed", hint="`hognose install` adds packages")
        found.add(name)
    return found


def _with_dependencies(names: set[str], installed: Sequence[PrefixRecord]) -> set[str]:
    """Return the names, and those of everything that they need."""
    from hognose.types import package_name_of

    needs = {
        str(record.name): [package_name_of(text) for text in record.depends] for record in installed
    }
    reached: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in needs and name not in reached:
            reached.add(name)
            pending += needs[name]
    return reached
