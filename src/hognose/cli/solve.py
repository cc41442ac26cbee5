"""`hognose solve`.

Show what would be installed, without a prefix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.console import counted
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from hognose.cli.solver_options import add_solver_options

    options.add_spec_arguments(parser, "what to solve for")
    options.add_channel_options(parser)
    options.add_platform_option(parser)
    options.add_output_options(parser)
    add_solver_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Solve and print the records."""
    import time

    from hognose.cli.change import human_size
    from hognose.cli.request import read_request
    from hognose.cli.session import Session
    from hognose.net import redact

    platform = options.find_platform(arguments.platform)
    request = read_request(arguments.specs, arguments.files, platform=platform)
    specs = request.only_specs()
    if not specs:
        raise UsageError("nothing to solve for is named", hint="give specs or `--file`")
    start = time.perf_counter()
    with Session(arguments, console, request) as session:
        records = session.solve(specs, platform)
    seconds = time.perf_counter() - start
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json({"success": True, "packages": records}, console)
        return 0
    rows = [
        (
            record.name,
            str(record.version),
            record.build,
            redact(record.channel).rstrip("/").rsplit("/", 1)[-1],
            record.subdir,
            "" if record.size is None else human_size(record.size),
        )
        for record in sorted(records)
    ]
    console.table(
        ("name", "version", "build", "channel", "subdir", "size"), rows, least=("size", "subdir")
    )
    size = human_size(sum(record.size or 0 for record in records))
    console.success(f"{counted(len(records), 'package')}, {size}, solved in {seconds:.2f} s")
    return 0
