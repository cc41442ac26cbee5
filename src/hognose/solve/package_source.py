"""Where candidates come from: sources of records, in tiers by channel, and what hides a record.

A tier is all sources of one channel (say its `linux-64` and its `noarch` part), and a name is
asked for in one tier after the other. What a record's channel or age hides is left out here; it is
looked up again, with its reason, when a solve that failed has to be explained.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import msgspec

from hognose.types import ChannelPriority, RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hognose.solve.options import ExcludeNewer
    from hognose.solve.overrides import DependencyOverrides
    from hognose.types import Channel


_RECORDS_AT_ONCE = 2048


@runtime_checkable
class PackageSource(Protocol):
    """Gives the records of a name; asked at most once per name and solve.

    A source may have an attribute `channel`. Sources of equal channels then make one tier, and
    with strict priority a lower tier is not asked for names that a higher one has.
    """

    def load_records(self, name: str) -> Sequence[RepoDataRecord]:
        """All records of a package, by its normalised name; empty if there are none."""
        ...


class RecordList:
    """A source made of records that are at hand.

    Attributes:
        channel: The channel of the first record; None without records.
    """

    def __init__(
        self, records: Sequence[RepoDataRecord], tick: Callable[[], None] | None = None
    ) -> None:
        """Sort the records by name; their order is kept. A `tick` is called every millisecond.

        Raises:
            TypeError: It is no list: a single record, or a channel that nobody has fetched.
        """
        given: object = records
        if isinstance(given, str) or not hasattr(given, "__getitem__"):
            message = (
                f"a source is a list of records, or what loads them by name, not one "
                f"{type(given).__name__}; for one list write `sources=[records]`"
            )
            raise TypeError(message)
        self._by_name: dict[str, list[RepoDataRecord]] = {}
        self.channel: str | None = records[0].channel if records else None
        for start in range(0, len(records), _RECORDS_AT_ONCE):
            if tick is not None:
                tick()
            for record in records[start : start + _RECORDS_AT_ONCE]:
                self._by_name.setdefault(record.name, []).append(record)

    def load_records(self, name: str) -> Sequence[RepoDataRecord]:
        """All records of a package."""
        return self._by_name.get(name, ())

    def package_names(self) -> list[str]:
        """The names that have records."""
        return list(self._by_name)


class Hidden(msgspec.Struct, frozen=True):
    """A record that a solve was not allowed to use, and why.

    Attributes:
        record: The record.
        reason: `excluded`, `channel priority`, `requested channel` or `exclude newer`.
        detail: The caller's reason, the channel that was used instead, or the moment that was the
            limit.
    """

    record: RepoDataRecord
    reason: str
    detail: str


class Tiers:
    """The sources of a solve, grouped by channel, highest priority first.

    Args:
        sources: Sources or lists of records.
        priority: What the order of the channels means.
        exclude_newer: Which records are too new.
        requested_channels: For names that the specs want from a certain channel, that channel.
        excluded: Records that may not be used, by their URL, each with the caller's reason.
        overrides: Which dependencies count instead of those that records have.
        tick: Called while long lists of records are sorted; may raise to stop that.
    """

    def __init__(
        self,
        sources: Sequence[PackageSource | Sequence[RepoDataRecord]],
        *,
        priority: ChannelPriority,
        exclude_newer: ExcludeNewer | None,
        requested_channels: Mapping[str, Channel],
        excluded: Mapping[str, str],
        overrides: DependencyOverrides,
        tick: Callable[[], None] | None = None,
    ) -> None:
        self.is_strict = priority is ChannelPriority.STRICT
        self.is_flexible = priority is ChannelPriority.FLEXIBLE
        self.exclude_newer = exclude_newer
        self.requested_channels = requested_channels
        self.excluded = excluded
        self.overrides = overrides
        tiers: dict[object, list[PackageSource]] = {}
        for source in sources:
            adapted = source if isinstance(source, PackageSource) else RecordList(source, tick)
            channel = getattr(adapted, "channel", None)
            key = str(getattr(channel, "base_url", channel)) if channel is not None else adapted
            tiers.setdefault(key, []).append(adapted)
        self.tiers = list(tiers.values())

    def load(self, name: str) -> tuple[Sequence[RepoDataRecord], list[int]]:
        """The records of a name that may be used, and the number of the tier of each."""
        found: Sequence[RepoDataRecord] = ()
        numbers: list[int] = []
        requested = self.requested_channels.get(name)
        for number, tier in enumerate(self.tiers):
            records = self._load_tier(tier, name)
            if requested is not None:
                records = [r for r in records if is_from_channel(r, requested)]
            if not records:
                continue
            if self.exclude_newer is not None:
                hides = self.exclude_newer.hides
                records = [record for record in records if not hides(record)]
            records = (
                [r for r in records if r.url not in self.excluded] if self.excluded else records
            )
            found = [*found, *records] if found else records
            if self.is_strict:
                break
            numbers += [number] * len(records)
        return self.overrides.apply(found), numbers

    def _load_tier(self, tier: list[PackageSource], name: str) -> Sequence[RepoDataRecord]:
        records: Sequence[RepoDataRecord] = tier[0].load_records(name)
        for source in tier[1:]:
            more = source.load_records(name)
            if more:
                records = [*records, *more] if records else more
        for record in records:
            if not record.file_name.endswith(".conda"):
                return self._without_twins(records)
        return records

    def _without_twins(self, records: Sequence[RepoDataRecord]) -> list[RepoDataRecord]:
        """Leave out a `.tar.bz2` where the same package is there as `.conda`."""
        kept = {
            r.file_name[:-6]
            for r in records
            if r.file_name.endswith(".conda")
            and r.url not in self.excluded
            and not (self.exclude_newer is not None and self.exclude_newer.hides(r))
        }
        return [
            r
            for r in records
            if not r.file_name.endswith(".tar.bz2") or r.file_name[:-8] not in kept
        ]

    def hidden(self, name: str) -> list[Hidden]:
        """The records of a name that may not be used, with the reasons."""
        hidden: list[Hidden] = []
        requested = self.requested_channels.get(name)
        used: str | None = None
        for tier in self.tiers:
            records = self._load_tier(tier, name)
            for record in records:
                if record.url in self.excluded:
                    hidden.append(Hidden(record, "excluded", self.excluded[record.url]))
                elif requested is not None and not is_from_channel(record, requested):
                    detail = requested.canonical_name
                    hidden.append(Hidden(record, "requested channel", detail))
                elif used is not None and self.is_strict:
                    hidden.append(Hidden(record, "channel priority", used))
                elif self.exclude_newer is not None and self.exclude_newer.hides(record):
                    cutoff = self.exclude_newer.cutoff_of(record.name, record.channel)
                    detail = (
                        "" if cutoff is None else f"{cutoff.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
                    )
                    hidden.append(Hidden(record, "exclude newer", detail))
            if records and used is None:
                used = records[0].channel
        return hidden

    def package_names(self) -> set[str]:
        """The names of all packages, of those sources that can list them."""
        return {
            str(name)
            for tier in self.tiers
            for source in tier
            for name in getattr(source, "package_names", tuple)()
        }


def is_from_channel(record: RepoDataRecord, channel: Channel) -> bool:
    """Whether a record comes from a channel, by its address or by its name."""
    text = record.channel.rstrip("/")
    return text in {channel.base_url.rstrip("/"), channel.name, channel.canonical_name.rstrip("/")}
