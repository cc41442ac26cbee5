"""Removing an environment as a whole.

The directory gets a hidden name beside its old one by one rename, and is deleted under that name.
Whatever prevents a removal prevents the rename, so what cannot be removed stays as it is.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from hognose.archive import delete, delete_tree, rename
from hognose.errors import HognoseError, InstallerError
from hognose.install.failures import explain_failure
from hognose.install.frozen import require_not_frozen
from hognose.install.menus import remove_menus, system_registry
from hognose.install.precious_places import require_not_precious
from hognose.install.prefix_lock import PrefixLock
from hognose.types import PrefixRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("finish_removals", "remove_environment", "require_removable")

# How often two processes that delete the same folder may meet at a file.
_ATTEMPTS = 1000
_RANDOM_PART = re.compile(r"[0-9a-f]{12}")


def require_removable(
    prefix: str | os.PathLike[str],
    *,
    root_prefix: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Refuse a directory that must not, or cannot, be removed as an environment. Changes nothing.

    Args:
        prefix: The environment.
        root_prefix: The prefix that named environments and the package cache lie in.
        environ: Where the home directory and the active environment are read from; this process's
            by default.

    Raises:
        InstallerError: It is no environment, or a symbolic link to one; it is the active one; it
            is or contains the root prefix, another environment, the home or the current directory;
            it is a root directory or a mount point; or the directory that it is in cannot be
            written to. Has `path`.
    """
    environ = os.environ if environ is None else environ
    path = os.path.abspath(prefix)
    if not os.path.isdir(f"{path}/conda-meta"):
        raise InstallerError(f"there is no environment: {path}", path=path)
    if os.path.islink(path):
        target = os.path.realpath(path)
        message = f"{path} is a symbolic link to the environment {target}"
        raise InstallerError(message, path=path, hint="name the environment itself")
    require_not_precious(path, environ=environ)
    active = environ.get("CONDA_PREFIX")
    if active and os.path.realpath(active) == os.path.realpath(path):
        message = f"refusing to delete {path}: it is the active environment"
        raise InstallerError(message, path=path, hint="deactivate it first")
    if os.path.ismount(path):
        message = f"refusing to delete {path}: a file system is mounted there"
        raise InstallerError(message, path=path, hint="unmount it first")
    if root_prefix is not None:
        real, root = os.path.realpath(path), os.path.realpath(root_prefix)
        if f"{root}{os.sep}".startswith(f"{real}{os.sep}"):
            kind = "is" if real == root else "contains"
            message = f"refusing to delete {path}: it {kind} the root prefix"
            raise InstallerError(message, path=path, hint="other environments may depend on it")
    inner = next(_inner_environments(path), None)
    if inner is not None:
        message = f"refusing to delete {path}: it contains the environment {inner}"
        raise InstallerError(message, path=path, hint="remove or rename that one first")
    parent = os.path.dirname(path)
    if not os.access(parent, os.W_OK | os.X_OK):
        raise explain_failure(
            PermissionError(errno.EACCES, os.strerror(errno.EACCES), parent), path
        )


def _inner_environments(prefix: str) -> Iterator[str]:
    """Yield the environments below a prefix; what packages ship is none, however it looks."""
    owned: set[str] | None = None
    pending = [prefix]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                inside = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        pending += inside
        history = f"{folder}/conda-meta/history"
        if folder != prefix and f"{folder}/conda-meta" in inside and os.path.isfile(history):
            owned = _owned_files(prefix) if owned is None else owned
            if history[len(prefix) + 1 :].replace(os.sep, "/") not in owned:
                yield folder


def _owned_files(prefix: str) -> set[str]:
    try:
        return {path for record in PrefixRecord.collect(prefix) for path in record.files}
    except (HognoseError, OSError):
        # Rather too many environments than one too few.
        return set()


def remove_environment(
    prefix: str | os.PathLike[str],
    *,
    root_prefix: str | os.PathLike[str] | None = None,
    override_frozen: bool = False,
    lock_timeout: float = 60.0,
) -> None:
    """Delete an environment with everything in it, and the menu items of its packages.

    Files of no package go as well. The first step is a rename to a hidden name, so an environment
    is there as a whole or not at all; what an interrupted removal leaves in a hidden directory
    goes with the next one, or when an environment is made at the same place.

    Args:
        prefix: The environment.
        root_prefix: The prefix that named environments lie in, which is never removed.
        override_frozen: Remove it although it is marked as frozen (CEP 22).
        lock_timeout: Seconds to wait while another process changes it.

    Raises:
        FrozenEnvironmentError: The environment is frozen.
        InstallerError: It may not be removed (`require_removable`), or a file or menu item cannot
            be. In the latter case the environment is gone, and `path` says where the rest of it is.
    """
    root = os.path.abspath(prefix)
    finish_removals(root)
    require_removable(root, root_prefix=root_prefix)
    if not override_frozen:
        require_not_frozen(root)
    aside = _hidden_name(root)
    try:
        with PrefixLock(root, timeout=lock_timeout):
            if os.name != "nt":
                rename(root, aside, operation=os.rename)
        if os.name == "nt":
            # An open file, such as the lock's, keeps its directory in its place there.
            rename(root, aside, operation=os.rename)
    except OSError as error:
        raise explain_failure(error, root) from error
    try:
        _delete(aside)
    except OSError as error:
        message = f"{root} is removed, but not all of its files can be: {error}"
        hint = f"what is left is in {aside}; delete it"
        raise InstallerError(message, path=aside, hint=hint) from error
    except HognoseError as error:
        message = f"{root} is removed, but not all menu items of its packages: {error.message}"
        raise InstallerError(message, path=root) from error


def finish_removals(prefix: str | os.PathLike[str]) -> None:
    """Delete what interrupted removals of an environment have left beside its place.

    What cannot be deleted is left alone.
    """
    folder, beginning = os.path.split(_hidden_beginning(os.path.abspath(prefix)))
    with suppress(OSError), os.scandir(folder) as entries:
        left = [
            entry.path
            for entry in entries
            if entry.name.startswith(beginning)
            and _RANDOM_PART.fullmatch(entry.name, len(beginning))
            and entry.is_dir(follow_symlinks=False)
            and _is_own(entry.stat(follow_symlinks=False))
        ]
        for path in left:
            with suppress(OSError, HognoseError):
                _delete(path)


def _is_own(status: os.stat_result) -> bool:
    """Tell whether a directory is this user's: in `/tmp` anybody can put one beside ours."""
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()


def _delete(aside: str) -> None:
    failure: HognoseError | None = None
    try:
        remove_menus(aside, registry=system_registry())
    except HognoseError as error:
        # What is wrong with menu items does not get better by keeping the rest.
        failure = error
    with suppress(FileNotFoundError):
        # Nothing that looks like an environment is left where the deletion is interrupted.
        delete(f"{aside}/conda-meta/history")
    _delete_folder(aside)
    if failure is not None:
        raise failure


def _delete_folder(aside: str) -> None:
    for _ in range(_ATTEMPTS):
        # A process that takes this removal for an interrupted one deletes the same files.
        with suppress(FileNotFoundError):
            delete_tree(aside)
        if not os.path.lexists(aside):
            return
    delete_tree(aside)


def _hidden_name(path: str) -> str:
    return f"{_hidden_beginning(path)}{os.urandom(6).hex()}"


def _hidden_beginning(path: str) -> str:
    folder, name = os.path.split(path)
    # A name has 255 bytes, and a character up to four.
    return os.path.join(folder, f".{name[:50]}.removed-")
