"""Regular expressions that cannot be made to run for ever.

Match specs come from channels, and a pattern such as `^(a+)+$` keeps a back-tracking matcher busy
for years. CEP 29 asks for no look-around and no back-references, so a set of states that moves
over the text once is enough: the cost is the length of the text times the size of the pattern.
Whatever can be shown to be harmless is left to `re`, which is faster.

Case never matters. A pattern may match anywhere, as with `re.search`; `^` and `$` hold it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("compile_regex",)

MAX_DEPTH: Final = 64
MAX_STATES: Final = 20_000

_QUANTIFIER = re.compile(r"([*+?]|\{([0-9]{1,5})?(,)?([0-9]{1,5})?\})(\??)")
_GROUP_START = re.compile(r"\((?:\?(?::|P<[A-Za-z_][A-Za-z0-9_]*>))?")
# Nothing is repeated, and there is one group at most: then there is next to nothing to try again.
_HARMLESS = re.compile(
    r"(?:[^()\[\\*+?{}]|\\[^0-9A-Za-z]|\\[dws])*+"
    r"(?:\((?:\?:)?(?:[^()\[\\*+?{}]|\\[^0-9A-Za-z])*+\))?+"
    r"(?:[^()\[\\*+?{}]|\\[^0-9A-Za-z]|\\[dws])*+"
)

_CLASSES: Final[dict[str, str]] = {"d": "[0-9]", "w": "[a-z0-9_]", "s": "[ \t\n\r\f\v]"}


class _Characters(msgspec.Struct, frozen=True, gc=False):
    """A set of characters, given by ranges."""

    ranges: tuple[tuple[str, str], ...]
    is_negated: bool = False

    def has(self, character: str) -> bool:
        lower, upper = character.lower(), character.upper()
        found = any(a <= lower <= b or a <= upper <= b for a, b in self.ranges)
        return found is not self.is_negated


# A state is one of: a set of characters to step over; "^" or "$"; the two states to go on with.
_State: TypeAlias = "_Characters | str | tuple[int, int]"


def compile_regex(pattern: str) -> Callable[[str], bool]:
    """Return a function that says whether a text has a match of a pattern.

    Raises:
        ValueError: If the pattern is not one, is too large, or needs look-around or
            back-references.
    """
    if _HARMLESS.fullmatch(pattern):
        try:
            search = re.compile(pattern, re.IGNORECASE | re.ASCII).search
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(str(error)) from error
        return lambda text: search(text) is not None
    return _Matcher(_Compiler(pattern).states).search


class _Compiler:
    """Turns a pattern into states; each `_emit` adds one, and the last is the end."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        self.states: list[_State] = []
        self._alternatives(0)
        if self.position < len(pattern):
            message = f"a `)` has no `(` at character {self.position + 1}"
            raise ValueError(message)

    def _emit(self, state: _State) -> int:
        if len(self.states) >= MAX_STATES:
            message = f"the pattern is too large (limit {MAX_STATES} states)"
            raise ValueError(message)
        self.states.append(state)
        return len(self.states) - 1

    def _alternatives(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            message = f"groups are nested more than {MAX_DEPTH} deep"
            raise ValueError(message)
        ends = []
        while True:
            split = self._emit((0, 0))
            self._sequence(depth)
            if self._peek() != "|":
                self.states[split] = (split + 1, split + 1)
                break
            self.position += 1
            ends.append(self._emit((0, 0)))
            self.states[split] = (split + 1, len(self.states))
        for end in ends:
            self.states[end] = (len(self.states), len(self.states))

    def _sequence(self, depth: int) -> None:
        while self._peek() not in {"", "|", ")"}:
            start = len(self.states)
            self._atom(depth)
            self._repetitions(start)

    def _atom(self, depth: int) -> None:
        character = self._peek()
        if character == "(":
            found = _GROUP_START.match(self.pattern, self.position)
            assert found is not None
            self.position = found.end()
            if self._peek() == "?":
                message = "look-around, flags and other extensions are not supported"
                raise ValueError(message)
            self._alternatives(depth + 1)
            if self._peek() != ")":
                message = "a `(` has no `)`"
                raise ValueError(message)
            self.position += 1
        elif character in "^$":
            self.position += 1
            self._emit(character)
        elif character in "*+?":
            message = f"nothing to repeat at character {self.position + 1}"
            raise ValueError(message)
        else:
            self._emit(self._characters())

    def _characters(self) -> _Characters:
        character = self._peek()
        self.position += 1
        if character == ".":
            return _Characters((("\n", "\n"),), is_negated=True)
        if character == "[":
            return self._class()
        if character == "\\":
            return self._escape()
        return _Characters(((character, character),))

    def _escape(self) -> _Characters:
        character = self._peek()
        self.position += 1
        if character.lower() in _CLASSES:
            inner = _Compiler(_CLASSES[character.lower()]).states[1]
            assert isinstance(inner, _Characters)
            return _Characters(inner.ranges, is_negated=character.isupper())
        if not character or (character.isalnum() and character not in "ntr"):
            message = f"`\\{character}` is not supported"
            raise ValueError(message)
        plain = {"n": "\n", "t": "\t", "r": "\r"}.get(character, character)
        return _Characters(((plain, plain),))

    def _class(self) -> _Characters:
        is_negated = self._peek() == "^"
        self.position += is_negated
        ranges: list[tuple[str, str]] = []
        while not ranges or self._peek() != "]":
            first = self._class_item()
            ahead = self.pattern[self.position : self.position + 2]
            if len(ahead) == 2 and ahead[0] == "-" and ahead[1] != "]" and _is_single(first):
                self.position += 1
                last = self._class_item()
                low, high = first.ranges[0][0], last.ranges[0][0]
                if not _is_single(last) or low > high:
                    message = f"`{low}-{high}` is no range"
                    raise ValueError(message)
                ranges.append((low, high))
            else:
                ranges += first.ranges
        self.position += 1
        return _Characters(tuple(ranges), is_negated)

    def _class_item(self) -> _Characters:
        character = self._peek()
        if not character:
            message = "a `[` has no `]`"
            raise ValueError(message)
        self.position += 1
        if character != "\\":
            return _Characters(((character, character),))
        item = self._escape()
        if item.is_negated:
            message = "a negated class inside of brackets is not supported"
            raise ValueError(message)
        return item

    def _repetitions(self, start: int) -> None:
        found = _QUANTIFIER.match(self.pattern, self.position)
        if found is None:
            return
        mark, least_text, comma, most_text, _ = found.groups()
        if mark.startswith("{") and not (least_text or most_text):
            return  # `{}` and `{,}` are plain text
        self.position = found.end()
        if self._peek() in {"*", "+", "?"}:
            message = f"several repetitions of the same at character {self.position + 1}"
            raise ValueError(message)
        least = {"*": 0, "?": 0, "+": 1}.get(mark, int(least_text or 0))
        most: int | None = {"*": None, "?": 1, "+": None}.get(mark, -1)
        if most == -1:
            most = int(most_text) if most_text else (None if comma else least)
        if most is not None and most < least:
            message = f"the repetition `{mark}` goes backwards"
            raise ValueError(message)
        self._repeat(start, least, most)

    def _repeat(self, start: int, least: int, most: int | None) -> None:
        body = self.states[start:]
        del self.states[start:]
        for _ in range(least):
            self._paste(body, start)
        if most is None:
            split = self._emit((0, 0))
            self._paste(body, start)
            self._emit((split, split))
            self.states[split] = (split + 1, len(self.states))
            return
        splits = []
        for _ in range(most - least):
            splits.append(self._emit((0, 0)))
            self._paste(body, start)
        for split in splits:
            self.states[split] = (split + 1, len(self.states))

    def _paste(self, body: list[_State], start: int) -> None:
        shift = len(self.states) - start
        for state in body:
            moved = (state[0] + shift, state[1] + shift) if isinstance(state, tuple) else state
            self._emit(moved)

    def _peek(self) -> str:
        return self.pattern[self.position : self.position + 1]


def _is_single(characters: _Characters) -> bool:
    return len(characters.ranges) == 1 and characters.ranges[0][0] == characters.ranges[0][1]


class _Matcher:
    """Moves a set of states over a text."""

    def __init__(self, states: list[_State]) -> None:
        self.states = states

    def search(self, text: str) -> bool:
        end = len(self.states)
        current: set[int] = set()
        for position in range(len(text) + 1):
            reached = self._follow({0, *current}, position, len(text))
            if end in reached:
                return True
            if position == len(text):
                break
            character = text[position]
            seen: dict[_Characters, bool] = {}
            current = set()
            for index in reached:
                state = self.states[index]
                if isinstance(state, _Characters):
                    if state not in seen:
                        seen[state] = state.has(character)
                    if seen[state]:
                        current.add(index + 1)
        return False

    def _follow(self, starts: set[int], position: int, length: int) -> set[int]:
        """Return all states that are reached from some without taking a character."""
        reached: set[int] = set()
        pending = list(starts)
        while pending:
            index = pending.pop()
            if index in reached:
                continue
            reached.add(index)
            state = self.states[index] if index < len(self.states) else None
            if isinstance(state, tuple):
                pending += state
            elif (state == "^" and position == 0) or (state == "$" and position == length):
                pending.append(index + 1)
        return reached
