"""`hognose extract`.

Extract a package archive, `.conda` or `.tar.bz2`, from a path or a URL.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.cli.open_archive import is_url
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.archive import ArchiveDigest
    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("archive", help="a path or a URL")
    parser.add_argument(
        "destination", nargs="?", help="a directory that is not there (default: the archive's name)"
    )
    parser.add_argument("--sha256", metavar="HEX", help="the hash that the archive must have")
    parser.add_argument("--offline", action="store_true", help="use nothing from the network")
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Extract it and print its hashes."""
    name = arguments.archive.split("#")[0].rstrip("/").replace("\\", "/").rsplit("/", 1)[-1]
    stem = name.removesuffix(".conda").removesuffix(".tar.bz2")
    destination = Path(arguments.destination or stem)
    if os.path.lexists(destination):
        raise UsageError(f"{destination} is there already", hint="name a directory that is not")
    expected = _read_hash(arguments.sha256) if arguments.sha256 else None
    digest = _extract(arguments, destination, console, name=name, expected_sha256=expected)
    options.print_digest(os.fspath(destination), digest, arguments, console)
    return 0


def _read_hash(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise UsageError(f"`{text}` is no SHA-256", hint="it has 64 hexadecimal digits")
    return digest


def _extract(
    arguments: argparse.Namespace,
    destination: Path,
    console: Console,
    *,
    name: str,
    expected_sha256: bytes | None,
) -> ArchiveDigest:
    from hognose.archive import extract

    if not is_url(arguments.archive):
        return extract(arguments.archive, destination, expected_sha256=expected_sha256)
    from hognose.cli.console_log import show_pauses
    from hognose.cli.settings import load_config
    from hognose.configured import client_from_config

    show_pauses(console)
    with (
        client_from_config(load_config(), offline=arguments.offline) as client,
        client.open(arguments.archive) as response,
    ):
        return extract(response, destination, expected_sha256=expected_sha256, archive_name=name)
