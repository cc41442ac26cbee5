"""`hognose why`.

Tell why a package is in an environment: who asked for it, what needs it, and which demands led to
its version. With `--newer`, tell what stands against each higher version that the channels have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from hognose.console import Console
    from hognose.types import PrefixRecord, RepoDataRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="a package of the environment")
    parser.add_argument(
        "--newer", action="store_true", help="look in the channels for what stands against updates"
    )
    options.add_prefix_options(parser)
    options.add_channel_options(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Print the reasons."""
    from hognose.solve import why
    from hognose.types import PrefixRecord

    prefix = options.find_settled_environment(arguments, console)
    records = PrefixRecord.collect(prefix)
    names = {str(record.name) for record in records}
    for name in arguments.names:
        if name.lower() not in names:
            raise _unknown(name, names)
    candidates = _candidates(arguments, console, prefix, records) if arguments.newer else []
    found = [why(name, records, candidates=candidates) for name in arguments.names]
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json({"success": True, "packages": found}, console)
        return 0
    for presence in found:
        console.result(str(presence))
    return 0


def _candidates(
    arguments: argparse.Namespace, console: Console, prefix: Path, records: Sequence[PrefixRecord]
) -> list[RepoDataRecord]:
    """Return what the channels have of the packages: with strict priority, the first that has any.

    Raises:
        FetchRepoDataError, NetworkError: A channel cannot be read.
    """
    from hognose.cli.session import Session
    from hognose.types import Platform

    names = list(dict.fromkeys(name.lower() for name in arguments.names))
    platforms = (options.find_platform(None, prefix, records), Platform("noarch"))
    with Session(arguments, console, prefix=prefix) as session:
        channels = session.gateway.query(session.channels, platforms, names, recursive=False)
        is_strict = (arguments.channel_priority or session.config.channel_priority) in {
            None,
            "strict",
        }
        found: dict[str, list[RepoDataRecord]] = {}
        for of_channel in channels:
            higher = set(found) if is_strict else set()
            for record in of_channel:
                if record.name not in higher:
                    found.setdefault(record.name, []).append(record)
    return [record for of_name in found.values() for record in of_name]


def _unknown(name: str, names: set[str]) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), sorted(names), n=1)
    return UsageError(
        f"the environment has no package `{name}`",
        hint=f"did you mean `{near[0]}`?" if near else "`hognose list` shows what it has",
    )
