"""From the text of a channel to its URL and name (CEP 26), and what is refused on the way.

Whatever is refused is named without the secrets in it.
"""

from __future__ import annotations

import ntpath
import posixpath
import re
from typing import TYPE_CHECKING, Final

from hognose._url_secrets import redact, without_secrets
from hognose.errors import InvalidChannelError, ParseSubdirError

if TYPE_CHECKING:
    from hognose.types.channel import ChannelConfig
    from hognose.types.platform import Platform

__all__ = (
    "PATH",
    "SCHEME",
    "name_of_url",
    "normalize_url",
    "refusal",
    "require_cep_26",
    "resolve_name",
    "split_platforms",
    "url_of_path",
    "without_subdir",
)

MAX_COMPONENT_LENGTH: Final = 128

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
PATH = re.compile(r"\.{1,2}$|\.{0,2}[/\\]|~$|~[/\\]|[A-Za-z]:([/\\]|$)")
_STRAY = re.compile(r"[?#]")
_DRIVE = re.compile(r"[A-Za-z]:")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.~-]+(?:/[A-Za-z0-9_.~-]+)*")
_BRACKETS = re.compile(r"([^\[\]]*)\[([^\[\]]*)\]")
_COMPONENT = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
_LABEL = re.compile(r"[a-zA-Z][0-9a-zA-Z_\-./]*")
_ADDRESS = re.compile(r"\[[0-9A-Fa-f:.]+\](?::[0-9]*)?")  # of IPv6
_WITHOUT = (
    "leave it out; a secret stands in front of the host as `USER:PASSWORD@` or in front of the "
    "channel as `/t/TOKEN`, or is stored by `hognose auth login`"
)
_ESCAPES = "a `/`, `?`, `#` or `@` in a password is written `%2F`, `%3F`, `%23` or `%40`"
_DEFAULT_PORT = re.compile(r"^(?:http://[^/]*(:80)|https://[^/]*(:443))(?=/|$)")


def split_platforms(text: str) -> tuple[str, tuple[Platform, ...] | None]:
    """Take the subdirs in brackets off the end; None where there are no brackets.

    Raises:
        InvalidChannelError: If something stands behind them, or one is no subdir.
    """
    if not text.endswith("]"):
        return text, None
    found = _BRACKETS.fullmatch(text)
    if found is None:
        raise refusal(text, "subdirs in brackets come last: `name[linux-64,noarch]`")
    from hognose.types.platform import Platform

    try:
        return found[1], tuple(Platform(part.strip()) for part in found[2].split(","))
    except ParseSubdirError as error:
        raise refusal(text, f"`{error.text}`: {error.rule}") from error


def without_subdir(text: str) -> str:
    """Return a name or URL without the platform folder at its end; a path stays."""
    head, slash, last = text.rstrip("/").rpartition("/")
    if not slash or not head.strip("/") or head.endswith(":/") or PATH.match(text):
        return text
    from hognose.types.platform import Platform

    try:
        Platform(last)
    except ParseSubdirError:
        return text
    return text if text[:5].lower() == "file:" else head


def normalize_url(text: str, url: str) -> str:
    """Return a channel's URL with one slash at its end, without a port that goes without saying.

    Args:
        text: The text of the channel, for messages.
        url: The URL in it.

    Raises:
        InvalidChannelError: If it is no URL, or has a query or a fragment: files of the channel
            have none, and what stands there is mostly a secret.
    """
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    stray = _STRAY.search(rest)
    if stray and scheme != "file":
        what, code = ("query", "%3F") if stray[0] == "?" else ("fragment", "%23")
        hint = _ESCAPES if "@" in rest[stray.end() :] else _WITHOUT
        rule = f"a channel's URL ends with its folder and has no {what}; a `{stray[0]}` in the path"
        raise refusal(text, f"{rule} is written `{code}`").with_hint(hint)
    authority, _, path = rest.partition("/")
    if any(character.isspace() or not character.isprintable() for character in authority):
        raise refusal(text, "only the path of a URL may hold a space or a control character")
    if scheme == "file":
        if "\\" in rest or _DRIVE.match(authority):
            return url_of_path(rest.lstrip("/"), None)
    elif "\\" in authority:
        # To browsers the host ends there, to others at the `@` behind it.
        hint = "in a user's name it is written `%5C`"
        raise refusal(text, "in front of a URL's path there may be no `\\`").with_hint(hint)
    elif not authority.rpartition("@")[2]:
        raise refusal(text, "the URL names no host")
    else:
        user, at, host = authority.rpartition("@")
        if ("[" in host or "]" in host) and not _ADDRESS.fullmatch(host):
            raise refusal(text, f"`{host[:80]}` is no host")
        if host.count(":") > 1 and not host.startswith("["):
            hint = "an address of IPv6 stands in brackets: `http://[::1]:8080/`"
            rule = "the host has more than one `:PORT`"
            raise refusal(text, rule).with_hint(_ESCAPES if "@" in path else hint)
        port = "" if host.endswith("]") or ":" not in host else host.rpartition(":")[2]
        if port and not (port.isdecimal() and int(port) < 65536):
            rule = "what stands behind the colon of the host is no port"
            raise refusal(text, rule).with_hint(_ESCAPES)
        authority = user + at + host.lower()
    base = f"{scheme}://{authority}/{_quote(path).strip('/')}".rstrip("/") + "/"
    if scheme == "file" and base == "file:/":
        base = "file:///"
    found = _DEFAULT_PORT.match(base)
    if found:
        start, stop = found.span(1 if found[1] else 2)
        base = base[:start] + base[stop:]
    return base


