"""From the text of a version spec to a tree of ranges (CEP 29)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from hognose.errors import (
    InvalidMatchSpecError,
    InvalidVersionError,
    InvalidVersionSpecError,
)
from hognose.types.string_matcher import StringMatcher
from hognose.types.version import Version
from hognose.types.version_parser import VersionParts, epoch_end, prefix_range
from hognose.types.version_ranges import (
    ANY,
    TOP,
    Borders,
    complement,
    intersection,
    union,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("Node", "TextTest", "parse_version_spec")

MAX_DEPTH: Final = 64
_MAX_REMEMBERED = 1 << 16

_STRAY_IN_PATTERN = re.compile(r"[^0-9A-Za-z._+!*-]")
_OPERATORS: Final = frozenset({"", "=", "==", "!=", "<", "<=", ">", ">=", "~="})
_TOKEN = re.compile(r"\s*+(?:(\^[^$]*+\$)|([()|,])|([^()|,^]++))")


class TextTest(msgspec.Struct, frozen=True, gc=False):
    """A clause that looks at the text of a version."""

    matcher: StringMatcher
    is_negated: bool


class Node(msgspec.Struct, frozen=True, gc=False):
    """A part of a spec: one clause, or operands that a mark joins.

    `borders` is there where all of the part are ranges, which are folded into one set; `test` is
    there where the clause looks at text.
    """

    borders: Borders | None = None
    test: TextTest | None = None
    clause: str = ""
    """The text of the clause, in which `%s` is for the version."""
    version: Version | None = None
    operands: tuple[Node, ...] = ()
    joined_by: Literal["", ",", "|"] = ""

    @property
    def text(self) -> str:
        """The canonical text; made when somebody asks, which for a channel's specs is never."""
        if not self.operands:
            return self.clause if self.version is None else self.clause % self.version
        return self.joined_by.join(
            f"({node.text})" if self.joined_by == "," and node.joined_by == "|" else node.text
            for node in self.operands
        )


_CLAUSES: dict[str, Node] = {}


def parse_version_spec(text: str, *, strict: bool = False) -> Node:
    """Parse a version spec.

    Raises:
        InvalidVersionSpecError: If the text is not one.
    """
    if "(" in text or "^" in text:
        return _parse_tokens(text, strict=strict)
    if "|" not in text:
        return _parse_all_of(text, text, strict=strict)
    alternatives = [_parse_all_of(text, part, strict=strict) for part in text.split("|")]
    return _join("|", alternatives)


def _parse_all_of(whole: str, part: str, *, strict: bool) -> Node:
    if "," not in part:
        return _clause(whole, part, strict=strict)
    return _join(",", [_clause(whole, clause, strict=strict) for clause in part.split(",")])


def _parse_tokens(text: str, *, strict: bool) -> Node:
    """Parse a spec with parentheses or regular expressions.

    Works with explicit stacks: each level is a list of alternatives, each of which is a list of
    the clauses that all have to hold.
    """
    levels: list[list[list[Node]]] = [[[]]]
    expects_clause = True
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        found = _TOKEN.match(stripped, position)
        if found is None:
            rule = "a regular expression has to end with `$`"
            raise InvalidVersionSpecError(text, rule, position=position)
        regex, mark, clause = found.groups()
        if regex or (clause and clause.strip()) or mark == "(":
            if not expects_clause:
                rule = "`,` or `|` is missing"
                raise InvalidVersionSpecError(text, rule, position=found.end() - 1)
        elif mark and expects_clause:
            raise InvalidVersionSpecError(text, "a version is missing", position=found.end() - 1)
        if regex:
            levels[-1][-1].append(_text_node(text, "", regex))
            expects_clause = False
        elif mark == "(":
            if len(levels) > MAX_DEPTH:
                rule = f"parentheses are nested more than {MAX_DEPTH} deep"
                raise InvalidVersionSpecError(text, rule, position=found.end() - 1)
            levels.append([[]])
        elif mark == ")":
            if len(levels) == 1:
                rule = "a `)` has no `(`"
                raise InvalidVersionSpecError(text, rule, position=found.end() - 1)
            node = _fold(levels.pop())
            levels[-1][-1].append(node)
        elif mark:
            if mark == "|":
                levels[-1].append([])
            expects_clause = True
        elif clause.strip():
            levels[-1][-1].append(_clause(text, clause, strict=strict))
            expects_clause = False
        position = found.end()
    if expects_clause or len(levels) > 1:
        rule = "a `(` has no `)`" if len(levels) > 1 else "a version is missing"
        raise InvalidVersionSpecError(text, rule, position=max(len(stripped) - 1, 0))
    return _fold(levels[0])


def _fold(alternatives: list[list[Node]]) -> Node:
    return _join("|", [_join(",", clauses) for clauses in alternatives])


