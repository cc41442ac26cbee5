"""`hognose channel`.

Make, index, serve and describe channels.

  build   make packages from this machine's Python and from PyPI wheels, and index them
  index   write the repodata of the packages that are in a directory
  serve   serve a directory to this machine, until interrupted
  info    show what a channel has and says
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
    """Add the sub-commands."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION")
    build = commands.add_parser("build", help="make packages, and index them")
    build.add_argument("directory", help="the channel's directory")
    build.add_argument(
        "--python", action="store_true", help="make `python` out of the running interpreter"
    )
    build.add_argument(
        "--wheel",
        dest="wheels",
        metavar="WHAT",
        action="append",
        default=[],
        help="a requirement for PyPI, a wheel, or a project's directory; with what it depends on",
    )
    options.add_output_options(build, json=False)
    build.set_defaults(run=_build)
    index = commands.add_parser("index", help="write the repodata of a directory")
    index.add_argument("directory", help="the channel's directory")
    index.add_argument("--force", action="store_true", help="read every package anew")
    index.add_argument(
        "--patches",
        metavar="WHERE",
        help="a package or a directory with `SUBDIR/patch_instructions.json` (default: those in "
        "the channel)",
    )
    index.add_argument(
        "--base-url",
        metavar="URL",
        help="where the packages lie if not beside the index: an address, or a path from the "
        "index (CEP 15)",
    )
    index.add_argument(
        "--indexed-timestamp",
        metavar="WHEN",
        help="note of packages that are new here when they came (CEP 47): `now`, or a date such as "
        "2026-03-31; what is noted already stays",
    )
    options.add_output_options(index, json=False)
    index.set_defaults(run=_index)
    serve = commands.add_parser("serve", help="serve a directory to this machine")
    serve.add_argument("directory", help="the channel's directory")
    serve.add_argument("--host", default="127.0.0.1", help="the address (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=0, help="the port (default: a free one)")
    options.add_output_options(serve)
    serve.set_defaults(run=_serve)
    info = commands.add_parser("info", help="show what a channel has and says")
    info.add_argument("channels", nargs="*", metavar="CHANNEL", help="names, URLs or directories")
    options.add_platform_option(info, repeatable=True)
    info.add_argument("--offline", action="store_true", help="use nothing from the network")
    options.add_output_options(info)
    info.set_defaults(run=_info)


def execute(arguments: argparse.Namespace, console: Console) -> int:  # noqa: ARG001  # the seam's signature
    """Say that an action is missing."""
    raise UsageError(
        "no action is named",
        hint="`hognose channel build`, `index`, `serve` or `info`",
    )


def _build(arguments: argparse.Namespace, console: Console) -> int:
    import time

    from hognose.channel import build_channel
    from hognose.cli.change import human_size
    from hognose.cli.channel_progress import channel_progress

    if not (arguments.python or arguments.wheels):
        raise UsageError("nothing to make is named", hint="give `--python` or `--wheel`")
    start = time.perf_counter()
    with channel_progress(console) as progress:
        built = build_channel(
            arguments.directory,
            python=arguments.python,
            wheels=arguments.wheels,
            reporter=progress,
        )
    seconds = time.perf_counter() - start
    size = human_size(sum(package.size for package in built.packages))
    packages = counted(len(built.packages), "package")
    console.success(f"{arguments.directory}: {packages}, {size}, made in {seconds:.1f} s")
    return 0


def _index(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.channel import index_channel
    from hognose.cli.settings import load_config
    from hognose.configured import index_settings

    settings = index_settings(load_config(), arguments.directory)
    if arguments.base_url is not None:
        settings["base_url"] = arguments.base_url or None
    indexed = index_channel(
        arguments.directory,
        force=arguments.force,
        repodata_patch=arguments.patches,
        indexed_timestamp_ms=_milliseconds(arguments.indexed_timestamp),
        **settings,
    )
    for done in indexed:
        console.detail(f"{done.subdir}: {done.packages} packages, {done.read} read anew")
    console.success(f"indexed {arguments.directory}")
    return 0


def _milliseconds(when: str | None) -> int | None:
    """Read `now` or a date, as milliseconds since the epoch.

    Raises:
        UsageError: It is neither, or has not come yet.
    """
    if when is None:
        return None
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    try:
        moment = now if when == "now" else datetime.fromisoformat(when)
    except ValueError as error:
        message = f"`{when}` is no moment"
        raise UsageError(message, hint="give `now`, or a date: 2026-03-31") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > now:
        raise UsageError(f"`{when}` has not come yet", hint="nothing can have been indexed then")
    return round(moment.timestamp() * 1000)


def _serve(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.channel import ChannelServer

    with ChannelServer(arguments.directory, host=arguments.host, port=arguments.port) as server:
        if arguments.json:
            from hognose.cli.json_output import print_json

            print_json({"success": True, "url": server.url}, console)
        else:
            console.result(server.url)
        console.out.flush()
        console.hint("Ctrl-C ends it")
        try:
            server.wait()
        except KeyboardInterrupt:
            console.success("stopped")
    return 0


def _info(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.cli.channel_info import describe_channels, print_channels
    from hognose.cli.session import Session
    from hognose.types import Platform

    platforms = [Platform(name) for name in arguments.platforms] or [Platform.current()]
    platforms = list(dict.fromkeys((*platforms, Platform("noarch"))))
    with Session(arguments, console) as session:
        described = describe_channels(session, platforms)
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json({"success": True, "channels": described}, console)
    else:
        print_channels(described, console)
    return 0
