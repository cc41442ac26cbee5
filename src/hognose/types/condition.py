"""When a conditional dependency counts (CEP 43)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, Self, final

from hognose.errors import InvalidMatchSpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hognose.types.match_spec import MatchSpec

__all__ = ("Condition",)

MAX_DEPTH: Final = 64

# A spec runs up to a parenthesis, or to `and`/`or` with space around it; in brackets and quotes
# these mean nothing. Each alternative starts with other characters, so nothing is tried twice.
_QUOTED = r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'"
_BRACKETS = rf"\[(?:[^\]\"'\[]|{_QUOTED}|\[[^\]]*+\])*+\]"
_WORD = r"(?:and|or)(?=[\s(]|$)"
_TOKEN = re.compile(
    rf"\s*+(?:([()])|({_WORD})"
    rf"|((?:{_BRACKETS}|{_QUOTED}|[^()\[\]\"'\s]++|\s++(?!{_WORD}))++))",
    re.DOTALL,
)


@final
class Condition:
    """A spec, or several conditions joined by `and` or `or`.

    >>> str(Condition.parse("python >=3.10 and (__linux or __osx)"))
    'python>=3.10 and (__linux or __osx)'
    """

    __slots__ = ("joined_by", "operands", "spec")

    joined_by: Literal["and", "or"] | None
    """How the operands are joined; None for a single spec."""
    operands: tuple[Condition, ...]
    """The joined conditions; empty for a single spec."""
    spec: MatchSpec | None
    """The spec; None for joined conditions."""

    def __init__(
        self,
        spec: MatchSpec | None = None,
        *,
        joined_by: Literal["and", "or"] | None = None,
        operands: tuple[Condition, ...] = (),
    ) -> None:
        """Make a condition of one spec, or of several conditions."""
        self.spec = spec
        self.joined_by = joined_by
        self.operands = operands

    @classmethod
    def parse(cls, text: str, *, strict: bool = False) -> Self:
        """Parse a condition; `and` binds more tightly than `or`.

        Raises:
            InvalidMatchSpecError: If the text is not a condition, or one of its specs has a
                condition of its own.
        """
        return _Parser(text, strict=strict).parse()

    def specs(self) -> Iterator[MatchSpec]:
        """Yield the specs in it, from left to right."""
        if self.spec is not None:
            yield self.spec
        for operand in self.operands:
            yield from operand.specs()

    def evaluate(self, holds: Callable[[MatchSpec], bool]) -> bool:
        """Return whether the condition is true, given which of its specs hold."""
        if self.spec is not None:
            return holds(self.spec)
        results = (operand.evaluate(holds) for operand in self.operands)
        return all(results) if self.joined_by == "and" else any(results)

    def __str__(self) -> str:
        if self.spec is not None:
            from hognose.types.match_spec_format import format_in_condition

            return format_in_condition(self.spec)
        return f" {self.joined_by} ".join(
            f"({operand})"
            if operand.joined_by == "or" and self.joined_by == "and"
            else str(operand)
            for operand in self.operands
        )

    def __repr__(self) -> str:
        return f'Condition("{self}")'

    def __eq__(self, other: object) -> bool:
        return self._parts() == other._parts() if isinstance(other, Condition) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._parts())

    def _parts(self) -> tuple[object, ...]:
        return self.spec, self.joined_by, self.operands

    def __reduce__(self) -> tuple[Any, ...]:
        return Condition.parse, (str(self),)


class _Parser:
    """Reads tokens onto a stack of levels: alternatives of lists of what all has to hold."""

    def __init__(self, text: str, *, strict: bool) -> None:
        self.text = text
        self.strict = strict

    def parse(self) -> Condition:
        levels: list[list[list[Condition]]] = [[[]]]
        expects_spec = True
        position = 0
        text = self.text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._error("a quote or bracket is not closed", position)
            mark, word, spec = found.groups()
            position = found.end()
            if mark != ")" and bool(spec or mark) != expects_spec:
                rule = "`and` or `or` is missing" if spec or mark else "a spec is missing"
                raise self._error(rule, found.start())
            if mark == "(":
                if len(levels) > MAX_DEPTH:
                    raise self._error(f"it is nested more than {MAX_DEPTH} deep", position)
                levels.append([[]])
            elif mark:
                if expects_spec or len(levels) == 1:
                    raise self._error("`)` in a place where it makes no sense", found.start())
                closed = _fold(levels.pop())
                levels[-1][-1].append(closed)
            elif word:
                if word == "or":
                    levels[-1].append([])
                expects_spec = True
            else:
                levels[-1][-1].append(Condition(self._spec(spec.strip())))
                expects_spec = False
        if expects_spec or len(levels) > 1:
            rule = "a `(` has no `)`" if len(levels) > 1 else "a spec is missing"
            raise self._error(rule, max(len(text) - 1, 0))
        return _fold(levels[0])

    def _spec(self, text: str) -> MatchSpec:
        from hognose.types.match_spec import MatchSpec

        spec = MatchSpec(text, self.strict)
        if spec.condition is not None:
            raise self._error("a spec in a condition may have no condition itself", None)
        return spec

    def _error(self, rule: str, position: int | None) -> InvalidMatchSpecError:
        return InvalidMatchSpecError(self.text, f"in the condition: {rule}", position=position)


def _fold(alternatives: list[list[Condition]]) -> Condition:
    return _join("or", [_join("and", conditions) for conditions in alternatives])


def _join(word: Literal["and", "or"], conditions: list[Condition]) -> Condition:
    if len(conditions) == 1:
        return conditions[0]
    operands: list[Condition] = []
    for condition in conditions:
        operands += condition.operands if condition.joined_by == word else (condition,)
    return Condition(joined_by=word, operands=tuple(operands))
