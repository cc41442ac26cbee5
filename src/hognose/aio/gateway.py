"""The gateway, with coroutines for methods."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, Self

from hognose.aio.loop_source import in_loop
from hognose.aio.worker_threads import listed, run_until_cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hognose.config import Config
    from hognose.net import Client
    from hognose.repodata import (
        ChannelNotice,
        ChannelRelationsMode,
        Dependent,
        GatewayNamesResult,
        GatewayQueryResult,
        SourceConfig,
    )
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

__all__ = ("Gateway",)


class Gateway:
    """Finds records in channels; the coroutine twin of `hognose.repodata.Gateway`.

    An own source may have a coroutine for `fetch_package_records`, which runs in the loop of the
    query, or a function, which is called in its threads.

    Args:
        cache_dir: The directory for repodata on disk; the one shared with conda's other Rust and
            Python tools by default.
        default_config: What may be tried at a channel.
        per_channel_config: The same for single channels, by base URL (or its beginning) or name.
        max_concurrent_requests: How many requests are under way at once.
        client: What fetches; by default one of its own, with the stored credentials.
        channel_relations_max_depth: How many steps to follow channels that channels name (CEP 42).
        reporter: Is told what goes on, in other threads than the loop's; see
            `hognose.repodata.GatewayReporter`.
    """

    def __init__(
        self,
        cache_dir: str | os.PathLike[str] | None = None,
        default_config: SourceConfig | None = None,
        per_channel_config: Mapping[str, SourceConfig] | None = None,
        max_concurrent_requests: int = 32,
        client: Client | None = None,
        *,
        channel_relations_max_depth: int | None = None,
        reporter: object | None = None,
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        from hognose.cache import default_cache_dir
        from hognose.net import Client, default_credentials
        from hognose.repodata import Gateway as Blocking

        directory = default_cache_dir() / "repodata" if cache_dir is None else cache_dir
        self.client = client or Client(credentials=default_credentials(os.environ))
        self.blocking = Blocking(
            self.client,
            cache_dir=directory,
            default_config=default_config,
            per_channel_config=per_channel_config,
            max_concurrent_requests=max_concurrent_requests,
            channel_relations_max_depth=channel_relations_max_depth,
            reporter=reporter,
        )

    @classmethod
    def from_config(
        cls,
        config: Config,
        cache_dir: str | os.PathLike[str] | None = None,
        client: Client | None = None,
        *,
        reporter: object | None = None,
    ) -> Self:
        """Make the gateway that a configuration asks for; see `hognose.configured`.

        Args:
            config: The configuration; `hognose.config.Config.load()` reads the user's.
            cache_dir: As for the class.
            client: As for the class; the one that the configuration asks for by default.
            reporter: As for the class.

        Raises:
            ConfigError: The configuration cannot be used.
        """
        from hognose.configured import client_from_config, gateway_settings

        client = client or client_from_config(config)
        return cls(cache_dir, client=client, reporter=reporter, **gateway_settings(config))

    async def query(
        self,
        sources: Iterable[Channel | str | Any],
        platforms: Iterable[Platform | str],
        specs: Iterable[MatchSpec | PackageName | str],
        recursive: bool = True,  # noqa: FBT001, FBT002  # py-rattler's signature
        channel_relations: ChannelRelationsMode | None = None,
        channel_relations_max_depth: int | None = None,
        channel_notices: bool = False,  # noqa: FBT001, FBT002  # as above
    ) -> GatewayQueryResult:
        """Return the records that specs match and, recursively, all that those may need.

        Args:
            sources: Channels, highest priority first, or what else a gateway takes.
            platforms: The subdirs to look into.
            specs: Names and match specs.
            recursive: Whether to follow dependencies.
            channel_relations: What to do about channels that channels name (CEP 42); `strict` by
                default.
            channel_relations_max_depth: How far to follow them.
            channel_notices: Whether to fetch what the channels have to say as well (CEP 6).

        Raises:
            FetchRepoDataError, NetworkError: A channel cannot be read.
        """
        given, subdirs = listed("sources", sources), listed("platforms", platforms)
        wanted = listed("specs", specs)
        loop = asyncio.get_running_loop()
        return await run_until_cancelled(
            lambda cancel: self.blocking.query(
                in_loop(given, loop, cancel),
                subdirs,
                wanted,
                recursive=recursive,
                channel_relations=channel_relations or "strict",
                channel_relations_max_depth=channel_relations_max_depth,
                channel_notices=channel_notices,
                cancel=cancel,
            )
        )

    async def names(
        self,
        sources: Iterable[Channel | str | Any],
        platforms: Iterable[Platform | str],
        channel_relations: ChannelRelationsMode | None = None,
        channel_relations_max_depth: int | None = None,
        channel_notices: bool = False,  # noqa: FBT001, FBT002  # py-rattler's signature
    ) -> GatewayNamesResult:
        """Return the names of all packages in some channels, sorted; arguments as for `query`.

        Raises:
            FetchRepoDataError, NetworkError: A channel cannot be read.
        """
        given, subdirs = listed("sources", sources), listed("platforms", platforms)
        loop = asyncio.get_running_loop()
        return await run_until_cancelled(
            lambda cancel: self.blocking.names(
                in_loop(given, loop, cancel),
                subdirs,
                channel_relations=channel_relations or "strict",
                channel_relations_max_depth=channel_relations_max_depth,
                channel_notices=channel_notices,
                cancel=cancel,
            )
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
        given, subdirs = listed("sources", sources), listed("platforms", platforms)
        loop = asyncio.get_running_loop()
        return await run_until_cancelled(
            lambda cancel: self.blocking.who_needs(
                in_loop(given, loop, cancel), subdirs, target, cancel=cancel
            )
        )

    async def newest(
        self, sources: Iterable[Channel | str | Any], platforms: Iterable[Platform | str]
    ) -> list[RepoDataRecord]:
        """Return the newest record of each name that channels have, sorted by name.

        Raises:
            FetchRepoDataError, NetworkError: A channel cannot be read.
        """
        given, subdirs = listed("sources", sources), listed("platforms", platforms)
        loop = asyncio.get_running_loop()
        return await run_until_cancelled(
            lambda cancel: self.blocking.newest(
                in_loop(given, loop, cancel), subdirs, cancel=cancel
            )
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
        given = listed("records", records)
        return await run_until_cancelled(
            lambda cancel: self.blocking.run_exports(
                given, read_archive=read_archive, cancel=cancel
            )
        )

    async def channel_notices(self, channels: Iterable[Channel | str]) -> list[ChannelNotice]:
        """Return what channels have to say (CEP 6); nothing that goes wrong is an error."""
        given = listed("channels", channels)
        return await run_until_cancelled(
            lambda cancel: self.blocking.channel_notices(given, cancel=cancel)
        )

    async def channel_relations(
        self, channel: Channel | str, platform: Platform | str
    ) -> ChannelRelations | None:
        """Return which channels one says that it stands on or overrides (CEP 42).

        Raises:
            FetchRepoDataError, NetworkError: The channel cannot be read.
        """
        return await run_until_cancelled(
            lambda cancel: self.blocking.channel_relations(channel, platform, cancel=cancel)
        )

    def clear_repodata_cache(
        self,
        channel: Channel | str,
        subdirs: Iterable[Platform | str] | None = None,
        clear_disk: bool = False,  # noqa: FBT001, FBT002  # py-rattler's signature
    ) -> None:
        """Forget a channel or some subdirs of it, and with `clear_disk` its files, too."""
        self.blocking.clear_repodata_cache(channel, subdirs, clear_disk=clear_disk)
