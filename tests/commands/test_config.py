"""`config`, and what the settings do to other commands."""

import json

from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata


def test_what_is_set_is_shown_with_its_source(hognose, private_home):
    assert 0 == hognose("config", "set", "default-channels", "a,b").status
    (private_home / ".condarc").write_text("offline: true\nchangeps1: false\n")

    result = hognose("config", "list", "--show-source")
    path = private_home / ".config/hognose/config.toml"
    assert f'default-channels = ["a", "b"]  # {path}' in result.out
    assert "offline = true" in result.out
    assert "`changeps1` is not used" in result.err

    document = json.loads(hognose("config", "list", "--json").out)
    assert {"default-channels": ["a", "b"], "offline": True} == document["settings"]


def test_one_setting_can_be_asked_for_and_removed(hognose):
    hognose("config", "set", "mirrors.https://x.org", "https://y.org")
    assert '["https://y.org"]\n' == hognose("config", "get", "mirrors.https://x.org").out
    hognose("config", "unset", "mirrors.https://x.org")
    assert "(not set)\n" == hognose("config", "get", "mirrors.https://x.org").out


def test_an_unknown_setting_is_an_error(hognose):
    assert 2 == hognose("config", "get", "nonsense").status
    assert 1 == hognose("config", "set", "nonsense", "1").status


def test_secrets_in_settings_are_not_shown(hognose):
    hognose("config", "set", "proxy-config.https", "http://me:hunter2@proxy:1")
    for words in (("list",), ("list", "--json"), ("get", "proxy-config.https")):
        result = hognose("config", *words)
        assert "hunter2" not in result.out + result.err


def test_a_broken_file_is_named(hognose, private_home):
    (private_home / ".condarc").write_text("channels: [")
    result = hognose("search", "x")
    assert 1 == result.status
    assert ".condarc cannot be read" in result.err


def test_configured_channels_and_names_are_used(hognose, private_home, tmp_path):
    write_repodata(tmp_path / "all/mine", repodata(entry("a")))
    with ChannelServer(tmp_path / "all") as server:
        (private_home / ".condarc").write_text(f"channels: [mine]\nchannel_alias: {server.url}\n")
        result = hognose("search", "a")
        assert 0 == result.status, result.err
        assert "mine" in result.out

        hognose("config", "set", "repodata-config.disable-zstd", "true")
        server.forget()
        hognose("search", "a", "--platform", "win-64")
        assert 0 == server.count("mine/win-64/repodata.json.zst")
        assert 1 == server.count("mine/win-64/repodata.json")

        hognose("config", "set", "offline", "true")
        assert 1 == hognose("search", "a", "-c", f"{server.url}other").status


def test_channels_that_are_not_allowed_are_refused(hognose, private_home, tmp_path):
    for name in ("good", "bad"):
        write_repodata(tmp_path / "all" / name, repodata(entry("a")))
    with ChannelServer(tmp_path / "all") as server:
        path = private_home / ".condarc"
        path.write_text(f"channel_alias: {server.url}\ndenylist_channels: [bad]\n")
        assert 0 == hognose("search", "a", "-c", "good").status
        for spelling in ("bad", f"{server.url}bad", f"http://me:pw@{server.host}/bad/"):
            refused = hognose("search", "a", "-c", spelling)
            assert 1 == refused.status
            assert f"`denylist-channels` in {path} decides that" in refused.err
            assert "pw@" not in refused.err

        path.write_text(f"channel_alias: {server.url}\nallowlist_channels: [good]\n")
        assert 0 == hognose("search", "a", "-c", "good").status
        assert 1 == hognose("search", "a", "-c", "bad").status


def test_a_joined_list_names_all_its_sources(hognose, private_home, monkeypatch):
    (private_home / ".condarc").write_text("channels: [a]\n")
    (private_home / ".mambarc").write_text("channels: [b]\n")
    monkeypatch.setenv("CONDA_CHANNELS", "c")
    shown = hognose("config", "get", "default-channels", "--show-source").out
    home = private_home
    assert f'["c", "b", "a"]  # environment, {home}/.mambarc, {home}/.condarc\n' == shown
