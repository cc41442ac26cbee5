"""`hognose list`.

List the packages of an environment.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("pattern", nargs="?", help="a regular expression for the names to list")
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
        try:
            pattern = re.compile(arguments.pattern)
        except re.error as error:
            raise UsageError(f"`{arguments.pattern}` is no regular expression: {error}") from error
        records = [record for record in records if pattern.search(record.name)]
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
        console.result(f"# platform: {options.find_platform(None, records)}\n@EXPLICIT")
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
