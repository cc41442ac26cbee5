"""`hognose install`.

Add packages to an environment, or change their versions. What was asked for before still holds,
unless a spec for the same name replaces it; packages that are there are kept where they can be.
Archives, by path or URL, that need nothing else are installed without asking a channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from hognose.cli.session import Session
    from hognose.console import Console
    from hognose.types import MatchSpec, Platform, PrefixRecord, RepoDataRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_spec_arguments(parser, "what to install: `numpy >=2`")
    parser.add_argument(
        "--freeze-installed", action="store_true", help="change none of the packages that are there"
    )
    options.add_change_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Change the environment."""
    from hognose.cli.archive_record import records_of_urls, with_archives
    from hognose.cli.change import change_environment
    from hognose.cli.request import read_request
    from hognose.cli.requirements import with_pip
    from hognose.cli.session import Session
    from hognose.cli.specs import merge_specs, requests_to_note
    from hognose.install import requested_specs
    from hognose.types import MatchSpec, PrefixRecord

    prefix = options.find_environment(arguments)
    options.require_changeable(prefix, arguments, console)
    installed = PrefixRecord.collect(prefix)
    platform = options.find_platform(arguments.platform, prefix, installed)
    request = read_request(arguments.specs, arguments.files, platform=platform)
    if request.is_empty:
        raise UsageError("nothing to install is named", hint="give specs or `--file`")
    request = with_pip(request, platform, console)
    asked = requested_specs(installed)
    with Session(arguments, console, request, prefix=prefix) as session:
        if request.packages:
            new = records_of_urls(request.packages, cache=session.cache, client=session.client)
            names = {record.name for record in new}
            wanted = [*(record for record in installed if record.name not in names), *new]
            new_specs = tuple(MatchSpec(record.name) for record in new)
        else:
            new_specs, archives = with_archives(session, request)
            specs = merge_specs(asked, new_specs)
            wanted = _solve(
                session,
                arguments,
                specs,
                new_specs,
                archives,
                installed,
                platform,
                only_archives=not request.specs,
            )
        return change_environment(
            session,
            arguments,
            prefix=prefix,
            installed=installed,
            wanted=wanted,
            # What came as a dependency stays, and is not noted: `update --prune` finds it.
            specs=merge_specs(requests_to_note(prefix, installed), new_specs),
            platform=platform,
            request=request,
        )


def _solve(
    session: Session,
    arguments: argparse.Namespace,
    specs: Sequence[MatchSpec],
    new: Sequence[MatchSpec],
    archives: Sequence[RepoDataRecord],
    installed: Sequence[PrefixRecord],
    platform: Platform,
    *,
    only_archives: bool,
) -> list[RepoDataRecord]:
    named = {str(spec.name.exact) for spec in new}
    others = [record for record in installed if record.name not in named]
    # A package that is asked for anew is free to move; what meets the spec may stay.
    fitting = [
        record
        for record in installed
        if record.name in named
        and all(spec.matches(record) for spec in new if spec.name.exact == record.name)
    ]
    locked: list[RepoDataRecord] = [*others, *fitting]
    pinned: list[RepoDataRecord] = []
    if arguments.freeze_installed:
        locked, pinned = [*fitting], [*others]
    if archives and only_archives:
        from hognose.cli.archive_solve import solve_archives

        return solve_archives(
            session, specs, platform, archives=archives, locked=locked, pinned=pinned
        )
    return session.solve(
        specs, platform, locked_packages=locked, pinned_packages=[*pinned, *archives]
    )
