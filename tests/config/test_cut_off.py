"""Dates and ages after which packages are too new, as conda writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hognose.config import parse_cut_off
from hognose.errors import ConfigError

NOW = datetime(2026, 4, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7d", "2026-04-03T12:00:00+00:00"),
        ("3d12h", "2026-04-07T00:00:00+00:00"),
        ("1w", "2026-04-03T12:00:00+00:00"),
        ("P7D", "2026-04-03T12:00:00+00:00"),
        ("PT1H30M", "2026-04-10T10:30:00+00:00"),
        ("3600", "2026-04-10T11:00:00+00:00"),
        ("0", "2026-04-10T12:00:00+00:00"),
        # A day is hidden from its end on.
        ("2026-04-01", "2026-04-02T00:00:00+00:00"),
        ("2026-04-01T12:00:00Z", "2026-04-01T12:00:00+00:00"),
        ("2026-04-01T12:00:00", "2026-04-01T12:00:00+00:00"),
        ("2026-04-01T12:00:00+02:00", "2026-04-01T12:00:00+02:00"),
    ],
)
def test_a_date_or_an_age_is_a_moment(text: str, expected: str) -> None:
    found = parse_cut_off(text, key="exclude-newer", now=NOW)
    assert found is not None
    assert expected == found.isoformat()


@pytest.mark.parametrize("text", ["", "false", "never"])
def test_nothing_may_be_too_new(text: str) -> None:
    assert parse_cut_off(text, key="exclude-newer", now=NOW) is None


@pytest.mark.parametrize("text", ["soon", "7x", "-7d", "P", "2026-13-01", "9" * 30 + "d"])
def test_what_is_no_moment_is_an_error_that_names_the_setting(text: str) -> None:
    with pytest.raises(ConfigError, match="`exclude-newer` must be an age"):
        parse_cut_off(text, key="exclude-newer", now=NOW)
