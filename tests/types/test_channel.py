"""Channels beyond the examples of CEP 26."""

import pickle

import pytest

from hognose.errors import InvalidChannelError
from hognose.types import Channel, ChannelConfig, ChannelPriority, Platform


def test_the_url_of_a_subdir_has_no_trailing_slash():
    assert Channel("a").platform_url("noarch") == "https://conda.anaconda.org/a/noarch"
    assert Channel("https://h/c").platform_url(Platform("linux-64")) == "https://h/c/linux-64"


def test_secrets_stay_out_of_names_and_text():
    channel = Channel("https://user:pass@h/t/token-1/c")

    assert channel.base_url == "https://user:pass@h/t/token-1/c/"
    assert channel.name == "c"
    assert channel.canonical_name == "https://h/c/"
    assert channel == Channel("https://h/c")
    assert "pass" not in repr(channel)
    assert "token-1" not in str(channel) + repr(channel)


@pytest.mark.parametrize(
    "text",
    [
        "http://hush@h/c",
        "http://me:hush@h/c",
        "http://me:hu@hush@h/c",
        "http://h/t/hush/c",
        "http://h/sub/t/hush/c",
        "s3://key:hush@bucket/c",
        "t/hush/c",
        "sub/t/hush/c",
    ],
)
def test_no_form_of_a_channel_but_its_url_shows_a_secret(text):
    channel = Channel(text)

    shown = (repr(channel), str(channel), channel.canonical_name, channel.to_text(), channel.name)
    assert not any("hush" in each for each in shown)
    assert "hush" in channel.base_url
    assert Channel(channel.to_text()) == channel


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("https://h/c?token=hush", "has no query"),
        ("https://h/c?a b=hush", "has no query"),
        ("https://h/c#hush", "has no fragment"),
        ("https://me:hush/x@h/c", "is no port"),
        ("https://me:hu sh hush@h/c", "may hold a space"),
        ("https://me:hush@/c", "names no host"),
        ("https://me:hush@[h]x/c", "is no host"),
        ("https://me:hush@h/c[nope]", "a subdir is"),
        ("https://me:hush@h/c[a]b]", "brackets come last"),
        ("https://me:hush@h/\x01", "control characters"),
        ("me:hush@h/c", "may not hold"),
    ],
)
def test_an_error_names_a_channel_without_its_secrets(text, rule):
    with pytest.raises(InvalidChannelError, match=rule) as caught:
        Channel(text)

    assert "hush" not in f"{caught.value} {caught.value.text} {caught.value!r}"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("https://h/c?token=hush", r"as `/t/TOKEN`, or is stored by `hognose auth login`"),
        ("https://me:hu?sh@h/c", r"in a password is written"),
    ],
)
def test_who_gives_a_channel_a_query_is_told_what_to_do(text, hint):
    with pytest.raises(InvalidChannelError) as caught:
        Channel(text)

    assert hint in caught.value.hint


def test_a_question_mark_may_be_in_a_path():
    assert Channel("https://h/c%3Fx").name == "c?x"
    assert Channel("./a?b", ChannelConfig(root_dir="/r")).base_url == "file:///r/a%3Fb/"


def test_a_channel_may_be_called_t():
    assert Channel("t").canonical_name == "https://conda.anaconda.org/t/"
    assert Channel("t").platform_url("noarch") == "https://conda.anaconda.org/t/noarch"


@pytest.mark.parametrize(
    ("text", "base_url"),
    [
        ("conda-forge/linux-64", "https://conda.anaconda.org/conda-forge/"),
        ("conda-forge/noarch/", "https://conda.anaconda.org/conda-forge/"),
        ("https://h/x/c/osx-arm64", "https://h/x/c/"),
        ("https://linux-64", "https://linux-64/"),
        ("linux-64", "https://conda.anaconda.org/linux-64/"),
        ("/c/linux-64", "file:///c/linux-64/"),
        ("file:///c/linux-64", "file:///c/linux-64/"),
    ],
)
def test_a_platform_folder_is_left_off_a_name_or_url(text, base_url):
    (channel,) = Channel.expand(text)

    assert channel.base_url == base_url


