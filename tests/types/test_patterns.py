"""Patterns for text, names and build numbers, and the regular expressions behind them."""

import pickle

import pytest

from hognose.errors import InvalidMatchSpecError, PackageNameMatcherParseError
from hognose.types import BuildNumberSpec, PackageName, PackageNameMatcher, StringMatcher
from hognose.types.linear_regex import compile_regex


@pytest.mark.parametrize(
    ("glob", "text", "expected"),
    [
        ("*", "", True),
        ("a*", "ab", True),
        ("*a", "ab", False),
        ("*b*", "abc", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("a*b*c", "aXbXc", True),
        ("a*b*b", "ab", False),
        ("**", "x", True),
        ("a**c", "abc", True),
        ("*ab*ab*", "ab", False),
    ],
)
def test_a_glob_finds_its_parts_in_order(glob, text, expected):
    assert expected is StringMatcher(glob).matches(text)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^(a+)+$", "aaaa", True),
        ("^(a+)+$", "a" * 5000 + "!", False),
        ("^a|b$", "xb", True),
        ("^[^a-c]+$", "xyz", True),
        ("^[]a]+$", "]a", True),
        ("^a{2,3}$", "aaaa", False),
        ("^a{,2}b$", "aab", True),
        (r"^py\d{2}_\w*$", "py39_x", True),
        (r"^\W$", "-", True),
        ("^.*foo.*$", "a foo b", True),
        ("^(?:ab|cd)*?$", "abcdab", True),
        ("^(?P<x>a)b?$", "A", True),
    ],
)
def test_a_regular_expression_matches_without_going_back(pattern, text, expected):
    assert expected is compile_regex(pattern)(text)


@pytest.mark.parametrize(
    "pattern",
    [
        "^(?=a)$",
        r"^(a)\1$",
        "^(a$",
        "^a)$",
        "^[a$",
        "^a**$",
        "^[z-a]+$",
        "^a{3,2}$",
        "^" + "(" * 99 + "$",
        "^((a{99}){99}){99}$",
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused(pattern):
    with pytest.raises(ValueError, match=r"\w"):
        compile_regex(pattern)
    with pytest.raises(InvalidMatchSpecError):
        StringMatcher(pattern)


def test_matchers_are_equal_whatever_the_case():
    assert StringMatcher("Py*") == StringMatcher("py*")
    assert hash(StringMatcher("Py*")) == hash(StringMatcher("py*"))
    assert StringMatcher("a").kind == "exact"
    assert StringMatcher("*").is_any
    assert StringMatcher("a*") == pickle.loads(pickle.dumps(StringMatcher("a*")))


@pytest.mark.parametrize(
    ("text", "number", "expected"),
    [
        ("3", 3, True),
        ("=3", 3, True),
        ("!=3", 3, False),
        (">=3,<5", 4, True),
        (">= 3 , <5", 5, False),
        ("<1|>8", 9, True),
        ("1*", 10, True),
        ("1*", 2, False),
        ("^(1|2)$", 2, True),
    ],
)
def test_a_build_number_is_compared_or_matched(text, number, expected):
    assert expected is BuildNumberSpec(text).matches(number)


def test_build_number_specs_have_one_form():
    assert str(BuildNumberSpec("=3")) == "==3"
    assert BuildNumberSpec("3") == BuildNumberSpec("== 3")
    for text in ("", "x", ">=", "3,", "1 2", ">=-1"):
        with pytest.raises(InvalidMatchSpecError):
            BuildNumberSpec(text)


def test_a_name_keeps_its_source_and_is_its_normal_form():
    name = PackageName("NumPy")

    assert name == "numpy"
    assert {"numpy": 1}[name] == 1
    assert name.source == "NumPy"
    assert name.normalized == "numpy"
    assert repr(name) == 'PackageName("NumPy")'
    assert pickle.loads(pickle.dumps(name)).source == "NumPy"
    assert PackageName("numpy").source == "numpy"
    assert PackageName.from_matchspec_str("NumPy >=1") == "numpy"
    assert PackageName.unchecked("a b") == "a b"


def test_a_name_matcher_is_a_name_or_a_pattern():
    assert PackageName("numpy") == PackageNameMatcher("NumPy").as_package_name()
    assert PackageNameMatcher("num*").exact is None
    assert PackageNameMatcher("num*").matches("NumPy")
    assert PackageNameMatcher("^nu.+$").matches("numpy")
    assert PackageNameMatcher("*").is_any
    for text in ("", "a b", "^a(b$", "ä"):
        with pytest.raises(PackageNameMatcherParseError):
            PackageNameMatcher(text)
