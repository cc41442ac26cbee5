"""`hognose link`.

Put package archives into an environment as they are. Nothing is solved and nothing is added that
they need; a package of the same name is replaced. `hognose unlink` takes them out again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from hognose.console import Console
    from hognose.types import RepoDataRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from hognose.cli.linking_options import add_linking_options

    parser.add_argument("archives", nargs="+", metavar="ARCHIVE", help=".conda or .tar.bz2 files")
    options.add_prefix_options(parser)
    options.add_transaction_options(parser)
    options.add_output_options(parser)
    add_linking_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Change the environment."""
    from hognose.cli.archive_record import record_of_file
    from hognose.cli.change import change_environment
    from hognose.cli.session import Session
    from hognose.cli.specs import merge_specs, requests_to_note
    from hognose.types import MatchSpec, PrefixRecord

    prefix = options.find_prefix(arguments)
    options.require_changeable(prefix, arguments, console)
    records = [record_of_file(path) for path in arguments.archives]
    installed = PrefixRecord.collect(prefix)
    platform = options.find_platform(None, prefix, installed)
    names = {record.name for record in records}
    wanted = [*(record for record in installed if record.name not in names), *records]
    _warn_of_problems(wanted, console)
    new = [MatchSpec(record.name) for record in records]
    with Session(arguments, console) as session:
        return change_environment(
            session,
            arguments,
            prefix=prefix,
            installed=installed,
            wanted=wanted,
            specs=merge_specs(requests_to_note(prefix, installed), new),
            platform=platform,
            reinstall=names,
        )


def _warn_of_problems(records: Iterable[RepoDataRecord], console: Console) -> None:
    from hognose.errors import ValidatePackageRecordsError
    from hognose.types import PackageRecord

    try:
        PackageRecord.validate(records)
    except ValidatePackageRecordsError as error:
        for problem in getattr(error, "problems", (error.message,)):
            console.warn(problem)
