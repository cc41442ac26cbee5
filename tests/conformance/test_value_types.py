"""The examples of the CEPs about names, versions and specs, as they stand in the documents."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from hognose.errors import (
    InvalidBuildStringError,
    InvalidPackageNameError,
    InvalidVersionError,
)
from hognose.types import (
    ArchiveIdentifier,
    Channel,
    ChannelConfig,
    MatchSpec,
    PackageName,
    StringMatcher,
    Version,
    VersionSpec,
    VersionWithSource,
)
from hognose.types.build_spec import BuildString

DATA = Path(__file__).parent / "data"
CEP26 = json.loads((DATA / "cep26.json").read_text(encoding="utf-8"))
CEP29 = json.loads((DATA / "cep29.json").read_text(encoding="utf-8"))
CEP33 = json.loads((DATA / "cep33.json").read_text(encoding="utf-8"))


def test_the_versions_of_cep_33_are_in_its_order():
    for lower, higher in pairwise(CEP33["rising"]):
        for a in lower:
            for b in higher:
                assert Version(a) < Version(b)
                assert Version(b) > Version(a)
                assert Version(a) != Version(b)


def test_the_equal_versions_of_cep_33_are_equal():
    for group in CEP33["rising"] + CEP33["equal"]:
        assert {Version(group[0])} == set(map(Version, group))


@pytest.mark.parametrize(("lower", "higher"), CEP33["pairs_in_order"])
def test_the_notes_of_cep_33_hold(lower, higher):
    assert Version(lower) < Version(higher)


@pytest.mark.parametrize(("text", "epoch", "segments", "local"), CEP33["parsed"])
def test_the_parsed_versions_of_cep_33_have_its_segments(text, epoch, segments, local):
    version = Version(text)

    assert epoch == version.epoch
    assert segments == version.segments()
    assert local == version.local_segments()


@pytest.mark.parametrize("text", CEP33["with_local_part"])
def test_the_versions_with_a_local_part_of_cep_33_follow_those_without(text):
    main, _, _ = text.partition("+")

    assert text == str(Version(text))
    assert Version(main) == Version(text).strip_local()


@pytest.mark.parametrize("text", CEP33["invalid"])
def test_what_cep_33_forbids_is_refused(text):
    with pytest.raises(InvalidVersionError) as caught:
        Version(text)
    assert caught.value.text == text


@pytest.mark.parametrize(("text", "canonical"), CEP29["canonical"])
def test_the_canonical_forms_of_cep_29_are_written(text, canonical):
    assert canonical == MatchSpec(text, exact_names_only=False).to_cep29_string()


@pytest.mark.parametrize("group", CEP29["same_demand"])
def test_the_equivalent_forms_of_cep_29_are_equal(group):
    assert {MatchSpec(group[0])} == set(map(MatchSpec, group))


@pytest.mark.parametrize("group", CEP29["same_version_demand"])
def test_the_equivalent_forms_of_cep_29_demand_the_same_version(group):
    assert {MatchSpec(group[0]).version} == {MatchSpec(text).version for text in group}


@pytest.mark.parametrize(("spec", "version", "expected"), CEP29["matching"])
def test_the_version_rules_of_cep_29_hold(spec, version, expected):
    assert expected is VersionSpec(spec).matches(VersionWithSource(version))


@pytest.mark.parametrize(("pattern", "text", "expected"), CEP29["strings"])
def test_the_string_rules_of_cep_29_hold(pattern, text, expected):
    assert expected is StringMatcher(pattern).matches(text)


@pytest.mark.parametrize("name", CEP26["names"]["valid"])
def test_the_names_of_cep_26_are_accepted_in_lower_case(name):
    assert name.lower() == PackageName(name)


@pytest.mark.parametrize("name", CEP26["names"]["invalid"])
def test_what_cep_26_forbids_in_names_is_refused(name):
    with pytest.raises(InvalidPackageNameError):
        PackageName(name)


@pytest.mark.parametrize("build", CEP26["builds"]["valid"])
def test_the_builds_of_cep_26_are_accepted(build):
    assert build == BuildString(build)


@pytest.mark.parametrize("build", CEP26["builds"]["invalid"])
def test_what_cep_26_forbids_in_builds_is_refused(build):
    with pytest.raises(InvalidBuildStringError):
        BuildString(build)


@pytest.mark.parametrize(("text", "base_url", "name"), CEP26["channels"])
def test_channels_have_the_urls_and_names_of_cep_26(text, base_url, name):
    channel = Channel(text, ChannelConfig(root_dir="/root"))

    assert base_url == channel.base_url
    assert name == channel.name


@pytest.mark.parametrize(("file_name", "name", "version", "build", "kind"), CEP26["file_names"])
def test_file_names_are_split_from_the_right(file_name, name, version, build, kind):
    assert ArchiveIdentifier(name, version, build, kind) == ArchiveIdentifier.parse(file_name)
    assert file_name == ArchiveIdentifier.parse(file_name).file_name
