"""Opens the subdirs of a gateway, each as its channel's configuration allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hognose.errors import InvalidChannelError, InvalidUrlError
from hognose.net import redact, without_secrets
from hognose.repodata.shards import ShardedSubdir

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from hognose.net import Client
    from hognose.repodata.source import Subdir
    from hognose.repodata.source_config import SourceConfig
    from hognose.repodata.subdir_fetch import SubdirFetcher
    from hognose.types import Channel

__all__ = ("WHOLE", "SubdirOpener")

# Tells the files of channels that are read as a whole from those that are read shard by shard.
WHOLE = "whole"


class SubdirOpener:
    """Opens subdirs; safe in several threads.

    Args:
        client: What fetches the parts of a subdir later, when it is open.
        cache_dir: Where documents are kept; None keeps them in memory only.
        default_config: What may be tried at a channel.
        per_channel_config: The same for single channels, by base URL (or its beginning) or name.
        clock: Tells the seconds since the epoch.
        reporter: Is told what goes on; see `GatewayReporter`.
    """

    def __init__(
        self,
        client: Client,
        *,
        cache_dir: str | os.PathLike[str] | None,
        default_config: SourceConfig,
        per_channel_config: Mapping[str, SourceConfig],
        clock: Callable[[], float],
        reporter: object | None,
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        self._client = client
        self._cache_dir = cache_dir
        self._default_config = default_config
        self._per_channel_config = dict(per_channel_config)
        self._clock = clock
        self._reporter = reporter

    def open(self, channel: Channel, subdir: str, client: Client) -> Subdir | None:
        """Open a subdir by means of a client; None where the channel does not have it.

        Raises:
            InvalidChannelError: The channel's URL has a scheme that is not known.
            FetchCancelledError, FetchRepoDataError, NetworkError, InvalidPackageFileError: As for
                `SubdirFetcher.open`.
        """
        try:
            return self._fetcher(channel, subdir, self._config_for(channel)).open(client)
        except InvalidUrlError as error:
            # What the caller wrote is the channel, not the first file that was looked for in it.
            if not error.text.startswith(redact(channel.base_url)):
                raise
            refused = InvalidChannelError(redact(channel.base_url), error.rule, hint=error.hint)
            raise refused from error

    def open_whole(self, channel: Channel, subdir: str, client: Client) -> Subdir | None:
        """Open a subdir in one piece if there is such a one, else shard by shard.

        Raises:
            HognoseError: As for `open`.
        """
        opened = self.open(channel, subdir, client)
        if not isinstance(opened, ShardedSubdir):
            return opened
        config = msgspec.structs.replace(self._config_for(channel), sharded_enabled=False)
        return self._fetcher(channel, subdir, config, variant=WHOLE).open(client) or opened

    def _fetcher(
        self, channel: Channel, subdir: str, config: SourceConfig, *, variant: str = ""
    ) -> SubdirFetcher:
        from hognose.repodata.subdir_fetch import SubdirFetcher

        return SubdirFetcher(
            channel,
            subdir,
            client=self._client,
            config=config,
            cache_dir=self._cache_dir,
            now=self._clock(),
            variant=variant,
            reporter=self._reporter,
        )

    def _config_for(self, channel: Channel) -> SourceConfig:
        """The configuration whose key is the channel's name or the longest start of its URL."""
        best: str | None = None
        for key in self._per_channel_config:
            start = without_secrets(key).rstrip("/") + "/"
            is_match = key == channel.name or channel.canonical_name.startswith(start)
            if is_match and (best is None or len(key) > len(best)):
                best = key
        return self._default_config if best is None else self._per_channel_config[best]
