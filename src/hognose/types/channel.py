"""Channels: from a name, a URL or a path to the place where repodata is (CEP 26)."""

from __future__ import annotations

import enum
import ntpath
import posixpath
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self, final

import msgspec

from hognose.errors import InvalidChannelError, ParseSubdirError

if TYPE_CHECKING:
    from hognose.types.platform import Platform

__all__ = ("Channel", "ChannelConfig", "ChannelPriority")

DEFAULT_ALIAS: Final = "https://conda.anaconda.org/"
MAX_COMPONENT_LENGTH: Final = 128

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PATH = re.compile(r"\.{1,2}$|\.{0,2}[/\\]|~$|~[/\\]|[A-Za-z]:([/\\]|$)")
_DRIVE = re.compile(r"[A-Za-z]:")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.~-]+(?:/[A-Za-z0-9_.~-]+)*")
_BRACKETS = re.compile(r"([^\[\]]*)\[([^\[\]]*)\]")
_COMPONENT = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
_LABEL = re.compile(r"[a-zA-Z][0-9a-zA-Z_\-./]*")
_TOKEN = re.compile(r"(?<=/t/)[^/]+(?=/|$)")
_USER_INFO = re.compile(r"(?<=://)([^/@:]*):[^/@]*(?=@)")
_ADDRESS = re.compile(r"\[[0-9A-Fa-f:.]+\](?::[0-9]*)?")  # of IPv6
_DEFAULT_PORT = re.compile(r"^(?:http://[^/]*(:80)|https://[^/]*(:443))(?=/|$)")


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
    """URLs in front of single names: `{"ours": "https://conda.example.org"}`."""
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

    Two channels are equal if their base URLs are.

    >>> Channel("conda-forge").base_url
    'https://conda.anaconda.org/conda-forge/'
    >>> Channel("conda-forge").platform_url("noarch")
    'https://conda.anaconda.org/conda-forge/noarch'
    """

    __slots__ = ("base_url", "name", "platforms")

    base_url: str
    """The URL with a trailing slash. It may hold a token or a password; see `canonical_name`."""
    name: str | None
    """The short name: the text of a name or path, the path of a URL. Without tokens."""
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
            self.base_url, self.name, self.platforms = text.base_url, text.name, text.platforms
            return
        if not text.strip():
            raise InvalidChannelError(text, "it is empty")
        stray = _CONTROL.search(text)
        if stray:
            rule = "control characters are not allowed"
            raise InvalidChannelError(text, rule, position=stray.start())
        config = config or _DEFAULT_CONFIG
        body, self.platforms = _split_platforms(text)
        if _SCHEME.match(body):
            self.base_url = _normalize_url(text, body)
            self.name = _name_of_url(self.base_url, config)
        elif _PATH.match(body):
            self.base_url = _url_of_path(body, config.root_dir)
            self.name = body
        else:
            self.base_url, self.name = _resolve_name(text, body, config)
        if strict:
            _check(text, self.base_url)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Make a channel from its base URL.

        Raises:
            InvalidChannelError: If the text is no URL.
        """
        if not _SCHEME.match(url):
            raise InvalidChannelError(url, "it is no URL")
        return cls(url)

    @classmethod
    def expand(cls, text: str, config: ChannelConfig | None = None) -> tuple[Self, ...]:
        """Make the channels that a name stands for: several for a multichannel, else one.

        Raises:
            InvalidChannelError: If one of them is no channel.
        """
        config = config or _DEFAULT_CONFIG
        members = config.multichannels.get(text)
        return tuple(cls(member, config) for member in members) if members else (cls(text, config),)

    def platform_url(self, subdir: Platform | str) -> str:
        """Return the URL of a subdir, without a trailing slash."""
        base, mark, query = self.base_url.partition("?")
        return f"{base}{subdir}{mark}{query}"

    @property
    def canonical_name(self) -> str:
        """The base URL without secrets: fit for messages, records and lock files."""
        return _TOKEN.sub("********", _USER_INFO.sub(r"\1:********", self.base_url))

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
        return self.base_url.partition("/label/")[2].rstrip("/") or "main"

    @property
    def is_local(self) -> bool:
        """Whether the channel is a directory on this machine."""
        return self.base_url.startswith("file://")

    def __eq__(self, other: object) -> bool:
        return self.base_url == other.base_url if isinstance(other, Channel) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.base_url)

    def __str__(self) -> str:
        return self.name or self.canonical_name

    def __repr__(self) -> str:
        return f'Channel(name="{self.name}", base_url="{self.canonical_name}")'

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.base_url, self.name, self.platforms)


def _restore(base_url: str, name: str | None, platforms: tuple[Platform, ...] | None) -> Channel:
    made: Channel = object.__new__(Channel)
    made.base_url, made.name, made.platforms = base_url, name, platforms
    return made


def _is_found(name: str, channel: Channel) -> bool:
    try:
        return Channel(name) == channel
    except InvalidChannelError:
        return False


