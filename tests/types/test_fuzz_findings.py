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


def test_an_archive_in_the_root_directory_has_a_spec_that_reads_back():
    spec = MatchSpec("/noarch/a-1-0.conda")
    short = MatchSpec(spec.to_cep29_string())

    assert "file:///" == short.channel.base_url
    assert short == MatchSpec(short.to_cep29_string())


@pytest.mark.parametrize("text", ["https://h/noarch/a.conda-1-0.conda", "a.conda"])
def test_a_name_that_looks_like_a_file_name_is_no_name(text):
    with pytest.raises(InvalidMatchSpecError, match="is a file name, but not of the form"):
        MatchSpec(text)


def test_a_channel_whose_path_is_no_name_is_shown_by_its_url():
    spec = MatchSpec("https://h//[c::a")

    assert 'a[channel="https://h/%5Bc/"]' == str(spec)
    assert spec == MatchSpec(str(spec))


def test_a_build_string_that_would_be_a_comment_stands_in_brackets():
    spec = MatchSpec("a[version=1, build='#1']")

    assert "a==1[build='#1']" == spec.to_cep29_string()
    assert spec == MatchSpec(spec.to_cep29_string())


@pytest.mark.parametrize(
    ("text", "subdir"),
    [
        ("c/noarch/linux-64::a", "linux-64"),
        ("c/noarch/linux-*::a", "linux-*"),
        ("a[channel='c/noarch/linux-64', subdir='linux-*']", "linux-*"),
    ],
)
def test_a_channel_may_end_like_a_subdir(text, subdir):
    spec = MatchSpec(text)

    assert ("c/noarch", subdir) == (spec.channel.name, spec.subdir)
    for form in (str(spec), spec.to_canonical_string(), spec.to_cep29_string()):
        assert spec == MatchSpec(form)


def test_brackets_in_a_pattern_for_names_need_no_partner():
    spec = MatchSpec("^a[[]$[version='1.*']", exact_names_only=False)

    assert ("^a[[]$", "1.*") == (str(spec.name), str(spec.version))
    assert spec == MatchSpec(str(spec), exact_names_only=False)


def test_a_regular_expression_for_channels_has_an_end():
    with pytest.raises(InvalidMatchSpecError, match="has to end"):
        MatchSpec("^r/linux-64:ns:num 1")


def test_a_circumflex_inside_a_word_begins_no_regular_expression():
    spec = MatchSpec("x^r::a[build='o$']")

    assert ("x^r", "o$") == (spec.channel.name, str(spec.build))


@pytest.mark.parametrize(
    "url", ["https://[h/c", "https://h]/c", "https://[x]/c", "https://a[::1]/c"]
)
def test_brackets_in_a_host_are_for_addresses(url):
    with pytest.raises(InvalidChannelError, match="is no host"):
        Channel(url)


def test_a_channel_at_an_address_has_a_spec_that_reads_back():
    spec = MatchSpec("https://[::1]:8000/c::a")

    assert "https://[::1]:8000/c/" == spec.channel.base_url
    for form in (str(spec), spec.to_canonical_string(), spec.to_cep29_string()):
        assert spec == MatchSpec(form)


@pytest.mark.parametrize("text", ["c[x$',l\0]::a", "c[nonsense]::a", "c[]::a"])
def test_only_subdirs_stand_in_brackets_behind_a_channel(text):
    with pytest.raises(InvalidMatchSpecError, match="is no known subdir"):
        MatchSpec(text)


def test_what_is_no_pattern_for_subdirs_belongs_to_the_pattern_for_channels():
    spec = MatchSpec("c/noarch/-^al6*:ns:num")

    assert ("c/noarch/-^al6*", None) == (str(spec.channel_pattern), spec.subdir)
    assert spec == MatchSpec(str(spec))


def test_a_name_in_capitals_that_looks_like_a_file_name_is_no_name():
    with pytest.raises(InvalidMatchSpecError, match="is a file name"):
        MatchSpec("a.tar.bZ2")


def test_a_backslash_in_a_url_is_no_part_of_the_short_forms_name() -> None:
    spec = MatchSpec("https://conda.anaconda.org/conda-forge/noarch/\\a-1-0.conda")
    assert "a" == str(spec.name)
    assert spec == MatchSpec(spec.to_cep29_string())
