"""Match specs without a name: the demands alone, as in `>=1.2 py*`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, final

from hognose.types.match_spec_demands import Demands, refuse_unwanted, shared_qualifiers
from hognose.types.match_spec_parser import Qualifiers, SpecParts

if TYPE_CHECKING:
    from hognose.types.match_spec import MatchSpec
    from hognose.types.match_spec_demands import Matchable
    from hognose.types.string_matcher import StringMatcher
    from hognose.types.version_spec import VersionSpec

__all__ = ("NamelessMatchSpec",)

_new = object.__new__


@final
class NamelessMatchSpec(Demands):
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
        refuse_unwanted(spec, parts, extras=extras, conditionals=conditionals, flags=flags)
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

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NamelessMatchSpec):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore_nameless, (self.version, self.build, self._qualifiers)


def _restore_nameless(
    version: VersionSpec | None, build: StringMatcher | None, qualifiers: Qualifiers
) -> NamelessMatchSpec:
    return NamelessMatchSpec._make(SpecParts(version, build, shared_qualifiers(qualifiers)))