def _split_platforms(text: str) -> tuple[str, tuple[Platform, ...] | None]:
    if not text.endswith("]"):
        return text, None
    found = _BRACKETS.fullmatch(text)
    if found is None:
        raise InvalidChannelError(text, "subdirs in brackets come last: `name[linux-64,noarch]`")
    from hognose.types.platform import Platform

    try:
        return found[1], tuple(Platform(part.strip()) for part in found[2].split(","))
    except ParseSubdirError as error:
        raise InvalidChannelError(text, f"`{error.text}`: {error.rule}") from error


def _normalize_url(text: str, url: str) -> str:
    head, mark, query = url.partition("?")
    scheme, _, rest = head.partition("://")
    authority, slash, path = rest.partition("/")
    if any(character.isspace() for character in authority + query):
        raise InvalidChannelError(text, "only the path of a URL may hold a space")
    scheme = scheme.lower()
    if scheme == "file":
        if "\\" in rest or _DRIVE.match(authority):
            return _url_of_path(rest.lstrip("/"), None)
    elif not authority:
        raise InvalidChannelError(text, "the URL names no host")
    else:
        user, at, host = authority.rpartition("@")
        if ("[" in host or "]" in host) and not _ADDRESS.fullmatch(host):
            raise InvalidChannelError(text, f"`{host[:80]}` is no host")
        authority = user + at + host.lower()
    base = f"{scheme}://{authority}/{_quote(path).strip('/')}".rstrip("/") + "/"
    if scheme == "file":
        base = f"file://{authority}/{_quote(path).strip('/')}".rstrip("/") + "/"
        base = "file:///" if base == "file:/" else base
    port = _DEFAULT_PORT.match(base)
    if port:
        start, stop = port.span(1 if port[1] else 2)
        base = base[:start] + base[stop:]
    return base + mark + query if slash or mark or base else base


def _quote(path: str) -> str:
    if _PLAIN_NAME.fullmatch(path.strip("/")):
        return path
    from urllib.parse import quote

    return quote(path, safe="/%:@!$&'()*+,;=~-._")


def _name_of_url(base_url: str, config: ChannelConfig) -> str | None:
    from urllib.parse import unquote

    url = base_url.partition("?")[0]
    if url.startswith(config.alias) and len(url) > len(config.alias):
        name = url.removeprefix(config.alias)
    else:
        scheme, _, rest = url.partition("://")
        name = rest.partition("/")[2].rstrip("/")
        if scheme == "file":
            name = name.rpartition("/")[2]
    name = re.sub(r"(?:^|(?<=/))t/[^/]+/", "", name.strip("/"), count=1)
    return unquote(name) or None


def _url_of_path(path: str, root_dir: str | None) -> str:
    from os import getcwd
    from os.path import expanduser
    from urllib.parse import quote

    if path.startswith("~"):
        path = expanduser(path)
    windows = bool(_DRIVE.match(path)) or "\\" in path
    if not (windows or path.startswith("/")):
        root = root_dir or getcwd()
        path = f"{root.rstrip('/')}/{path}" if root != "/" else f"/{path}"
        windows = bool(_DRIVE.match(root))
    if windows:
        if not (_DRIVE.match(path) or path.startswith(("\\", "/"))):
            path = ntpath.join(root_dir or getcwd(), path)
        path = ntpath.normpath(path).replace("\\", "/")
        if path.startswith("//"):
            server_and_share = "/".join(part for part in path.split("/") if part)
            return f"file://{quote(server_and_share)}/"
        drive, rest = ntpath.splitdrive(path)
        return f"file:///{(drive + quote(rest)).strip('/')}".rstrip("/") + "/"
    path = f"/{posixpath.normpath(path).lstrip('/')}"
    return f"file://{quote(path.rstrip('/'))}/"


def _resolve_name(text: str, name: str, config: ChannelConfig) -> tuple[str, str | None]:
    stray = re.search(r"[:\\\[\]?#@]", name)
    if stray:
        rule = "a channel name may not hold any of `: \\ [ ] ? # @`"
        raise InvalidChannelError(text, rule, position=stray.start())
    if any(part in {".", ".."} for part in name.split("/")):
        raise InvalidChannelError(text, "a channel name may not step up with `..`")
    name = name.strip("/")
    first = name.partition("/")[0]
    if first in config.custom_channels:
        base = config.custom_channels[first].rstrip("/")
        return _normalize_url(text, f"{base}/{_quote(name)}"), name
    return f"{config.alias}{_quote(name)}/" if name else config.alias, name or None


def _check(text: str, base_url: str) -> None:
    """Enforce the rules of CEP 26 about path components and labels; files are free."""
    if base_url.startswith("file://"):
        return
    path = base_url.partition("://")[2].partition("/")[2].partition("?")[0]
    path, _, label = path.strip("/").partition("/label/")
    for component in filter(None, path.split("/")):
        if len(component) > MAX_COMPONENT_LENGTH:
            raise InvalidChannelError(text, f"`{component[:20]}...` has more than 128 characters")
        if not _COMPONENT.fullmatch(component):
            rule = f"`{component}` has other characters than a-z, 0-9, `_`, `.`, `-`"
            raise InvalidChannelError(text, rule)
    if label and not (_LABEL.fullmatch(label) and len(label) <= MAX_COMPONENT_LENGTH):
        raise InvalidChannelError(text, f"`{label}` is not a label")
