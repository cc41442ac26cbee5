"""`hognose info`.

Show what hognose knows about this machine: platform, virtual packages, directories, channels.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.version import __version__

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_channel_options(parser)
    options.add_platform_option(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Print it."""
    from hognose.cache import default_cache_dir
    from hognose.cli.session import Session
    from hognose.net import redact

    platform = options.find_platform(arguments.platform)
    with Session(arguments, console) as session:
        facts: dict[str, str | list[str] | None] = {
            "version": __version__,
            "python": f"{sys.version.split()[0]} ({sys.executable})",
            "platform": str(platform),
            "virtual_packages": list(map(str, session.virtual_packages(platform))),
            "channels": [redact(channel.base_url) for channel in session.channels],
            "cache": os.fspath(default_cache_dir()),
            "package_caches": [
                os.fspath(path) for path in (session.cache.root, *session.cache.read_only)
            ],
            "root_prefix": os.fspath(options.root_prefix()),
            "envs_dirs": list(map(os.fspath, options.envs_dirs())),
            "active_prefix": os.environ.get("CONDA_PREFIX"),
        }
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json({"success": True, **facts}, console)
        return 0
    for name, value in facts.items():
        lines = value if isinstance(value, list) else [value or "none"]
        for number, line in enumerate(lines):
            label = name.replace("_", " ") if number == 0 else ""
            console.result(f"  {line}", label=label.ljust(16))
    return 0
