"""Channels: from a name, a URL or a path to the place where repodata is (CEP 26)."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self, final

import msgspec

from hognose._url_secrets import without_secrets
from hognose.errors import InvalidChannelError
from hognose.types.channel_address import (
    PATH,
    SCHEME,
    name_of_url,
    normalize_url,
    refusal,
    require_cep_26,
    resolve_name,
    split_platforms,
    url_of_path,
    without_subdir,
)

if TYPE_CHECKING:
    from hognose.types.platform import Platform

__all__ = ("Channel", "ChannelConfig", "ChannelPriority")

DEFAULT_ALIAS: Final = "https://conda.anaconda.org/"

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class ChannelPriority(enum.Enum):
    """What it means that one channel stands before another."""

    STRICT = "strict"
    """A package comes only from the first channel that has its name."""
    FLEXIBLE = "flexible"
    """The first channel is preferred; later ones help where it cannot satisfy a spec."""
    DISABLED = "disabled"
    """All channels are equal: the versions decide."""

    Strict = STRICT
    Flexible = FLEXIBLE
    Disabled = DISABLED


class ChannelConfig(msgspec.Struct, frozen=True, kw_only=False, gc=False):
    """How the name of a channel becomes a URL."""

    channel_alias: str = DEFAULT_ALIAS
    """The URL in front of bare names."""
    root_dir: str | None = None
    """The directory that relative paths start from; None is the working directory at the time."""
    custom_channels: Mapping[str, str] = {}
    """URLs in front of names: `{"ours": "https://conda.example.org"}`. The longest name counts."""
    multichannels: Mapping[str, tuple[str, ...]] = {}
    """Names that stand for several channels, such as `defaults`."""

    @property
    def alias(self) -> str:
        """The alias with exactly one trailing slash."""
        return self.channel_alias.rstrip("/") + "/"


_DEFAULT_CONFIG = ChannelConfig()


@final
class Channel:
    """A place with packages: a base URL with a folder for each subdir below it.

    Two channels are equal if they are in the same place, whatever secrets lead there.

    >>> Channel("conda-forge").base_url
    'https://conda.anaconda.org/conda-forge/'
    >>> Channel("conda-forge").platform_url("noarch")
    'https://conda.anaconda.org/conda-forge/noarch'
    """

    __slots__ = ("base_url", "canonical_name", "is_named", "name", "platforms")

    base_url: str
    """The URL with a trailing slash, for asking. It may hold a token or a password."""
    canonical_name: str
    """The base URL without secrets: what channels are compared by, and what is shown and kept."""
    name: str | None
    """The short name: the text of a name or path, the path of a URL. Without secrets."""
    is_named: bool
    """Whether it was given by its name, so that a configuration may put it elsewhere."""
    platforms: tuple[Platform, ...] | None
    """The subdirs given in brackets (`conda-forge[linux-64,noarch]`), None if none were."""

    def __init__(
        self, text: str | Channel, config: ChannelConfig | None = None, *, strict: bool = False
    ) -> None:
        """Make a channel from a name, a URL or a path.

        Args:
            text: The channel. What starts with `./`, `../`, `/`, `~/` or a drive is a path.
            config: How names and relative paths become URLs.
            strict: Whether every rule of CEP 26 about characters and lengths has to be kept. Many
                living channels break them, so the default is lenient.

        Raises:
            InvalidChannelError: If the text is empty or no channel, or breaks a rule in strict
                mode.
            ParseSubdirError: If an unknown subdir is in the brackets.
        """
        if isinstance(text, Channel):
            self.base_url, self.canonical_name = text.base_url, text.canonical_name
            self.name, self.is_named, self.platforms = text.name, text.is_named, text.platforms
            return
        if not text.strip():
            raise InvalidChannelError(text, "it is empty")
        stray = _CONTROL.search(text)
        if stray:
            rule = "control characters are not allowed"
            raise refusal(text, rule, position=stray.start())
        config = config or _DEFAULT_CONFIG
        body, self.platforms = split_platforms(text)
        self.is_named = False
        if SCHEME.match(body):
            self.base_url = normalize_url(text, body)
            self.canonical_name = without_secrets(self.base_url)
            self.name = name_of_url(self.canonical_name, config)
        elif PATH.match(body):
            self.base_url = self.canonical_name = url_of_path(body, config.root_dir)
            self.name = body
        else:
            self.base_url, self.name = resolve_name(text, body, config)
            self.canonical_name = without_secrets(self.base_url)
            # With a token in it the name alone does not lead there.
            self.is_named = self.name == body.strip("/")
        if strict:
            require_cep_26(text, self.canonical_name)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Make a channel from its base URL.

        Raises:
            InvalidChannelError: If the text is no URL.
        """
        if not SCHEME.match(url):
            raise InvalidChannelError(url, "it is no URL")
        return cls(url)

    @classmethod
    def expand(
        cls, channel: str | Channel, config: ChannelConfig | None = None
    ) -> tuple[Self, ...]:
        """Make the channels that a text stands for: several for a multichannel, else one.

        A subdir at the end of a name or URL (`conda-forge/linux-64`) is left out, as in conda: it
        is a folder of the channel. A path stands as it is.

        Args:
            channel: The text, or a channel: one that was given by its name is looked up anew.
            config: How names become URLs.

        Raises:
            InvalidChannelError: If one of them is no channel.
        """
        config = config or _DEFAULT_CONFIG
        if isinstance(channel, Channel):
            if not (channel.is_named and channel.name):
                return (cls(channel),)
            made = cls.expand(channel.name, config)
            for each in made:
                each.platforms = each.platforms or channel.platforms
            return made
        body, platforms = split_platforms(channel)
        body = without_subdir(body)
        made = tuple(cls(member, config) for member in config.multichannels.get(body, (body,)))
        for each in made:
            each.platforms = each.platforms or platforms
        return made

    def platform_url(self, subdir: Platform | str) -> str:
        """Return the URL of a subdir, without a trailing slash; with secrets, for asking."""
        return f"{self.base_url}{subdir}"

    def to_text(self) -> str:
        """Return the shortest text that makes this channel again, without secrets.

        >>> Channel("https://conda.anaconda.org/conda-forge[noarch]").to_text()
        'conda-forge[noarch]'
        """
        name = self.name or ""
        is_path = name.startswith((".", "/", "~")) or not name
        text = self.canonical_name if is_path or not _is_found(name, self) else name
        subdirs = "" if self.platforms is None else f"[{','.join(map(str, self.platforms))}]"
        return text + subdirs

    @property
    def label(self) -> str:
        """The label; `main` where the URL has none (CEP 26)."""
        return self.canonical_name.partition("/label/")[2].rstrip("/") or "main"

    @property
    def is_local(self) -> bool:
        """Whether the channel is a directory on this machine."""
        return self.base_url.startswith("file://")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Channel):
            return NotImplemented
        return self.canonical_name == other.canonical_name

    def __hash__(self) -> int:
        return hash(self.canonical_name)

    def __str__(self) -> str:
        return self.name or self.canonical_name

    def __repr__(self) -> str:
        name = "None" if self.name is None else f'"{self.name}"'
        return f'Channel(name={name}, base_url="{self.canonical_name}")'

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.base_url, self.name, self.platforms, self.is_named)


def _restore(
    base_url: str,
    name: str | None,
    platforms: tuple[Platform, ...] | None,
    is_named: bool = False,  # noqa: FBT001, FBT002  # as `__reduce__` gives it
) -> Channel:
    made: Channel = object.__new__(Channel)
    made.base_url, made.canonical_name = base_url, without_secrets(base_url)
    made.name, made.platforms, made.is_named = name, platforms, is_named
    return made


def _is_found(name: str, channel: Channel) -> bool:
    try:
        return Channel(name) == channel
    except InvalidChannelError:
        return False
