"""Patterns for text: exact, glob, regular expression (CEP 29, "String matching")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self, final

from hognose.errors import InvalidMatchSpecError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("StringMatcher",)

_INTERNED: dict[str, StringMatcher] = {}
_MAX_INTERNED = 1 << 15


@final
class StringMatcher:
    """A pattern for a text field; case never matters.

    Text between `^` and `$` is a regular expression, text with a `*` is a glob in which `*` stands
    for any characters, anything else is the value itself.

    >>> StringMatcher("py39*_0").matches("py39h1234_0")
    True
    """

    __slots__ = ("_predicate", "kind", "source")

    source: str
    """The text of the pattern, as written."""
    kind: Literal["exact", "glob", "regex"]
    """Which of the three forms it has."""
    _predicate: Callable[[str], object]

    def __new__(cls, source: str) -> Self:
        """Parse a pattern; the same text gives the same object.

        Raises:
            InvalidMatchSpecError: If it is a regular expression that cannot be used.
        """
        self = _INTERNED.get(source)
        if self is None:
            if len(_INTERNED) >= _MAX_INTERNED:
                _INTERNED.clear()
            self = object.__new__(cls)
            self.source = source
            self.kind, self._predicate = _compile(source)
            _INTERNED[source] = self
        return self

    @property
    def is_any(self) -> bool:
        """Whether everything matches: the pattern is `*`."""
        return self.source == "*"

    def matches(self, text: str) -> bool:
        """Return whether a text matches."""
        return bool(self._predicate(text.lower()))

    def __str__(self) -> str:
        return self.source

    def __repr__(self) -> str:
        return f'StringMatcher("{self.source}")'

    def __eq__(self, other: object) -> bool:
        if isinstance(other, StringMatcher):
            return self._identity() == other._identity()
        return self.source == other if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.source.lower())

    def __reduce__(self) -> tuple[Any, ...]:
        return StringMatcher, (self.source,)

    def _identity(self) -> str:
        return self.source if self.kind == "regex" else self.source.lower()


def _compile(
    source: str,
) -> tuple[Literal["exact", "glob", "regex"], Callable[[str], object]]:
    if source.startswith("^") and source.endswith("$") and len(source) > 1:
        return "regex", _compile_regex(source)
    text = source.lower()
    if "*" in text:
        return "glob", _compile_glob(text)
    return "exact", text.__eq__


def _compile_regex(source: str) -> Callable[[str], object]:
    from hognose.types.linear_regex import compile_regex

    try:
        return compile_regex(source)
    except ValueError as error:
        rule = f"the regular expression cannot be used: {error}"
        raise InvalidMatchSpecError(source, rule) from error


def _compile_glob(glob: str) -> Callable[[str], object]:
    # Finding the parts one after the other is enough, and unlike a regular expression with
    # several `.*` never goes back.
    first, *middle, last = glob.split("*")
    middle = [part for part in middle if part]
    if not middle:
        if not first and not last:
            return lambda _text: True
        if not first:
            return lambda text: text.endswith(last)
        if not last:
            return lambda text: text.startswith(first)
    elif len(middle) == 1 and not first and not last:
        return _contains(middle[0])

    def matches(text: str) -> bool:
        if not (text.startswith(first) and text.endswith(last)):
            return False
        position = len(first)
        stop = len(text) - len(last)
        for part in middle:
            position = text.find(part, position, stop)
            if position < 0:
                return False
            position += len(part)
        return position <= stop

    return matches


def _contains(part: str) -> Callable[[str], bool]:
    return lambda text: part in text