def resolve_name(text: str, name: str, config: ChannelConfig) -> tuple[str, str | None]:
    """Return the URL that a name stands for, and the name without a token in it.

    Raises:
        InvalidChannelError: If it is no name.
    """
    stray = re.search(r"[:\\\[\]?#@]", name)
    if stray:
        rule = "a channel name may not hold any of `: \\ [ ] ? # @`"
        raise refusal(text, rule, position=stray.start())
    if any(part in {".", ".."} for part in name.split("/")):
        raise refusal(text, "a channel name may not step up with `..`")
    name = name.strip("/")
    start = name if config.custom_channels else ""
    while start:
        if start in config.custom_channels:
            base = config.custom_channels[start].rstrip("/")
            return normalize_url(text, f"{base}/{_quote(name)}"), name
        start = start.rpartition("/")[0]
    if not name:
        return config.alias, None
    base_url = f"{config.alias}{_quote(name)}/"
    if "t/" in name:
        name = name_of_url(without_secrets(base_url), config) or ""
    return base_url, name or None


def url_of_path(path: str, root_dir: str | None) -> str:
    """Return the URL of a directory; a relative path starts from `root_dir`, or where we are."""
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


def name_of_url(url: str, config: ChannelConfig) -> str | None:
    """Return the name of the channel at a URL without secrets: what follows alias or host."""
    from urllib.parse import unquote

    alias = without_secrets(config.alias)
    if url.startswith(alias) and len(url) > len(alias):
        name = url.removeprefix(alias)
    else:
        scheme, _, rest = url.partition("://")
        name = rest.partition("/")[2].rstrip("/")
        if scheme == "file":
            name = name.rpartition("/")[2]
    return unquote(name.strip("/")) or None


def require_cep_26(text: str, base_url: str) -> None:
    """Enforce the rules of CEP 26 about path components and labels; files are free."""
    if base_url.startswith("file://"):
        return
    path = base_url.partition("://")[2].partition("/")[2]
    path, _, label = path.strip("/").partition("/label/")
    for component in filter(None, path.split("/")):
        if len(component) > MAX_COMPONENT_LENGTH:
            raise InvalidChannelError(text, f"`{component[:20]}...` has more than 128 characters")
        if not _COMPONENT.fullmatch(component):
            rule = f"`{component}` has other characters than a-z, 0-9, `_`, `.`, `-`"
            raise InvalidChannelError(text, rule)
    if label and not (_LABEL.fullmatch(label) and len(label) <= MAX_COMPONENT_LENGTH):
        raise InvalidChannelError(text, f"`{label}` is not a label")


def refusal(text: str, rule: str, *, position: int | None = None) -> InvalidChannelError:
    """Return the error for a text, without what may be a secret in it.

    In an address that breaks the rules nobody knows where a password ends.
    """
    start = text.find("://") + 3 if "://" in text else 0
    bare = re.sub(r"([?#]).+", r"\1********", text[start:], flags=re.DOTALL)
    bare = text[:start] + re.sub(r"^.+@", "********@", bare, flags=re.DOTALL)
    return InvalidChannelError(redact(bare), rule, position=position if bare == text else None)


def _quote(path: str) -> str:
    if _PLAIN_NAME.fullmatch(path.strip("/")):
        return path
    from urllib.parse import quote

    return quote(path, safe="/%:@!$&'()*+,;=~-._")
