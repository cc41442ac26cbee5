"""`hognose create`.

Create an environment that has exactly what the specs ask for: solve, show the plan, download,
link. The directory must be new or empty.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_spec_arguments(parser, "what to install: `python 3.12.*`")
    options.add_lock_file_options(parser, "install")
    options.add_prefix_options(parser)
    options.add_channel_options(parser)
    options.add_platform_option(parser)
    options.add_transaction_options(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Create the environment."""
    from hognose.cli.change import change_environment
    from hognose.cli.locked_records import read_locked_records
    from hognose.cli.session import Session
    from hognose.cli.specs import read_specs

    specs = read_specs(arguments.specs, arguments.files)
    if arguments.lockfile and specs:
        raise UsageError("specs and `--lockfile` exclude each other")
    if not (specs or arguments.lockfile):
        raise UsageError("nothing to install is named", hint="give specs, `--file` or `--lockfile`")
    prefix = options.find_prefix(arguments)
    _require_new(prefix)
    platform = options.find_platform(arguments.platform)
    with Session(arguments, console) as session:
        if arguments.lockfile:
            records = read_locked_records(arguments.lockfile, arguments.environment, platform)
        else:
            records = session.solve(specs, platform)
        return change_environment(
            session,
            arguments,
            prefix=prefix,
            installed=(),
            wanted=records,
            specs=specs,
            platform=platform,
        )


def _require_new(prefix: Path) -> None:
    if not os.path.lexists(prefix):
        return
    if not prefix.is_dir():
        raise UsageError(f"{prefix} is there already and is not a directory")
    if any(prefix.iterdir()):
        is_environment = (prefix / "conda-meta").is_dir()
        what = "an environment" if is_environment else "a directory that is not empty"
        hint = (
            f"change it with `hognose install -p {prefix}`, or remove it with "
            f"`hognose remove -p {prefix} --all`"
            if is_environment
            else "name a directory that is new or empty"
        )
        raise UsageError(f"{prefix} is {what} already", hint=hint)