def _join(mark: Literal[",", "|"], nodes: Sequence[Node]) -> Node:
    if len(nodes) == 1:
        return nodes[0]
    sets = [node.borders for node in nodes if node.borders is not None]
    borders = None
    if len(sets) == len(nodes):
        borders = intersection(sets) if mark == "," else union(sets)
    return Node(borders, None, "", None, tuple(nodes), mark)


def _clause(whole: str, text: str, *, strict: bool) -> Node:
    if not strict:
        found = _CLAUSES.get(text)
        if found is not None:
            return found
    try:
        node = _parse_clause(whole, text, strict=strict)
    except InvalidVersionError as error:
        raise InvalidVersionSpecError(whole, f"`{text.strip()[:80]}`: {error.rule}") from error
    if not strict:
        if len(_CLAUSES) >= _MAX_REMEMBERED:
            _CLAUSES.clear()
        if len(text) <= 80:
            _CLAUSES[text] = node
    return node


def _parse_clause(whole: str, text: str, *, strict: bool) -> Node:
    stripped = text.strip()
    literal = stripped.lstrip("=!<>~")
    operator = stripped[: len(stripped) - len(literal)]
    literal = literal.lstrip()
    if operator not in _OPERATORS:
        raise InvalidVersionSpecError(whole, f"`{operator}` is no operator")
    if not literal:
        raise InvalidVersionSpecError(whole, "a version is missing")
    if "*" not in literal:
        if not operator and strict:
            rule = f"an operator is missing: did you mean `=={literal}` or `{literal}.*`?"
            raise InvalidVersionSpecError(whole, rule)
        return _comparison(operator or "==", Version(literal))
    if strict and (operator not in {"", "!="} or "*" in literal[:-1]) and literal != "*.*":
        rule = f"`*` does not go with `{operator or literal}`"
        raise InvalidVersionSpecError(whole, rule)
    if literal in {"*", "*.*"}:
        if operator in {"!=", "<", ">"}:
            raise InvalidVersionSpecError(whole, f"`*` does not go with `{operator}`")
        return Node(ANY, None, "*")
    prefix = literal.rstrip(".*")
    if not prefix or "*" in prefix:
        if operator not in {"", "=", "==", "!="}:
            rule = f"a `*` in the middle does not go with `{operator}`"
            raise InvalidVersionSpecError(whole, rule)
        return _text_node(whole, operator if operator == "!=" else "", literal)
    return _prefix_comparison(operator, Version(prefix))


def _comparison(operator: str, version: Version) -> Node:
    key = version._key
    after = key + "\0"  # the smallest string above the key
    borders: Borders
    match operator:
        case "==":
            borders = (key, after)
        case "!=":
            borders = ("", key, after, TOP)
        case ">=":
            borders = (key, TOP)
        case ">":
            borders = (after, TOP)
        case "<":
            borders = ("", key)
        case "<=":
            borders = ("", after)
        case "~=":
            borders = _compatible(version)
        case _:
            return _fuzzy(version)
    return Node(borders, None, operator + "%s", version)


def _prefix_comparison(operator: str, prefix: Version) -> Node:
    """Return the clause for a version with `.*` behind it.

    For `==1.2.*` that is the fuzzy equality that CEP 29's own example wants. The star says nothing
    in `>=1.2.*`, `<1.2.*`, `<=1.2.*` and `~=1.2.*`, and `>1.2.*` is read as `>=1.2`.
    """
    match operator:
        case "" | "=" | "==":
            return _fuzzy(prefix)
        case "!=":
            fuzzy = _fuzzy(prefix)
            assert fuzzy.borders is not None
            return Node(complement(fuzzy.borders), None, "!=%s.*", prefix)
        case ">":
            return _comparison(">=", prefix)
        case _:
            return _comparison(operator, prefix)


def _fuzzy(version: Version) -> Node:
    return Node(prefix_range(version._parts()), None, "%s.*", version)


def _compatible(version: Version) -> Borders:
    parts = version._parts()
    if len(parts.segments) > 1:
        within = prefix_range(VersionParts(parts.epoch, parts.segments[:-1], ()))
    else:
        within = ("", epoch_end(parts))
    return intersection([(version._key, TOP), within])


def _text_node(whole: str, operator: str, pattern: str) -> Node:
    if not pattern.startswith("^") and _STRAY_IN_PATTERN.search(pattern):
        raise InvalidVersionSpecError(whole, f"`{pattern[:80]}` is no pattern for versions")
    try:
        matcher = StringMatcher(pattern)
    except InvalidMatchSpecError as error:
        raise InvalidVersionSpecError(whole, error.rule) from error
    return Node(None, TextTest(matcher, operator == "!="), operator + pattern)
