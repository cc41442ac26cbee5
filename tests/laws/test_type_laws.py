"""Laws of versions and specs, on made-up ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hognose.errors import HognoseError
from hognose.types import (
    ArchiveIdentifier,
    BuildNumberSpec,
    Channel,
    ExplicitEnvironmentSpec,
    GenericVirtualPackage,
    MatchSpec,
    NamelessMatchSpec,
    PackageName,
    PackageNameMatcher,
    Platform,
    StringMatcher,
    Version,
    VersionSpec,
    VersionWithSource,
)
from hognose.types.condition import Condition
from hognose.types.version_parser import parse_parts

ATOM = st.sampled_from(
    [
        "0",
        "1",
        "2",
        "9",
        "10",
        "00",
        "01",
        "113",
        "49152",
        "a",
        "b",
        "rc",
        "dev",
        "post",
        "DEV",
        "alpha",
        "z",
    ]
)
SEGMENT = st.lists(ATOM, min_size=1, max_size=3).map("".join)
PART = st.builds(
    lambda first, rest: first + "".join(s + t for s, t in rest),
    SEGMENT,
    st.lists(st.tuples(st.sampled_from("..._"), SEGMENT), max_size=4),
)
VERSION_TEXT = st.builds(
    lambda epoch, main, end, local: epoch + main + end + local,
    st.sampled_from(["", "", "", "0!", "1!"]),
    PART,
    st.sampled_from(["", "", "", "_"]),
    st.one_of(st.just(""), st.just(""), PART.map("+".__add__)),
)
VERSION = VERSION_TEXT.map(Version)
CLAUSE = st.builds(
    lambda operator, version, star: operator + version + star,
    st.sampled_from(["", "=", "==", "!=", "<", "<=", ">", ">=", "~="]),
    VERSION_TEXT,
    st.sampled_from(["", "", ".*"]),
)
SPEC_TEXT = st.recursive(
    CLAUSE,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(",".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join),
        inner.map("({})".format),
    ),
    max_leaves=5,
)


def rank(atom):
    """Rank an atom as CEP 33 does, without the keys."""
    if atom == "dev":
        return (0, "")
    if atom == "post":
        return (3, "")
    return (2, atom) if isinstance(atom, int) else (1, atom)


def compare(left, right):
    """Compare versions as CEP 33 does: walk over both, and fill up with zeros."""
    a, b = parse_parts(str(left)), parse_parts(str(right))
    if (a.epoch or 0) != (b.epoch or 0):
        return -1 if (a.epoch or 0) < (b.epoch or 0) else 1
    for first, second in ((a.segments, b.segments), (a.local, b.local)):
        for i in range(max(len(first), len(second))):
            x = first[i].atoms if i < len(first) else ()
            y = second[i].atoms if i < len(second) else ()
            for j in range(max(len(x), len(y))):
                p = rank(x[j] if j < len(x) else 0)
                q = rank(y[j] if j < len(y) else 0)
                if p != q:
                    return -1 if p < q else 1
    return 0


@given(VERSION, VERSION)
def test_the_keys_order_versions_as_the_standard_does(a, b):
    expected = compare(a, b)

    assert (expected < 0) is (a < b)
    assert (expected == 0) is (a == b)
    assert (expected <= 0) is (a <= b)
    assert (expected > 0) is (a > b)
    if expected == 0:
        assert hash(a) == hash(b)


@settings(max_examples=50)
@given(st.lists(VERSION, min_size=3, max_size=8))
def test_sorting_is_total(versions):
    ordered = sorted(versions)

    for i, lower in enumerate(ordered):
        assert all(lower <= higher for higher in ordered[i:])


@given(VERSION_TEXT)
def test_the_text_of_a_version_parses_back(text):
    version = Version(text)

    assert version == Version(str(version))
    assert str(version) == str(Version(str(version)))
    assert text == str(VersionWithSource(text))
    assert VersionWithSource(text) == version


@given(VERSION, st.integers(1, 4))
def test_a_version_starts_with_its_first_segments(version, count):
    prefix = version.strip_local().with_segments(0, min(count, version.segment_count))

    assert version.starts_with(prefix)
    assert version.strip_local().compatible_with(version.strip_local())


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5), st.integers(0, 4))
def test_raising_a_version_of_numbers_makes_it_higher(numbers, index):
    version = Version(".".join(map(str, numbers)))

    assert version < version.bump_last()
    assert version < version.bump_segment(index)
    assert version == version.extend_to_length(8)


@settings(max_examples=50)
@given(SPEC_TEXT, st.lists(VERSION, min_size=1, max_size=12))
def test_a_mask_says_the_same_as_matches(text, versions):
    spec = VersionSpec(text)
    ordered = sorted(set(versions))

    expected = sum(1 << i for i, version in enumerate(ordered) if spec.matches(version))
    assert expected == spec.mask(ordered)


@settings(max_examples=50)
@given(SPEC_TEXT, SPEC_TEXT, VERSION)
def test_specs_obey_set_algebra(left, right, version):
    a, b = VersionSpec(left).matches(version), VersionSpec(right).matches(version)

    assert (a and b) is VersionSpec(f"({left}),({right})").matches(version)
    assert (a or b) is VersionSpec(f"({left})|({right})").matches(version)


@settings(max_examples=50)
@given(SPEC_TEXT)
def test_the_text_of_a_version_spec_parses_back(text):
    spec = VersionSpec(text)

    assert spec == VersionSpec(str(spec))
    assert str(spec) == str(VersionSpec(str(spec)))


@settings(max_examples=50)
@given(
    st.sampled_from(["a", "conda-forge::a", "conda-forge/linux-64::a", "https://h/c::a"]),
    st.one_of(st.just(""), SPEC_TEXT.map(" ".__add__)),
    st.sampled_from(
        ["", "[build=x*]", "[build_number='>=1']", "[extras=[a,b]]", "[when='a or b>=1']"]
    ),
)
def test_the_forms_of_a_match_spec_parse_back(name, version, fields):
    spec = MatchSpec(name + version + fields)

    assert spec == MatchSpec(str(spec))
    assert spec == MatchSpec(spec.to_canonical_string())
    assert spec == MatchSpec(spec.to_cep29_string())


PARSERS = (
    ArchiveIdentifier.parse,
    BuildNumberSpec,
    Channel,
    Condition.parse,
    ExplicitEnvironmentSpec.from_str,
    GenericVirtualPackage.parse,
    MatchSpec,
    MatchSpec.from_query,
    NamelessMatchSpec,
    PackageName,
    PackageNameMatcher,
    Platform,
    StringMatcher,
    Version,
    VersionSpec,
)
HOSTILE = st.text(st.sampled_from("ab01.*=<>!~,|()[]'\"^$:;#/\\ -_+?&%@{}\n é"), max_size=40)


@settings(max_examples=300)
@given(HOSTILE)
def test_no_parser_raises_anything_but_its_error(text):
    for parse in PARSERS:
        try:
            str(parse(text))
        except HognoseError as error:
            str(error)


PIECES = [
    "1",
    "a",
    "1.",
    "0.",
    "1_",
    "1|",
    "1,",
    "(",
    ")",
    " ",
    "[",
    "]",
    "a[",
    '"',
    "'",
    "\\",
    "=",
    ">",
    "*",
    "*.",
    "^",
    "$",
    "#",
    ";",
    ":",
    "a:",
    "-",
    "!",
    "+",
    "/",
    "/t/",
    "a and ",
    "a or (",
    "a,",
    "\0",
    "é",
    "%20",
    "a=b&",
    "!=1,",
    "<1|",
    "1.*2|",
    "^(a|",
]


@pytest.mark.parametrize("piece", PIECES)
def test_a_hundred_kilobytes_of_the_same_are_no_problem(piece):
    # A parser that went over its text again and again would run into the limit of the test.
    body = piece * (100_000 // len(piece))
    lengths = [0]
    for text in (body, f"a {body}", f"a[x={body}]", f'a[when="{body}"]', f"^{body}$", f"1{body}2"):
        for parse in PARSERS:
            try:
                parse(text)
            except HognoseError as error:
                lengths.append(len(str(error)))
    assert max(lengths) < 2000
