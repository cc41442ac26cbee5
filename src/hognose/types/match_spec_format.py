"""The text forms of match specs.

=========================  ===================================================
`str(spec)`                `conda-forge::python >=3.10 *_cpython[md5="..."]`
`to_canonical_string()`    `python[version=">=3.10",build="*_cpython",...]`
`to_cep29_string()`        `conda-forge::python[version='>=3.10',build=*_cpython]`
=========================  ===================================================
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hognose._url_secrets import without_secrets
from hognose.errors import InvalidChannelError, InvalidVersionError
from hognose.types.archive_identifier import ArchiveIdentifier
from hognose.types.channel import Channel
from hognose.types.match_spec_fields import is_subdir
from hognose.types.version import Version

if TYPE_CHECKING:
    from hognose.types.match_spec import MatchSpec
    from hognose.types.nameless_match_spec import NamelessMatchSpec
    from hognose.types.package_name import PackageNameMatcher

__all__ = ("format_brackets", "format_cep29", "format_in_condition", "format_spec")

_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_.*:/+-]+")
_PLAIN_BUILD = re.compile(r"[A-Za-z0-9_.*+]+")
_PLAIN_CHANNEL = re.compile(r"[^\s#;:\[\]\"'\\()=<>!~,^]+")
# In CEP 29's form also URLs stand before the name.
_POSITIONAL_CHANNEL = re.compile(
    r"(?:[a-z]+://(?:\[[0-9A-Fa-f:.]+\])?)?[^\s#;*\[\]\"'\\()=<>!~,^]+"
)
_FUZZY = re.compile(r"([^=<>!~,|*()]+)\.\*")
_EXACT = re.compile(r"==([^=<>!~,|*()]+)")
_ONE_COMPARISON = re.compile(r"(?:[<>]=?|[!=~]=)[^=<>!~,|*()]+")
# The order of the keys is py-rattler's, which has one for each form.
_ORDER_AFTER_WORDS = (
    "extras",
    "flags",
    "md5",
    "sha256",
    "build_number",
    "version",
    "build",
    "fn",
    "url",
    "license",
    "license_family",
    "features",
    "track_features",
    "channel",
    "subdir",
    "namespace",
    "when",
)
_ORDER_IN_BRACKETS = (
    "version",
    "build",
    "build_number",
    "fn",
    "extras",
    "flags",
    "channel",
    "subdir",
    "namespace",
    "md5",
    "sha256",
    "url",
    "license",
    "license_family",
    "when",
    "features",
    "track_features",
)


def format_spec(spec: MatchSpec | NamelessMatchSpec, name: PackageNameMatcher | None) -> str:
    """Return the form with spaces: `channel/subdir:namespace:name version build[other keys]`."""
    fields = _fields(spec, ", ")
    head = ""
    is_plain = _PLAIN_CHANNEL.fullmatch(fields.get("channel", "")) and not spec.channel_pattern
    if name is not None and is_plain:
        head = fields.pop("channel")
        if is_subdir(fields.get("subdir", "")):
            head += f"/{fields.pop('subdir')}"
        has_plain_namespace = _PLAIN_CHANNEL.fullmatch(spec.namespace or "")
        head += f":{fields.pop('namespace') if has_plain_namespace else ''}:"
    words = [str(name)] if name is not None else []
    if "version" in fields and spec.version is not None and not spec.version.has_text_tests:
        words.append(fields.pop("version"))
        if _PLAIN_BUILD.fullmatch(fields.get("build", "")):
            words.append(fields.pop("build"))
    return head + " ".join(words) + _bracketed(fields, _ORDER_AFTER_WORDS, ", ")


def format_brackets(spec: MatchSpec) -> str:
    """Return the form with everything but the name in brackets, in double quotes."""
    return f"{spec.name}{_bracketed(_fields(spec, ','), _ORDER_IN_BRACKETS, ',')}"


def format_in_condition(spec: MatchSpec) -> str:
    """Return the form for a condition: `name>=1`, or with everything in brackets (CEP 43)."""
    version = "" if spec.version is None else str(spec.version)
    if spec.build is None and not spec.has_qualifiers and _ONE_COMPARISON.fullmatch(version):
        return f"{spec.name}{version}"
    return format_brackets(spec)


def format_cep29(spec: MatchSpec) -> str:
    """Return the canonical form of CEP 29's appendix A.

    Words are quoted where they need it only, as in the examples of the CEP, which differ from its
    rule 6 in that.
    """
    if spec.url is not None and spec.version is None:
        return _format_cep29_url(spec)
    text = str(spec.name).lower() if not str(spec.name).startswith("^") else str(spec.name)
    fields: list[tuple[str, str]] = []
    is_exact = False
    if spec.version is not None and str(spec.version) != "*":
        version = str(spec.version)
        fuzzy, exact = _FUZZY.fullmatch(version), _EXACT.fullmatch(version)
        is_exact = exact is not None
        if fuzzy:
            text += f"={fuzzy[1]}"
        elif exact:
            text += f"=={exact[1]}"
        else:
            fields.append(("version", version))
    if spec.build is not None:
        build = str(spec.build)
        if is_exact and spec.build.kind == "exact" and _PLAIN_BUILD.fullmatch(build):
            text += f"={build.lower()}"
        else:
            fields.append(("build", build if spec.build.kind == "regex" else build.lower()))
    channel, subdir = _channel_and_subdir(spec)
    channel = (channel or "").removesuffix("/") or None
    if channel is not None and _POSITIONAL_CHANNEL.fullmatch(channel):
        if subdir is not None and is_subdir(subdir):
            channel, subdir = f"{channel}/{subdir}", None
        text = f"{channel}::{text}"
    elif channel is not None:
        fields.append(("channel", channel))
    if subdir is not None:
        fields.insert(0, ("subdir", subdir))
    others = _fields(spec, ",")
    done = {"version", "build", "channel", "subdir", "namespace"}
    fields += (
        (key, others[key]) for key in _ORDER_IN_BRACKETS if key in others and key not in done
    )
    if not fields:
        return text
    pairs = ",".join(f"{key}={_single_quoted(value)}" for key, value in fields)
    return f"{text}[{pairs}]"


def _format_cep29_url(spec: MatchSpec) -> str:
    """Return the fully specified form of an archive's URL (CEP 29, appendix C)."""
    url = without_secrets(str(spec.url))
    directory, _, file_name = url.rpartition("/")
    base, _, subdir = directory.rpartition("/")
    archive = ArchiveIdentifier.try_parse(file_name)
    where = _shortest_channel(base) if archive and is_subdir(subdir) else None
    is_plain = where is not None and _POSITIONAL_CHANNEL.fullmatch(where)
    # Behind a backslash the name of a file may be but a part of what stands in the URL.
    if not is_plain or archive is None or archive.name != str(spec.name) or not _is_plain(archive):
        return f"{spec.name}[url={_single_quoted(url)}]"
    return f"{where}/{subdir}::{archive.name}=={archive.version}[build={archive.build}]"


