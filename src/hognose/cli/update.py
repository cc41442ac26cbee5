"""`hognose update`.

Bring packages to the newest versions that what was asked for allows. Whatever else is installed
stays, in its version where that is possible; a plan shows downgrades and removals apart, with the
reasons. A spec with a version replaces what was asked for before: `numpy >=2`.

  update NAME                     the named packages; others move only where they must
  update NAME --update-deps       and everything that they need
  update NAME --freeze-installed  nothing but the named packages
  update [NAME] --prune           and away with what nothing that was asked for needs
  update --all                    everything
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Container, Iterable, Mapping, Sequence

    from hognose.console import Console
    from hognose.types import MatchSpec, PrefixRecord, RepoDataRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from hognose.cli.linking_options import add_linking_options
    from hognose.cli.solver_options import add_solver_options

    options.add_spec_arguments(parser, "what to update: `numpy`")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--all", action="store_true", help="update every package")
    group.add_argument(
        "--update-deps", action="store_true", help="update what the named packages need as well"
    )
    group.add_argument(
        "--freeze-installed", action="store_true", help="leave all other packages as they are"
    )
    group.add_argument(
        "--prune", action="store_true", help="remove what nothing that was asked for needs"
    )
    options.add_prefix_options(parser)
    options.add_channel_options(parser)
    options.add_platform_option(parser)
    options.add_transaction_options(parser)
    options.add_output_options(parser)
    add_solver_options(parser)
    add_linking_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Change the environment."""
    from hognose.cli.change import change_environment
    from hognose.cli.session import Session
    from hognose.cli.specs import noted_requests, read_specs, requested_specs
    from hognose.solve import UpdateMode
    from hognose.types import MatchSpec, PrefixRecord

    new = read_specs(arguments.specs, arguments.files)
    if bool(new) == arguments.all and not arguments.prune:
        raise UsageError("name the packages to update, or give `--all` or `--prune`")
    prefix = options.find_environment(arguments)
    options.require_changeable(prefix, arguments)
    installed = PrefixRecord.collect(prefix)
    platform = options.find_platform(arguments.platform, installed)
    # What nothing needs was not asked for, where it is noted what was: it stays all the same.
    asked = noted_requests(installed) or requested_specs(installed)
    named = _named(new, installed)
    bare = {name for name in named if any(str(spec) == name for spec in new)}
    for spec in new:
        # A bare name asks for nothing new, and what is only needed is not asked for.
        if spec.name.exact is not None and spec.name.exact not in bare:
            asked[spec.name.exact] = spec
    free = _with_dependencies(named, installed) if arguments.update_deps else named
    mode, held = UpdateMode.MINIMAL, installed
    if arguments.all:
        mode = UpdateMode.ALL
    elif arguments.prune:
        mode = UpdateMode.PRUNE
    elif arguments.freeze_installed:
        # What is named is as if it were not installed: nothing holds it.
        mode, held = UpdateMode.KEEP, [item for item in installed if item.name not in free]
    specs = list(asked.values())
    with Session(arguments, console, prefix=prefix) as session:
        records = session.update(
            held,
            [asked.get(name, MatchSpec(name)) for name in sorted(free)],
            platform,
            mode=mode,
            requested=specs,
        )
        for record in records:
            _tell_if_held(record, bare, asked, installed, console)
        return change_environment(
            session,
            arguments,
            prefix=prefix,
            installed=installed,
            wanted=records,
            specs=specs,
            platform=platform,
        )


def _tell_if_held(
    record: RepoDataRecord,
    bare: Container[str],
    asked: Mapping[str, MatchSpec],
    installed: Iterable[PrefixRecord],
    console: Console,
) -> None:
    """Say so where a package named without a version stays because of an earlier request."""
    name = record.name
    if name not in bare or name not in asked or asked[name].version is None:
        return
    if any(other.identity == record.identity for other in installed):
        console.hint(
            f'`{asked[name]}` was asked for, and still holds: `hognose update "{name} *"` '
            "would ask for the newest version"
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
