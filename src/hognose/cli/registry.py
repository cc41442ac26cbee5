"""The list of environments that conda's tools share; that it cannot be written is no error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.console import error_message

if TYPE_CHECKING:
    from pathlib import Path

    from hognose.console import Console

__all__ = ("register", "unregister")


def register(console: Console, prefix: Path) -> None:
    """Have conda's tools list an environment, or warn that they do not."""
    from hognose.install import environments_file, register_environment

    try:
        register_environment(prefix, environments_file())
    except OSError as error:
        console.warn(f"{prefix} is not in the list of environments: {error_message(error)}")


def unregister(console: Console, prefix: Path) -> None:
    """Take an environment that is gone off the list, or warn that it is listed still."""
    from hognose.install import environments_file, unregister_environment

    try:
        unregister_environment(prefix, environments_file())
    except OSError as error:
        console.warn(f"{prefix} is still in the list of environments: {error_message(error)}")
