"""`hognose update`.

Bring packages to the newest versions that what was asked for allows. Whatever else is installed
stays, in its version where that is possible; a plan shows downgrades and removals apart, with the
reasons. A spec with a version replaces what was asked for before: `numpy >=2`. What a file asks for
and is not there is added, and its variables and its `pip` section count.

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
    options.add_change_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Change the environment."""
    from hognose.cli.change import change_environment
    from hognose.cli.request import read_request
    from hognose.cli.requirements import with_pip
    from hognose.cli.session import Session
    from hognose.cli.specs import NOT_NEEDED, parse_spec, requests_to_note
    from hognose.solve import UpdateMode
    from hognose.types import MatchSpec, PrefixRecord, dependencies, reachable

    is_named = bool(arguments.specs or arguments.files)
    if arguments.all and is_named:
        raise UsageError("`--all` updates every package: named ones and `--file` exclude it")
    if not (is_named or arguments.all or arguments.prune):
        raise UsageError("name the packages to update, or give `--all` or `--prune`")
    prefix = options.find_environment(arguments)
    options.require_changeable(prefix, arguments, console)
    installed = PrefixRecord.collect(prefix)
    platform = options.find_platform(arguments.platform, prefix, installed)
    request = read_request(arguments.specs, arguments.files, platform=platform)
    on_the_line = [parse_spec(text) for text in arguments.specs]
    _require_installed(on_the_line, installed)
    request = with_pip(request, platform, console)
    new = request.only_specs()
    # What came as a dependency and is not needed any more stays all the same, unless it is pruned.
    asked = requests_to_note(prefix, installed)
    # What a file asks for and is not there comes in, as `hognose install` would have it.
    present = {record.name for record in installed}
    named = {str(spec.name.exact) for spec in new}
    bare = {name for name in named & present if any(str(spec) == name for spec in new)}
    # A bare name asks for nothing new: of what is only needed, for nothing that would stay. In a
    # file, which tells what an environment is for, it asks for the package.
    only_moved = {str(spec.name.exact) for spec in on_the_line} & bare
    for spec in new:
        name = spec.name.exact
        if name is not None and name not in only_moved and not (name in bare and name in asked):
            asked[name] = spec
    free = named
    if arguments.update_deps:
        free = named | reachable(dependencies(installed), named)
    mode, held = UpdateMode.MINIMAL, installed
    if arguments.all:
        mode = UpdateMode.ALL
    elif arguments.prune:
        mode = UpdateMode.PRUNE
    elif arguments.freeze_installed:
        # What is named is as if it were not installed: nothing holds it.
        mode, held = UpdateMode.KEEP, [item for item in installed if item.name not in free]
    specs = list(asked.values())
    with Session(arguments, console, request, prefix=prefix) as session:
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
            reasons=dict.fromkeys(present - asked.keys(), NOT_NEEDED) if arguments.prune else None,
            request=request,
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


def _require_installed(specs: Iterable[MatchSpec], installed: Sequence[PrefixRecord]) -> None:
    """Refuse names on the command line of packages that are not there.

    Raises:
        UsageError: There is one.
    """
    present = {record.name for record in installed}
    for spec in specs:
        if spec.name.exact not in present:
            raise UsageError(
                f"`{spec.name}` is not installed", hint="`hognose install` adds packages"
            )
