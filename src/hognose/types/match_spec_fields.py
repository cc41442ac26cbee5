"""What stands in the brackets of a match spec: keys with values (CEP 29, 43, 44, 45)."""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn

from hognose._url_secrets import redact, split_secrets
from hognose.errors import InvalidChannelError, InvalidMatchSpecError
from hognose.types.build_spec import BuildNumberSpec
from hognose.types.channel import Channel
from hognose.types.condition import Condition
from hognose.types.match_spec_matching import channel_of_text
from hognose.types.match_spec_parser import version_spec
from hognose.types.platform import Platform
from hognose.types.string_matcher import StringMatcher

__all__ = (
    "ABSOLUTE_PATH",
    "SCHEME",
    "cut_brackets",
    "is_subdir",
    "read_channel",
    "read_fields",
    "url_of",
)

_KEY_AND_VALUE = re.compile(
    r"\s*+([A-Za-z0-9_-]++)\s*+=\s*+"
    r"(?:\"((?:[^\"\\]|\\.)*+)\"|'((?:[^'\\]|\\.)*+)'"
    r"|\[((?:[^\]\"']|\"[^\"]*+\"|'[^']*+')*+)\]|([^\s,'\"\[\]]++))"
    r"(?:\s*+(,)|\s*+$|\s)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\([\"'\\])")
_LIST_ITEM = re.compile(r"\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^,\"']*+))\s*+(?:,|$)")
_SUBDIR_PATTERN = re.compile(r"[A-Za-z0-9-]*\*[A-Za-z0-9*-]*")
_EXTRA = re.compile(r"[a-z0-9_.+-]{1,64}")
_FLAG = re.compile(r"[a-z0-9_*]+(?::[a-z0-9_*]+)?")
_BEFORE_WORD: Final = frozenset(" \t\n=,|(:")
SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+://")
ABSOLUTE_PATH: Final = re.compile(r"[/\\~]|[A-Za-z]:[/\\]|\.{1,2}[/\\]")
_TEXT_KEYS: Final = ("subdir", "namespace", "license", "license_family", "features")


def cut_brackets(text: str, body: str) -> tuple[str, list[tuple[str, str]]]:
    """Take the bracketed keys off the end of a spec.

    Raises:
        InvalidMatchSpecError: If they hold anything but keys with values.
    """
    if not body.endswith("]"):
        return body, []
    start = _bracket_start(text, body)
    fields = []
    inside = body[start + 1 : -1]
    position = 0
    while position < len(inside):
        found = _KEY_AND_VALUE.match(inside, position)
        if found is None:
            if not inside[position:].strip(" \t\n,"):
                break
            rule = "brackets hold pairs of the form `key=value` with commas between them"
            raise InvalidMatchSpecError(text, rule)
        key, double, single, items, bare, _ = found.groups()
        if items is not None:
            value = f"[{items}]"
        elif bare is not None:
            value = bare
        else:
            quoted = double if double is not None else single
            value = _ESCAPE.sub(r"\1", quoted) if "\\" in quoted else quoted
        fields.append((key, value))
        position = found.end()
    return body[:start].rstrip(), fields


def _bracket_start(text: str, body: str) -> int:
    """Return where the bracket group that ends the spec begins; those of regexes do not count."""
    start = -1
    depth = 0
    quote = ""
    is_escaped = False
    regex_end, last_end = -1, body.rfind("$")
    for position, character in enumerate(body):
        if position <= regex_end:
            continue
        starts_word = position == 0 or body[position - 1] in _BEFORE_WORD
        if character == "^" and starts_word and not depth and position < last_end:
            regex_end = body.find("$", position)
        elif quote:
            if is_escaped:
                is_escaped = False
            elif character == "\\":
                is_escaped = True
            elif character == quote:
                quote = ""
        elif character == "[":
            if not depth:
                start = position
            depth += 1
        elif character == "]":
            depth -= depth > 0
        elif depth and character in "'\"":
            quote = character
    if depth or quote or start < 0:
        raise InvalidMatchSpecError(text, "a bracket or a quote in it is not closed")
    return start


def read_channel(text: str, channel: str, qualifiers: dict[str, Any]) -> None:
    """Read `channel` or `channel/subdir` into the qualifiers.

    Raises:
        InvalidMatchSpecError: If it is no channel.
    """
    head, slash, subdir = channel.rpartition("/")
    is_pattern = _SUBDIR_PATTERN.fullmatch(subdir) and "subdir" not in qualifiers
    if slash and (is_subdir(subdir) or is_pattern):
        if subdir != "*":
            qualifiers.setdefault("subdir", subdir)
        channel = head
    elif channel.endswith("]") and "[" in channel:
        # An older way to say it, which conda still reads: `conda-forge[linux-64]::name`.
        channel, _, subdir = channel[:-1].partition("[")
        if not (is_subdir(subdir) or _SUBDIR_PATTERN.fullmatch(subdir)):
            raise InvalidMatchSpecError(text, f"`{subdir[:80]}` is no known subdir")
        qualifiers.setdefault("subdir", subdir)
    if channel == "*":
        return
    if channel.startswith("^") and not channel.endswith("$"):
        raise InvalidMatchSpecError(text, "a regular expression has to end with `$`")
    # Channels are compared by what of their URLs is no secret.
    is_url = SCHEME.match(channel) is not None
    bare = split_secrets(channel).url.partition("?")[0] if is_url else channel
    if "*" in bare or bare.startswith("^"):
        qualifiers["channel_pattern"] = StringMatcher(bare)
        return
    try:
        qualifiers["channel"] = channel_of_text(channel)
    except InvalidChannelError as error:
        raise InvalidMatchSpecError(text, f"the channel `{channel}`: {error.rule}") from error


