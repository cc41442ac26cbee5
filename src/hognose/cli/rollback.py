"""`hognose rollback`.

Bring an environment back to exactly the packages of an earlier revision: the one before the last
change, or the one of the number given. `hognose history` lists them. Rolling back is a change like
any other, so it can itself be rolled back.

What another program changed without logging it counts as a change. Packages of that kind are named
where they go; those that the log does not have yet, and that are older than the revision, stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import FetchRepoDataError, NotFoundError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from hognose.cli.session import Session
    from hognose.console import Console
    from hognose.install import PackageReference
    from hognose.types import Platform, PrefixRecord, RepoDataRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from hognose.cli.linking_options import add_linking_options

    parser.add_argument(
        "revision", nargs="?", type=int, help="the revision (default: the last but one)"
    )
    options.add_prefix_options(parser)
    parser.add_argument("--offline", action="store_true", help="use nothing from the network")
    options.add_transaction_options(parser)
    options.add_output_options(parser)
    add_linking_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Change the environment."""
    from hognose.cli.change import change_environment
    from hognose.cli.session import Session
    from hognose.install import (
        find_unlogged_packages,
        iter_revisions,
        noted_requests,
        read_whole_history,
        resolve_revision,
        specs_of_revision,
    )
    from hognose.types import PrefixRecord

    prefix = options.find_environment(arguments)
    options.require_changeable(prefix, arguments, console)
    installed = PrefixRecord.collect(prefix)
    blocks = read_whole_history(prefix, installed)
    revisions = list(iter_revisions(blocks))
    number = len(revisions) - 2 if arguments.revision is None else arguments.revision
    if not 0 <= number < len(revisions):
        what = "nothing to go back to" if arguments.revision is None else f"no revision {number}"
        raise UsageError(f"{prefix} has {what}", hint="`hognose history` lists what there is")
    revision = revisions[number]
    earlier, later = find_unlogged_packages(prefix, blocks, revision, installed)
    _tell_of_others(number, earlier, later, console)
    platform = options.find_platform(None, prefix, installed)
    with Session(arguments, console) as session:
        records = resolve_revision(
            revision,
            installed=installed,
            cache=session.cache,
            query=lambda reference: query_reference(session, reference, platform),
        )
        return change_environment(
            session,
            arguments,
            prefix=prefix,
            installed=installed,
            wanted=[*records, *earlier],
            specs=[*specs_of_revision(blocks, revision), *noted_requests(earlier).values()],
            platform=platform,
            reasons={record.name: f"not in revision {number}" for record in installed},
        )


def _tell_of_others(
    number: int,
    earlier: Sequence[PrefixRecord],
    later: Sequence[PrefixRecord],
    console: Console,
) -> None:
    """Say what becomes of packages that another program brought, and that a revision lacks."""
    if earlier:
        console.warn(
            f"not in revision {number} by the log, but there before it by the time of their "
            f"records, so left in place: {_names(earlier)}"
        )
    if later:
        console.warn(
            f"installed by another program after revision {number}, are removed: {_names(later)}"
        )


def _names(records: Sequence[PrefixRecord]) -> str:
    return ", ".join(f"`{record.name}`" for record in records)


def query_reference(
    session: Session, reference: PackageReference, platform: Platform
) -> Sequence[RepoDataRecord]:
    """Find what there is under the channel, name and build by which a log knows a package.

    The channel is asked, and where it has nothing or is none, because single archives came from
    there, the archive itself is looked for.

    Raises:
        HognoseError: The channel cannot be read, and there is no archive either.
    """
    from hognose.types import Channel

    if reference.channel in {"", "unknown", "<unknown>"}:
        return []
    subdirs = [reference.subdir] if reference.subdir else [str(platform), "noarch"]
    channels = Channel.expand(reference.channel, session.config.channel_config)
    try:
        result = session.gateway.query(channels, subdirs, (reference.spec,), recursive=False)
    except FetchRepoDataError:
        archives = _find_archives(session, reference, subdirs)
        if not archives:
            raise
        return archives
    found = [record for records in result for record in records]
    return found or _find_archives(session, reference, subdirs)


def _find_archives(
    session: Session, reference: PackageReference, subdirs: Sequence[str]
) -> list[RepoDataRecord]:
    """Look for the archive where its channel would have it, and in the folder that is the channel.

    One that is not in a channel has the folder that it is in for its channel.
    """
    from hognose.cli.archive_record import records_of_urls
    from hognose.types import ExplicitEnvironmentEntry

    if "://" not in reference.channel:
        return []
    place = reference.channel.rstrip("/")
    for folder in (*(f"{place}/{subdir}" for subdir in subdirs), place):
        for ending in (".conda", ".tar.bz2"):
            entry = ExplicitEnvironmentEntry(url=f"{folder}/{reference.file_stem}{ending}")
            try:
                return records_of_urls([entry], cache=session.cache, client=session.client)
            except (UsageError, NotFoundError):
                # It is not there.
                continue
    return []
