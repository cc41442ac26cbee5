"""Removing an environment as a whole."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress

from hognose.errors import InstallerError
from hognose.install.failures import explain_failure
from hognose.install.frozen import require_not_frozen
from hognose.install.menus import remove_menus, system_registry
from hognose.install.prefix_lock import PrefixLock

__all__ = ("remove_environment",)


def remove_environment(
    prefix: str | os.PathLike[str], *, override_frozen: bool = False, lock_timeout: float = 60.0
) -> None:
    """Delete an environment with everything in it, and the menu items of its packages.

    Files of no package go as well. What makes it an environment goes first, so an interrupted
    removal leaves files, and nothing that looks like an environment.

    Args:
        prefix: The environment.
        override_frozen: Remove it although it is marked as frozen (CEP 22).
        lock_timeout: Seconds to wait while another process changes it.

    Raises:
        FrozenEnvironmentError: The environment is frozen.
        InstallerError: It is no environment, or a file cannot be removed.
    """
    root = os.path.abspath(prefix)
    if not os.path.isdir(f"{root}/conda-meta"):
        raise InstallerError(f"there is no environment: {root}", path=root)
    if not override_frozen:
        require_not_frozen(root)
    remove_menus(root, registry=system_registry())
    try:
        with PrefixLock(root, timeout=lock_timeout), suppress(FileNotFoundError):
            os.unlink(f"{root}/conda-meta/history")
        shutil.rmtree(root)
    except OSError as error:
        raise explain_failure(error, root) from error