def is_subdir(text: str) -> bool:
    """Return whether a text is a known subdir."""
    try:
        Platform(text)
    except ValueError:
        return False
    return True


def read_fields(text: str, fields: list[tuple[str, str]], *, strict: bool) -> dict[str, Any]:
    """Read the keys from the brackets.

    Raises:
        InvalidMatchSpecError: If a key is unknown or its value cannot be used.
    """
    found: dict[str, Any] = {}
    seen = set()
    # `subdir` wins over what stands behind the slash of `channel`.
    for key, value in sorted(fields, key=lambda field: field[0] != "subdir"):
        if strict and key in seen:
            raise InvalidMatchSpecError(text, f"`{key}` is given twice")
        seen.add(key)
        try:
            _read_field(text, key, value, found, strict=strict)
        except InvalidMatchSpecError as error:
            if error.text in (text, redact(text)):
                raise
            raise InvalidMatchSpecError(text, f"`{key}`: {error.rule}") from error
    return found


def _read_field(text: str, key: str, value: str, found: dict[str, Any], *, strict: bool) -> None:
    match key:
        case "version":
            found["version"] = version_spec(text, value, strict=strict)
        case "build":
            found["build"] = StringMatcher(value)
        case "build_number":
            found["build_number"] = BuildNumberSpec(value)
        case "channel":
            read_channel(text, value, found)
        case "md5" | "sha256":
            found[key] = _digest(text, key, value)
        case "fn" | "file_name":
            found["file_name"] = value
        case "url":
            if not (SCHEME.match(value) or ABSOLUTE_PATH.match(value)):
                raise InvalidMatchSpecError(text, f"`{value}` is neither a URL nor a path")
            found["url"] = url_of(value)
        case "extras":
            found["extras"] = tuple(
                _checked(text, "extra", item, _EXTRA) for item in _items(text, value)
            )
        case "flags":
            found["flags"] = tuple(
                StringMatcher(_checked(text, "flag", item, _FLAG)) for item in _items(text, value)
            )
        case "when":
            found["condition"] = Condition.parse(value, strict=strict)
        case "track_features":
            found["track_features"] = tuple(value.strip("[]").replace(",", " ").split())
        case "name":
            pass  # only the name before the brackets counts (CEP 29)
        case _ if key in _TEXT_KEYS:
            found[key] = value
        case _:
            _refuse_key(text, key)


def _refuse_key(text: str, key: str) -> NoReturn:
    known = (
        "version build build_number channel subdir md5 sha256 fn url license license_family "
        "features track_features extras flags when namespace"
    )
    raise InvalidMatchSpecError(text, f"`{key}` is no key", hint=f"Known keys: {known}.")


def _digest(text: str, key: str, value: str) -> bytes:
    size = 16 if key == "md5" else 32
    try:
        digest = bytes.fromhex(value)
    except ValueError:
        digest = b""
    if len(digest) != size:
        raise InvalidMatchSpecError(text, f"`{key}` takes {2 * size} hexadecimal digits")
    return digest


def _items(text: str, value: str) -> list[str]:
    """Return the items of a list, or of a single value."""
    if value.startswith("[") and value.endswith("]"):
        value = value[1:-1]
    items = []
    position = 0
    while position <= len(value):
        found = _LIST_ITEM.match(value, position)
        if found is None:
            raise InvalidMatchSpecError(text, f"`{value[:80]}` is no list")
        items.append(next(item for item in (*found.groups(), "") if item is not None).strip())
        if not found.group().endswith(","):
            break
        position = found.end()
    return items


def _checked(text: str, noun: str, item: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(item):
        raise InvalidMatchSpecError(text, f"`{item[:80]}` is no {noun}: {pattern.pattern}")
    return item


def url_of(text: str) -> str:
    """Return a URL, or the URL of a path.

    Raises:
        InvalidMatchSpecError: If it is neither.
    """
    if SCHEME.match(text):
        return text
    try:
        return Channel(text).base_url.rstrip("/")
    except InvalidChannelError as error:
        raise InvalidMatchSpecError(text, f"the path of the archive: {error.rule}") from error
