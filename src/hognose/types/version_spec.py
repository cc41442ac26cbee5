"""What a spec demands of a version (CEP 29, "Version matching").

A spec is compiled once into a set of ranges of order keys (`version_ranges.py`). Only clauses that
compare text, regular expressions and globs with a `*` in the middle, are asked version by version.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Self, final

from hognose.types.version import Version
from hognose.types.version_ranges import (
    ANY,
    Borders,
    contains,
    mask_of_keys,
    mask_of_versions,
)
from hognose.types.version_spec_parser import Node, TextTest, parse_version_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("VersionSpec",)

_MAX_INTERNED = 1 << 16
_INTERNED: dict[str | VersionSpec, VersionSpec] = {}


@final
class VersionSpec:
    """A set of versions, written as clauses joined by `,` (and), `|` (or) and parentheses.

    A clause is an operator with a version (`>=1.2`, `<2`, `==1.2`, `!=1.2`, `~=1.2.3`, and `=1.2`,
    the same as `1.2.*`), a version alone (exactly it), a glob or a regular expression. Two specs
    are equal if they are the same set.

    >>> from hognose.types import Version
    >>> VersionSpec(">=1.2,<2|3.*").matches(Version("3.1"))
    True
    """

    __slots__ = ("_borders", "_node")

    _borders: Borders | None
    _node: Node

    def __new__(cls, spec: str | VersionSpec, strict: bool = False) -> Self:  # noqa: FBT001, FBT002  # as py-rattler
        """Parse a spec.

        Args:
            spec: The text. A spec is taken as its text.
            strict: Whether to refuse what repodata is full of but makes little sense: a version
                without an operator, `>=1.*`, `=1.*`, `>=*`.

        Raises:
            InvalidVersionSpecError: If the text is not a spec.
            TypeError: If it is no text.
        """
        if not strict:
            self = _INTERNED.get(spec)
            if self is not None:
                return self
        if not isinstance(spec, str):
            spec = _text_of(spec)
        node = parse_version_spec(spec, strict=strict)
        self = object.__new__(cls)
        self._node = node
        self._borders = node.borders
        if not strict:
            if len(_INTERNED) >= _MAX_INTERNED:
                _INTERNED.clear()
            _INTERNED[spec] = self
        return self

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a spec leniently; the same as the constructor.

        Raises:
            InvalidVersionSpecError: If the text is not a spec.
        """
        return cls(text)

    @property
    def is_any(self) -> bool:
        """Whether every version matches."""
        return self._borders == ANY

    @property
    def has_text_tests(self) -> bool:
        """Whether a clause looks at the text of versions: a regex, or a `*` in the middle."""
        return self._borders is None

    def matches(self, version: Version) -> bool:
        """Return whether a version is in the set.

        Raises:
            TypeError: If it is no `Version`, but its text.
        """
        borders = self._borders
        try:
            if borders is None:
                return _matches(self._node, version)
            return bisect_right(borders, version._key) & 1 == 1
        except AttributeError:
            if isinstance(version, Version):
                raise
            raise _no_version(version) from None

    def mask(self, versions: Sequence[Version]) -> int:
        """Return an integer whose bit `i` says whether `versions[i]` matches.

        The cost is that of two bisections for each range of the spec, not of one test for each
        version.

        Args:
            versions: Distinct versions in rising order.
        """
        if self._borders is not None:
            return mask_of_versions(self._borders, versions)
        return _mask(self._node, versions)

    def mask_of_keys(self, keys: Sequence[str], versions: Sequence[Version]) -> int:
        """Return the same as `mask`, for a caller who keeps the order keys.

        Args:
            keys: The order keys of the versions, `version._key`.
            versions: Distinct versions in rising order.
        """
        if self._borders is not None:
            return mask_of_keys(self._borders, keys)
        return _mask(self._node, versions)

    def __str__(self) -> str:
        return self._node.text

    def __repr__(self) -> str:
        return f'VersionSpec("{self}")'

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VersionSpec):
            return NotImplemented
        if self._borders is None:
            return other._borders is None and str(self) == str(other)
        return self._borders == other._borders

    def __hash__(self) -> int:
        return hash(str(self) if self._borders is None else self._borders)

    def __reduce__(self) -> tuple[Any, ...]:
        return VersionSpec, (str(self),)


def _text_of(spec: object) -> str:
    if isinstance(spec, VersionSpec):
        return str(spec)
    message = f"a version spec is made from a str, not {type(spec).__name__}"
    raise TypeError(message)


def _no_version(given: object) -> TypeError:
    message = (
        f"a Version is needed, not {type(given).__name__} {str(given)[:40]!r}; "
        "`Version(text)` makes one, and `PackageRecord.create(...)` records out of text"
    )
    return TypeError(message)


def _matches(node: Node, version: Version) -> bool:
    if node.borders is not None:
        return contains(node.borders, version._key)
    if node.test is not None:
        return _passes(node.test, version)
    results = (_matches(operand, version) for operand in node.operands)
    return all(results) if node.joined_by == "," else any(results)


def _mask(node: Node, versions: Sequence[Version]) -> int:
    if node.borders is not None:
        return mask_of_versions(node.borders, versions)
    if node.test is not None:
        test = node.test
        return sum(1 << i for i, version in enumerate(versions) if _passes(test, version))
    masks = [_mask(operand, versions) for operand in node.operands]
    result = masks[0]
    for bits in masks[1:]:
        result = result & bits if node.joined_by == "," else result | bits
    return result


def _passes(test: TextTest, version: Version) -> bool:
    if not isinstance(version, Version):
        raise _no_version(version)
    return test.matcher.matches(str(version)) is not test.is_negated
