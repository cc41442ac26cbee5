"""What match specs with and without a name have in common: demands on a package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

from hognose.errors import InvalidMatchSpecError
from hognose.types.match_spec_parser import NO_QUALIFIERS, Qualifiers, SpecParts

if TYPE_CHECKING:
    from hognose.types.build_spec import BuildNumberSpec
    from hognose.types.channel import Channel
    from hognose.types.condition import Condition
    from hognose.types.package_name import PackageName
    from hognose.types.string_matcher import StringMatcher
    from hognose.types.version import Version
    from hognose.types.version_spec import VersionSpec

__all__ = ("Demands", "Matchable", "refuse_unwanted", "shared_qualifiers")


class Matchable(Protocol):
    """What a spec needs to see of a package; records and virtual packages have more."""

    @property
    def name(self) -> PackageName:
        """The name."""

    @property
    def version(self) -> Version:
        """The version."""

    @property
    def build(self) -> str:
        """The build string."""


class Demands:
    """What specs with and without a name have in common."""

    __slots__ = ("_qualifiers", "build", "version")

    _qualifiers: Qualifiers
    version: VersionSpec | None
    """What is demanded of the version; None if nothing."""
    build: StringMatcher | None
    """What is demanded of the build string; None if nothing."""

    def __new__(cls) -> Self:
        """Not for use: the subclasses parse text."""
        return object.__new__(cls)

    @property
    def build_number(self) -> BuildNumberSpec | None:
        """What is demanded of the build number; None if nothing."""
        return self._qualifiers.build_number

    @property
    def channel(self) -> Channel | None:
        """The channel that the package has to be from; None if any."""
        return self._qualifiers.channel

    @property
    def channel_pattern(self) -> StringMatcher | None:
        """A pattern that the channel's name or URL has to match, instead of `channel`."""
        return self._qualifiers.channel_pattern

    @property
    def subdir(self) -> str | None:
        """The subdir, or a pattern for it; None if any."""
        return self._qualifiers.subdir

    @property
    def namespace(self) -> str | None:
        """The namespace: read, kept, and without meaning (CEP 29)."""
        return self._qualifiers.namespace

    @property
    def file_name(self) -> str | None:
        """The file name of the archive (the key `fn`); None if any."""
        return self._qualifiers.file_name

    @property
    def url(self) -> str | None:
        """The URL of the archive as it was given, for asking; None if any."""
        return self._qualifiers.url

    @property
    def md5(self) -> bytes | None:
        """The MD5 digest of the archive; None if any."""
        return self._qualifiers.md5

    @property
    def sha256(self) -> bytes | None:
        """The SHA-256 digest of the archive; None if any."""
        return self._qualifiers.sha256

    @property
    def license(self) -> str | None:
        """The licence, or a pattern for it; None if any."""
        return self._qualifiers.license

    @property
    def license_family(self) -> str | None:
        """The family of the licence, or a pattern for it; None if any."""
        return self._qualifiers.license_family

    @property
    def features(self) -> str | None:
        """The `features` field, or a pattern for it; None if any."""
        return self._qualifiers.features

    @property
    def track_features(self) -> tuple[str, ...]:
        """The features that the package has to track."""
        return self._qualifiers.track_features

    @property
    def extras(self) -> tuple[str, ...]:
        """The optional dependency groups that are wanted (CEP 44)."""
        return self._qualifiers.extras

    @property
    def flags(self) -> tuple[StringMatcher, ...]:
        """The flags that the package has to carry (CEP 45)."""
        return self._qualifiers.flags

    @property
    def condition(self) -> Condition | None:
        """When the dependency counts (`when`, CEP 43); None if always."""
        return self._qualifiers.condition

    @property
    def has_qualifiers(self) -> bool:
        """Whether anything but name, version and build is demanded or wanted."""
        return self._qualifiers is not NO_QUALIFIERS

    def _set(self, parts: SpecParts) -> None:
        self.version = parts.version
        self.build = parts.build
        self._qualifiers = parts.qualifiers

    def _matches_rest(self, record: Matchable) -> bool:
        version = self.version
        if version is not None and not version.matches(record.version):
            return False
        build = self.build
        if build is not None and not build.matches(record.build):
            return False
        qualifiers = self._qualifiers
        return qualifiers is NO_QUALIFIERS or qualifiers.matches(record)

    def __repr__(self) -> str:
        text = str(self)
        quoted = repr(text) if '"' in text or "\\" in text else f'"{text}"'
        return f"{type(self).__name__}({quoted})"

    def _identity(self) -> tuple[object, ...]:
        version = self.version
        if version is not None and version.is_any:
            version = None
        return version, self.build, _without_secrets(self._qualifiers)


def _without_secrets(qualifiers: Qualifiers) -> Qualifiers:
    """Return qualifiers whose URL is what is compared and shown."""
    if qualifiers.url is None:
        return qualifiers
    import msgspec

    from hognose._url_secrets import without_secrets

    return msgspec.structs.replace(qualifiers, url=without_secrets(qualifiers.url))


def refuse_unwanted(
    spec: str, parts: SpecParts, *, extras: bool, conditionals: bool, flags: bool
) -> None:
    """Check that a spec has no keys that the caller does not allow.

    Raises:
        InvalidMatchSpecError: It has.
    """
    found = parts.qualifiers
    for key, is_there, is_allowed in (
        ("extras", bool(found.extras), extras),
        ("when", found.condition is not None, conditionals),
        ("flags", bool(found.flags), flags),
    ):
        if is_there and not is_allowed:
            raise InvalidMatchSpecError(spec, f"the key `{key}` is not allowed here")


def shared_qualifiers(qualifiers: Qualifiers) -> Qualifiers:
    """Return `NO_QUALIFIERS` itself for what is equal to it: after unpickling, `is` must hold."""
    return NO_QUALIFIERS if qualifiers == NO_QUALIFIERS else qualifiers
