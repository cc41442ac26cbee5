"""From the text of a match spec to its parts: the short way.

Nearly all specs of repodata are a name, a version and perhaps a build with single spaces between
them. They are read here, by looking up the pieces; all else is left to `match_spec_grammar.py`,
which is only imported then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from hognose.errors import (
    InvalidMatchSpecError,
    InvalidTextError,
    PackageNameMatcherParseError,
)
from hognose.types.package_name import PackageNameMatcher
from hognose.types.string_matcher import StringMatcher
from hognose.types.version_spec import VersionSpec

if TYPE_CHECKING:
    from hognose.types.build_spec import BuildNumberSpec  # noqa: TC004  # nobody decodes a Qualifiers
    from hognose.types.channel import Channel  # noqa: TC004  # nobody decodes a Qualifiers
    from hognose.types.condition import Condition  # noqa: TC004  # nobody decodes a Qualifiers
    from hognose.types.match_spec_demands import Matchable

__all__ = (
    "ARCHIVE_ENDS",
    "NO_PARTS",
    "NO_QUALIFIERS",
    "Qualifiers",
    "SpecParts",
    "name_matcher",
    "package_name_of",
    "parse_spec",
    "version_spec",
)

T = TypeVar("T")

_MAX_REMEMBERED = 1 << 16
ARCHIVE_ENDS: Final = (".conda", ".tar.bz2")


class Qualifiers(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a spec can say besides name, version and build."""

    build_number: BuildNumberSpec | None = None
    channel: Channel | None = None
    channel_pattern: StringMatcher | None = None
    subdir: str | None = None
    namespace: str | None = None
    file_name: str | None = None
    url: str | None = None
    md5: bytes | None = None
    sha256: bytes | None = None
    license: str | None = None
    license_family: str | None = None
    features: str | None = None
    track_features: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    flags: tuple[StringMatcher, ...] = ()
    condition: Condition | None = None

    def matches(self, record: Matchable) -> bool:
        """Return whether a package has what is demanded here."""
        from hognose.types.match_spec_matching import matches_qualifiers

        return matches_qualifiers(self, record)


class SpecParts(msgspec.Struct, frozen=True, gc=False):
    """A parsed spec without its name."""

    version: VersionSpec | None
    build: StringMatcher | None
    qualifiers: Qualifiers


NO_QUALIFIERS: Final = Qualifiers()
NO_PARTS: Final = SpecParts(None, None, NO_QUALIFIERS)

# What nearly all of repodata is made of: `name`, `name version`, `name version build`. What stands
# behind the name is looked up as one text, because a hundred names share `>=3.10,<3.11.0a0`.
_PLAIN_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
_PLAIN_CLAUSE = r"(?:[<>]=?|[!~=]=)?(?:[0-9A-Za-z_.+!-]+\*?|\*)"
_PLAIN_VERSION = re.compile(rf"{_PLAIN_CLAUSE}(?:[,|]{_PLAIN_CLAUSE})*")
_PLAIN_BUILD = re.compile(r"[A-Za-z0-9_.+]*\*?[A-Za-z0-9_.+]+|\*")
_PLAIN_NAMES: dict[str, PackageNameMatcher] = {}
_PLAIN_PARTS: dict[str, SpecParts] = {}
_PLAIN_VERSIONS: dict[str, VersionSpec] = {}
_NAMES: dict[str, PackageNameMatcher] = {}
_NAME_IN_FRONT = re.compile(r"([a-z0-9_][a-z0-9_.-]*+)(?=$|[\s=<>!~\[])(?!.*::)")


def parse_spec(text: str, *, strict: bool = False) -> tuple[PackageNameMatcher, SpecParts]:
    """Parse a match spec.

    Raises:
        InvalidMatchSpecError: If the text is not one.
    """
    if not strict:
        name, space, demands = text.partition(" ")
        matcher = _PLAIN_NAMES.get(name) or _plain_name(text, name)
        if matcher is not None:
            if not space:
                return matcher, NO_PARTS
            parts = _PLAIN_PARTS.get(demands) or _plain_parts(text, demands)
            if parts is not None:
                return matcher, parts
    from hognose.types.match_spec_grammar import parse_any_spec

    return parse_any_spec(text, strict=strict)


def _plain_name(text: str, name: str) -> PackageNameMatcher | None:
    if name.endswith(ARCHIVE_ENDS) or not _PLAIN_NAME.fullmatch(name):
        return None
    return _remember(_PLAIN_NAMES, name, name_matcher(text, name))


def _plain_parts(text: str, demands: str) -> SpecParts | None:
    version, space, build = demands.partition(" ")
    demanded = _PLAIN_VERSIONS.get(version)
    if demanded is None:
        if not _PLAIN_VERSION.fullmatch(version):
            return None
        demanded = version_spec(text, version, strict=False)
        _remember(_PLAIN_VERSIONS, version, demanded)
    pattern = None
    if space:
        if not _PLAIN_BUILD.fullmatch(build):
            return None
        pattern = StringMatcher(build)
    return _remember(_PLAIN_PARTS, demands, SpecParts(demanded, pattern, NO_QUALIFIERS))


def _remember(table: dict[str, T], text: str, value: T) -> T:
    if len(table) >= _MAX_REMEMBERED:
        table.clear()
    table[text] = value
    return value


def package_name_of(spec: str) -> str:
    """Return the name in front of a dependency string, in lower case, without a full parse.

    The spec behind the name is not looked at, and so may be wrong. The name may be a pattern.
    """
    plain = _NAME_IN_FRONT.match(spec)
    if plain is not None:
        return plain[1]
    return parse_spec(spec)[0].normalized


def name_matcher(text: str, name: str) -> PackageNameMatcher:
    """Return the matcher for the name of a spec; `text` is the spec, for messages.

    Raises:
        InvalidMatchSpecError: If it is neither a name nor a pattern.
    """
    matcher = _NAMES.get(name)
    if matcher is None:
        try:
            matcher = PackageNameMatcher(name)
        except PackageNameMatcherParseError as error:
            raise InvalidMatchSpecError(text, f"the name `{name[:80]}`: {error.rule}") from error
        _remember(_NAMES, name, matcher)
    return matcher


def version_spec(text: str, version: str, *, strict: bool) -> VersionSpec:
    """Return the version spec of a spec; `text` is the spec, for messages.

    Raises:
        InvalidMatchSpecError: If it is no version spec.
    """
    try:
        return VersionSpec(version, strict)
    except InvalidTextError as error:
        raise InvalidMatchSpecError(text, f"the version `{version[:80]}`: {error.rule}") from error
