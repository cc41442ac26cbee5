"""`config`, and what the settings do to other commands."""

import json
import tomllib

import pytest

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
    for words in (("get", "max-retrys"), ("set", "max-retrys", "1"), ("unset", "max-retrys")):
        result = hognose("config", *words)
        assert 2 == result.status
        assert "did you mean `max-retries`?" in result.err


def test_secrets_in_settings_are_not_shown(hognose):
    hognose("config", "set", "proxy-config.https", "http://me:hunter2@proxy:1")
    for words in (("list",), ("list", "--json"), ("get", "proxy-config.https")):
        result = hognose("config", *words)
        assert "hunter2" not in result.out + result.err


def test_secrets_on_the_command_line_are_not_echoed(hognose, private_home):
    words = ("mirrors.http://me:hunter2@x.org", "https://y.org/t/tk-4711-hunter2/c")
    for result in (
        hognose("config", "set", *words),
        hognose("config", "set", words[0], "3"),
        hognose("config", "list", "--show-source"),
        hognose("config", "list", "--json"),
        hognose("config", "unset", words[0]),
        hognose("config", "unset", words[0]),
        hognose("config", "get", "mirror.http://me:hunter2@x.org"),
    ):
        assert "hunter2" not in result.out + result.err
    assert 0o600 == (private_home / ".config/hognose/config.toml").stat().st_mode & 0o777


@pytest.mark.parametrize(
    "key", ["default-channels", "default_channels_x", "channels", "channel", "custom_channels.x"]
)
def test_what_a_condarc_says_is_got_by_the_names_that_it_uses(hognose, private_home, key):
    (private_home / ".condarc").write_text("channels: [a]\ncustom_channels: {x: https://y.org}\n")
    result = hognose("config", "get", "--show-source", key)
    if key == "default_channels_x":
        assert 2 == result.status
        assert "did you mean" in result.err
    else:
        assert 0 == result.status, result.err
        assert f"# {private_home}/.condarc" in result.out


def test_every_line_of_the_list_is_toml_and_its_key_can_be_got(hognose, private_home):
    folder = private_home / ".config/hognose"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        "[mirrors]\n'https://x.org' = ['https://y.org']\n"
        "[repodata-config.'https://prefix.dev']\ndisable-zstd = true\n"
        "[s3-options.'my.bucket']\nendpoint-url = 'https://e'\n"
        "[index-config.'/srv/c']\nwrite-zst = false\n"
    )
    (private_home / ".condarc").write_text(
        "channels: [a]\nproxy_servers: {http: 'http://p', 'https://h': 'http://q'}\n"
    )
    lines = hognose("config", "list", "--show-source").out.splitlines()
    assert 7 == len(lines)
    for line in lines:
        tomllib.loads(line)
        assert "  # /" in line
        key, _, value = line.partition(" = ")
        assert f"{value}\n" == hognose("config", "get", "--show-source", key).out


def test_each_entry_of_a_table_has_its_own_source(hognose, private_home):
    (private_home / ".condarc").write_text("custom_channels: {a: https://x, b: https://x}\n")
    hognose("config", "set", "custom-channels.b", "https://y")
    shown = hognose("config", "list", "--show-source").out
    assert f'custom-channels.a = "https://x"  # {private_home}/.condarc\n' in shown
    own = private_home / ".config/hognose/config.toml"
    assert f'custom-channels.b = "https://y"  # {own}\n' in shown


def test_misspelt_variables_and_wrong_tables_are_told(hognose, monkeypatch):
    monkeypatch.setenv("HOGNOSE_DEFAULT_CHANELS", "z")
    hognose("config", "set", "s3-options.bad.region", "eu")
    shown = hognose("config", "list")
    assert 0 == shown.status
    assert "did you mean `HOGNOSE_DEFAULT_CHANNELS`?" in shown.err
    assert "`s3-options.bad`: " in shown.err
    document = json.loads(hognose("config", "list", "--json").out)
    assert "did you mean `HOGNOSE_DEFAULT_CHANNELS`?" == document["unused"][0]["note"]
    assert "s3-options.bad" in document["faults"][0]


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


def test_setting_what_has_no_effect_is_not_silent(hognose):
    result = hognose("config", "set", "concurrency.solves", "2")
    assert 0 == result.status
    assert "`concurrency.solves` has no effect: hognose solves one" in result.err


def test_what_is_not_set_is_listed_with_what_it_does(hognose):
    hognose("config", "set", "mirrors.https://x.org", "https://y.org")
    lines = hognose("config", "list", "--all").out.splitlines()
    assert 'mirrors."https://x.org" = ["https://y.org"]' == lines[0]
    assert "# offline: whether to do without the network" in lines
    assert not any(line.startswith("# mirrors:") for line in lines)
