"""`hognose cache`.

Show and clean the caches. Sizes count hard links once: what an environment shares with the cache
is not freed by removing it from the cache.

  info    what the caches hold
  clean   remove what nobody needs
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.console import counted
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console

# The caches that hognose fills.
_OWN = {"packages", "repodata"}
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION")
    info = commands.add_parser("info", help="what the caches hold")
    options.add_output_options(info)
    info.set_defaults(run=_info)
    clean = commands.add_parser("clean", help="remove what nobody needs")
    clean.add_argument(
        "--unused", action="store_true", help="packages that no environment has hard links to"
    )
    clean.add_argument(
        "--older-than", metavar="AGE", help="what was last used longer ago than `30d`, `12h`, `4w`"
    )
    clean.add_argument("--all", action="store_true", help="everything")
    clean.add_argument("-d", "--dry-run", action="store_true", help="remove nothing, only say what")
    options.add_output_options(clean)
    clean.set_defaults(run=_clean)


def execute(arguments: argparse.Namespace, console: Console) -> int:  # noqa: ARG001  # the seam's signature
    """Say that an action is missing."""
    raise UsageError("no action is named", hint="`hognose cache info` or `hognose cache clean`")


def _info(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.cache import default_cache_dir, summarise_cache
    from hognose.cli.change import human_size
    from hognose.cli.settings import load_config
    from hognose.configured import package_directories

    package_dirs = package_directories(load_config())
    summaries = summarise_cache(default_cache_dir(), package_dirs=package_dirs)
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json({"success": True, "caches": summaries}, console)
        return 0
    console.table(
        ("cache", "items", "size", "unused", "directory"),
        (
            (
                summary.kind,
                str(summary.items),
                human_size(summary.size),
                human_size(summary.unused_size),
                summary.path,
            )
            for summary in summaries
            # Other tools keep more there; what is empty is not worth a line.
            if summary.items or summary.kind in _OWN
        ),
    )
    return 0


def _clean(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.cache import clean_cache, default_cache_dir
    from hognose.cli.change import human_size
    from hognose.cli.settings import load_config
    from hognose.configured import package_directories

    if not (arguments.unused or arguments.older_than or arguments.all):
        raise UsageError(
            "what to remove is not named", hint="give `--unused`, `--older-than 30d` or `--all`"
        )
    if arguments.all and (arguments.unused or arguments.older_than):
        raise UsageError("`--all` and a choice exclude each other")
    result = clean_cache(
        default_cache_dir(),
        unused=arguments.unused,
        older_than=_seconds(arguments.older_than) if arguments.older_than else None,
        dry_run=arguments.dry_run,
        package_dirs=package_directories(load_config()),
    )
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json(
            {
                "success": True,
                "dry_run": arguments.dry_run,
                "removed": [item.path for item in result.removed],
                "freed_bytes": result.freed_size,
            },
            console,
        )
        return 0
    for item in result.removed:
        console.detail(f"{item.path} ({human_size(item.freed_size)})")
    for item, reason in result.kept:
        console.warn(f"{item.path} stays: {reason}")
    done = "would be freed" if arguments.dry_run else "freed"
    console.success(
        f"{counted(len(result.removed), 'item')}, {human_size(result.freed_size)} {done}"
    )
    return 0


def _seconds(age: str) -> float:
    match = re.fullmatch(r"(\d+)([mhdw])", age)
    if match is None:
        raise UsageError(f"`{age}` is no age", hint="a number with m, h, d or w: `30d`")
    return int(match[1]) * _UNITS[match[2]]
