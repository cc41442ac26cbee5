"""`hognose rollback`.

Bring an environment back to exactly the packages of an earlier revision: the one before the last
change, or the one of the number given. `hognose history` lists them. Rolling back is a change like
any other, so it can itself be rolled back.
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
    from hognose.install import PackageReference
    from hognose.types import Platform, RepoDataRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "revision", nargs="?", type=int, help="the revision (default: the last but one)"
    )
    options.add_prefix_options(parser)
    parser.add_argument("--offline", action="store_true", help="use nothing from the network")
    options.add_transaction_options(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Change the environment."""
    from hognose.cli.change import change_environment
    from hognose.cli.session import Session
    from hognose.install import iter_revisions, read_history, resolve_revision, specs_of_revision
    from hognose.types import PrefixRecord

    prefix = options.find_environment(arguments)
    options.require_changeable(prefix, arguments)
    blocks = read_history(prefix)
    revisions = list(iter_revisions(blocks))
    number = len(revisions) - 2 if arguments.revision is None else arguments.revision
    if not 0 <= number < len(revisions):
        what = "nothing to go back to" if arguments.revision is None else f"no revision {number}"
        raise UsageError(f"{prefix} has {what}", hint="`hognose history` lists what there is")
    revision = revisions[number]
    installed = PrefixRecord.collect(prefix)
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
            wanted=records,
            specs=specs_of_revision(blocks, revision),
            platform=platform,
        )


def query_reference(
    session: Session, reference: PackageReference, platform: Platform
) -> Sequence[RepoDataRecord]:
    """Ask the channel of a package that a log names for what it has under that name and build."""
    from hognose.types import Channel

    subdirs = [reference.subdir] if reference.subdir else [str(platform), "noarch"]
    result = session.gateway.query(
        (Channel(reference.channel),), subdirs, (reference.spec,), recursive=False
    )
    return [record for records in result for record in records]
