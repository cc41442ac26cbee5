"""The verbs as coroutines, in the shape of py-rattler's API.

Each runs its blocking twin in a worker thread. A coroutine that is cancelled sets the cancel flag
of its call, waits until the call has left the disk as it found it, and only then raises
`asyncio.CancelledError`. What has no twin here does not wait for anything: versions, specs,
records, lock files and activation are the same objects in both worlds.
"""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from hognose._several import require_several

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from datetime import datetime, timedelta

    from hognose.archive import ArchiveDigest
    from hognose.cache import PackageCache
    from hognose.channel import SubdirIndex
    from hognose.install import InstallationResult
    from hognose.net import Client
    from hognose.repodata import ChannelNotice, Dependent, GatewayQueryResult, SparseRepoData
    from hognose.types import (
        Channel,
        ChannelRelations,
        GenericVirtualPackage,
        MatchSpec,
        PackageName,
        PackageRecord,
        Platform,
        RepoDataRecord,
        RunExportsJson,
    )

__all__ = (
    "Gateway",
    "download_and_extract",
    "download_bytes",
    "extract",
    "index_fs",
    "install",
    "solve",
    "solve_with_sparse_repodata",
)

P = ParamSpec("P")
T = TypeVar("T")


async def _run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a call that cannot be cut short in a thread; a cancellation waits for its end."""
    future = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    return await _until_done(future, lambda: None)


async def _run_fetching(client: Client, function: Callable[[Client], T]) -> T:
    """Run a call with a client that is stopped when the coroutine is cancelled."""
    from hognose.net import Cancellation

    cancellation = Cancellation()
    stoppable = client.cancelled_by(cancellation)
    future = asyncio.ensure_future(asyncio.to_thread(function, stoppable))
    return await _until_done(future, cancellation.cancel)


async def _run_cancellable(
    function: Callable[[Callable[[], bool]], T],
) -> T:
    """Run a call that asks now and then whether it is cancelled."""
    flag = threading.Event()
    future = asyncio.ensure_future(asyncio.to_thread(function, flag.is_set))
    return await _until_done(future, flag.set)


async def _until_done(future: asyncio.Future[T], cancel: Callable[[], None]) -> T:
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        cancel()
        await asyncio.wait([future])
        # What the call raised on its way out is not the caller's business any more.
        future.exception()
        raise


def _listed(argument: str, given: Iterable[T]) -> list[T]:
    return list(require_several(argument, given))


class Gateway:
    """Finds records in channels; the coroutine twin of `hognose.repodata.Gateway`.

    Args:
        cache_dir: The directory for repodata on disk; the one shared with conda's other Rust and
            Python tools by default.
        client: What fetches; by default one of its own, with the stored credentials.
        **settings: Further arguments of `hognose.repodata.Gateway`.
    """

    def __init__(
        self,
        cache_dir: str | os.PathLike[str] | None = None,
        *,
        client: Client | None = None,
        **settings: Any,
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        from hognose.cache import default_cache_dir
        from hognose.net import Client, default_credentials
        from hognose.repodata import Gateway as Blocking

        directory = default_cache_dir() / "repodata" if cache_dir is None else cache_dir
        self.client = client or Client(credentials=default_credentials(os.environ))
        self.blocking = Blocking(self.client, cache_dir=directory, **settings)

    async def query(
        self,
        sources: Iterable[Channel | str | Any],
        platforms: Iterable[Platform | str],
        specs: Iterable[MatchSpec | PackageName | str],
        recursive: bool = True,  # noqa: FBT001, FBT002  # py-rattler's signature
        *,
        channel_relations_max_depth: int | None = None,
    ) -> GatewayQueryResult:
        """Return the records that specs match and, recursively, all that those may need.

        Args:
            sources: Channels, highest priority first, or what else a gateway takes.
            platforms: The subdirs to look into.
            specs: Names and match specs.
            recursive: Whether to follow dependencies.
            channel_relations_max_depth: How far to follow channels that channels name (CEP 42).

        Raises:
            FetchRepoDataError, NetworkError: A channel cannot be read.
        """
        return await _run(
            self.blocking.query,
            _listed("sources", sources),
            _listed("platforms", platforms),
            _listed("specs", specs),
            recursive=recursive,
            channel_relations_max_depth=channel_relations_max_depth,
        )

    async def names(
        self, sources: Iterable[Channel | str | Any], platforms: Iterable[Platform | str]
    ) -> list[PackageName]:
        """Return the names of all packages in some channels, sorted.

        Raises:
            FetchRepoDataError, NetworkError: A channel cannot be read.
        """
        return await _run(
            self.blocking.names, _listed("sources", sources), _listed("platforms", platforms)
        )

    async def who_needs(
        self,
        sources: Iterable[Channel | str | Any],
        platforms: Iterable[Platform | str],
        target: str | PackageName | PackageRecord | GenericVirtualPackage,
    ) -> list[Dependent]:
        """Return the packages that refer to one: its reverse dependencies.

        Raises:
            FetchRepoDataError, NetworkError: A channel cannot be read.
        """
        return await _run(
            self.blocking.who_needs,
            _listed("sources", sources),
            _listed("platforms", platforms),
            target,
        )

    async def run_exports(
        self,
        records: Iterable[RepoDataRecord],
        *,
        read_archive: Callable[[RepoDataRecord], RunExportsJson | None] | None = None,
    ) -> list[RunExportsJson | None]:
        """Return the run exports of each record: from it, its channel's file, or its archive.

        Args:
            records: The packages.
            read_archive: Reads them out of a package; called in worker threads.

        Raises:
            NetworkError: A server does not answer.
        """
        return await _run(
            self.blocking.run_exports, _listed("records", records), read_archive=read_archive
        )

    async def channel_notices(self, channels: Iterable[Channel | str]) -> list[ChannelNotice]:
        """Return what channels have to say (CEP 6); nothing that goes wrong is an error."""
        return await _run(self.blocking.channel_notices, _listed("channels", channels))

    async def channel_relations(
        self, channel: Channel | str, platform: Platform | str
    ) -> ChannelRelations | None:
        """Return which channels one says that it stands on or overrides (CEP 42).

        Raises:
            FetchRepoDataError, NetworkError: The channel cannot be read.
        """
        return await _run(self.blocking.channel_relations, channel, platform)

    def clear_repodata_cache(
        self,
        channel: Channel | str,
        subdirs: Iterable[Platform | str] | None = None,
        clear_disk: bool = False,  # noqa: FBT001, FBT002  # py-rattler's signature
    ) -> None:
        """Forget a channel or some subdirs of it, and with `clear_disk` its files, too."""
        self.blocking.clear_repodata_cache(channel, subdirs, clear_disk=clear_disk)


async def solve(
    sources: Sequence[Channel | str | Any],
    specs: Sequence[MatchSpec | str],
    gateway: Gateway | None = None,
    platforms: Sequence[Platform | str] | None = None,
    *,
    virtual_packages: Sequence[GenericVirtualPackage] | None = None,
    constraints: Sequence[MatchSpec | str] | None = None,
    timeout: timedelta | None = None,  # noqa: ASYNC109  # py-rattler's signature
    **options: Any,
) -> list[RepoDataRecord]:
    """Fetch what the specs reach and find an environment that meets them.

    Args:
        sources: Channels, highest priority first, or what else a gateway takes.
        specs: What must be installed.
        gateway: What fetches repodata; one of its own by default.
        platforms: The subdirs to look into; this machine's and noarch by default.
        virtual_packages: What the target machine offers; nothing by default.
        constraints: Specs that hold for a package if it is installed.
        timeout: When to give up.
        **options: Further arguments of `hognose.solve.solve`.

    Returns:
        The records, each after what it depends on.

    Raises:
        UnsolvableError: Nothing meets the specs.
        SolveCancelledError: The time ran out.
        FetchRepoDataError, NetworkError: A channel cannot be read.
    """
    from hognose.types import MatchSpec, Platform

    channels = _listed("sources", sources)
    given, limiting = _listed("specs", specs), _listed("constraints", constraints or ())
    wanted = [spec if isinstance(spec, MatchSpec) else MatchSpec(spec) for spec in given]
    limits = [spec if isinstance(spec, MatchSpec) else MatchSpec(spec) for spec in limiting]
    finder = gateway or Gateway()
    subdirs = platforms or (Platform.current(), Platform("noarch"))
    # By name: a solve that fails can then tell of the versions that no spec allows.
    names = [str(spec.name.exact or spec) for spec in (*wanted, *limits)]
    found = await finder.query(channels, subdirs, names)
    return await _solve(wanted, found, virtual_packages, limits, timeout, options)


async def solve_with_sparse_repodata(
    specs: Sequence[MatchSpec | str],
    sparse_repodata: Sequence[SparseRepoData],
    *,
    virtual_packages: Sequence[GenericVirtualPackage] | None = None,
    constraints: Sequence[MatchSpec | str] | None = None,
    timeout: timedelta | None = None,  # noqa: ASYNC109  # py-rattler's signature
    **options: Any,
) -> list[RepoDataRecord]:
    """Find an environment in repodata that is at hand; like `solve` without a gateway.

    Raises:
        UnsolvableError: Nothing meets the specs.
        SolveCancelledError: The time ran out.
    """
    return await _solve(specs, sparse_repodata, virtual_packages, constraints, timeout, options)


async def _solve(
    specs: Sequence[MatchSpec | str],
    sources: Sequence[Any],
    virtual_packages: Sequence[GenericVirtualPackage] | None,
    constraints: Sequence[MatchSpec | str] | None,
    limit: timedelta | None,
    options: dict[str, Any],
) -> list[RepoDataRecord]:
    from hognose.solve import solve as blocking

    options = {name: value for name, value in options.items() if value is not None}
    return await _run_cancellable(
        lambda is_cancelled: blocking(
            specs,
            sources,
            virtual_packages=virtual_packages or (),
            constraints=constraints or (),
            timeout=limit,
            cancelled=is_cancelled,
            **options,
        )
    )


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
    wanted = _listed("records", records)
    fetcher = client or Client(credentials=default_credentials(os.environ))
    try:
        return await _run_cancellable(
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


async def extract(
    path: str | os.PathLike[str], dest: str | os.PathLike[str]
) -> tuple[bytes, bytes]:
    """Extract a package archive; return its SHA-256 and MD5.

    Raises:
        ArchiveError: It cannot be read, or would write outside `dest`.
    """
    from hognose.archive import extract as blocking

    return _hashes(await _run(blocking, path, dest))


async def download_and_extract(
    client: Client, url: str, dest: str | os.PathLike[str], expected_sha: bytes | None = None
) -> tuple[bytes, bytes]:
    """Extract a package archive while it is downloaded; return its SHA-256 and MD5.

    Raises:
        NetworkError: It cannot be fetched.
        ArchiveError: It cannot be read, or would write outside `dest`.
        HashMismatchError: It is not the one expected; nothing of it is left.
    """
    return await _run_fetching(
        client, lambda stoppable: _download_and_extract(stoppable, url, dest, expected_sha)
    )


def _download_and_extract(
    client: Client, url: str, dest: str | os.PathLike[str], expected_sha: bytes | None
) -> tuple[bytes, bytes]:
    from hognose.archive import extract as blocking

    name = url.split("?", maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1]
    with client.open(url) as response:
        return _hashes(blocking(response, dest, expected_sha256=expected_sha, archive_name=name))


def _hashes(digest: ArchiveDigest) -> tuple[bytes, bytes]:
    return digest.sha256, digest.md5


async def download_bytes(client: Client, url: str) -> bytes:
    """Fetch a document.

    Raises:
        NetworkError: It cannot be fetched.
    """
    return await _run_fetching(client, lambda stoppable: stoppable.get(url))


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
    return await _run(
        index_channel,
        channel_directory,
        subdirs=None if target_platform is None else ("noarch", str(target_platform)),
        repodata_patch=repodata_patch,
        write_zst=write_zst,
        write_shards=write_shards,
        force=force,
        indexed_timestamp_ms=stamp,
    )
