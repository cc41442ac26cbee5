"""In which order channels stand that name each other in their repodata (CEP 42).

Pure: who fetches the repodata is `hognose.repodata.gateway`. Nodes are base URLs of channels; a
source that is no channel has a key of its own and no relations.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from hognose.errors import FetchCancelledError, FetchRepoDataError, NetworkError
from hognose.net import join_url, redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.types import ChannelInfo

__all__ = (
    "DEFAULT_MAX_DEPTH",
    "ChannelRelationsMode",
    "GatewayWarning",
    "RelationPolicy",
    "order_channels",
    "relation_edges",
)

DEFAULT_MAX_DEPTH = 10
ChannelRelationsMode = Literal["disabled", "warn", "strict"]
"""What to do about channels that channels name.

`disabled` uses only the channels that were asked for. `strict` follows the others, and what is
wrong with them is an error, as CEP 42 demands. `warn` follows them as far as that is possible, and
what is not is a `GatewayWarning`.
"""

_HINT = "0 as `channel_relations_max_depth` leaves such relations out"


class GatewayWarning(UserWarning):
    """Relations of channels that a query went on without."""


class RelationPolicy:
    """Turns what is wrong with the relations of channels into errors, or into warnings."""

    __slots__ = ("_is_strict",)

    def __init__(self, mode: ChannelRelationsMode) -> None:
        """Keep what is wanted.

        Raises:
            ValueError: There is no such mode.
        """
        if mode not in ("strict", "warn", "disabled"):
            message = f'`channel_relations` is "disabled", "warn" or "strict", not {mode!r}'
            raise ValueError(message)
        self._is_strict = mode == "strict"

    def tolerate(self, error: FetchRepoDataError | NetworkError) -> None:
        """Warn of what went wrong; to be called while it is handled.

        Raises:
            FetchRepoDataError, NetworkError: What went wrong, if that is an error.
        """
        if self._is_strict or isinstance(error, FetchCancelledError):
            raise error
        warnings.warn(error.message, GatewayWarning, stacklevel=2)

    def edges_of(self, base_url: str, infos: Iterable[ChannelInfo]) -> list[tuple[str, str]]:
        """Return what `relation_edges` does, or nothing."""
        try:
            return relation_edges(base_url, infos)
        except FetchRepoDataError as error:
            self.tolerate(error)
            return []

    def refuse_depth(self, base_url: str, max_depth: int) -> None:
        """Say that relations lead too far.

        Raises:
            FetchRepoDataError: That is an error.
        """
        shown = redact(base_url)
        message = f"the relations of channels lead more than {max_depth} steps, to {shown}"
        hint = "raise `channel_relations_max_depth`, or set it to 0 to leave them out"
        self.tolerate(FetchRepoDataError(message, hint=hint, url=shown))

    def order(self, given: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[str]:
        """Return what `order_channels` does; without the edges that close a cycle.

        Raises:
            FetchRepoDataError: There is such a one, and that is an error.
        """
        try:
            return order_channels(given, edges)
        except FetchRepoDataError as error:
            self.tolerate(error)
        kept: list[tuple[str, str]] = []
        for edge in edges:
            with suppress(FetchRepoDataError):
                order_channels(given, [*kept, edge])
                kept.append(edge)
        return order_channels(given, kept)


def relation_edges(base_url: str, infos: Iterable[ChannelInfo]) -> list[tuple[str, str]]:
    """Return the pairs (higher, lower) that a channel's subdirs declare.

    Args:
        base_url: The declaring channel.
        infos: What each of its subdirs says of itself; a pair counts once.

    Raises:
        FetchRepoDataError: A reference is no relative path, or both relations name one channel.
    """
    edges: dict[tuple[str, str], None] = {}
    for info in infos:
        relations = info.channel_relations
        if relations is None:
            continue
        base = _resolve(base_url, relations.base)
        overrides = _resolve(base_url, relations.overrides)
        if base is not None and base == overrides:
            raise _broken(base_url, f"names {redact(base)} as its base and as overridden")
        if base is not None:
            edges[base, base_url] = None
        if overrides is not None:
            edges[base_url, overrides] = None
    return list(edges)


def order_channels(given: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[str]:
    """Return all channels, highest priority first: the given ones and those that edges name.

    The order of the given channels stands, and edges that contradict it are left out. A related
    channel is a neighbour of the one that declared it where the edges allow that.

    Raises:
        FetchRepoDataError: The edges form a cycle.
    """
    rank = {channel: position for position, channel in enumerate(given)}
    higher: dict[str, list[str]] = {channel: [] for channel in given}
    relatives: dict[str, list[str]] = {}
    for above, below in pairwise(given):
        higher[below].append(above)
    for above, below in dict.fromkeys(edges):
        if above in rank and below in rank and rank[below] < rank[above]:
            continue
        higher.setdefault(above, [])
        higher.setdefault(below, []).append(above)
        relatives.setdefault(above, []).append(below)
    _require_no_cycle(higher)
    return _Placing(higher, relatives).run(given)


class _Placing:
    """Lays out a graph without cycles: a channel after all that stand above it."""

    def __init__(self, higher: dict[str, list[str]], relatives: dict[str, list[str]]) -> None:
        self._higher = higher
        self._relatives = relatives
        self._placed: dict[str, None] = {}

    def run(self, given: Sequence[str]) -> list[str]:
        for channel in (*given, *self._higher):
            self._place(channel)
        return list(self._placed)

    def _place(self, channel: str) -> None:
        if channel in self._placed:
            return
        for above in self._higher[channel]:
            self._place(above)
        self._placed[channel] = None
        for below in self._relatives.get(channel, ()):
            # Next to the one that overrides it, unless something else has to stand between.
            if all(above in self._placed for above in self._higher[below]):
                self._place(below)


def _require_no_cycle(higher: dict[str, list[str]]) -> None:
    done: set[str] = set()
    for start in [channel for channel in higher if higher[channel]]:
        if start in done:
            continue
        path: dict[str, None] = {start: None}
        stack = [(start, iter(higher[start]))]
        while stack:
            channel, rest = stack[-1]
            above = next(rest, None)
            if above is None:
                stack.pop()
                del path[channel]
                done.add(channel)
            elif above in path:
                raise _broken(above, "stands above and below itself")
            elif above not in done:
                path[above] = None
                stack.append((above, iter(higher[above])))


def _resolve(base_url: str, reference: str | None) -> str | None:
    if reference is None:
        return None
    if not reference.startswith("../"):
        raise _broken(base_url, f"names `{redact(reference)}`, which does not start with `../`")
    return join_url(base_url, f"{reference.rstrip('/')}/")


def _broken(base_url: str, what: str) -> FetchRepoDataError:
    shown = redact(base_url)
    message = f"the relations of the channel {shown} cannot be used: it {what}"
    return FetchRepoDataError(message, hint=_HINT, url=shown)
