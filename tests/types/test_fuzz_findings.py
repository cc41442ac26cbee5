"""What fuzzing has found, each once."""

import pytest

from hognose.errors import (
    InvalidChannelError,
    InvalidMatchSpecError,
    InvalidVersionSpecError,
    PackageNameMatcherParseError,
)
from hognose.types import (
    BuildNumberSpec,
    Channel,
    ChannelConfig,
    MatchSpec,
    PackageNameMatcher,
    Version,
    VersionSpec,
)

CONFIG = ChannelConfig(root_dir="/root")


def test_a_version_that_ends_in_a_dash_can_be_changed():
    assert Version("1-2-") == Version("1-2-+a").strip_local()
    assert Version("1-2").with_segments(0, 1) == Version("1")
    assert Version("1!2.0+a.1-2-").starts_with(Version("1!2.0+a.1-2-"))


@pytest.mark.parametrize("text", ["=\n==3.*3a*", "1.*2(", "a,*'*b"])
def test_a_version_pattern_is_made_of_the_characters_of_versions(text):
    with pytest.raises(InvalidVersionSpecError):
        VersionSpec(text)


@pytest.mark.parametrize("text", ["a-1[-0.ta*$", "^py9.[*", "a*'b", '^a"b$', "^a b$"])
def test_a_name_pattern_is_made_of_the_characters_of_names(text):
    with pytest.raises(PackageNameMatcherParseError):
        PackageNameMatcher(text)


@pytest.mark.parametrize(
    "text",
    [
        "ht_tps:tu/h/noarch/a-1-0.conda",
        "https://h/c/noarch/<3.1 *a-1-0.conda",
        "a-1-0.tar.bz2 1.8=p",
    ],
)
def test_what_is_wrong_with_an_archive_is_wrong_with_the_spec(text):
    with pytest.raises(InvalidMatchSpecError):
        MatchSpec.from_url(text)
    with pytest.raises(InvalidMatchSpecError):
        MatchSpec(text)


@pytest.mark.parametrize(
    "url",
    [
        "https://h.*$c/noarch/a-1-0.conda",
        "https://[h/c/noarch/a-1-0.conda",
        "https://h/c/noarch/a-|<2',b-0.conda",
    ],
)
def test_a_url_that_names_no_channel_is_kept_whole(url):
    spec = MatchSpec.from_url(url)

    assert spec == MatchSpec(spec.to_cep29_string())


def test_a_subdir_in_brackets_leaves_the_channel_whole():
    spec = MatchSpec("a[channel='c/b*', subdir='linux-*']")

    assert ("c/b*", "linux-*") == (str(spec.channel_pattern), spec.subdir)
    assert spec == MatchSpec(spec.to_canonical_string())


@pytest.mark.parametrize("text", ["http://h\n/x", "http://u e@h/x", "a\0b", "\\C\0"])
def test_a_channel_has_no_line_breaks_and_no_spaces_in_its_host(text):
    with pytest.raises(InvalidChannelError):
        Channel(text, CONFIG)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("\\x", "file:///x/"),
        ("//a/b", "file:///a/b/"),
        ("\\\\\\\\a\\b", "file://a/b/"),
        ("\\\\a\\\\b", "file://a/b/"),
    ],
)
def test_a_path_with_odd_slashes_is_the_channel_of_its_url(text, url):
    channel = Channel(text, CONFIG)

    assert url == channel.base_url
    assert channel == Channel(channel.base_url, CONFIG)


def test_spaces_round_a_pattern_for_build_numbers_do_not_count():
    assert BuildNumberSpec("^1.*$") == BuildNumberSpec(" ^1.*$\n")
