"""Match specs: what is asked of a package (CEP 29, 43, 44, 45).

The text is taken apart in `match_spec_parser.py` and put together in `match_spec_format.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, final

from hognose.errors import InvalidMatchSpecError
from hognose.types.match_spec_parser import (
    NO_QUALIFIERS,
    Qualifiers,
    SpecParts,
    package_name_of,
    parse_spec,
)
from hognose.types.package_name import PackageName, PackageNameMatcher

if TYPE_CHECKING:
    from hognose.types.build_spec import BuildNumberSpec
    from hognose.types.channel import Channel
    from hognose.types.condition import Condition
    from hognose.types.string_matcher import StringMatcher
    from hognose.types.version import Version
    from hognose.types.version_spec import VersionSpec

__all__ = ("MatchSpec", "NamelessMatchSpec", "package_name_of")

_MAX_INTERNED = 1 << 17
_INTERNED: dict[str, MatchSpec] = {}
_new = object.__new__


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


class _Spec:
    """What specs with and without a name have in common."""

    __slots__ = ("_qualifiers", "build", "version")

    _qualifiers: Qualifiers
    version: VersionSpec | None
    """What is demanded of the version; None if nothing."""
    build: StringMatcher | None
    """What is demanded of the build string; None if nothing."""

    def __new__(cls) -> Self:
        """Not for use: the subclasses parse text."""
        return _new(cls)

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
        """The URL of the archive; None if any."""
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

    def _identity(self) -> tuple[object, ...]:
        version = self.version
        if version is not None and version.is_any:
            version = None
        return version, self.build, self._qualifiers


@final
class MatchSpec(_Spec):
    """A package name with demands on the package.

    Immutable; specs of the same text are the same object. Two specs are equal if they demand the
    same, however they are written.

    >>> spec = MatchSpec("python >=3.10,<3.13 *_cpython")
    >>> str(spec.name), str(spec.version), str(spec.build)
    ('python', '>=3.10,<3.13', '*_cpython')
    """

    __slots__ = ("_exact_name", "name")

    name: PackageNameMatcher
    """The name, or a pattern for names."""
    _exact_name: PackageName | None

    def __new__(
        cls,
        spec: str,
        strict: bool = False,  # noqa: FBT001, FBT002  # the signature is py-rattler's
        exact_names_only: bool = True,  # noqa: FBT001, FBT002
        extras: bool = True,  # noqa: FBT001, FBT002
        conditionals: bool = True,  # noqa: FBT001, FBT002
        flags: bool = True,  # noqa: FBT001, FBT002
    ) -> Self:
        """Parse a spec.

        Args:
            spec: The text: `channel/subdir:namespace:name version build[key=value, ...]`, or the
                URL or file name of an archive.
            strict: Whether to refuse ambiguous forms: a version without an operator, stars that
                mean nothing, a value given twice.
            exact_names_only: Whether to refuse a pattern as the name.
            extras: Whether `extras` are allowed.
            conditionals: Whether `when` is allowed.
            flags: Whether `flags` are allowed.

        Raises:
            InvalidMatchSpecError: If the text is not a spec, or has something not allowed.
        """
        is_default = not strict and exact_names_only and extras and conditionals and flags
        if is_default:
            self = _INTERNED.get(spec)
            if self is not None:
                return self
        name, parts = parse_spec(spec, strict=strict)
        if not is_default and parts.qualifiers is not NO_QUALIFIERS:
            _refuse(spec, parts, extras=extras, conditionals=conditionals, flags=flags)
        if exact_names_only and name.exact is None:
            rule = f"a name is needed here, not the pattern `{name}`"
            raise InvalidMatchSpecError(spec, rule, hint="Pass `exact_names_only=False`.")
        made = cls._make(name, parts)
        if is_default:
            if len(_INTERNED) >= _MAX_INTERNED:
                _INTERNED.clear()
            _INTERNED[spec] = made
        return made

    @classmethod
    def _make(cls, name: PackageNameMatcher, parts: SpecParts) -> Self:
        self = _new(cls)
        self.name = name
        self._exact_name = name.exact
        self.version = parts.version
        self.build = parts.build
        self._qualifiers = parts.qualifiers
        return self

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a spec leniently; the same as the constructor.

        Raises:
            InvalidMatchSpecError: If the text is not a spec.
        """
        return cls(text)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Make the spec for exactly the archive at a URL; `#` may add its MD5 or SHA-256.

        Raises:
            InvalidMatchSpecError: If the URL does not end in an archive's file name.
        """
        from hognose.types.match_spec_grammar import parse_spec_from_url

        return cls._make(*parse_spec_from_url(url))

    @classmethod
    def from_query(cls, query: str) -> Self:
        """Make a spec from a web address or the end of one.

        `numpy >=3.9?channel=conda-forge` is a spec with further keys behind `?`, joined by `&`.
        Percent signs are decoded; of a whole address only the last step of the path counts.

        Raises:
            InvalidMatchSpecError: If the text is not a spec, or a key is unknown.
        """
        from hognose.types.match_spec_grammar import parse_spec_from_query

        return cls._make(*parse_spec_from_query(query))

    @classmethod
    def from_nameless(cls, spec: NamelessMatchSpec, name: str) -> Self:
        """Give a nameless spec a name.

        Raises:
            InvalidMatchSpecError: If it is not a name.
        """
        matcher = _name_matcher(name)
        return cls._make(matcher, SpecParts(spec.version, spec.build, spec._qualifiers))

    @property
    def is_nameless(self) -> bool:
        """Whether the name is `*`."""
        return self.name.is_any

    def matches(self, record: Matchable) -> bool:
        """Return whether a package is what the spec demands.

        Facts that a record lacks because it comes from no channel (channel, URL, file name) are
        not demanded of it. The condition and the extras play no part.
        """
        name = self._exact_name
        if name is None:
            if not self.name.matches(record.name):
                return False
        elif name != record.name:
            return False
        return self._matches_rest(record)

    def to_nameless(self) -> NamelessMatchSpec:
        """Return the spec without its name."""
        return NamelessMatchSpec.from_match_spec(self)

    def to_canonical_string(self) -> str:
        """Return the form with everything but the name in brackets.

        It is the only one that repodata revision 3 allows (CEP 48), and the one of py-rattler.
        """
        from hognose.types.match_spec_format import format_brackets

        return format_brackets(self)

    def to_cep29_string(self) -> str:
        """Return the canonical form of CEP 29's appendix A, which is conda's.

        >>> MatchSpec("conda-forge::foo[version=1.0.*]").to_cep29_string()
        'conda-forge::foo=1.0'
        """
        from hognose.types.match_spec_format import format_cep29

        return format_cep29(self)

    def __str__(self) -> str:
        from hognose.types.match_spec_format import format_spec

        return format_spec(self, self.name)

    def __repr__(self) -> str:
        return f'MatchSpec("{self}")'

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, MatchSpec):
            return NotImplemented
        return self.name == other.name and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash((self.name, self._identity()))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.name, self.version, self.build, self._qualifiers)


@final
class NamelessMatchSpec(_Spec):
    """The demands of a match spec without the name, as in `>=1.2 py*`."""

    __slots__ = ()

    def __new__(
        cls,
        spec: str,
        strict: bool = False,  # noqa: FBT001, FBT002  # the signature is py-rattler's
        extras: bool = True,  # noqa: FBT001, FBT002
        conditionals: bool = True,  # noqa: FBT001, FBT002
        flags: bool = True,  # noqa: FBT001, FBT002
    ) -> Self:
        """Parse a spec without a name; the arguments are those of `MatchSpec`.

        Raises:
            InvalidMatchSpecError: If the text is not a spec, or has something not allowed.
        """
        from hognose.types.match_spec_grammar import parse_nameless_spec

        parts = parse_nameless_spec(spec, strict=strict)
        _refuse(spec, parts, extras=extras, conditionals=conditionals, flags=flags)
        return cls._make(parts)

    @classmethod
    def _make(cls, parts: SpecParts) -> Self:
        self = _new(cls)
        self._set(parts)
        return self

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a spec leniently; the same as the constructor.

        Raises:
            InvalidMatchSpecError: If the text is not a spec.
        """
        return cls(text)

    @classmethod
    def from_match_spec(cls, spec: MatchSpec) -> Self:
        """Return a spec without its name."""
        return cls._make(SpecParts(spec.version, spec.build, spec._qualifiers))

    def matches(self, record: Matchable) -> bool:
        """Return whether a package of any name is what the spec demands."""
        return self._matches_rest(record)

    def __str__(self) -> str:
        from hognose.types.match_spec_format import format_spec

        return format_spec(self, None)

    def __repr__(self) -> str:
        return f'NamelessMatchSpec("{self}")'

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NamelessMatchSpec):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore_nameless, (self.version, self.build, self._qualifiers)


