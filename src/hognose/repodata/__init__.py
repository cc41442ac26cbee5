"""The records of channels: from a file (`SparseRepoData`) or from anywhere (`Gateway`).

Repodata is decoded as late as possible: a channel's files are cut into one piece a package name,
and only the pieces that a query reaches become records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose._lazy import attach

if TYPE_CHECKING:
    from hognose.repodata.channel_notices import ChannelNotice as ChannelNotice
    from hognose.repodata.dependents import Dependent as Dependent
    from hognose.repodata.format_selection import (
        PackageFormatSelection as PackageFormatSelection,
    )
    from hognose.repodata.gateway import Gateway as Gateway
    from hognose.repodata.notice_watch import NoticeWatch as NoticeWatch
    from hognose.repodata.query import GatewayQueryResult as GatewayQueryResult
    from hognose.repodata.removed_package import RemovedPackage as RemovedPackage
    from hognose.repodata.source import MultiSource as MultiSource
    from hognose.repodata.source import RepoDataSource as RepoDataSource
    from hognose.repodata.source_config import SourceConfig as SourceConfig
    from hognose.repodata.sparse_repo_data import SparseRepoData as SparseRepoData
    from hognose.repodata.tier import Tier as Tier
    from hognose.repodata.tier import UnknownRevision as UnknownRevision

__all__ = (
    "ChannelNotice",
    "Dependent",
    "Gateway",
    "GatewayQueryResult",
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
        "dependents": ("Dependent",),
        "format_selection": ("PackageFormatSelection",),
        "gateway": ("Gateway",),
        "notice_watch": ("NoticeWatch",),
        "query": ("GatewayQueryResult",),
        "removed_package": ("RemovedPackage",),
        "source": ("MultiSource", "RepoDataSource"),
        "source_config": ("SourceConfig",),
        "sparse_repo_data": ("SparseRepoData",),
        "tier": ("Tier", "UnknownRevision"),
    },
)
