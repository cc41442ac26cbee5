"""Match specs: what is asked of a package (CEP 29, 43, 44, 45).

The text is taken apart in `match_spec_parser.py` and put together in `match_spec_format.py`; the
properties are in `match_spec_demands.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, final

from hognose.errors import InvalidMatchSpecError
from hognose.types.match_spec_demands import Demands, refuse_unwanted, shared_qualifiers
from hognose.types.match_spec_parser import (
    NO_QUALIFIERS,
    Qualifiers,
    SpecParts,
    package_name_of,
    parse_spec,
)
from hognose.types.package_name import PackageName, PackageNameMatcher

if TYPE_CHECKING:
    from hognose.types.channel import Channel
    from hognose.types.match_spec_demands import Matchable
    from hognose.types.nameless_match_spec import NamelessMatchSpec
    from hognose.types.string_matcher import StringMatcher
    from hognose.types.version_spec import VersionSpec

__all__ = ("MatchSpec", "package_name_of")

_MAX_INTERNED = 1 << 17
_INTERNED: dict[str | MatchSpec, MatchSpec] = {}
_new = object.__new__


@final
class MatchSpec(Demands):
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
        spec: str | MatchSpec,
        strict: bool = False,  # noqa: FBT001, FBT002  # the signature is py-rattler's
        exact_names_only: bool = True,  # noqa: FBT001, FBT002
        extras: bool = True,  # noqa: FBT001, FBT002
        conditionals: bool = True,  # noqa: FBT001, FBT002
        flags: bool = True,  # noqa: FBT001, FBT002
    ) -> Self:
        """Parse a spec.

        Args:
            spec: The text: `channel/subdir:namespace:name version build[key=value, ...]`, or the
                URL or file name of an archive. A spec is taken as its text.
            strict: Whether to refuse ambiguous forms: a version without an operator, stars that
                mean nothing, a value given twice.
            exact_names_only: Whether to refuse a pattern as the name.
            extras: Whether `extras` are allowed.
            conditionals: Whether `when` is allowed.
            flags: Whether `flags` are allowed.

        Raises:
            InvalidMatchSpecError: If the text is not a spec, or has something not allowed.
            TypeError: If it is no text.
        """
        is_default = not strict and exact_names_only and extras and conditionals and flags
        if is_default:
            self = _INTERNED.get(spec)
            if self is not None:
                return self
        if not isinstance(spec, str):
            spec = _text_of(spec)
        name, parts = parse_spec(spec, strict=strict)
        if not is_default and parts.qualifiers is not NO_QUALIFIERS:
            refuse_unwanted(spec, parts, extras=extras, conditionals=conditionals, flags=flags)
        if exact_names_only and name.exact is None:
            rule = f"a name is needed here, not the pattern `{name}`"
            raise InvalidMatchSpecError(spec, rule, hint="`exact_names_only=False` allows it")
        self = cls._make(name, parts)
        if is_default:
            if len(_INTERNED) >= _MAX_INTERNED:
                _INTERNED.clear()
            _INTERNED[spec] = self
        return self

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

        The address of anything else may have the spec as its last step, with further keys behind
        `?`, as in `from_query`.

        Raises:
            InvalidMatchSpecError: If the URL ends neither in an archive's file name nor in a spec
                with a query.

        >>> str(MatchSpec.from_url("https://example.org/numpy>=2?channel=conda-forge"))
        'conda-forge::numpy >=2'
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

    def with_channel(self, channel: Channel | None) -> MatchSpec:
        """Return the spec with another channel that the package has to be from; None for any."""
        from msgspec.structs import replace

        found = replace(self._qualifiers, channel=channel, channel_pattern=None)
        return self._make(self.name, SpecParts(self.version, self.build, shared_qualifiers(found)))

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
        from hognose.types.nameless_match_spec import NamelessMatchSpec

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


def _text_of(spec: object) -> str:
    if isinstance(spec, MatchSpec):
        return str(spec)
    message = f"a match spec is made from a str, not {type(spec).__name__}"
    raise TypeError(message)


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
    return MatchSpec._make(name, SpecParts(version, build, shared_qualifiers(qualifiers)))
