"""`hognose download`.

Download packages into the package cache, without an environment: the packages that specs ask for
with all they need, or those of a lock file. What is there already is not fetched again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_spec_arguments(parser, "what to download")
    options.add_lock_file_options(parser, "download")
    options.add_channel_options(parser)
    options.add_platform_option(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Fetch them, several at a time."""
    from concurrent.futures import ThreadPoolExecutor

    from hognose.cli.locked_records import read_locked_records
    from hognose.cli.session import Session
    from hognose.cli.specs import read_specs

    specs = read_specs(arguments.specs, arguments.files)
    if bool(specs) == bool(arguments.lockfile):
        raise UsageError("name what to download: give specs, or `--lockfile`")
    platform = options.find_platform(arguments.platform)
    with Session(arguments, console) as session:
        if arguments.lockfile:
            records = read_locked_records(arguments.lockfile, arguments.environment, platform)
        else:
            records = session.solve(specs, platform)
        cache, client = session.cache, session.client
        with ThreadPoolExecutor(4, "hognose-download") as executor:
            fetched = list(executor.map(lambda record: cache.fetch(record, client), records))
    if arguments.json:
        from hognose.cli.json_output import print_json

        paths = {str(package.record): str(package.path) for package in fetched}
        print_json({"success": True, "packages": paths}, console)
        return 0
    for package in fetched:
        console.result(str(package.path))
    console.success(f"{len(fetched)} packages are in {session.cache.root}")
    return 0
