"""Environments and channels, as coroutines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hognose.aio.worker_threads import listed, run, run_cancellable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from hognose.cache import PackageCache
    from hognose.channel import SubdirIndex
    from hognose.install import InstallationResult
    from hognose.net import Client
    from hognose.types import Platform, RepoDataRecord

__all__ = ("index_fs", "install")


async def install(
    records: Iterable[RepoDataRecord],
    target_prefix: str | os.PathLike[str],
    *,
    cache_dir: str | os.PathLike[str] | None = None,
    package_cache: PackageCache | None = None,
    client: Client | None = None,
    reinstall_packages: Collection[str] = (),
    ignored_packages: Collection[str] = (),
    alternative_target_prefix: str | os.PathLike[str] | None = None,
    **options: Any,
) -> InstallationResult:
    """Make an environment contain exactly the given packages, or leave it as it was.

    Args:
        records: All packages that the environment shall contain.
        target_prefix: The environment; made if it is missing.
        cache_dir: The root of the caches; the shared one by default.
        package_cache: The package cache itself, in place of the one below `cache_dir`.
        client: What fetches; by default one of its own, with the stored credentials.
        reinstall_packages: Names of packages to link again although they are the same.
        ignored_packages: Names of packages to leave as they are.
        alternative_target_prefix: The path to write into files, where it is not the prefix.
        **options: Further arguments of `hognose.install.install`.

    Raises:
        InstallerError: The environment cannot be changed.
        NetworkError, ArchiveError, PackageCacheError: A package cannot be had.
    """
    from hognose.cache import PackageCache as Cache
    from hognose.install import install as blocking
    from hognose.net import Client, default_credentials

    root = None if cache_dir is None else os.path.join(cache_dir, "pkgs")
    cache = package_cache or Cache(root)
    wanted = listed("records", records)
    fetcher = client or Client(credentials=default_credentials(os.environ))
    try:
        return await run_cancellable(
            lambda is_cancelled: blocking(
                wanted,
                target_prefix,
                cache=cache,
                client=fetcher,
                reinstall=reinstall_packages,
                ignored=ignored_packages,
                target_prefix_override=alternative_target_prefix,
                is_cancelled=is_cancelled,
                **options,
            )
        )
    finally:
        if client is None:
            fetcher.close()


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
