"""What a command works with: one client, one cache, one gateway, made when first needed."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Self

from hognose.cli.channels import find_channels
from hognose.progress import spinner

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from hognose.cache import PackageCache
    from hognose.config import Config
    from hognose.console import Console
    from hognose.net import Client
    from hognose.repodata import Gateway, RepoDataSource, SparseRepoData
    from hognose.types import (
        Channel,
        GenericVirtualPackage,
        MatchSpec,
        Platform,
        RepoDataRecord,
    )

__all__ = ("Session",)


class QueriedChannel:
    """A channel's records that a query found, as a source of a solve."""

    def __init__(
        self,
        channel: Channel | SparseRepoData | RepoDataSource,
        records: Iterable[RepoDataRecord],
        gateway: Gateway,
        platforms: Sequence[Platform],
    ) -> None:
        """Sort the records by name."""
        self.channel = channel
        self._gateway = gateway
        self._platforms = platforms
        self._by_name: dict[str, list[RepoDataRecord]] = {}
        for record in records:
            self._by_name.setdefault(record.name, []).append(record)

    def load_records(self, name: str) -> Sequence[RepoDataRecord]:
        """Return the records of a name."""
        return self._by_name.get(name, ())

    def package_names(self) -> Sequence[str]:
        """Return the names of the whole channel, to find the one that was meant."""
        return self._gateway.names((self.channel,), self._platforms)


class Session:
    """The means of one command; a context manager that closes what it opened."""

    def __init__(self, arguments: argparse.Namespace, console: Console) -> None:
        """Read the shared options."""
        self.console = console
        self._arguments = arguments
        self._opened: list[Client] = []

    @cached_property
    def channels(self) -> tuple[Channel, ...]:
        """The channels, highest priority first."""
        return find_channels(self._arguments.channels, config=self.config)

    @cached_property
    def config(self) -> Config:
        """The settings of this user and this machine."""
        from hognose.cli.settings import load_config

        config = load_config()
        if self.console.verbose:
            for unused in config.unused_keys:
                self.console.detail(f"{unused.source}: `{unused.key}` is not used by hognose")
        return config

    @cached_property
    def client(self) -> Client:
        """What fetches URLs."""
        from hognose.cli.settings import make_client

        client = make_client(self.config, offline=getattr(self._arguments, "offline", False))
        self._opened.append(client)
        return client

    @cached_property
    def cache(self) -> PackageCache:
        """The package cache that is shared with conda's other tools."""
        from hognose.cache import PackageCache

        return PackageCache.default()

    @cached_property
    def gateway(self) -> Gateway:
        """What fetches repodata."""
        from hognose.cache import default_cache_dir
        from hognose.cli.settings import source_configs
        from hognose.repodata import Gateway

        default, per_channel = source_configs(self.config)
        return Gateway(
            self.client,
            cache_dir=default_cache_dir() / "repodata",
            default_config=default,
            per_channel_config=per_channel,
            channel_relations_max_depth=self.config.channel_relations_max_depth,
        )

    def virtual_packages(self, platform: Platform) -> tuple[GenericVirtualPackage, ...]:
        """Return what the machine offers, or what is assumed of a foreign one (CEP 30)."""
        from hognose.virtual_packages import VirtualPackageOverrides, detect

        return detect(platform=platform, overrides=VirtualPackageOverrides.from_env(os.environ))

    def solve(
        self,
        specs: Sequence[MatchSpec],
        platform: Platform,
        *,
        locked_packages: Iterable[RepoDataRecord] = (),
        pinned_packages: Iterable[RepoDataRecord] = (),
        constraints: Sequence[MatchSpec] = (),
    ) -> list[RepoDataRecord]:
        """Fetch what the specs reach and solve.

        Raises:
            UnsolvableError: No environment satisfies the specs.
            FetchRepoDataError, NetworkError: A channel cannot be read.
        """
        from hognose.solve import solve
        from hognose.types import ChannelPriority, Platform

        virtual_packages = self.virtual_packages(platform)
        with spinner(self.console, f"solving for {platform}"):
            platforms = (platform, Platform("noarch"))
            # By name, so that an explanation can tell of the versions that no spec allows.
            wanted = [str(spec.name.exact or spec) for spec in (*specs, *constraints)]
            results = self.gateway.query(self.channels, platforms, wanted)
            return solve(
                specs,
                [
                    QueriedChannel(channel, records, self.gateway, platforms)
                    for channel, records in zip(results.sources, results, strict=True)
                ],
                virtual_packages=virtual_packages,
                locked_packages=tuple(locked_packages),
                pinned_packages=tuple(pinned_packages),
                constraints=constraints,
                channel_priority=ChannelPriority[self._arguments.channel_priority.upper()],
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for client in self._opened:
            client.close()
