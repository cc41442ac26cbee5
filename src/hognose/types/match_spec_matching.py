"""Whether a package has what a match spec demands besides name, version and build."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hognose._url_secrets import without_secrets
from hognose.errors import InvalidChannelError
from hognose.types.channel import Channel
from hognose.types.string_matcher import StringMatcher

if TYPE_CHECKING:
    from hognose.types.match_spec_demands import Matchable
    from hognose.types.match_spec_parser import Qualifiers

__all__ = ("channel_of_text", "matches_qualifiers")

_CHANNELS: dict[str, Channel] = {}
_MAX_REMEMBERED = 1024


def matches_qualifiers(qualifiers: Qualifiers, record: Matchable) -> bool:
    """Return whether a package has what is demanded."""

    def get(field: str) -> Any:
        return getattr(record, field, None)

    number = qualifiers.build_number
    if number is not None and not number.matches(get("build_number") or 0):
        return False
    for digest, field in ((qualifiers.md5, "md5"), (qualifiers.sha256, "sha256")):
        if digest is not None and get(field) != digest:
            return False
    if qualifiers.flags:
        carried = get("flags") or ()
        if not all(any(map(flag.matches, carried)) for flag in qualifiers.flags):
            return False
    if not set(qualifiers.track_features) <= set(get("track_features") or ()):
        return False
    for pattern, field in (
        (qualifiers.subdir, "subdir"),
        (qualifiers.license, "license"),
        (qualifiers.license_family, "license_family"),
        (qualifiers.features, "features"),
    ):
        if pattern is not None and not StringMatcher(pattern).matches(str(get(field) or "")):
            return False
    if not _matches_address(qualifiers, get("file_name"), get("url")):
        return False
    channel = get("channel")
    if channel is None or (qualifiers.channel is None and qualifiers.channel_pattern is None):
        return True
    if _matches_channel(qualifiers, channel):
        return True
    # In the record of an installed package, conda writes the folder of the platform as well.
    bare = str(channel).rstrip("/").removesuffix(f"/{get('subdir')}")
    return bare != str(channel).rstrip("/") and _matches_channel(qualifiers, bare)


def channel_of_text(text: str) -> Channel:
    """Return the channel of a text, remembered.

    Raises:
        InvalidChannelError: If it is no channel.
    """
    channel = _CHANNELS.get(text)
    if channel is None:
        if text.startswith((".", "~")):
            return Channel(text)  # depends on the working directory
        if len(_CHANNELS) >= _MAX_REMEMBERED:
            _CHANNELS.clear()
        channel = _CHANNELS[text] = Channel(text)
    return channel


def _matches_address(qualifiers: Qualifiers, file_name: str | None, url: str | None) -> bool:
    demanded = qualifiers.url
    if (
        demanded is not None
        and url is not None
        and url != demanded
        # The secrets that lead to a place are no part of it.
        and without_secrets(url) != without_secrets(demanded)
    ):
        return False
    wanted = qualifiers.file_name
    return not (wanted and file_name) or StringMatcher(wanted).matches(file_name)


def _matches_channel(qualifiers: Qualifiers, channel: object) -> bool:
    if not isinstance(channel, Channel):
        try:
            channel = channel_of_text(str(channel))
        except InvalidChannelError:
            return False
    if qualifiers.channel is not None:
        return qualifiers.channel == channel
    pattern = qualifiers.channel_pattern
    assert pattern is not None
    url = channel.canonical_name.rstrip("/")
    return pattern.matches(channel.name or "") or pattern.matches(url)
