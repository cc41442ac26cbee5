"""The options of commands that solve, and what they mean to the solver."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from hognose.solve import ExcludeNewer
    from hognose.types import ChannelConfig, MatchSpec, RepoDataRecord

__all__ = (
    "add_part_options",
    "add_solver_options",
    "chosen_part",
    "parse_constraints",
    "parse_exclude_newer",
    "solver_arguments",
)

_AGE: Final = re.compile(r"([0-9]+)\s*([hdw])")
_HOURS: Final = {"h": 1, "d": 24, "w": 168}
_NEVER: Final = "never"


def add_solver_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be asked of a solve besides its specs."""
    group = parser.add_argument_group("solving")
    group.add_argument(
        "--strategy",
        choices=["highest", "lowest", "lowest-direct"],
        default="highest",
        help="which versions are better; `lowest-direct` is about the specs only",
    )
    group.add_argument(
        "--exclude-newer",
        metavar="[NAME=]WHEN",
        action="append",
        default=[],
        help="hide what was published after a date (2026-03-31) or within an age (12h, 7d, 2w); "
        "for one package with NAME=, for one channel with CHANNEL::*=; `never` hides nothing",
    )
    group.add_argument(
        "--constraint",
        dest="constraints",
        metavar="SPEC",
        action="append",
        default=[],
        help="what holds for a package if it is installed; again for further ones",
    )
    group.add_argument(
        "--virtual-package",
        dest="virtual_packages",
        metavar="NAME=VERSION[=BUILD]",
        action="append",
        default=[],
        help="what the machine offers, in place of what was found or, for another platform, "
        "assumed: `__osx=13.0`; without a version (`__cuda=`) it offers none; again for further "
        "ones",
    )
    group.add_argument(
        "--solver",
        metavar="NAME",
        default="hognose",
        help="hognose (the default), resolvo, pubgrub, libsolv, or another that is installed",
    )
    group.add_argument(
        "--solver-timeout", metavar="SECONDS", type=float, help="give up after so long"
    )


def add_part_options(parser: argparse.ArgumentParser) -> None:
    """Add what is taken of an answer; for commands whose answer is not laid over another one."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--no-deps", action="store_true", help="only the packages of the specs themselves"
    )
    group.add_argument(
        "--only-deps", action="store_true", help="only what the packages of the specs need"
    )


def chosen_part(
    records: list[RepoDataRecord], specs: Sequence[MatchSpec], arguments: argparse.Namespace
) -> list[RepoDataRecord]:
    """Return the records that `--no-deps` or `--only-deps` leaves; all without these."""
    if not (arguments.no_deps or arguments.only_deps):
        return records
    named = {spec.name.exact for spec in specs}
    return [record for record in records if (record.name in named) == arguments.no_deps]


def solver_arguments(
    arguments: argparse.Namespace, channel_config: ChannelConfig | None = None
) -> dict[str, Any]:
    """Return the keywords of `hognose.solve.solve`; commands without the options have none.

    Raises:
        UsageError: A date or an age is not readable.
        InvalidMatchSpecError: A constraint is no spec.
    """
    if not hasattr(arguments, "strategy"):
        return {}
    return {
        "strategy": arguments.strategy,
        "exclude_newer": parse_exclude_newer(arguments.exclude_newer, channel_config),
        "backend": arguments.solver,
        "timeout": arguments.solver_timeout,
    }


def parse_constraints(texts: Sequence[str]) -> list[MatchSpec]:
    """Parse specs.

    Raises:
        InvalidMatchSpecError: One of them is none.
    """
    from hognose.cli.specs import parse_spec

    return [parse_spec(text) for text in texts]


def parse_exclude_newer(
    rules: Sequence[str],
    channel_config: ChannelConfig | None = None,
    *,
    now: datetime | None = None,
) -> ExcludeNewer | None:
    """Make the solver's rule out of `WHEN`, `PACKAGE=WHEN` and `CHANNEL::*=WHEN`.

    Args:
        rules: The rules of a command line; of two for the same thing the last counts.
        channel_config: What channel names stand for.
        now: What ages are counted back from.

    Raises:
        UsageError: A rule is not readable.
    """
    if not rules:
        return None
    from hognose.solve import ExcludeNewer
    from hognose.types import Channel

    start = now or datetime.now(UTC)
    general: datetime | None = None
    packages: dict[str, datetime | None] = {}
    channels: dict[str, datetime | None] = {}
    for rule in rules:
        target, mark, when = rule.rpartition("=")
        moment = _moment(rule, when.strip(), start)
        if not mark:
            general = moment
        elif target.endswith("::*"):
            for channel in Channel.expand(target.removesuffix("::*"), channel_config):
                channels[channel.canonical_name] = moment
        else:
            packages[target.strip().lower()] = moment
    return ExcludeNewer(cutoff=general, packages=packages, channels=channels)


def _moment(rule: str, text: str, now: datetime) -> datetime | None:
    if text == _NEVER:
        return None
    age = _AGE.fullmatch(text)
    try:
        if age:
            return now - timedelta(hours=int(age[1]) * _HOURS[age[2]])
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(
            f"`{rule}` is no moment", hint="give a date, 2026-03-31, or an age: 12h, 7d, 2w"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
