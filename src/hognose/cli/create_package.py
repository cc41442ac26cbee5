"""`hognose create-package`.

Make a package archive out of a directory that has `info/index.json` in it. The name of the target
decides the format. The same directory gives the same archive, byte for byte. An archive without the
list of its files, `info/paths.json`, could not be installed, so it gets one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("directory", help="the package's directory")
    parser.add_argument(
        "target",
        nargs="?",
        help="the archive, .conda or .tar.bz2 (default: named by the metadata, in this directory)",
    )
    parser.add_argument("--level", type=int, metavar="N", help="the compression level")
    parser.add_argument("--threads", type=int, metavar="N", help="how many threads compress")
    parser.add_argument("--force", action="store_true", help="replace an archive that is there")
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Make it and print its hash."""
    from hognose.archive import create_package
    from hognose.types import IndexJson

    index = IndexJson.from_package_directory(arguments.directory)
    target = arguments.target or f"{index.name}-{index.version}-{index.build}.conda"
    if os.path.lexists(target) and not arguments.force:
        raise UsageError(f"{target} is there already", hint="`--force` replaces it")
    digest = create_package(
        arguments.directory,
        target,
        list_files=True,
        level=arguments.level,
        threads=arguments.threads,
    )
    options.print_digest(target, digest, arguments, console)
    return 0
