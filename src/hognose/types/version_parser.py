"""From the text of a version to its order key and its parts (CEP 33).

The *order key* is a `str` whose ordinary comparison, character by character in C, is the conda
order. It is built once for a version; sorting, hashing, equality, and every range of a version
spec (`version_spec.py`) then are operations on strings.

How the key is laid out: `epoch, segment, segment, ..., REST, local segment, ..., REST`.
A segment is a number followed by strings and numbers, ended by REST. Both segments and the atoms
in them continue with zeros for ever (`1.0 == 1.0.0`, `1.0a < 1.0`), so trailing zeros are dropped
and REST ranks as zero does. A zero that is followed by something has a code that depends on what
follows: a run of zeros before something smaller than zero ranks just under REST (longer runs
nearer to it), before something larger just above it. From the lowest rank to the highest::

    END_OF_STRING  DEV  '_'  a ... z  ZERO_LOW  runs of zero segments before something smaller
    REST  runs of zero segments before something larger  ZERO_HIGH  1  2  3 ...  POST
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from hognose.errors import InvalidVersionError

__all__ = (
    "SEGMENT_CODES",
    "Segment",
    "VersionParts",
    "epoch_end",
    "odd_order_key",
    "order_key",
    "parse_parts",
    "prefix_range",
    "settle_zeros",
)

# The characters `_` and a-z stand for themselves.
END_OF_STRING: Final = "\x01"
DEV: Final = "\x02"
ZERO_LOW: Final = "\x7b"
LOW_RUNS: Final = ("", "\x7c", "\x7d", "\x7e")
LONG_LOW_RUN: Final = "\x7f"
REST: Final = "\x80"
LONG_HIGH_RUN: Final = "\x81"
HIGH_RUNS: Final = ("", "\x84", "\x83", "\x82")
ZERO_HIGH: Final = "\x85"
NUMBER_BASE: Final = 0x8F  # numbers up to 112 keep a key in Latin-1: half the memory
POST: Final = "\uf8ff"
AFTER_ALL: Final = "\U0010ffff"

# A zero segment is written as a run of one before something larger, which is what it mostly is.
ZERO_SEGMENT: Final = HIGH_RUNS[1]
TWO_ZEROS: Final = ZERO_SEGMENT * 2
ZERO_THEN_LOW: Final = ZERO_SEGMENT + ZERO_LOW
_ZERO_RUN = re.compile(f"{ZERO_SEGMENT}+({ZERO_LOW}?)")
ONE: Final = chr(NUMBER_BASE + 1)
NO_EPOCH: Final = ONE
PLAIN_END: Final = REST + REST

_MAX_NUMBER: Final = 2**64 - 1
_MAX_REMEMBERED = 1 << 16

_PART = r"[0-9a-z]+(?:[._-][0-9a-z]+)*(?:[._-]?[_-])?"
_VERSION = re.compile(rf"(?:([0-9]+)!)?({_PART})(?:\+({_PART}))?", re.IGNORECASE | re.ASCII)
_SEPARATOR = re.compile(r"[._-]")
_SEGMENT = re.compile(r"(^|[._-])([0-9a-z]+|[_-]$)([_-]$)?")
_ATOM = re.compile(r"[0-9]+|[a-z]+_?|_")


class Segment(msgspec.Struct, frozen=True, gc=False):
    """The text between two separators of a version."""

    separator: str
    """What is in front of it: `.`, `_`, `-`, or nothing for the first."""
    atoms: tuple[int | str, ...]
    """Numbers and lower-case strings in turn; a number comes first."""
    has_implied_zero: bool
    """Whether the first number is the zero that CEP 33 puts before a leading string."""

    def format(self) -> str:
        """Return the segment as it stands in a version."""
        skips = self.has_implied_zero and self.atoms[0] == 0
        return self.separator + "".join(map(str, self.atoms[skips:]))


class VersionParts(msgspec.Struct, frozen=True, gc=False):
    """A version taken apart."""

    epoch: int | None
    segments: tuple[Segment, ...]
    local: tuple[Segment, ...]


class _SegmentCodes(dict[str, str]):
    """The codes of plain segments, made when first asked for.

    Segments repeat far more often than versions do, so most versions are put together from codes
    that are here already.
    """

    def __missing__(self, segment: str) -> str:
        if not (segment.isalnum() and segment.isascii()):
            raise KeyError(segment)
        if segment.isdigit():
            number = int(segment) if len(segment) < 9 else _number(segment)
            if 0 < number < 0xC000:
                code = chr(NUMBER_BASE + number) + REST
            else:
                code = _long_code(number) + REST if number else ZERO_SEGMENT
        else:
            code = _segment_code(_atoms(segment.lower()))
        if len(self) >= _MAX_REMEMBERED:
            self.clear()
        if len(segment) <= 32:
            self[segment] = code
        return code


SEGMENT_CODES: Final = _SegmentCodes()
_code_of_segment = SEGMENT_CODES.__getitem__


def order_key(text: str) -> str:
    """Return the order key of a version.

    Raises:
        InvalidVersionError: If the text is not a version.
    """
    try:
        key = "".join(map(_code_of_segment, text.split(".")))
    except KeyError:
        return odd_order_key(text)
    return f"{NO_EPOCH}{settle_zeros(key)}{PLAIN_END}"


def parse_parts(text: str) -> VersionParts:
    """Take a version apart.

    Raises:
        InvalidVersionError: If the text is not a version.
    """
    found = _VERSION.fullmatch(text)
    if found is None or ("-" in text and "_" in text):
        raise _explain(text)
    epoch, main, local = found.groups()
    try:
        return VersionParts(
            None if epoch is None else _number(epoch),
            _segments(main),
            _segments(local) if local else (),
        )
    except KeyError:
        raise _explain(text) from None


def prefix_range(parts: VersionParts) -> tuple[str, str]:
    """Return the keys from and below which all versions lie that start with a given one.

    The last segment of the prefix is open: `1.0` is the start of `1.0a`, `1.0.1` and `1`. If the
    prefix has a local part, the main parts have to be equal and the local part is what is open.
    """
    if parts.local:
        main = _full_order_key(VersionParts(parts.epoch, parts.segments, ())).removesuffix(REST)
        start, stop = prefix_range(VersionParts(None, parts.local, ()))
        return main + start.removeprefix(NO_EPOCH), main + stop.removeprefix(NO_EPOCH)
    *closed, last = (list(segment.atoms) for segment in parts.segments)
    head = _number_code((parts.epoch or 0) + 1)
    is_open_zero = len(last) > 1 and last[-1] == 0
    while last and last[-1] == 0:
        last.pop()
    if last:
        head += settle_zeros("".join(map(_segment_code, (*closed, last)))).removesuffix(REST)
        return (head + ZERO_LOW, head + ONE) if is_open_zero else (head, head + AFTER_ALL)
    zeros = 0
    while closed and not any(closed[-1]):
        closed.pop()
        zeros += 1
    head += settle_zeros("".join(map(_segment_code, closed)))
    if zeros == 0:
        return head + ZERO_LOW, head + ONE
    return head + _low_run(zeros), head + _high_run(zeros) + ONE


def epoch_end(parts: VersionParts) -> str:
    """Return the string below which the keys of an epoch, and of lower ones, lie."""
    return _number_code((parts.epoch or 0) + 2)


def odd_order_key(text: str) -> str:
    """Return the order key of a version that is more than segments with dots between them.

    Raises:
        InvalidVersionError: If the text is not a version.
    """
    found = _VERSION.fullmatch(text)
    if found is None or ("-" in text and "_" in text):
        raise _explain(text)
    epoch, main, local = found.groups()
    if (local or main).endswith(("_", "-")) or main.endswith(("_", "-")):
        return _full_order_key(parse_parts(text))
    try:
        key = settle_zeros("".join(map(_code_of_segment, _SEPARATOR.split(main))))
        end = PLAIN_END
        if local:
            end = settle_zeros("".join(map(_code_of_segment, _SEPARATOR.split(local))))
            end = f"{REST}{end}{REST}"
        return f"{_number_code(_number(epoch) + 1) if epoch else NO_EPOCH}{key}{end}"
    except KeyError:
        raise _explain(text) from None


def _full_order_key(parts: VersionParts) -> str:
    main = settle_zeros("".join(_segment_code(segment.atoms) for segment in parts.segments))
    local = settle_zeros("".join(_segment_code(segment.atoms) for segment in parts.local))
    return f"{_number_code((parts.epoch or 0) + 1)}{main}{REST}{local}{REST}"


def settle_zeros(key: str) -> str:
    """Drop trailing zero segments and code the others by what follows them."""
    key = key.rstrip(ZERO_SEGMENT)
    if TWO_ZEROS in key or ZERO_THEN_LOW in key:
        return _ZERO_RUN.sub(_zero_run_code, key)
    return key


def _zero_run_code(run: re.Match[str]) -> str:
    low = run.group(1)
    length = run.end() - run.start() - len(low)
    return _low_run(length) + low if low else _high_run(length)


def _low_run(length: int) -> str:
    return LOW_RUNS[length] if length < len(LOW_RUNS) else LONG_LOW_RUN + _long_code(length)


def _high_run(length: int) -> str:
    if length < len(HIGH_RUNS):
        return HIGH_RUNS[length]
    return LONG_HIGH_RUN + _long_code(10**9 - length)  # longer runs rank lower


def _segments(part: str) -> tuple[Segment, ...]:
    segments = []
    for separator, segment, trailing in _SEGMENT.findall(part.lower()):
        text = "_" if segment == "-" else segment
        atoms = _atoms(f"{text}_" if trailing else text)
        segments.append(Segment(separator, atoms, has_implied_zero=not text[0].isdigit()))
    return tuple(segments)


def _atoms(segment: str) -> tuple[int | str, ...]:
    atoms = [_number(atom) if atom <= ":" else atom for atom in _ATOM.findall(segment)]
    return tuple(atoms) if isinstance(atoms[0], int) else (0, *atoms)


def _number(digits: str) -> int:
    # The look at the length comes first: int() takes quadratic time.
    digits = digits.lstrip("0") or "0"
    if len(digits) > 20 or (number := int(digits)) > _MAX_NUMBER:
        raise KeyError(digits)
    return number


def _segment_code(atoms: tuple[int | str, ...] | list[int | str]) -> str:
    first = atoms[0]
    if len(atoms) == 1:
        return _number_code(first) + REST if first else ZERO_SEGMENT  # type: ignore[arg-type]  # a number comes first
    last = len(atoms) - (atoms[-1] == 0)
    code = ""
    for index, atom in enumerate(atoms[:last]):
        if atom == 0:
            # Numbers never stand side by side, so a string follows: only `post` is larger.
            if index + 1 < last:
                code += ZERO_HIGH if atoms[index + 1] == "post" else ZERO_LOW
        elif isinstance(atom, int):
            code += _number_code(atom)
        elif atom == "dev":
            code += DEV
        elif atom == "post":
            code += POST
        else:
            code += atom + END_OF_STRING
    return code + REST


def _number_code(number: int) -> str:
    return chr(NUMBER_BASE + number) if number < 0xC000 else _long_code(number)


def _long_code(number: int) -> str:
    digits = str(number)
    return chr(0xE000 + len(digits)) + digits


def _explain(text: str) -> InvalidVersionError:
    """Return the error for text that is not a version, with the rule and the place."""
    if not text:
        return InvalidVersionError(text, "it is empty")
    stray = re.search(r"[^0-9A-Za-z._+!-]", text)
    if stray:
        rule = "only ASCII letters, digits, `.`, `_`, `-`, `+` and `!` are allowed"
        return InvalidVersionError(text, rule, position=stray.start())
    if text.count("!") > 1 or text.count("+") > 1:
        mark = "!" if text.count("!") > 1 else "+"
        rule = f"there is more than one `{mark}`"
        return InvalidVersionError(text, rule, position=text.rindex(mark))
    epoch, mark, rest = text.rpartition("!")
    if mark and not epoch.isdigit():
        return InvalidVersionError(text, "the epoch is not a number", position=0)
    if "-" in rest and "_" in rest:
        rule = "`-` and `_` may not both be used as separators"
        return InvalidVersionError(text, rule, position=max(text.index("-"), text.index("_")))
    for run in re.finditer(r"[0-9]+", text):
        digits = run.group().lstrip("0")
        if len(digits) > 20 or (digits and int(digits) > _MAX_NUMBER):
            return InvalidVersionError(text, "a number is above 2^64-1", position=run.start())
    empty = re.search(r"(?:^|[._+!-])(?=[._+!-]|$)", text)
    position = min(empty.end(), len(text) - 1) if empty else None
    return InvalidVersionError(text, "there is an empty segment", position=position)
