"""`hognose list`.

List the packages of an environment: all, or those whose names have a part (`numpy`), fit a pattern
(`*torch*`) or match a regular expression (`^lib.*32$`). The exit status is 1 when none does.
"""

from __future__ import annotations

import fnmatch
import os
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import HognoseError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from hognose.console import Console

# What tells a regular expression from a pattern such as `py*`.
_IS_EXPRESSION = re.compile(r"[\^$+(){}|\\]|\.[*?]|\][*?]")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "pattern", nargs="?", help="the names to list: a part, `*` patterns or a regular expression"
    )
    parser.add_argument("--explicit", action="store_true", help="print URLs with hashes (CEP 23)")
    options.add_prefix_options(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Print the list."""
    from hognose.net import redact
    from hognose.types import PrefixRecord

    prefix = options.find_environment(arguments)
    records = PrefixRecord.collect(prefix)
    if arguments.pattern:
        pattern = _pattern(arguments.pattern)
        found = [record for record in records if pattern.search(record.name)]
        if not found:
            raise _nothing(prefix, arguments.pattern, [record.name for record in records])
        records = found
    if arguments.json:
        from hognose.cli.json_output import print_json

        rows = [
            {
                "name": record.name,
                "version": str(record.version),
                "build": record.build,
                "build_number": record.build_number,
                "subdir": record.subdir,
                "channel": redact(record.channel),
                "url": redact(record.url),
                "md5": record.md5_hex,
                "sha256": record.sha256_hex,
                "size": record.size,
                "requested": list(record.asked_by),
            }
            for record in records
        ]
        print_json({"success": True, "prefix": os.fspath(prefix), "packages": rows}, console)
    elif arguments.explicit:
        console.result(f"# platform: {options.find_platform(None, prefix, records)}\n@EXPLICIT")
        for record in records:
            url = redact(record.url)
            console.result(f"{url}#{record.md5_hex}" if record.md5_hex else url)
    else:
        console.result(f"# {prefix}")
        rows_ = [
            (
                record.name,
                str(record.version),
                record.build,
                redact(record.channel).rstrip("/").rsplit("/", 1)[-1],
                " ".join(record.asked_by),
            )
            for record in records
        ]
        console.table(("name", "version", "build", "channel", "asked for"), rows_)
    return 0


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
