"""The records of channels: from a file (`SparseRepoData`) or from anywhere (`Gateway`).

Repodata is decoded as late as possible: a channel's files are cut into one piece a package name,
and only the pieces that a query reaches become records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose._lazy import attach

if TYPE_CHECKING:
    from hognose.repodata.channel_notices import ChannelNotice as ChannelNotice
    from hognose.repodata.channel_relations import (
        ChannelRelationsMode as ChannelRelationsMode,
    )
    from hognose.repodata.channel_relations import GatewayWarning as GatewayWarning
    from hognose.repodata.dependents import Dependent as Dependent
    from hognose.repodata.format_selection import (
        PackageFormatSelection as PackageFormatSelection,
    )
    from hognose.repodata.gateway import Gateway as Gateway
    from hognose.repodata.notice_watch import NoticeWatch as NoticeWatch
    from hognose.repodata.query import GatewayNamesResult as GatewayNamesResult
    from hognose.repodata.query import GatewayQueryResult as GatewayQueryResult
    from hognose.repodata.removed_package import RemovedPackage as RemovedPackage
    from hognose.repodata.reporter import GatewayReporter as GatewayReporter
    from hognose.repodata.source import MultiSource as MultiSource
    from hognose.repodata.source import RepoDataSource as RepoDataSource
    from hognose.repodata.source_config import CacheAction as CacheAction
    from hognose.repodata.source_config import SourceConfig as SourceConfig
    from hognose.repodata.sparse_repo_data import SparseRepoData as SparseRepoData
    from hognose.repodata.tier import Tier as Tier
    from hognose.repodata.tier import UnknownRevision as UnknownRevision

__all__ = (
    "CacheAction",
    "ChannelNotice",
    "ChannelRelationsMode",
    "Dependent",
    "Gateway",
    "GatewayNamesResult",
    "GatewayQueryResult",
    "GatewayReporter",
    "GatewayWarning",
    "MultiSource",
    "NoticeWatch",
    "PackageFormatSelection",
    "RemovedPackage",
    "RepoDataSource",
    "SourceConfig",
    "SparseRepoData",
    "Tier",
    "UnknownRevision",
)

__getattr__, __dir__ = attach(
    __name__,
    {
        "channel_notices": ("ChannelNotice",),
        "channel_relations": ("ChannelRelationsMode", "GatewayWarning"),
        "dependents": ("Dependent",),
        "format_selection": ("PackageFormatSelection",),
        "gateway": ("Gateway",),
        "notice_watch": ("NoticeWatch",),
        "query": ("GatewayNamesResult", "GatewayQueryResult"),
        "removed_package": ("RemovedPackage",),
        "reporter": ("GatewayReporter",),
        "source": ("MultiSource", "RepoDataSource"),
        "source_config": ("CacheAction", "SourceConfig"),
        "sparse_repo_data": ("SparseRepoData",),
        "tier": ("Tier", "UnknownRevision"),
    },
)
