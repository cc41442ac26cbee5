"""Build strings and build numbers, and what specs say about them (CEP 26, CEP 29)."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any, Final, Self, final

from hognose.errors import InvalidBuildStringError, InvalidMatchSpecError
from hognose.types.string_matcher import StringMatcher as StringMatcher

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("BuildNumberSpec", "BuildString", "StringMatcher")

MAX_BUILD_LENGTH: Final = 64
_BUILD = re.compile(r"[a-zA-Z0-9_.+]+")
_CLAUSE = re.compile(r"(==|!=|<=|>=|=|<|>)?\s*+([0-9]{1,20})", re.ASCII)
_OPERATORS: Final[dict[str, Callable[[int, int], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@final
class BuildString(str):
    """The build string of a package; a `str` that is known to keep the rules of CEP 26."""

    __slots__ = ()

    def __new__(cls, value: str) -> Self:
        """Validate a build string.

        Raises:
            InvalidBuildStringError: If it is empty, longer than 64 characters, or has characters
                other than ASCII letters, digits, `_`, `.` and `+`.
        """
        if isinstance(value, BuildString):
            return value
        if not value:
            raise InvalidBuildStringError(value, "it is empty")
        found = _BUILD.match(value)
        end = found.end() if found else 0
        if end < len(value):
            rule = "only ASCII letters, digits, `_`, `.` and `+` are allowed"
            raise InvalidBuildStringError(value, rule, position=end)
        if len(value) > MAX_BUILD_LENGTH:
            rule = f"it has more than {MAX_BUILD_LENGTH} characters"
            raise InvalidBuildStringError(value, rule, position=MAX_BUILD_LENGTH)
        return str.__new__(cls, value)

    @classmethod
    def new_unchecked(cls, value: str) -> Self:
        """Make a build string without validating it."""
        return str.__new__(cls, value)

    def __repr__(self) -> str:
        return f'BuildString("{self}")'


@final
class BuildNumberSpec:
    """What a spec demands of a build number: `>=3`, `1`, `!=0`, `>=1,<4`, or a glob such as `10*`.

    `,` (and) binds more tightly than `|` (or).
    """

    __slots__ = ("_any_of", "_pattern", "source")

    source: str
    """The text of the spec without spaces, each number with its operator."""

    def __init__(self, source: str | int) -> None:
        """Parse a spec.

        Raises:
            InvalidMatchSpecError: If the text is not one.
        """
        text = str(source)
        self.source = text.strip()
        self._pattern: StringMatcher | None = None
        self._any_of: list[list[tuple[Callable[[int, int], bool], int]]] = []
        if "*" in text or self.source.startswith("^"):
            self._pattern = StringMatcher(self.source)
            return
        groups = []
        for group in text.split("|"):
            clauses = []
            texts = []
            for clause in group.split(","):
                found = _CLAUSE.fullmatch(clause.strip())
                if found is None:
                    rule = "a build number spec is a number with an operator: `>=3`"
                    raise InvalidMatchSpecError(text, rule)
                mark = "==" if found[1] in {None, "="} else found[1]
                clauses.append((_OPERATORS[mark], int(found[2])))
                texts.append(f"{mark}{int(found[2])}")
            self._any_of.append(clauses)
            groups.append(",".join(texts))
        self.source = "|".join(groups)

    def matches(self, build_number: int) -> bool:
        """Return whether a build number satisfies the spec."""
        if self._pattern is not None:
            return self._pattern.matches(str(build_number))
        return any(
            all(compare(build_number, limit) for compare, limit in clauses)
            for clauses in self._any_of
        )

    def __str__(self) -> str:
        return self.source

    def __repr__(self) -> str:
        return f'BuildNumberSpec("{self.source}")'

    def __eq__(self, other: object) -> bool:
        if isinstance(other, BuildNumberSpec):
            return self.source == other.source
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.source)

    def __reduce__(self) -> tuple[Any, ...]:
        return BuildNumberSpec, (self.source,)
