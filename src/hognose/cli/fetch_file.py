"""`hognose fetch-file`.

Read one file out of a package archive, and print it or write it. From a URL only the parts of the
archive that are needed are fetched, if the server knows ranges.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.cli.open_archive import open_archive
from hognose.errors import ArchiveError

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("archive", help="a path or a URL")
    parser.add_argument("file", help="the file's path in the package: `info/index.json`")
    parser.add_argument("-o", "--output", metavar="FILE", help="write it, in place of printing it")
    parser.add_argument("--offline", action="store_true", help="use nothing from the network")
    options.add_output_options(parser, json=False)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Print or write the file."""
    with open_archive(arguments.archive, console, offline=arguments.offline) as archive:
        content = archive.read_file(arguments.file)
    if content is None:
        raise ArchiveError(
            f"{arguments.archive} has no file `{arguments.file}`",
            hint=f"`hognose inspect --files {arguments.archive}` lists them",
            member=arguments.file,
        )
    if arguments.output:
        Path(arguments.output).write_bytes(content)
        console.success(f"wrote {arguments.output}")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    return 0
