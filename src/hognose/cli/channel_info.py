"""What `hognose channel info` tells of a channel."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from hognose.console import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.cli.session import Session
    from hognose.console import Console
    from hognose.repodata import Tier
    from hognose.types import Channel, Platform

__all__ = ("describe_channels", "print_channels")


def describe_channels(session: Session, platforms: Sequence[Platform]) -> list[dict[str, Any]]:
    """Return what each channel has and says, as plain values; related channels included.

    Notices that have expired are left out.

    Raises:
        FetchRepoDataError, NetworkError: A channel cannot be read.
    """
    gateway = session.gateway
    tiers = gateway.open(session.channels, platforms)
    session.repodata_reporter.tell_of_unknown_revisions(aloud=False)
    notices = gateway.channel_notices([tier.source for tier in tiers])  # type: ignore[misc]  # only channels were given
    by_channel: dict[str, list[Any]] = {}
    now = time.time()
    for notice in notices:
        if notice.has_expired(now):
            continue
        by_channel.setdefault(notice.channel, []).append(notice)
    return [_describe(tier, by_channel.get(str(tier.source), [])) for tier in tiers]


def _describe(tier: Tier, notices: list[Any]) -> dict[str, Any]:
    channel: Channel = tier.source  # type: ignore[assignment]  # only channels were given
    return {
        "name": channel.name or channel.canonical_name,
        "url": channel.canonical_name,
        "subdirs": [
            {
                "subdir": subdir.info.subdir,
                "names": len(subdir.package_names()),
                "base_url": subdir.info.base_url,
                "relations": subdir.info.channel_relations,
                "revisions": subdir.info.repodata_revisions,
            }
            for subdir in tier.subdirs
        ],
        "unknown_revisions": list(tier.unknown_revisions()),
        "notices": notices,
    }


def print_channels(channels: Sequence[dict[str, Any]], console: Console) -> None:
    """Print descriptions for people."""
    for channel in channels:
        console.result(label=str(channel["name"]))
        console.result(f"  {channel['url']}")
        for subdir in channel["subdirs"]:
            console.result(f"  {subdir['subdir'] or '?':16} {counted(subdir['names'], 'name')}")
            if subdir["base_url"] and subdir["base_url"] != "./":
                console.result(f"  {'':16} archives lie at {subdir['base_url']}")
            relations = subdir["relations"]
            if relations and relations.base:
                console.result(f"  {'':16} stands on {relations.base}")
            if relations and relations.overrides:
                console.result(f"  {'':16} overrides {relations.overrides}")
        for revision in channel["unknown_revisions"]:
            count = "some" if revision.package_count is None else revision.package_count
            text = f"{count} packages need a newer version of hognose ({revision.revision})"
            console.result(f"  {revision.subdir or '?':16} {text}")
            if revision.message:
                console.result(f"  {'':16} {revision.message}")
        for notice in channel["notices"]:
            console.result(f"  {notice.level:16} {notice.message}")
