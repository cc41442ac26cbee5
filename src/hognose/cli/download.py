"""`hognose download`.

Download packages into the package cache, without an environment: the packages that specs ask for
with all they need, or those of a lock file. What is there already is not fetched again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.console import counted
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


_WORKERS = 4


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from hognose.cli.solver_options import add_part_options, add_solver_options

    options.add_spec_arguments(parser, "what to download")
    options.add_lock_file_options(parser, "download")
    options.add_channel_options(parser)
    options.add_platform_option(parser)
    options.add_output_options(parser)
    add_part_options(parser)
    add_solver_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Fetch them, several at a time."""
    from concurrent.futures import ThreadPoolExecutor

    from hognose.cli.found_records import find_records
    from hognose.cli.request import read_request
    from hognose.cli.session import Session
    from hognose.net import Cancellation

    platform = options.find_platform(arguments.platform)
    request = read_request(arguments.specs, arguments.files, platform=platform)
    has_request = bool(request.specs or request.packages or request.archives)
    if has_request == bool(arguments.lockfile):
        raise UsageError("name what to download: give specs, `--file` or `--lockfile`")
    with Session(arguments, console, request) as session:
        records = find_records(session, arguments, request, platform)
        cancellation = Cancellation()
        cache, client = session.cache, session.client.cancelled_by(cancellation)
        workers = session.config.concurrency_downloads or _WORKERS
        with ThreadPoolExecutor(workers, "hognose-download") as executor:
            try:
                fetched = list(executor.map(lambda record: cache.fetch(record, client), records))
            except KeyboardInterrupt:
                cancellation.cancel()
                raise
    if arguments.json:
        from hognose.cli.json_output import print_json

        paths = {str(package.record): str(package.path) for package in fetched}
        print_json({"success": True, "packages": paths}, console)
        return 0
    for package in fetched:
        console.result(str(package.path))
    console.success(
        f"{counted(len(fetched), 'package is', 'packages are')} in {session.cache.root}"
    )
    return 0
