"""`hognose transmute`.

Write a package archive in the other format: `.tar.bz2` becomes `.conda` and the other way round.
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
    parser.add_argument("archive", help="the package")
    parser.add_argument("target", nargs="?", help="the archive to write (default: beside it)")
    parser.add_argument("--level", type=int, metavar="N", help="the compression level")
    parser.add_argument("--threads", type=int, metavar="N", help="how many threads compress")
    parser.add_argument("--force", action="store_true", help="replace an archive that is there")
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Write it and print its hash."""
    from hognose.archive import transmute

    source: str = arguments.archive
    extension = ".tar.bz2" if source.endswith(".conda") else ".conda"
    stem = source.removesuffix(".conda").removesuffix(".tar.bz2")
    target = arguments.target or stem + extension
    if os.path.lexists(target) and not arguments.force:
        raise UsageError(f"{target} is there already", hint="`--force` replaces it")
    digest = transmute(source, target, level=arguments.level, threads=arguments.threads)
    options.print_digest(target, digest, arguments, console)
    return 0
