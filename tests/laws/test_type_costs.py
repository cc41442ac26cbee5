"""No parser takes more than linear work on hostile text.

What is compared is the growth of the time from 25 kB to 100 kB: 4 for linear work, 16 for
quadratic. The smallest of several turns counts, and a turn that looks bad is taken again, so a
busy machine does not fail the test; work that is really quadratic fails it every time.
"""

import gc
import time

import pytest

from hognose.errors import HognoseError
from hognose.types import (
    ArchiveIdentifier,
    BuildNumberSpec,
    Channel,
    Condition,
    ExplicitEnvironmentEntry,
    GenericVirtualPackage,
    MatchSpec,
    NamelessMatchSpec,
    PackageName,
    PackageNameMatcher,
    StringMatcher,
    Version,
    VersionSpec,
)

SMALL, LARGE = 25_000, 100_000
BOUND = 9
"""Between 4 and 16."""
NEGLIGIBLE = 0.004
"""Seconds for 100 kB below which the growth says nothing: 40 ns for a character."""
PARSERS = {
    "ArchiveIdentifier": ArchiveIdentifier.parse,
    "BuildNumberSpec": BuildNumberSpec,
    "Channel": Channel,
    "Condition": Condition.parse,
    "ExplicitEnvironmentEntry": ExplicitEnvironmentEntry.parse,
    "GenericVirtualPackage": GenericVirtualPackage.parse,
    "MatchSpec": lambda text: MatchSpec(text, exact_names_only=False),
    "MatchSpec.from_query": MatchSpec.from_query,
    "NamelessMatchSpec": NamelessMatchSpec,
    "PackageName": PackageName,
    "PackageNameMatcher": PackageNameMatcher,
    "StringMatcher": StringMatcher,
    "Version": Version,
    "VersionSpec": VersionSpec,
}
PIECES = (
    "1", "a", "1.", "0.", "1a", "a1.", "_", "-", ".", "!", "+", "*", "*a", "1.*", ",", ">=1,", "1|",
    "(", "(1|", ")", "[", "]", "[a=", "['", '"', "\\", "=", "^", "^a|", "(a|", "(a*)*", ".*.*", "$",
    " ", "a ", "a and ", "a or (", "/", "a/", ":", "a:", "::", "/t/", "#", "?a=", "&a=b", "@", "%20", "é",
)  # fmt: skip
FRAMES = ("{}", "a {}", "a[x={}]", 'a[when="{}"]', "^{}$", "1{}!", "https://h/{}", "{}-1-0.conda")


def seconds(parse, text):
    # The collector of cycles looks at all that lives, which is not the parser's work.
    gc.disable()
    start = time.process_time()
    try:
        str(parse(text))
    except HognoseError as error:
        str(error)
    finally:
        gc.enable()
    return time.process_time() - start


def fill(frame, piece, size, turn):
    # Some parsers remember what they have read: each turn has a text of its own.
    return frame.format(piece * (size // len(piece) - turn))


def check(parse, frame, piece):
    if seconds(parse, fill(frame, piece, LARGE, 0)) < NEGLIGIBLE:
        return
    for turns in (2, 4, 8):
        gc.collect()
        quick = min(seconds(parse, fill(frame, piece, SMALL, turn)) for turn in range(1, turns + 1))
        slow = min(seconds(parse, fill(frame, piece, LARGE, turn)) for turn in range(1, turns + 1))
        if slow < BOUND * quick or slow < NEGLIGIBLE:
            return
    pytest.fail(f"{frame!r} of {piece!r}: {quick * 1000:.1f} to {slow * 1000:.1f} ms")


@pytest.mark.slow
@pytest.mark.parametrize("parser", PARSERS)
def test_four_times_the_text_is_four_times_the_work(parser):
    for piece in ("1.", "1a", "1|", "(", "[", "a and ", "^a|"):
        check(PARSERS[parser], "{}", piece)
    for frame in ("a {}", "{}-1-0.conda"):
        check(PARSERS[parser], frame, "1")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("parser", PARSERS)
def test_no_piece_in_any_frame_takes_more_than_linear_work(parser):
    for frame in FRAMES:
        for piece in PIECES:
            check(PARSERS[parser], frame, piece)
