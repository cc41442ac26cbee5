"""`hognose validate`.

Check an extracted package, or an archive, against its own list of files: sizes, hashes, links.
"""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.console import counted

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("package", help="a directory with an extracted package, or an archive")
    parser.add_argument(
        "--mode",
        choices=["exists", "sizes", "hashes"],
        default="hashes",
        help="how close to look (default: hashes)",
    )
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Check it; every fault is an error of its own."""
    from hognose.archive import ValidationMode, extract, validate_package_directory

    mode = ValidationMode(arguments.mode)
    if os.path.isdir(arguments.package):
        paths = validate_package_directory(arguments.package, mode=mode)
    else:
        with tempfile.TemporaryDirectory(prefix="hognose-validate-") as scratch:
            directory = os.path.join(scratch, "package")
            extract(arguments.package, directory)
            paths = validate_package_directory(directory, mode=mode)
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json({"success": True, "files": len(paths.paths)}, console)
    console.success(
        f"{arguments.package}: {counted(len(paths.paths), 'file is', 'files are')} as listed"
    )
    return 0
