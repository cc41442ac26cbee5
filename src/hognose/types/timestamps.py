"""Times in records: milliseconds since 1970 on the wire, aware `datetime`s for callers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

# The last second of the year 9999. Channels hold milliseconds, but old records hold seconds, and
# a count below this bound cannot be a millisecond of any conda package.
_LAST_SECOND = 253_402_300_799


def to_seconds(timestamp: float) -> float:
    """Return the seconds since 1970 of a record's timestamp, which may be in milliseconds."""
    return timestamp / 1000 if timestamp > _LAST_SECOND else timestamp


def _moment(timestamp: float) -> datetime:
    try:
        return datetime.fromtimestamp(to_seconds(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        # Nonsense in a channel must not end a solve. The far end keeps the order of times.
        if timestamp > 0:
            return datetime.max.replace(tzinfo=UTC)
        return datetime.min.replace(tzinfo=UTC)


def timestamp_property(field: str) -> property:
    """Make a property that shows the timestamp in `field` as an aware `datetime` in UTC."""

    def get(record: Any) -> datetime | None:
        value = getattr(record, field)
        return None if value is None else _moment(value)

    def set_(record: Any, value: datetime | None) -> None:
        milliseconds = None if value is None else round(value.timestamp() * 1000)
        setattr(record, field, milliseconds)

    return property(get, set_, doc=f"The time in `{field}`, aware and in UTC, or None.")
