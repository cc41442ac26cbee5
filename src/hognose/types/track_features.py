"""The two ways in which records write `track_features`: a list, or one text."""

from __future__ import annotations

from typing import Any


def split_track_features(source: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the features that a record tracks; a text separates them by spaces or commas."""
    if not source:
        return ()
    if isinstance(source, str):
        return tuple(source.replace(",", " ").split())
    return source


def _get(record: Any) -> tuple[str, ...]:
    return split_track_features(record.track_features_source)


def _set(record: Any, value: tuple[str, ...] | list[str]) -> None:
    record.track_features_source = tuple(value)


track_features_property = property(_get, _set, doc="The features that the package tracks.")
