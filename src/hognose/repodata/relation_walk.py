"""Follows channels to those that they name in their repodata, and so on (CEP 42)."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from hognose.types import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hognose.repodata.channel_relations import RelationPolicy
    from hognose.repodata.tier import Tier

__all__ = ("RelationWalk",)


class RelationWalk:
    """One walk, from the sources that were asked for.

    Args:
        given: The sources, open; those that are no channels have no relations.
        policy: What to do about relations that make no sense.
    """

    def __init__(self, given: Sequence[Tier], policy: RelationPolicy) -> None:
        """Begin with the sources."""
        self._given = given
        self._policy = policy
        # By the base URL of a channel, and by a number for what has none, or stands there again.
        self._known: dict[str, Tier] = {}
        for number, tier in enumerate(given):
            key = tier.source.base_url if isinstance(tier.source, Channel) else f"#{number}"
            self._known[f"#{number}" if key in self._known else key] = tier
        # Pairs of a channel and one that stands below it.
        self._edges: list[tuple[str, str]] = []

    def run(
        self,
        open_channels: Callable[[Sequence[str], Mapping[str, str]], Mapping[str, Tier]],
        *,
        max_depth: int,
    ) -> list[Tier]:
        """Walk until there is nothing new.

        Args:
            open_channels: Opens channels by their base URLs, of which it may leave some out; told
                which channel names each.
            max_depth: How many steps to go.

        Returns:
            The sources and what they lead to, highest priority first; without relations they are
            the sources in their order.

        Raises:
            FetchRepoDataError: Relations contradict each other, or lead too far.
        """
        keys = list(self._known)
        latest = [key for key in keys if not key.startswith("#")]
        for depth in count():
            for key in latest:
                infos = [subdir.info for subdir in self._known[key].subdirs]
                self._edges += self._policy.edges_of(key, infos)
            named = dict.fromkeys(key for edge in self._edges for key in edge)
            missing = [key for key in named if key not in self._known]
            if not missing:
                break
            if depth == max_depth:
                self._policy.refuse_depth(missing[0], max_depth)
                self._forget_unknown()
                break
            named_by = {key: other for edge in self._edges for key, other in (edge, edge[::-1])}
            opened = open_channels(missing, named_by)
            self._known |= opened
            self._forget_unknown()
            latest = list(opened)
        if not self._edges:
            return list(self._given)
        return [self._known[key] for key in self._policy.order(keys, self._edges)]

    def _forget_unknown(self) -> None:
        """Leave out relations with channels that are not open: they cannot be, or are too far."""
        self._edges = [edge for edge in self._edges if self._known.keys() >= set(edge)]
