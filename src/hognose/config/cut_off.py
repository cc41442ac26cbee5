"""Moments after which packages are too new: dates and ages, as conda's `exclude_newer` has them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from hognose.errors import ConfigError

__all__ = ("parse_cut_off",)

# `3d12h`, and the same by ISO 8601: `P3DT12H`.
_AGE = re.compile(
    r"(?:(?P<weeks>\d+)w)?(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?"
    r"(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s?)?",
    re.IGNORECASE,
)
_ISO_AGE = re.compile(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)
_NEVER = frozenset({"false", "no", "off", "never", ""})


def parse_cut_off(text: str, *, key: str, now: datetime) -> datetime | None:
    """Return the moment that a setting means.

    Args:
        text: An age (`7d`, `3d12h`, `P7D`, a number of seconds), a date, which is hidden from its
            end on, a time with a time zone (UTC without one), or `false` for none.
        key: The setting, for the error.
        now: What ages are counted back from.

    Raises:
        ConfigError: It is none of these.
    """
    text = text.strip()
    if text.lower() in _NEVER:
        return None
    try:
        for pattern in (_AGE, _ISO_AGE):
            age = pattern.fullmatch(text)
            if age is not None and any(age.groups()):
                return now - timedelta(
                    **{unit: int(count) for unit, count in age.groupdict().items() if count}
                )
        if len(text) == len("2026-04-01"):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return day + timedelta(days=1)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        message = f"`{key}` must be an age such as `7d`, a date, or a time, not `{text}`"
        raise ConfigError(message, key=key) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
