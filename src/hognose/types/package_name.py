"""Package names (CEP 26) and the patterns that match them (CEP 29).

A `PackageName` *is* a `str`: its text is the normalised, lower-case name, so it can be used
wherever a plain name is a dictionary key. What the author wrote stays in `source`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self, final

from hognose.errors import InvalidPackageNameError, PackageNameMatcherParseError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("PackageName", "PackageNameMatcher")

MAX_NAME_LENGTH: Final = 64

# The two expressions of CEP 26, folded into one: at most one leading underscore, or exactly two
# for a virtual package, then runs of letters and digits with single separators between them.
# Each character can be matched in one way only, so hostile text costs linear time.
_NAME = re.compile(r"_{0,2}[a-z0-9]+(?:[._-][a-z0-9]+)*[._-]?")

_STRAY_IN_REGEX = re.compile(r"[\s\x00-\x1f\x7f\"'#]")
_STRAY_IN_GLOB = re.compile(r"[^A-Za-z0-9_.*-]")
_INTERNED: dict[str, PackageName] = {}
_INTERNED_LIMIT = 1 << 17


@final
class PackageName(str):
    """The name of a package, real or virtual.

    Compares, hashes and sorts as its normalised text, and equal to a plain `str` of that text.

    >>> PackageName("NumPy") == "numpy", PackageName("NumPy").source
    (True, 'NumPy')
    """

    __slots__ = ("source",)

    source: str
    """The name as it was written."""

    def __new__(cls, source: str) -> Self:
        """Validate a name.

        Raises:
            InvalidPackageNameError: If the text breaks a rule of CEP 26.
        """
        found = _INTERNED.get(source)
        if found is None:
            _check(source)
            found = _intern(source, _INTERNED)
        return found

    @classmethod
    def unchecked(cls, source: str) -> Self:
        """Make a name without validating it, for text that a channel already vouches for."""
        return UNCHECKED_NAMES[source]

    @classmethod
    def from_matchspec_str(cls, spec: str) -> Self:
        """Return the name in front of a dependency string, without parsing the rest.

        Raises:
            InvalidPackageNameError: If there is no valid name.
        """
        from hognose.types.match_spec import package_name_of

        return cls(package_name_of(spec))

    @classmethod
    def from_matchspec_str_unchecked(cls, spec: str) -> Self:
        """Return the name in front of a dependency string, validating nothing."""
        from hognose.types.match_spec import package_name_of

        return cls.unchecked(package_name_of(spec))

    @property
    def normalized(self) -> str:
        """The name in lower case, as a plain `str`."""
        return str.__str__(self)

    @property
    def is_virtual(self) -> bool:
        """Whether the name is one of a virtual package: it starts with two underscores."""
        return self.startswith("__")

    def __repr__(self) -> str:
        return f'PackageName("{self.source}")'

    def __reduce__(self) -> tuple[Any, ...]:
        return PackageName.unchecked, (self.source,)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class _UncheckedNames(dict[str, PackageName]):
    """Names by their text, made when first asked for."""

    def __missing__(self, source: str) -> PackageName:
        return _intern(source, self)


UNCHECKED_NAMES: Final = _UncheckedNames()


def _intern(source: str, table: dict[str, PackageName]) -> PackageName:
    if len(table) >= _INTERNED_LIMIT:
        table.clear()
    name = str.__new__(PackageName, str.lower(source))
    name.source = source
    table[source] = name
    return name


def _check(source: str) -> None:
    text = source.lower() if source.isascii() else source
    if _NAME.fullmatch(text) and len(text) <= MAX_NAME_LENGTH:
        return
    if not text:
        raise InvalidPackageNameError(source, "it is empty")
    if len(text) > MAX_NAME_LENGTH:
        rule = f"it has more than {MAX_NAME_LENGTH} characters"
        raise InvalidPackageNameError(source, rule, position=MAX_NAME_LENGTH)
    stray = re.search(r"[^a-z0-9._-]", text)
    if stray:
        rule = "only ASCII letters, digits, `-`, `_` and `.` are allowed"
        raise InvalidPackageNameError(source, rule, position=stray.start())
    good = re.match(r"_{0,2}(?:[a-z0-9]+[._-]?)*", text)
    position = good.end() if good else 0
    rule = "it does not start with a letter, a digit or an underscore"
    if position:
        rule = "separators (`-`, `_`, `.`) may not follow each other"
    raise InvalidPackageNameError(source, rule, position=min(position, len(text) - 1))


@final
class PackageNameMatcher:
    """A package name, a glob (`numpy*`) or a regular expression (`^num.+$`) for names.

    `*` alone matches every name.
    """

    __slots__ = ("_predicate", "exact", "source")

    exact: PackageName | None
    """The name itself where the matcher is no pattern."""
    source: str
    """The text of the matcher, as written."""

    def __init__(self, source: str) -> None:
        """Parse a name or a pattern.

        Raises:
            PackageNameMatcherParseError: If the text is neither.
        """
        self.source = source
        self.exact = None
        self._predicate: Callable[[str], object] | None = None
        if isinstance(source, PackageName):
            self.exact = source
            self.source = source.source
            return
        if source == "*":
            return
        if "*" in source or source.startswith("^"):
            from hognose.types.string_matcher import StringMatcher

            is_regex = source.startswith("^") and source.endswith("$")
            stray = (_STRAY_IN_REGEX if is_regex else _STRAY_IN_GLOB).search(source)
            if stray:
                rule = f"`{stray.group()}` has no place in a pattern for names"
                raise PackageNameMatcherParseError(source, rule, position=stray.start())
            try:
                self._predicate = StringMatcher(source).matches
            except ValueError as error:
                rule = getattr(error, "rule", str(error))
                raise PackageNameMatcherParseError(source, rule) from error
            return
        try:
            self.exact = PackageName(source)
        except InvalidPackageNameError as error:
            raise PackageNameMatcherParseError(
                source, error.rule, position=error.position
            ) from error

    @property
    def normalized(self) -> str:
        """The matcher's text in lower case; for a regular expression as it was written."""
        if self.exact is not None:
            return self.exact.normalized
        return self.source if self.source.startswith("^") else self.source.lower()

    def as_package_name(self) -> PackageName | None:
        """Return the name where the matcher is no pattern, else None."""
        return self.exact

    @property
    def is_any(self) -> bool:
        """Whether every name matches: the matcher is `*`."""
        return self.source == "*"

    def matches(self, name: str) -> bool:
        """Return whether a name matches; case does not matter."""
        if self.exact is not None:
            return self.exact == name or self.exact == name.lower()
        return self._predicate is None or bool(self._predicate(name))

    def __str__(self) -> str:
        return self.source

    def __repr__(self) -> str:
        return f'PackageNameMatcher("{self.source}")'

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PackageNameMatcher):
            return self.normalized == other.normalized
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.normalized)