def _is_plain(archive: ArchiveIdentifier) -> bool:
    try:
        return bool(Version(archive.version) and _PLAIN_BUILD.fullmatch(archive.build))
    except InvalidVersionError:
        return False


def _shortest_channel(url: str) -> str | None:
    """Return the name of the channel at a URL, else the URL; None if it is no channel's."""
    if any(mark in url for mark in "*[]"):
        return None
    try:
        channel = Channel(url)
    except InvalidChannelError:
        return None
    return channel.name if channel.name and _is_found(channel.name, channel) else url


def _is_found(name: str, channel: Channel) -> bool:
    """Return whether a name is enough to find the channel again."""
    try:
        return Channel(name) == channel
    except InvalidChannelError:
        return False


def _channel_text(spec: MatchSpec | NamelessMatchSpec) -> str | None:
    if spec.channel_pattern is not None:
        return str(spec.channel_pattern)
    channel = spec.channel
    if channel is None:
        return None
    name = channel.name
    if name and not name.startswith((".", "/", "~")) and _is_found(name, channel):
        return name
    return channel.canonical_name


def _channel_and_subdir(spec: MatchSpec | NamelessMatchSpec) -> tuple[str | None, str | None]:
    """Return the texts for both.

    The last part of a channel's own path may be called like a subdir. It would be read as one, so
    that a subdir has to stand behind it.
    """
    channel, subdir = _channel_text(spec), spec.subdir
    if channel is None or subdir is None or spec.channel_pattern is not None:
        return channel, subdir
    path = channel.removesuffix("/")
    if not is_subdir(path.rpartition("/")[2]):
        return channel, subdir
    return (f"{path}/{subdir}", None) if is_subdir(subdir) else (f"{path}/noarch", subdir)


def _fields(spec: MatchSpec | NamelessMatchSpec, separator: str) -> dict[str, str]:
    """Return all keys of a spec; a list is in brackets, its items joined by a separator."""
    channel, subdir = _channel_and_subdir(spec)
    fields = {
        "version": _text(spec.version),
        "build": _text(spec.build),
        "build_number": _text(spec.build_number),
        "channel": channel,
        "subdir": subdir,
        "namespace": spec.namespace,
        "fn": spec.file_name,
        "url": spec.url and without_secrets(spec.url),
        "md5": spec.md5.hex() if spec.md5 else None,
        "sha256": spec.sha256.hex() if spec.sha256 else None,
        "license": spec.license,
        "license_family": spec.license_family,
        "features": spec.features,
        "track_features": " ".join(spec.track_features) or None,
        "extras": f"[{separator.join(spec.extras)}]" if spec.extras else None,
        "flags": f"[{separator.join(map(str, spec.flags))}]" if spec.flags else None,
        "when": _text(spec.condition),
    }
    return {key: value for key, value in fields.items() if value is not None}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _bracketed(fields: dict[str, str], order: tuple[str, ...], separator: str) -> str:
    if not fields:
        return ""
    pairs = (f"{key}={_double_quoted(fields[key])}" for key in order if key in fields)
    return f"[{separator.join(pairs)}]"


def _double_quoted(value: str) -> str:
    if value.startswith("[") and value.endswith("]"):
        return value
    if '"' in value and "'" not in value and "\\" not in value:
        return f"'{value}'"
    return '"{}"'.format(value.replace("\\", "\\\\").replace('"', '\\"'))


def _single_quoted(value: str) -> str:
    if _PLAIN_VALUE.fullmatch(value) or (value.startswith("[") and value.endswith("]")):
        return value
    return "'{}'".format(value.replace("\\", "\\\\").replace("'", "\\'"))
