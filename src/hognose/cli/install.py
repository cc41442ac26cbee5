"""`hognose install`.

Add packages to an environment, or change their versions. What was asked for before still holds,
unless a spec for the same name replaces it; packages that are there are kept where they can be.
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
    options.add_spec_arguments(parser, "what to install: `numpy >=2`")
    options.add_prefix_options(parser)
    options.add_channel_options(parser)
    options.add_platform_option(parser)
    options.add_transaction_options(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Change the environment."""
    from hognose.cli.change import change_environment
    from hognose.cli.session import Session
    from hognose.cli.specs import merge_specs, read_specs, requested_specs
    from hognose.types import PrefixRecord

    new = read_specs(arguments.specs, arguments.files)
    if not new:
        raise UsageError("nothing to install is named", hint="give specs or `--file`")
    prefix = options.find_prefix(arguments)
    if not (prefix / "conda-meta").is_dir():
        raise UsageError(
            f"{prefix} is no environment", hint=f"make one with `hognose create -p {prefix}`"
        )
    options.require_not_frozen(prefix, arguments)
    platform = options.find_platform(arguments.platform)
    installed = PrefixRecord.collect(prefix)
    specs = merge_specs(requested_specs(installed), new)
    changing = {spec.name.exact for spec in new}
    with Session(arguments, console) as session:
        records = session.solve(
            specs,
            platform,
            # A package that is asked for anew is free to move; what meets the spec may stay.
            locked_packages=[
                record
                for record in installed
                if record.name not in changing
                or all(spec.matches(record) for spec in new if spec.name.exact == record.name)
            ],
        )
        return change_environment(
            session,
            arguments,
            prefix=prefix,
            installed=installed,
            wanted=records,
            specs=specs,
            platform=platform,
        )
