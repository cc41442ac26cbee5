"""`hognose search`.

Search channels for packages by name, by pattern (`*torch*`) or by spec (`python >=3.12`), newest
first. The exit status is 1 when there is no such package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import FetchRepoDataError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from hognose.cli.session import Session
    from hognose.console import Console
    from hognose.repodata import GatewayQueryResult
    from hognose.types import MatchSpec, Platform, RepoDataRecord

__all__ = (
    "add_search_options",
    "channel_names",
    "near_names",
    "print_records",
    "query",
    "sorted_variants",
    "warn_of_the_rest",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("specs", nargs="+", metavar="SPEC", help="names, patterns or specs")
    add_search_options(parser)


def add_search_options(parser: argparse.ArgumentParser) -> None:
    """Add what `search` and `repoquery` share."""
    parser.add_argument(
        "--limit", type=_count, metavar="N", help="show at most N builds of each package"
    )
    options.add_channel_options(parser)
    options.add_platform_option(parser)
    options.add_output_options(parser)


def _count(text: str) -> int:
    import argparse

    if not text.isdecimal() or int(text) < 1:
        message = f"`{text}` is no whole number above 0"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Search and print."""
    from hognose.cli.session import Session

    with Session(arguments, console) as session:
        found = query(arguments, session)
        records = sorted_variants((each for tier in found for each in tier), arguments.limit)
        if not records:
            raise _nothing(arguments, session)
        _warn_of_unmatched(arguments, session, records)
    print_records(records, arguments, console)
    warn_of_the_rest(found, console)
    return 0


def query(arguments: argparse.Namespace, session: Session) -> GatewayQueryResult:
    """Return the records that the specs of a command line match."""
    specs = [spec for text in arguments.specs for spec in _meanings(text, session)]
    return session.gateway.query(
        session.channels_for(specs), _platforms(arguments), specs, recursive=False
    )


def _meanings(text: str, session: Session) -> tuple[MatchSpec, ...]:
    """Parse a spec; one for each channel where it names several at once."""
    from hognose.cli.channels import configured_specs
    from hognose.types import MatchSpec

    return configured_specs(MatchSpec(text, exact_names_only=False), session.config)


def _platforms(arguments: argparse.Namespace) -> tuple[Platform, ...]:
    from hognose.types import Platform

    platforms = (options.find_platform(arguments.platform), Platform("noarch"))
    return tuple(dict.fromkeys(platforms))


def sorted_variants(
    records: Iterable[RepoDataRecord], limit: int | None = None
) -> list[RepoDataRecord]:
    """Sort by name, then newest first; builds of one version by number, time and build string."""
    by_name: dict[str, list[RepoDataRecord]] = {}
    for record in records:
        by_name.setdefault(record.name, []).append(record)
    found: list[RepoDataRecord] = []
    for name in sorted(by_name):
        variants = sorted(by_name[name], key=lambda record: record.build)
        variants.sort(
            key=lambda record: (record.version, record.build_number, record.timestamp_ms or 0),
            reverse=True,
        )
        found += variants[:limit]
    return found


def print_records(
    records: list[RepoDataRecord], arguments: argparse.Namespace, console: Console
) -> None:
    """Print records as a table, or as JSON."""
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json({"success": True, "packages": records}, console)
        return
    from hognose.cli.change import human_size
    from hognose.net import redact

    rows = [
        (
            record.name,
            str(record.version),
            record.build,
            redact(record.channel).rstrip("/").rsplit("/", 1)[-1],
            record.subdir,
            "" if record.size is None else human_size(record.size),
            "" if record.timestamp is None else f"{record.timestamp:%Y-%m-%d}",
        )
        for record in records
    ]
    header = ("name", "version", "build", "channel", "subdir", "size", "built")
    console.table(header, rows, least=("size", "subdir", "built"))


def warn_of_the_rest(found: GatewayQueryResult, console: Console) -> None:
    """Say what the channels have withdrawn."""
    removed = sum(map(len, found.removed))
    if removed:
        console.detail(f"{removed} more have been withdrawn by their channels")


def _warn_of_unmatched(
    arguments: argparse.Namespace, session: Session, records: list[RepoDataRecord]
) -> None:
    """Say which of several specs has nothing to show, and which names are near."""
    from hognose.net import redact

    if len(arguments.specs) == 1:
        return
    for text in arguments.specs:
        specs = _meanings(text, session)
        if not any(spec.matches(record) for spec in specs for record in records):
            names = channel_names(arguments, session, specs)
            near = near_names(str(specs[0].name.exact or ""), names)
            session.console.warn(f"nothing matches `{redact(text)}`{f': {near}' if near else ''}")


def channel_names(
    arguments: argparse.Namespace, session: Session, specs: Iterable[MatchSpec] = ()
) -> list[str]:
    """Return the names of all packages that the channels have for the platform.

    The channels that specs name count as well.
    """
    channels = session.channels_for(specs)
    return list(map(str, session.gateway.names(channels, _platforms(arguments))))


def near_names(wanted: str, names: list[str]) -> str | None:
    """Return a sentence about the names that are like one, or None."""
    from difflib import get_close_matches

    wanted = wanted.lower()
    if not wanted:
        return None
    near = dict.fromkeys(get_close_matches(wanted, names, n=3))
    near.update(dict.fromkeys([name for name in names if wanted in name][:5]))
    return f"there are {', '.join(f'`{name}`' for name in near)}" if near else None


def _nothing(arguments: argparse.Namespace, session: Session) -> FetchRepoDataError:
    """The error that says where nothing was found, and which names are near."""
    from hognose.net import redact

    specs = [spec for text in arguments.specs for spec in _meanings(text, session)]
    channels, platforms = session.channels_for(specs), _platforms(arguments)
    names = channel_names(arguments, session, specs)
    wanted = list(dict.fromkeys(str(spec.name.exact or "").lower() for spec in specs))
    known = [name for name in wanted if name in names]
    hints = [near_names(name, names) for name in wanted if name not in known]
    hint = "; ".join(filter(None, hints)) or None
    if known:
        found = session.gateway.query(channels, platforms, known, recursive=False)
        newest = sorted_variants((each for tier in found for each in tier), 1)
        hint = f"the newest there is: {', '.join(f'{each.name} {each.version}' for each in newest)}"
    asked = redact(" or ".join(arguments.specs))
    where = ", ".join(map(str, channels))
    return FetchRepoDataError(
        f"no package for {platforms[0]} in {where} matches {asked}", hint=hint
    )