def _refuse(spec: str, parts: SpecParts, *, extras: bool, conditionals: bool, flags: bool) -> None:
    found = parts.qualifiers
    for key, is_there, is_allowed in (
        ("extras", bool(found.extras), extras),
        ("when", found.condition is not None, conditionals),
        ("flags", bool(found.flags), flags),
    ):
        if is_there and not is_allowed:
            raise InvalidMatchSpecError(spec, f"the key `{key}` is not allowed here")


def _name_matcher(name: str) -> PackageNameMatcher:
    try:
        return PackageNameMatcher(name)
    except ValueError as error:
        raise InvalidMatchSpecError(name, f"the name: {getattr(error, 'rule', error)}") from error


def _restore(
    name: PackageNameMatcher,
    version: VersionSpec | None,
    build: StringMatcher | None,
    qualifiers: Qualifiers,
) -> MatchSpec:
    return MatchSpec._make(name, SpecParts(version, build, _shared(qualifiers)))


def _restore_nameless(
    version: VersionSpec | None, build: StringMatcher | None, qualifiers: Qualifiers
) -> NamelessMatchSpec:
    return NamelessMatchSpec._make(SpecParts(version, build, _shared(qualifiers)))


def _shared(qualifiers: Qualifiers) -> Qualifiers:
    return NO_QUALIFIERS if qualifiers == NO_QUALIFIERS else qualifiers
