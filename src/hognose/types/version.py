"""Versions and their order (CEP 33).

Those that print as they were written, as records have them, are in `version_with_source.py`.
"""

from __future__ import annotations

import re
from typing import Any, Final, Self

from hognose.errors import InvalidVersionError, VersionBumpError, VersionExtendError
from hognose.types.version_parser import (
    NO_EPOCH,
    PLAIN_END,
    SEGMENT_CODES,
    TWO_ZEROS,
    ZERO_SEGMENT,
    ZERO_THEN_LOW,
    Segment,
    VersionParts,
    odd_order_key,
    order_key,
    parse_parts,
    prefix_range,
    settle_zeros,
)

__all__ = ("Version",)

_MAX_INTERNED = 1 << 17
_MAX_SEGMENTS: Final = 1 << 15
_INTERNED: dict[str, Version] = {}
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_code_of_segment = SEGMENT_CODES.__getitem__
_new = object.__new__


class Version:
    """A version: immutable, hashable, totally ordered.

    Two versions that differ only in trailing zeros, in leading zeros of a number, or in case are
    equal. `str(version)` is the text in lower case, without leading zeros.

    >>> sorted(map(Version, ["1.0", "1.0.post1", "1.0rc1", "1.0dev"]))[0]
    Version("1.0dev")
    >>> Version("1.0") == Version("1.0.0")
    True
    """

    __slots__ = ("_key", "_text")

    _key: str
    _text: str

    def __new__(cls, version: str) -> Self:
        """Parse a version.

        Raises:
            InvalidVersionError: If the text is not a version.
        """
        self = _INTERNED.get(version)
        if self is not None:
            return self  # type: ignore[return-value]  # the subclass has its own __new__
        try:
            # order_key() written out: the call would be a tenth of the whole.
            key = "".join(map(_code_of_segment, version.split(".")))
        except KeyError:
            key = odd_order_key(version)
        except AttributeError:
            given: object = version
            if isinstance(given, Version):
                return cls(str(given))
            message = f"a version is made from a str, not {type(given).__name__}"
            raise TypeError(message) from None
        else:
            if ZERO_SEGMENT in key:
                key = key.rstrip(ZERO_SEGMENT)
                if TWO_ZEROS in key or ZERO_THEN_LOW in key:
                    key = settle_zeros(key)
            key = f"{NO_EPOCH}{key}{PLAIN_END}"
        self = _new(cls)
        self._text = version
        self._key = key
        if len(_INTERNED) >= _MAX_INTERNED:
            _INTERNED.clear()
        _INTERNED[version] = self
        return self

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a version; the same as the constructor.

        Raises:
            InvalidVersionError: If the text is not a version.
        """
        return cls(text)

    def __getattr__(self, name: str) -> str:
        # Only reached by a version that was made without being parsed.
        if name == "_key":
            self._key = order_key(self._text)
            return self._key
        message = f"{type(self).__name__!r} object has no attribute {name!r}"
        raise AttributeError(message)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Version):
            return self._key == other._key
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    # Trying costs nothing; asking for the type of `other` first would be a third of the time.
    def __lt__(self, other: Version) -> bool:
        try:
            return self._key < other._key
        except AttributeError:
            return NotImplemented

    def __le__(self, other: Version) -> bool:
        try:
            return self._key <= other._key
        except AttributeError:
            return NotImplemented

    def __gt__(self, other: Version) -> bool:
        try:
            return self._key > other._key
        except AttributeError:
            return NotImplemented

    def __ge__(self, other: Version) -> bool:
        try:
            return self._key >= other._key
        except AttributeError:
            return NotImplemented

    def __str__(self) -> str:
        return _LEADING_ZEROS.sub("", self._text.lower())

    def __repr__(self) -> str:
        return f'Version("{Version.__str__(self)}")'

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._text,)

    @property
    def epoch(self) -> int | None:
        """The epoch, None where the text has none."""
        return self._parts().epoch

    @property
    def has_local(self) -> bool:
        """Whether there is a local part, after a `+`."""
        return "+" in self._text

    @property
    def is_dev(self) -> bool:
        """Whether one of the atoms is `dev`; the local part does not count."""
        return any("dev" in segment.atoms for segment in self._parts().segments)

    @property
    def is_post(self) -> bool:
        """Whether one of the atoms is `post`; the local part does not count."""
        return any("post" in segment.atoms for segment in self._parts().segments)

    @property
    def segment_count(self) -> int:
        """The number of segments, without the epoch and the local part."""
        return len(self._parts().segments)

    def segments(self) -> list[list[str | int]]:
        """Return the segments, without the epoch and the local part.

        A string at the start of a segment has the zero before it that CEP 33 asks for.

        >>> Version("1.2g.beta15.rc").segments()
        [[1], [2, 'g'], [0, 'beta', 15], [0, 'rc']]
        """
        return [list(segment.atoms) for segment in self._parts().segments]

    def local_segments(self) -> list[list[str | int]]:
        """Return the segments of the local part; an empty list where there is none."""
        return [list(segment.atoms) for segment in self._parts().local]

    def as_major_minor(self) -> tuple[int, int] | None:
        """Return the first two segments where both are plain numbers, else None."""
        match [segment.atoms for segment in self._parts().segments[:2]]:
            case [(int(major),), (int(minor),)]:
                return major, minor
            case _:
                return None

    def starts_with(self, other: Version) -> bool:
        """Return whether this version begins with another's segments.

        The last segment of the other one is open: `1.0a` starts with `1.0`, and so does `1`. If
        the other one has a local part, the local part has to begin with it too.
        """
        prefix = other._parts()
        return _starts_with(self, prefix, prefix.segments)

    def compatible_with(self, other: Version) -> bool:
        """Return whether this version is `~=` another.

        It is not lower, and begins with the other's segments but the last.
        """
        prefix = other._parts()
        return self >= other and _starts_with(self, prefix, prefix.segments[:-1])

    def bump_major(self) -> Version:
        """Return the version with the first segment raised and the next two set to 0."""
        return self._bump(0, resets=(1, 2), restarts_letters=True)

    def bump_minor(self) -> Version:
        """Return the version with the second segment raised and the third set to 0."""
        return self._bump(1, resets=(2,), restarts_letters=False)

    def bump_patch(self) -> Version:
        """Return the version with the third segment raised."""
        return self._bump(2, resets=(), restarts_letters=True)

    def bump_last(self) -> Version:
        """Return the version with the last segment raised."""
        return self.bump_segment(self.segment_count - 1)

    def bump_segment(self, index: int) -> Version:
        """Return the version with a segment raised; its letters become `a`.

        Args:
            index: Counted from 0, or from the end if negative. A version that is too short is
                extended with zeros first.

        Raises:
            VersionBumpError: If a negative index leads before the first segment.
            VersionExtendError: If the version is too short and cannot be extended.
        """
        position = index + self.segment_count if index < 0 else index
        if position < 0:
            message = f"version {self}: there is no segment {index} to raise"
            raise VersionBumpError(message)
        return self._bump(position, resets=(), restarts_letters=True, raises_last_number=True)

    def with_alpha(self) -> Version:
        """Return the version with `.0a0` appended, unless its last segment has letters."""
        parts = self._parts()
        if any(isinstance(a, str) and a not in _SPECIAL for a in parts.segments[-1].atoms):
            return self
        return _build(parts, (*parts.segments, Segment(".", (0, "a", 0), has_implied_zero=False)))

    def strip_local(self) -> Version:
        """Return the version without its local part."""
        return Version(self._text.partition("+")[0]) if self.has_local else self

    remove_local = strip_local

    def extend_to_length(self, length: int) -> Version:
        """Return the version with zero segments appended until it has `length` of them.

        Raises:
            VersionExtendError: If `length` is above 32,768, or the version ends in an underscore,
                which nothing can follow.
        """
        parts = self._parts()
        missing = length - len(parts.segments)
        if missing <= 0:
            return self
        if length > _MAX_SEGMENTS:
            message = f"version {self}: {length} segments are too many (limit {_MAX_SEGMENTS})"
            raise VersionExtendError(message)
        if str(parts.segments[-1].atoms[-1]).endswith("_"):
            message = f"version {self}: nothing can follow the underscore at its end"
            raise VersionExtendError(message)
        return _build(
            parts, (*parts.segments, *(Segment(".", (0,), has_implied_zero=False),) * missing)
        )

    def pop_segments(self, n: int = 1) -> Version:
        """Return the version without its last `n` segments; the local part stays.

        Raises:
            InvalidVersionError: If no segment would be left.
        """
        return self.with_segments(0, self.segment_count - n)

    def with_segments(self, start: int, stop: int) -> Version:
        """Return the version with the segments from `start` up to but not including `stop`.

        Raises:
            InvalidVersionError: If that is no segment at all, or more than there are.
        """
        parts = self._parts()
        if not 0 <= start < stop <= len(parts.segments):
            rule = f"segments {start} to {stop} are not segments of it"
            raise InvalidVersionError(str(self), rule)
        first, *others = parts.segments[start:stop]
        return _build(parts, (Segment("", first.atoms, first.has_implied_zero), *others))

    def _parts(self) -> VersionParts:
        return parse_parts(self._text)

    def _bump(
        self,
        position: int,
        *,
        resets: tuple[int, ...],
        restarts_letters: bool,
        raises_last_number: bool = False,
    ) -> Version:
        parts = self.extend_to_length(position + 1)._parts()
        segments = []
        for index, segment in enumerate(parts.segments):
            atoms = segment.atoms
            changed = list(atoms)
            numbers = [i for i, atom in enumerate(atoms) if isinstance(atom, int)]
            if index == position:
                place = numbers[-1 if raises_last_number else 0]
                changed[place] = int(atoms[place]) + 1
                words = [i for i, a in enumerate(atoms) if isinstance(a, str) and a not in _SPECIAL]
                if words and restarts_letters:
                    changed[words[-1]] = "a"
            elif index in resets:
                changed[numbers[0]] = 0
            segments.append(Segment(segment.separator, tuple(changed), segment.has_implied_zero))
        return _build(parts, tuple(segments))


_SPECIAL: Final = frozenset({"dev", "post"})


def _build(parts: VersionParts, segments: tuple[Segment, ...]) -> Version:
    epoch = "" if parts.epoch is None else f"{parts.epoch}!"
    main = "".join(segment.format() for segment in segments)
    local = "".join(segment.format() for segment in parts.local)
    return Version(_settle_dashes(f"{epoch}{main}+{local}" if local else epoch + main))


def _settle_dashes(text: str) -> str:
    # An underscore at the end may have been a dash; the two do not go together.
    return text.replace("_", "-") if "-" in text else text


def _starts_with(version: Version, prefix: VersionParts, segments: tuple[Segment, ...]) -> bool:
    if segments:
        start, stop = prefix_range(VersionParts(prefix.epoch, segments, ()))
        if not start <= version._key < stop:
            return False
    elif (version.epoch or 0) != (prefix.epoch or 0):
        return False
    if not prefix.local:
        return True
    start, stop = prefix_range(VersionParts(None, prefix.local, ()))
    local = "".join(segment.format() for segment in version._parts().local)
    return start <= order_key(_settle_dashes(local) or "0") < stop
