"""`hognose list`.

List the packages of an environment: all, or those whose names have a part (`numpy`), fit a pattern
(`*torch*`) or match a regular expression (`^lib.*32$`). The exit status is 1 when none does.

What pip and others installed is listed with `pypi` for its channel, as conda does it.

A record that cannot be read is named in a warning, and in `unreadable` of the document of `--json`.
The other packages are listed, and the exit status is 1, because the list is not complete. With
`--explicit` nothing is: what is made out of such a list would lack packages.
"""

from __future__ import annotations

import fnmatch
import os
import re
from difflib import get_close_matches
from shlex import quote
from typing import TYPE_CHECKING, Any

from hognose.cli import options
from hognose.errors import HognoseError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from hognose.console import Console
    from hognose.install import ForeignPackage, LostRecord
    from hognose.types import Platform, PrefixRecord

# What tells a regular expression from a pattern such as `py*`.
_IS_EXPRESSION = re.compile(r"[\^$+(){}|\\]|\.[*?]|\][*?]")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "pattern", nargs="?", help="the names to list: a part, `*` patterns or a regular expression"
    )
    parser.add_argument("--explicit", action="store_true", help="print URLs with hashes (CEP 23)")
    parser.add_argument(
        "--no-pip", action="store_true", help="leave out what pip and others installed"
    )
    options.add_prefix_options(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Print the list."""
    prefix = options.find_settled_environment(arguments, console)
    records, lost = _read_records(prefix, arguments, console)
    foreign: Sequence[ForeignPackage] = ()
    if not (arguments.no_pip or arguments.explicit):
        foreign = _foreign(prefix, records)
    if arguments.pattern:
        pattern = _pattern(arguments.pattern)
        names = [record.name for record in records] + [package.name for package in foreign]
        records = [record for record in records if pattern.search(record.name)]
        foreign = [package for package in foreign if pattern.search(package.name)]
        if not (records or foreign):
            raise _nothing(prefix, arguments.pattern, names)
    if arguments.explicit:
        _print_explicit(records, options.find_platform(None, prefix, records), console)
        return 0
    rows = [*map(_row, records), *map(_foreign_row, foreign)]
    rows.sort(key=lambda row: str(row["name"]).lower())
    if arguments.json:
        from hognose.cli.json_output import print_json

        document = {
            "success": not lost,
            "prefix": os.fspath(prefix),
            "packages": rows,
            "unreadable": [{"path": item.path, "message": item.message} for item in lost],
        }
        print_json(document, console)
        return int(bool(lost))
    console.result(f"# {prefix}")
    cells = (
        (
            row["name"],
            row["version"],
            row["build"],
            row["channel"].rstrip("/").rsplit("/", 1)[-1],
            " ".join(row["requested"]),
        )
        for row in rows
    )
    console.table(("name", "version", "build", "channel", "asked for"), cells)
    return int(bool(lost))


def _read_records(
    prefix: Path, arguments: argparse.Namespace, console: Console
) -> tuple[list[PrefixRecord], Sequence[LostRecord]]:
    """Return the packages whose records can be read, and warn of the other records."""
    from hognose.types import PrefixRecord

    try:
        return PrefixRecord.collect(prefix), ()
    except (HognoseError, OSError):
        from hognose.install import read_records

        records, lost = read_records(prefix)
        if arguments.explicit or not lost:
            raise
    for item in lost:
        console.warn(f"not listed: {item.message}")
    console.hint(f"`hognose doctor --repair -p {quote(str(prefix))}` makes what is missing anew")
    return records, lost


def _foreign(prefix: Path, records: Sequence[PrefixRecord]) -> Sequence[ForeignPackage]:
    """Return what others installed for the Python of the environment, if it has one."""
    from hognose.install import PythonInfo, find_foreign_packages

    try:
        python = PythonInfo.from_records(records, options.find_platform(None, prefix, records))
    except HognoseError:
        return ()
    return find_foreign_packages(prefix, records, python.site_packages) if python else ()


def _print_explicit(records: Iterable[PrefixRecord], platform: Platform, console: Console) -> None:
    from hognose.net import redact

    console.result(f"# platform: {platform}\n@EXPLICIT")
    for record in records:
        url = redact(record.url)
        console.result(f"{url}#{record.md5_hex}" if record.md5_hex else url)


def _row(record: PrefixRecord) -> dict[str, Any]:
    from hognose.install import channel_of_record
    from hognose.net import redact

    return {
        "name": record.name,
        "version": str(record.version),
        "build": record.build,
        "build_number": record.build_number,
        "subdir": record.subdir,
        "channel": redact(channel_of_record(record)),
        "url": redact(record.url),
        "md5": record.md5_hex,
        "sha256": record.sha256_hex,
        "size": record.size,
        "requested": list(record.asked_by),
    }


def _foreign_row(package: ForeignPackage) -> dict[str, Any]:
    """Return a row with the words that conda has for such a package."""
    return {
        "name": package.name.lower().replace("_", "-"),
        "version": package.version,
        "build": "pypi_0",
        "build_number": 0,
        "subdir": "pypi",
        "channel": "pypi",
        "url": None,
        "md5": None,
        "sha256": None,
        "size": None,
        "requested": [],
    }


def _pattern(text: str) -> re.Pattern[str]:
    if ("*" in text or "?" in text) and not _IS_EXPRESSION.search(text):
        return re.compile(fnmatch.translate(text))
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageError(f"`{text}` is no regular expression: {error}") from error


def _nothing(prefix: Path, text: str, names: Sequence[str]) -> HognoseError:
    near = get_close_matches(text.strip("*?^$"), names, n=3)
    hint = f"there are {', '.join(f'`{name}`' for name in near)}" if near else None
    return HognoseError(f"no package in {prefix} matches `{text}`", hint=hint)
