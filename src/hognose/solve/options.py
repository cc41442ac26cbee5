"""What can be asked of a solve besides its specs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Self

import msgspec

if TYPE_CHECKING:
    from hognose.types import RepoDataRecord


class SolveStrategy(Enum):
    """Which version of a package is the best one.

    `LOWEST` prefers the lowest version of every package, `LOWEST_DIRECT` only of those that the
    specs name, which is how a project finds out whether its lower bounds are true.
    """

    HIGHEST = "highest"
    LOWEST = "lowest"
    LOWEST_DIRECT = "lowest-direct"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        aliases = {
            "lowest-version": "lowest",
            "lowest-version-direct": "lowest-direct",
        }
        return cls(aliases[value]) if isinstance(value, str) and value in aliases else None


class ExcludeNewer(msgspec.Struct, frozen=True, kw_only=True):
    """Hides packages that were published after a moment (a cool-down against bad uploads).

    The most specific rule counts: that of the package, then that of the channel, then the general
    one. A record is dated by the time at which its channel indexed it, else by the time at which
    it was built (CEP 47).

    Attributes:
        cutoff: The general rule; None hides nothing.
        packages: Per package name. None hides nothing of that package.
        channels: Per channel, by the text that records carry as their channel. None hides nothing.
        keep_undated: Whether records without any date stay; they are hidden otherwise.
    """

    cutoff: datetime | None = None
    packages: Mapping[str, datetime | None] = {}
    channels: Mapping[str, datetime | None] = {}
    keep_undated: bool = False

    @classmethod
    def parse(
        cls, value: ExcludeNewer | datetime | timedelta | None, now: datetime | None = None
    ) -> ExcludeNewer | None:
        """Make the rule out of a date, or of an age that is counted back from `now`.

        A date without a time zone is read as UTC.
        """
        if value is None or isinstance(value, ExcludeNewer):
            return value
        if isinstance(value, timedelta):
            return cls(cutoff=(now or datetime.now(UTC)) - value)
        return cls(cutoff=value if value.tzinfo else value.replace(tzinfo=UTC))

    def cutoff_of(self, name: str, channel: str) -> datetime | None:
        """The moment after which packages of a name and a channel are hidden."""
        if name in self.packages:
            return self.packages[name]
        if channel in self.channels:
            return self.channels[channel]
        return self.cutoff

    def hides(self, record: RepoDataRecord) -> bool:
        """Whether a record is too new, or has no date where one is needed."""
        cutoff = self.cutoff_of(record.name, record.channel)
        if cutoff is None:
            return False
        published = record.indexed_timestamp or record.timestamp
        return not self.keep_undated if published is None else published > cutoff
