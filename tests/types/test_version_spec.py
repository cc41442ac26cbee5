"""Version specs: grammar, text, masks."""

import pickle

import pytest

from hognose.errors import InvalidVersionSpecError
from hognose.types import Version, VersionSpec


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (">=1.2,<2", ">=1.2,<2"),
        ("1.2", "==1.2"),
        ("=1.2", "1.2.*"),
        ("=1.2.*", "1.2.*"),
        ("1.2*", "1.2.*"),
        ("==1.2.*", "1.2.*"),
        ("2023.*.*", "2023.*"),
        (">1.2.*", ">=1.2"),
        ("<1.2.*", "<1.2"),
        ("!=1.2*", "!=1.2.*"),
        ("~=1.2.3", "~=1.2.3"),
        ("*.*", "*"),
        (">=*", "*"),
        ("((1.2)|3),<4", "(==1.2|==3),<4"),
        ("(1|2)|3", "==1|==2|==3"),
        (" >= 1 , < 2 ", ">=1,<2"),
        ("^1\\.(2|3)$|>4", "^1\\.(2|3)$|>4"),
        ("1.*.3", "1.*.3"),
    ],
)
def test_a_spec_is_written_in_its_canonical_form(text, expected):
    assert expected == str(VersionSpec(text))
    assert VersionSpec(text) == VersionSpec(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ">=",
        "1,,2",
        "1|",
        "(1",
        "1)",
        "()",
        "<>1",
        "=!1",
        "!=*",
        "<*",
        ">=1.*.2",
        "1 2",
        "^1",
        "1(2)",
    ],
)
def test_what_is_no_spec_is_refused(text):
    with pytest.raises(InvalidVersionSpecError):
        VersionSpec(text)


@pytest.mark.parametrize(
    "text", ["1.2", "=1.2.*", ">=1.2.*", "==1.2.*", "~=1.2.*", ">=*", "2023.*.*"]
)
def test_strict_parsing_refuses_what_is_ambiguous(text):
    VersionSpec(text)
    with pytest.raises(InvalidVersionSpecError):
        VersionSpec(text, strict=True)


@pytest.mark.parametrize("text", ["==1.2", "=1.2", "1.2.*", "!=1.2.*", "*", ">=1,<2|3.*"])
def test_strict_parsing_accepts_what_is_clear(text):
    assert VersionSpec(text) == VersionSpec(text, strict=True)


def test_a_mask_has_a_bit_for_each_version_that_matches():
    versions = [Version(text) for text in ("0.9", "1.0a1", "1.0", "1.0.1", "1.1", "2.0")]

    assert VersionSpec("1.0.*").mask(versions) == 0b001110
    assert VersionSpec(">=1.0,<2").mask(versions) == 0b011100
    assert VersionSpec("!=1.0").mask(versions) == 0b111011
    assert VersionSpec("<1|>=2").mask(versions) == 0b100011
    assert VersionSpec("1.*.1|0.9").mask(versions) == 0b001001
    assert VersionSpec("*").mask(versions) == 0b111111
    assert VersionSpec(">2,<1").mask(versions) == 0


def test_specs_are_equal_if_they_are_the_same_set():
    assert VersionSpec(">=1.0,<2") == VersionSpec("<2.0,>=1")
    assert hash(VersionSpec("=1.2")) == hash(VersionSpec("1.2.*"))
    assert VersionSpec("<=1") != VersionSpec("<1")


def test_specs_survive_pickling():
    for text in (">=1,<2", "1.*.3|2"):
        assert VersionSpec(text) == pickle.loads(pickle.dumps(VersionSpec(text)))


def test_a_local_part_in_a_fuzzy_version_is_what_is_open():
    assert VersionSpec("1.2+a.*").matches(Version("1.2+a.5"))
    assert not VersionSpec("1.2+a.*").matches(Version("1.2.3+a"))
    assert VersionSpec("1.2.*").matches(Version("1.2+a"))


def test_deep_parentheses_are_refused_rather_than_followed():
    with pytest.raises(InvalidVersionSpecError, match="nested"):
        VersionSpec("(" * 1000 + "1" + ")" * 1000)


def test_a_spec_is_made_of_a_spec_but_of_nothing_else():
    assert VersionSpec(">=1") == VersionSpec(VersionSpec(">=1"))
    with pytest.raises(TypeError, match="a version spec is made from a str, not int"):
        VersionSpec(1)


@pytest.mark.parametrize("spec", [">=1", "1.*.2", "^1.*$"])
def test_text_is_no_version_and_the_error_says_how_to_make_one(spec):
    with pytest.raises(TypeError, match=r"a Version is needed, not str '1.2'; `Version\(text\)`"):
        VersionSpec(spec).matches("1.2")
