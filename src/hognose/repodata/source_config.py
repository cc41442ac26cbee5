"""What a gateway may try at a channel, and how it uses what it has on disk."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ("CacheAction", "SourceConfig")

CacheAction = Literal["cache-or-fetch", "use-cache-only", "force-cache-only", "no-cache"]
"""How the files on disk are used.

`cache-or-fetch` uses what is fresh and asks the server about the rest; `use-cache-only` uses what
is fresh and fails otherwise; `force-cache-only` uses whatever is there; `no-cache` always fetches.
"""


class SourceConfig(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Switches for one channel.

    Attributes:
        sharded_enabled: Whether to look for sharded repodata (CEP 16).
        zstd_enabled: Whether to look for `repodata.json.zst`.
        bz2_enabled: Whether to look for `repodata.json.bz2`.
        cache_action: How the files on disk are used.
    """

    sharded_enabled: bool = True
    zstd_enabled: bool = True
    bz2_enabled: bool = True
    cache_action: CacheAction = "cache-or-fetch"
