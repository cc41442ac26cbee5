"""`hognose lock`.

Solve for one or several platforms and write a lock file (rattler-lock, version 6), which `cx`,
pixi and `hognose create --lockfile` install from.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.console import counted
from hognose.errors import FetchRepoDataError, SolverError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from hognose.console import Console
    from hognose.types import Channel, Platform


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from hognose.cli.solver_options import add_solver_options

    options.add_spec_arguments(parser, "what to lock")
    parser.add_argument(
        "-o", "--output", metavar="FILE", default="hognose.lock", help="default: hognose.lock"
    )
    parser.add_argument(
        "--environment",
        metavar="NAME",
        default="default",
        help="the environment's name (default: default)",
    )
    options.add_channel_options(parser)
    options.add_platform_option(parser, repeatable=True)
    options.add_output_options(parser)
    add_solver_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Solve and write."""
    from hognose.cli.request import read_request
    from hognose.cli.session import Session
    from hognose.lock import Environment, LockFile, LockPlatform

    here = options.find_platform(None)
    named = [options.find_platform(name) for name in arguments.platforms]
    platforms = named or read_request((), arguments.files, platform=here).platforms or (here,)
    solved = {}
    channels: tuple[Channel, ...] = ()
    for platform in dict.fromkeys(platforms):
        # Once for each platform: the selectors of an `environment.yml` differ.
        request = read_request(arguments.specs, arguments.files, platform=platform)
        specs = request.only_specs()
        if not specs:
            raise UsageError("nothing to lock is named", hint="give specs or `--file`")
        with (
            Session(arguments, console, request, needs_archives=False) as session,
            _naming(platform),
        ):
            solved[platform] = session.solve(specs, platform)
            channels = tuple(dict.fromkeys((*channels, *session.channels_for(specs))))
        console.detail(f"{platform}: {counted(len(solved[platform]), 'package')}")
    if request.requirements:
        console.warn("the `pip` section is not locked")
    lock = LockFile([LockPlatform(str(platform)) for platform in solved])
    lock.add_environment(Environment(arguments.environment, requirements=solved, channels=channels))
    lock.write(arguments.output, version=6)
    if arguments.json:
        from hognose.cli.json_output import print_json

        counts = {str(platform): len(records) for platform, records in solved.items()}
        print_json({"success": True, "file": arguments.output, "packages": counts}, console)
    console.success(f"wrote {arguments.output}")
    return 0


@contextmanager
def _naming(platform: Platform) -> Iterator[None]:
    """Say in an error which of several platforms it is about."""
    try:
        yield
    except (SolverError, FetchRepoDataError) as error:
        error.args = (f"{platform}: {error.message}", *error.args[1:])
        raise
