"""Environments copied and renamed.

Packages are linked anew, because prefixes are written into their files; nothing is solved. Files of
no package are copied, and the prefix in them is replaced where they are text.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from hognose.errors import InstallerError
from hognose.install.arguments import require_means, require_object
from hognose.install.byte_code import has_byte_code
from hognose.install.failures import explain_failure
from hognose.install.frozen import FROZEN_MARKER, require_not_frozen
from hognose.install.installation import InstallationResult, install
from hognose.install.installed_record import recorded_specs
from hognose.install.menus import noted_menus
from hognose.install.moved_menus import make_menus_anew
from hognose.install.prefix_lock import PrefixLock
from hognose.install.prefix_path import require_installable
from hognose.install.recorded_paths import require_own_folders, require_recorded_inside
from hognose.install.removal import remove_environment, require_removable
from hognose.install.reporter import ReporterCalls
from hognose.install.unfinished import has_unfinished_transaction
from hognose.install.untracked_files import (
    CopiedFiles,
    copy_replaced_files,
    copy_untracked_files,
)
from hognose.types import PrefixRecord

if TYPE_CHECKING:
    from collections.abc import Collection

    from hognose.cache import PackageCache
    from hognose.install.link_method import LinkOptions
    from hognose.net import Client
    from hognose.types import Platform

__all__ = (
    "ClonedEnvironment",
    "clone_environment",
    "rename_environment",
    "require_copyable",
)

# What a person may have set for an environment: its variables and its pins.
_SETTINGS = ("conda-meta/state", "conda-meta/pinned")


class ClonedEnvironment(InstallationResult, frozen=True, kw_only=True):
    """What was installed in the new environment, and what was copied besides.

    Attributes:
        copied: The files of no package, and those that another installer put in a package's place.
    """

    copied: CopiedFiles = CopiedFiles()


def clone_environment(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    cache: PackageCache,
    client: Client,
    platform: Platform | None = None,
    reporter: object | None = None,
    execute_link_scripts: bool | Collection[str] = False,
    link_options: LinkOptions | None = None,
    compile_byte_code: bool | None = None,
    command: str = "",
) -> ClonedEnvironment:
    """Make an environment with the same packages, settings and further files as another one.

    Byte-code is not copied, but made anew where the packages have it. The new environment is not
    frozen, and its history begins with it.

    Args:
        source: The environment to copy; it is not changed.
        target: The new environment: a path that is not there yet, or an empty folder.
        cache: Where packages are kept.
        client: What fetches those that are not there any more.
        platform: The platform of the environments, by default the one that runs.
        reporter: An object with methods of `Reporter`.
        execute_link_scripts: Whether packages may run scripts: all, none, or those named.
        link_options: What ways of linking may be used.
        compile_byte_code: Whether to compile the modules of `noarch: python` packages; by default
            where the old environment has byte-code.
        command: The command line, for the new environment's history.

    Raises:
        InstallerError: There is no environment, its last change was interrupted, or something is
            at the target.
        TypeError: An argument is of another kind than it takes.
        HognoseError: As `install`. Nothing is left at the target.
    """
    require_means(cache, client)
    require_object("reporter", reporter)
    origin, place = _absolute(source), _absolute(target)
    records, was_there = _look_at(origin, place, platform)
    is_compiled = has_byte_code(records) if compile_byte_code is None else compile_byte_code
    try:
        # The log is written last of all, so what is interrupted does not look like an environment.
        copied = copy_untracked_files(origin, place, records)
        _copy_settings(origin, place, _SETTINGS)
        result = install(
            records,
            place,
            cache=cache,
            client=client,
            platform=platform,
            reporter=reporter,
            execute_link_scripts=execute_link_scripts,
            link_options=link_options,
            compile_byte_code=is_compiled,
            requested_specs=recorded_specs(records),
            command=command,
        )
        if result.python is not None:
            site_packages = result.python.site_packages
            replaced = copy_replaced_files(origin, place, records, site_packages)
            copied = CopiedFiles(
                files=tuple(sorted([*copied.files, *replaced.files])),
                unchanged=tuple(sorted([*copied.unchanged, *replaced.unchanged])),
            )
    except BaseException as error:
        _clear(place, keep=was_there)
        if isinstance(error, OSError):
            raise explain_failure(error, place) from error
        raise
    facts = {name: getattr(result, name) for name in InstallationResult.__struct_fields__}
    return ClonedEnvironment(**facts, copied=copied)


def rename_environment(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    cache: PackageCache,
    client: Client,
    platform: Platform | None = None,
    reporter: object | None = None,
    root_prefix: str | os.PathLike[str] | None = None,
    override_frozen: bool = False,
    execute_link_scripts: bool | Collection[str] = False,
    link_options: LinkOptions | None = None,
    compile_byte_code: bool | None = None,
    lock_timeout: float = 60.0,
) -> ClonedEnvironment:
    """Give an environment another path: it is made there anew, then the old one is removed.

    Unlike a clone it keeps its history, its mark if it is frozen, and its menu items; if one cannot
    be made, there is a warning. If anything fails before the new environment is complete, the old
    one is as it was and nothing is left at the target.

    Args:
        source: The environment.
        target: Its new path: one that is not there yet, or an empty folder.
        cache: Where packages are kept.
        client: What fetches those that are not there any more.
        platform: The platform of the environment, by default the one that runs.
        reporter: An object with methods of `Reporter`.
        root_prefix: The prefix that named environments lie in, which is never renamed.
        override_frozen: Rename the environment although it is marked as frozen (CEP 22).
        execute_link_scripts: Whether packages may run scripts: all, none, or those named.
        link_options: What ways of linking may be used.
        compile_byte_code: Whether to compile the modules of `noarch: python` packages; by default
            where the old environment has byte-code.
        lock_timeout: Seconds to wait while another process changes it.

    Raises:
        FrozenEnvironmentError: The environment is frozen.
        InstallerError: It may not be removed from where it is, as `remove_environment` says.
        HognoseError: As `clone_environment`.
    """
    origin, place = _absolute(source), _absolute(target)
    _require_source(origin)
    require_removable(origin, root_prefix=root_prefix)
    if not override_frozen:
        require_not_frozen(origin)
    with PrefixLock(origin, timeout=lock_timeout):
        clone = clone_environment(
            origin,
            place,
            cache=cache,
            client=client,
            platform=platform,
            reporter=reporter,
            execute_link_scripts=execute_link_scripts,
            link_options=link_options,
            compile_byte_code=compile_byte_code,
        )
        try:
            _copy_settings(origin, place, ("conda-meta/history", FROZEN_MARKER))
            _copy_times(origin, place)
        except OSError as error:
            _clear(place, keep=False)
            raise explain_failure(error, place) from error
    menus = noted_menus(origin)
    remove_environment(
        origin, root_prefix=root_prefix, override_frozen=True, lock_timeout=lock_timeout
    )
    # Not before: items of the same name lie in the same files.
    base = root_prefix if root_prefix and os.path.isdir(f"{root_prefix}/conda-meta") else None
    for failure in make_menus_anew(place, menus, base_prefix=base):
        ReporterCalls(reporter)("warning", failure)
    return clone


def _absolute(prefix: str | os.PathLike[str]) -> str:
    path = os.path.abspath(prefix)
    return path.replace("\\", "/") if os.name == "nt" else path


def require_copyable(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    platform: Platform | None = None,
) -> None:
    """Refuse what `clone_environment` would refuse at once. Changes nothing.

    Args:
        source: The environment to copy.
        target: The new environment.
        platform: The platform of the environments, by default the one that runs.

    Raises:
        InstallerError: As `clone_environment`.
        LinkError: The target's path cannot be an environment's.
    """
    _look_at(_absolute(source), _absolute(target), platform)


def _look_at(origin: str, place: str, platform: Platform | None) -> tuple[list[PrefixRecord], bool]:
    """Return what is to be copied, and whether the target is an empty folder already."""
    _require_source(origin)
    was_there = _require_empty(place, origin)
    records = PrefixRecord.collect(origin)
    require_recorded_inside(origin, records)
    require_installable(place, records, platform=platform)
    return records, was_there


def _require_source(prefix: str) -> None:
    if not os.path.isfile(f"{prefix}/conda-meta/history"):
        raise InstallerError(f"there is no environment: {prefix}", path=prefix)
    require_own_folders(prefix)
    if has_unfinished_transaction(prefix):
        message = f"the last change of the environment was interrupted: {prefix}"
        raise InstallerError(message, path=prefix, hint="`hognose doctor --repair` ends it")


def _require_empty(place: str, origin: str) -> bool:
    """Tell whether the target is an empty folder already."""
    if place == origin or place.startswith(f"{origin}/"):
        message = f"an environment cannot be copied into itself: {place}"
        raise InstallerError(message, path=place)
    try:
        if os.listdir(place):
            raise InstallerError(f"the directory is not empty: {place}", path=place)
    except FileNotFoundError:
        if not os.path.lexists(place):
            return False
        raise InstallerError(f"a broken link is in the way: {place}", path=place) from None
    except NotADirectoryError:
        raise InstallerError(f"a file is in the way: {place}", path=place) from None
    return True


def _copy_settings(origin: str, place: str, names: tuple[str, ...]) -> None:
    for name in names:
        with suppress(FileNotFoundError):
            part = f"{place}/{name}.part"
            os.makedirs(os.path.dirname(part), exist_ok=True)
            shutil.copy2(f"{origin}/{name}", part)
            os.replace(part, f"{place}/{name}")


def _copy_times(origin: str, place: str) -> None:
    """Have the records say since when the packages are in the environment."""
    for name in os.listdir(f"{place}/conda-meta"):
        with suppress(FileNotFoundError):
            if name.endswith(".json"):
                time = os.stat(f"{origin}/conda-meta/{name}").st_mtime_ns
                os.utime(f"{place}/conda-meta/{name}", ns=(time, time))


def _clear(place: str, *, keep: bool) -> None:
    shutil.rmtree(place, ignore_errors=True)
    if keep:
        with suppress(OSError):
            os.mkdir(place)
