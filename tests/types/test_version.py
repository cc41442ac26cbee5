"""Versions: surface and arithmetic. Their order is in tests/conformance and tests/laws."""

import copy
import pickle

import pytest

from hognose.errors import InvalidVersionError, VersionBumpError, VersionExtendError
from hognose.types import Version, VersionWithSource


def test_the_same_text_gives_the_same_object():
    assert Version("1.2.3") is Version("1.2.3")


def test_text_is_shown_in_lower_case_and_without_leading_zeros():
    assert str(Version("01.002.RC03")) == "1.2.rc3"
    assert repr(Version("1!1.0_a")) == 'Version("1!1.0_a")'


def test_a_version_with_source_prints_its_source_and_equals_the_version():
    version = VersionWithSource("01.0RC")

    assert str(version) == "01.0RC"
    assert version.source == "01.0RC"
    assert repr(version) == 'VersionWithSource(version="1.0rc", source="01.0RC")'
    assert version == Version("1.0rc")
    assert hash(version) == hash(Version("1.0.rc".replace(".rc", "rc")))


def test_an_interned_version_is_parsed_when_it_is_first_compared():
    bad = VersionWithSource.interned("not a version")

    assert str(bad) == "not a version"
    with pytest.raises(InvalidVersionError):
        bad < Version("1")  # noqa: B015


def test_a_bad_version_is_refused_although_it_was_interned_before():
    VersionWithSource.interned("1..2")

    with pytest.raises(InvalidVersionError):
        VersionWithSource("1..2")


def test_versions_survive_pickling_and_copying():
    for version in (Version("1.2+a"), VersionWithSource("01.2")):
        assert version == pickle.loads(pickle.dumps(version))
        assert str(version) == str(copy.deepcopy(version))


def test_other_types_do_not_compare():
    assert Version("1") != "1"
    with pytest.raises(TypeError):
        Version("1") < "2"  # noqa: B015
    with pytest.raises(TypeError):
        Version(1)


@pytest.mark.parametrize(
    ("text", "position", "rule"),
    [
        ("1..2", 2, "empty segment"),
        ("1.2 3", 3, "only ASCII"),
        ("1-2_3", 3, "may not both"),
        ("1!2!3", 3, "more than one"),
        ("x!1", 0, "epoch"),
        ("1.18446744073709551616", 2, "2^64-1"),
        ("1.²", 2, "only ASCII"),
    ],
)
def test_an_error_says_where_and_why(text, position, rule):
    with pytest.raises(InvalidVersionError) as caught:
        Version(text)

    assert position == caught.value.position
    assert rule in str(caught.value)


@pytest.mark.parametrize(
    ("operation", "text", "expected"),
    [
        ("bump_major", "1.2.3", "2.0.0"),
        ("bump_major", "9d", "10a"),
        ("bump_major", "5!1.alpha+3.4", "5!2.alpha+3.4"),
        ("bump_minor", "1.2.3", "1.3.0"),
        ("bump_minor", "1", "1.1"),
        ("bump_patch", "1.1.1e", "1.1.2a"),
        ("bump_patch", "1.5", "1.5.1"),
        ("bump_last", "1.2g.beta15.rc", "1.2g.beta15.1a"),
        ("bump_last", "2.1+sirius6.0.3", "2.2+sirius6.0.3"),
        ("with_alpha", "1.0", "1.0.0a0"),
        ("with_alpha", "1.0.f", "1.0.f"),
        ("remove_local", "1.0+3.4", "1.0"),
        ("strip_local", "1!2.0a0", "1!2.0a0"),
    ],
)
def test_versions_are_raised_and_stripped(operation, text, expected):
    assert expected == str(getattr(Version(text), operation)())


def test_a_segment_is_raised_by_its_index():
    assert str(Version("1.5").bump_segment(5)) == "1.5.0.0.0.1"
    assert str(Version("1.5").bump_segment(-2)) == "2.5"
    with pytest.raises(VersionBumpError):
        Version("1.5").bump_segment(-3)


def test_segments_are_taken_and_dropped():
    version = Version("2!1.2.3+x")

    assert str(version.with_segments(1, 3)) == "2!2.3+x"
    assert str(version.pop_segments(2)) == "2!1+x"
    assert str(version.extend_to_length(4)) == "2!1.2.3.0+x"
    with pytest.raises(InvalidVersionError):
        version.pop_segments(3)
    with pytest.raises(VersionExtendError):
        version.extend_to_length(10**9)


def test_the_facts_about_a_version_are_read_off():
    version = Version("2!1.0.1dev+3")

    assert version.epoch == 2
    assert version.has_local
    assert version.is_dev
    assert not version.is_post
    assert version.segment_count == 3
    assert version.as_major_minor() == (1, 0)
    assert Version("1a.0").as_major_minor() is None


@pytest.mark.parametrize(
    ("text", "prefix", "expected"),
    [
        ("1.0.1", "1.0", True),
        ("1", "1.0", True),
        ("1", "1.0.0", True),
        ("1.0.1", "1.0.0", False),
        ("1.10", "1.1", False),
        ("1.1c.1", "1.1.1", False),
        ("1.0rc1", "1.0", True),
        ("1.2rc1", "1.2.0", False),
        ("1!1.0", "1.0", False),
        ("1.0.0.post1", "1.0.0.0", True),
        ("1.0.5", "1.0.0", False),
        ("1.2+a.1", "1.2+a", True),
        ("1.2+b", "1.2+a", False),
    ],
)
def test_a_version_starts_with_the_segments_of_another(text, prefix, expected):
    assert expected is Version(text).starts_with(Version(prefix))


def test_a_compatible_version_is_not_lower_and_starts_alike():
    assert Version("1.2").compatible_with(Version("1.0"))
    assert not Version("1.0").compatible_with(Version("1.2"))
    assert not Version("2.0").compatible_with(Version("1.2"))
