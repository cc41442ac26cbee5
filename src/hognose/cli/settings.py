"""The configuration that a command works with; `hognose.configured` says what it means."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hognose.cli.locations import root_without_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hognose.config import Config

__all__ = ("load_config",)


def load_config(environ: Mapping[str, str] = os.environ) -> Config:
    """Read the configuration of this user and this machine.

    Raises:
        ConfigError: A file cannot be read, or has a value of the wrong kind.
    """
    from hognose.config import Config

    root = root_without_config(environ)
    config = Config.load(environ, root_prefix=root)
    if config.root_prefix and Path(config.root_prefix) != root:
        # That one may have a `.condarc` of its own.
        config = Config.load(environ, root_prefix=Path(os.path.expanduser(config.root_prefix)))
    return config
