"""Environments and channels, as coroutines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hognose.aio.worker_threads import listed, run, run_cancellable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from datetime import datetime

    from hognose.cache import PackageCache
    from hognose.channel import SubdirIndex
    from hognose.config import Config
    from hognose.install import InstallationResult
    from hognose.net import Client
    from hognose.types import MatchSpec, Platform, PrefixRecord, RepoDataRecord

__all__ = ("index_fs", "install")


async def install(
    records: Iterable[RepoDataRecord],
    target_prefix: str | os.PathLike[str],
    *,
    cache_dir: str | os.PathLike[str] | None = None,
    installed_packages: Sequence[PrefixRecord] | None = None,
    reinstall_packages: Collection[str] | None = None,
    ignored_packages: Collection[str] | None = None,
    platform: Platform | str | None = None,
    execute_link_scripts: bool | Collection[str] | None = None,
    client: Client | None = None,
    requested_specs: Iterable[MatchSpec | str] | None = None,
    reporter: object | None = None,
    alternative_target_prefix: str | os.PathLike[str] | None = None,
    config: Config | None = None,
    package_cache: PackageCache | None = None,
    **options: Any,
) -> InstallationResult:
    """Make an environment contain exactly the given packages, or leave it as it was.

    Args:
        records: All packages that the environment shall contain.
        target_prefix: The environment; made if it is missing.
        cache_dir: The root of the caches; the shared one by default.
        installed_packages: What was in the environment when `records` were found. If something
            else is there once the environment is locked, nothing is changed.
        reinstall_packages: Names of packages to link again although they are the same.
        ignored_packages: Names of packages to leave as they are.
        platform: The platform to install for; by default the one that runs.
        execute_link_scripts: Whether packages may run scripts: all, none, or those named; by
            default what `config` says, or none.
        client: What fetches; by default the one that `config` asks for, or one with the stored
            credentials. That is closed at the end.
        requested_specs: The specs of the user, recorded with the packages that they name.
        reporter: An object with methods of `hognose.install.Reporter`, called in other threads
            than the loop's.
        alternative_target_prefix: The path to write into files, where it is not the prefix.
        config: The configuration to go by where no argument says otherwise: how files are linked,
            how many packages are fetched at once, link scripts, the network, and the package
            caches. None is read by itself; `hognose.config.Config.load()` reads the user's.
        package_cache: The package cache itself, in place of the one below `cache_dir`.
        **options: Further arguments of `hognose.install.install`.

    Raises:
        TypeError: An argument is of another kind than it takes.
        ConfigError: The configuration cannot be used.
        InstallerError: The environment cannot be changed.
        NetworkError, ArchiveError, PackageCacheError: A package cannot be had.
    """
    from hognose.install import install as blocking
    from hognose.install import install_settings

    wanted = listed("records", records)
    settings = {} if config is None else install_settings(config)
    if execute_link_scripts is not None:
        settings["execute_link_scripts"] = execute_link_scripts
    settings |= options
    cache = _cache(cache_dir, config) if package_cache is None else package_cache
    fetcher = _client(config) if client is None else client
    try:
        return await run_cancellable(
            lambda is_cancelled: blocking(
                wanted,
                target_prefix,
                cache=cache,
                client=fetcher,
                installed=installed_packages,
                reinstall=() if reinstall_packages is None else reinstall_packages,
                ignored=() if ignored_packages is None else ignored_packages,
                platform=platform,
                requested_specs=requested_specs,
                reporter=reporter,
                target_prefix_override=alternative_target_prefix,
                is_cancelled=is_cancelled,
                **settings,
            )
        )
    finally:
        if client is None:
            fetcher.close()


def _cache(directory: str | os.PathLike[str] | None, config: Config | None) -> PackageCache:
    from hognose.cache import PackageCache

    if directory is None and config is not None:
        from hognose.configured import package_cache_from_config

        return package_cache_from_config(config)
    return PackageCache(None if directory is None else os.path.join(directory, "pkgs"))


def _client(config: Config | None) -> Client:
    if config is not None:
        from hognose.configured import client_from_config

        return client_from_config(config)
    from hognose.net import Client, default_credentials

    return Client(credentials=default_credentials(os.environ))


async def index_fs(
    channel_directory: str | os.PathLike[str],
    target_platform: Platform | str | None = None,
    repodata_patch: str | os.PathLike[str] | None = None,
    *,
    write_zst: bool = True,
    write_shards: bool = True,
    force: bool = False,
    now: Callable[[], datetime] | None = None,
) -> tuple[SubdirIndex, ...]:
    """Write the index of a channel's directory.

    Args:
        channel_directory: The directory.
        target_platform: The only subdir to index beside noarch; all of them by default.
        repodata_patch: A package, or a directory, with corrections of records.
        write_zst: Whether to write `repodata.json.zst`.
        write_shards: Whether to write sharded repodata (CEP 16).
        force: Whether to read every package anew.
        now: The clock for the time at which packages are indexed first (CEP 47).

    Raises:
        ArchiveError, InvalidPackageFileError: A package cannot be indexed.
    """
    from hognose.channel import index_channel

    stamp = None if now is None else round(now().timestamp() * 1000)
    return await run(
        index_channel,
        channel_directory,
        subdirs=None if target_platform is None else ("noarch", str(target_platform)),
        repodata_patch=repodata_patch,
        write_zst=write_zst,
        write_shards=write_shards,
        force=force,
        indexed_timestamp_ms=stamp,
    )