def test_a_channel_that_was_given_by_name_is_found_anew_by_other_settings():
    config = ChannelConfig(
        channel_alias="https://alias.example/",
        custom_channels={"ours": "https://h", "ours/deep": "https://deep"},
        multichannels={"both": ("a", "ours/x")},
    )

    assert Channel.expand(Channel("both[noarch]"), config) == (
        Channel("https://alias.example/a"),
        Channel("https://h/ours/x"),
    )
    assert Channel.expand(Channel("both[noarch]"), config)[0].platforms == (Platform("noarch"),)
    assert Channel.expand(Channel("ours/deep/x"), config) == (Channel("https://deep/ours/deep/x"),)
    fixed = Channel("https://conda.anaconda.org/both")
    assert Channel.expand(fixed, config) == (fixed,)


def test_names_use_the_alias_and_the_custom_channels():
    config = ChannelConfig(
        channel_alias="https://mirror.example/conda",
        custom_channels={"ours": "https://conda.example.org/x/"},
        multichannels={"defaults": ("https://repo.anaconda.com/pkgs/main", "ours")},
    )

    assert Channel("a", config).base_url == "https://mirror.example/conda/a/"
    assert Channel("https://mirror.example/conda/a", config).name == "a"
    assert (
        Channel("ours/label/dev", config).base_url == "https://conda.example.org/x/ours/label/dev/"
    )
    assert Channel.expand("defaults", config) == (
        Channel("https://repo.anaconda.com/pkgs/main"),
        Channel("https://conda.example.org/x/ours"),
    )
    assert Channel.expand("a") == (Channel("a"),)


def test_subdirs_in_brackets_are_read():
    channel = Channel("conda-forge[linux-64, noarch]")

    assert channel.platforms == (Platform("linux-64"), Platform("noarch"))
    assert channel == Channel("conda-forge")


def test_the_label_is_main_unless_the_url_has_one():
    assert Channel("a").label == "main"
    assert Channel("a/label/dev/x").label == "dev/x"


@pytest.mark.parametrize(
    "text", ["a:b", "a\\b", "a[linux-64]x", "a[nope]", "https://", "a/../b", "a#b"]
)
def test_what_is_no_channel_is_refused(text):
    with pytest.raises(InvalidChannelError):
        Channel(text)


@pytest.mark.parametrize("text", ["Upper", "-a", "a b", "x" * 129, "a/label/1x"])
def test_strict_channels_keep_every_rule_of_cep_26(text):
    Channel(text)
    with pytest.raises(InvalidChannelError):
        Channel(text, strict=True)


def test_windows_paths_become_file_urls():
    config = ChannelConfig(root_dir="C:\\work")

    assert Channel("D:/a", config).base_url == "file:///D:/a/"
    assert Channel(".\\a", config).base_url == "file:///C:/work/a/"
    assert Channel("\\\\server\\share\\a", config).base_url == "file://server/share/a/"


def test_channels_are_equal_by_url_and_survive_pickling():
    assert Channel("a") == Channel("https://conda.anaconda.org/a/")
    assert len({Channel("a"), Channel("a/")}) == 1
    assert Channel("a") == pickle.loads(pickle.dumps(Channel("a")))


def test_priorities_have_the_names_of_py_rattler_too():
    assert ChannelPriority.Strict is ChannelPriority.STRICT
    assert ChannelPriority("flexible") is ChannelPriority.FLEXIBLE


@pytest.mark.parametrize("text", ["", " "])
def test_nothing_is_no_channel(text):
    with pytest.raises(InvalidChannelError, match="it is empty"):
        Channel(text)


def test_the_root_directory_may_be_a_channel():
    assert Channel("/").base_url == "file:///"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("http://h:9701:99/ok", "more than one `:PORT`"),
        ("http://me:hush@h:9701:99/ok", "more than one `:PORT`"),
        ("http://me:hu:sh/hush@h/c", "more than one `:PORT`"),
        ("http://::1/c", "more than one `:PORT`"),
        ("http://h\\x/c", r"may be no `\\`"),
        ("http://h:1\\@other:2/c", r"may be no `\\`"),
        ("http://a b/c", "control character"),
        ("http://a\u200bb/c", "control character"),
        ("http://a\x7fb/c", "control character"),
    ],
)
def test_a_host_that_programs_would_read_differently_is_refused(text, rule):
    with pytest.raises(InvalidChannelError, match=rule) as caught:
        Channel(text)

    assert "hush" not in str(caught.value)


def test_an_address_of_ipv6_may_have_a_port():
    assert "http://[::1]/c/" == Channel("http://[::1]:80/c").base_url
    assert "http://[::1]:8080/c/" == Channel("http://[::1]:8080/c").base_url


def test_a_channel_without_a_name_shows_none():
    channel = Channel("http://h/t/S")

    assert channel.name is None
    assert repr(channel) == 'Channel(name=None, base_url="http://h/")'
