"""`hognose lock`.

Solve for one or several platforms and write a lock file (rattler-lock, version 6), which `cx`,
pixi and `hognose create --lockfile` install from.
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
    options.add_spec_arguments(parser, "what to lock")
    parser.add_argument(
        "-o", "--output", metavar="FILE", default="hognose.lock", help="default: hognose.lock"
    )
    parser.add_argument(
        "--environment", default="default", help="the environment's name (default: default)"
    )
    options.add_channel_options(parser)
    options.add_platform_option(parser, repeatable=True)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Solve and write."""
    from hognose.cli.session import Session
    from hognose.cli.specs import read_specs
    from hognose.lock import Environment, LockFile, LockPlatform

    specs = read_specs(arguments.specs, arguments.files)
    if not specs:
        raise UsageError("nothing to lock is named", hint="give specs or `--file`")
    platforms = [options.find_platform(name) for name in arguments.platforms or [None]]
    with Session(arguments, console) as session:
        solved = {}
        for platform in dict.fromkeys(platforms):
            solved[platform] = session.solve(specs, platform)
            console.detail(f"{platform}: {len(solved[platform])} packages")
        channels = session.channels
    lock = LockFile([LockPlatform(str(platform)) for platform in solved])
    lock.add_environment(Environment(arguments.environment, requirements=solved, channels=channels))
    lock.write(arguments.output, version=6)
    if arguments.json:
        from hognose.cli.json_output import print_json

        counts = {str(platform): len(records) for platform, records in solved.items()}
        print_json({"success": True, "file": arguments.output, "packages": counts}, console)
    console.success(f"wrote {arguments.output}")
    return 0
