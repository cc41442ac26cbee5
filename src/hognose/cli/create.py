"""`hognose create`.

Create an environment that has exactly what is asked for: solve, show the plan, download, link. The
directory must be new or empty. What is asked for are specs, archives by path or URL, an
`environment.yml`, a list of package URLs, or a lock file; where nothing is, the environment is
empty. Archives that need nothing else are installed without asking a channel.
"""

from __future__ import annotations

import os
from shlex import quote
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from hognose.cli.request import Request
    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from hognose.cli.solver_options import add_part_options

    options.add_spec_arguments(parser, "what to install: `python 3.12.*`")
    options.add_lock_file_options(parser, "install")
    add_part_options(parser)
    options.add_change_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Create the environment."""
    from hognose.cli.change import change_environment
    from hognose.cli.found_records import find_records
    from hognose.cli.request import read_request
    from hognose.cli.requirements import with_pip
    from hognose.cli.session import Session
    from hognose.install import recover
    from hognose.types import MatchSpec

    platform = options.find_platform(arguments.platform)
    request = read_request(arguments.specs, arguments.files, platform=platform)
    if arguments.lockfile and not request.is_empty:
        raise UsageError("specs and `--lockfile` exclude each other")
    prefix = _find_prefix(arguments, request)
    if not arguments.dry_run:
        # What a killed creation left would be in the way.
        recover(prefix)
    _require_new(prefix)
    request = with_pip(request, platform, console)
    with Session(arguments, console, request) as session:
        wanted = find_records(session, arguments, request, platform)
        specs = [
            *request.specs,
            *(MatchSpec(entry.archive.name) for entry in request.archives if entry.archive),
        ]
        if request.packages or arguments.lockfile:
            # Packages that are listed one by one are asked for one by one, as conda sees it too.
            specs = [MatchSpec(record.name) for record in wanted]
        return change_environment(
            session,
            arguments,
            prefix=prefix,
            installed=(),
            wanted=wanted,
            specs=list(dict.fromkeys(specs)),
            platform=platform,
            request=request,
        )


def _find_prefix(arguments: argparse.Namespace, request: Request) -> Path:
    """Return where to create; what a file says counts where the command line says nothing."""
    if not (arguments.prefix or arguments.name):
        if request.prefix:
            arguments.prefix = os.path.expandvars(request.prefix)
        elif request.name:
            arguments.name = request.name
    if not (arguments.prefix or arguments.name):
        raise UsageError("no environment is named", hint="name one with `-p DIR` or `-n NAME`")
    return options.find_prefix(arguments)


def _require_new(prefix: Path) -> None:
    if not os.path.lexists(prefix):
        return
    if not prefix.is_dir():
        raise UsageError(f"{prefix} is there already and is not a directory")
    if any(prefix.iterdir()):
        place = quote(str(prefix))
        is_environment = (prefix / "conda-meta").is_dir()
        what = "an environment" if is_environment else "a directory that is not empty"
        hint = (
            f"change it with `hognose install -p {place}`, or remove it with "
            f"`hognose remove -p {place} --all`"
            if is_environment
            else "name a directory that is new or empty"
        )
        raise UsageError(f"{prefix} is {what} already", hint=hint)
