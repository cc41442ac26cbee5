"""Channels beyond the examples of CEP 26."""

import pickle

import pytest

from hognose.errors import InvalidChannelError
from hognose.types import Channel, ChannelConfig, ChannelPriority, Platform


def test_the_url_of_a_subdir_has_no_trailing_slash():
    assert Channel("a").platform_url("noarch") == "https://conda.anaconda.org/a/noarch"
    assert (
        Channel("https://h/c?x=1").platform_url(Platform("linux-64")) == "https://h/c/linux-64?x=1"
    )


def test_secrets_stay_out_of_names_and_text():
    channel = Channel("https://user:pass@h/t/token-1/c")

    assert channel.base_url == "https://user:pass@h/t/token-1/c/"
    assert channel.name == "c"
    assert channel.canonical_name == "https://user:********@h/t/********/c/"
    assert "pass" not in repr(channel)
    assert "token-1" not in str(channel) + repr(channel)


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
