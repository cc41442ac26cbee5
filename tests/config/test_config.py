"""Settings from files and the environment."""

import pytest

from hognose.config import Config, UnusedKey, search_paths, user_config_path
from hognose.errors import ConfigError
from hognose.types import Channel

TOML = """
default-channels = ["conda-forge", "bioconda"]
tls-no-verify = true
authentication-override-file = "/secrets.json"
detached-environments = true

[mirrors]
"https://conda.anaconda.org" = ["https://mirror.example.com/", "oci://ghcr.io/channel-mirrors"]

[concurrency]
downloads = 5

[proxy-config]
https = "http://proxy:3128"
non-proxy-hosts = ["localhost"]

[repodata-config]
disable_zstd = true

[repodata-config."https://prefix.dev"]
disable-sharded = true
disable-nothing = true

[s3-options.ours]
endpoint-url = "https://s3.example.com"
region = "eu"
force-path-style = true
"""


def test_a_shared_toml_file_is_understood():
    config = Config.from_toml(TOML, source="here")
    assert ("conda-forge", "bioconda") == config.default_channels
    assert config.ssl_verify is False
    assert 2 == len(config.mirrors["https://conda.anaconda.org"])
    assert 5 == config.concurrency_downloads
    assert "http://proxy:3128" == config.proxy_config_https
    assert ("localhost",) == config.proxy_config_non_proxy_hosts
    assert config.repodata_config_disable_zstd is True
    assert {"https://prefix.dev": {"disable-sharded": True}} == config.repodata_per_channel
    assert "https://s3.example.com" == config.s3["ours"].endpoint_url
    assert config.s3["ours"].force_path_style


def test_keys_that_nobody_reads_are_reported():
    config = Config.from_toml(TOML, source="here")
    assert {
        UnusedKey("here", "detached-environments"),
        UnusedKey("here", 'repodata-config."https://prefix.dev".disable-nothing'),
    } == set(config.unused_keys)


def test_a_condarc_is_understood(tmp_path):
    path = tmp_path / ".condarc"
    path.write_text(
        "channels: [mine, conda-forge]\n"
        "channel_alias: https://conda.example.com\n"
        "custom_channels:\n  mine: https://own.example.com/channels\n"
        "custom_multichannels:\n  both: [mine, other]\n"
        "default_channels: [https://repo.example.com/main]\n"
        "channel_priority: true\n"
        "ssl_verify: /etc/ca.pem\n"
        "proxy_servers: {http: 'http://p', 'https://host': 'http://q'}\n"
        "remote_max_retries: 7\n"
        "repodata_use_zst: false\n"
        "changeps1: false\n"
        "offline:\n"
    )
    config = Config.load_from_files([path])
    assert ("mine", "conda-forge") == config.default_channels
    assert "flexible" == config.channel_priority
    assert "/etc/ca.pem" == config.ssl_verify
    assert "http://p" == config.proxy_config_http
    assert 7 == config.max_retries
    assert config.repodata_config_disable_zstd is True
    assert config.offline is None
    unused = [each.key for each in config.unused_keys]
    assert ["changeps1"] == unused
    assert {"https://host": "http://q"} == config.proxy_servers

    aliases = config.channel_config
    assert "https://own.example.com/channels/mine/" == Channel("mine", aliases).base_url
    assert "https://conda.example.com/x/" == Channel("x", aliases).base_url
    assert ["mine", "other"] == [each.name for each in Channel.expand("both", aliases)]
    (default,) = Channel.expand("defaults", aliases)
    assert "https://repo.example.com/main/" == default.base_url


def test_a_condarc_fills_in_variables(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACE", "there")
    (tmp_path / ".condarc").write_text("channels: ['https://${PLACE}/c']\n")
    config = Config.load_from_files([tmp_path / ".condarc"])
    assert ("https://there/c",) == config.default_channels


def test_later_sources_win_and_tables_are_united(tmp_path):
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    first.write_text('default-channels = ["a", "b"]\n[mirrors]\n"https://x" = ["https://y"]\n')
    second.write_text('default-channels = ["c"]\n[mirrors]\n"https://z" = ["https://y"]\n')
    environ = {"CONDA_OFFLINE": "yes", "HOGNOSE_MAX_RETRIES": "1", "CONDA_REMOTE_MAX_RETRIES": "2"}
    config = Config.load_from_files([first, second], environ=environ)
    assert ("c",) == config.default_channels
    assert {"https://x", "https://z"} == set(config.mirrors)
    assert 1 == config.max_retries
    assert config.offline is True
    assert str(second) == config.sources["default-channels"]
    assert "environment" == config.sources["offline"]
    assert (str(first), str(second)) == config.loaded_from


def test_channels_in_the_environment_are_separated_by_commas():
    config = Config.load_from_files([], environ={"CONDA_CHANNELS": "a, b"})
    assert ("a", "b") == config.default_channels


@pytest.mark.parametrize(
    "text",
    [
        "default-channels = 3",
        "default-channels = [1]",
        "max-retries = -1",
        "max-retries = true",
        "read-timeout = 0",
        'channel-priority = "high"',
        "[mirrors]\nx = 1",
        "mirrors = 1",
        "s3-options = 1",
        "offline = 'maybe'",
        "[repodata-config]\ndisable-zstd = 'x'",
    ],
)
def test_a_value_of_the_wrong_kind_names_its_key_and_not_itself(text):
    with pytest.raises(ConfigError, match=r"here: `.*` must be") as caught:
        Config.from_toml(text, source="here")
    assert "maybe" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"), [("a.toml", "x ="), (".condarc", "a: ["), (".condarc", "- 1"), ("a", "\0")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match="cannot be read"):
        Config.load_from_files([tmp_path / name])


@pytest.mark.parametrize(("style", "expected"), [("'path'", True), ("'virtual-host'", False)])
def test_a_bucket_may_be_addressed_in_rattlers_words(style, expected):
    text = f"[s3-options.b]\nendpoint-url = 'https://e'\naddressing-style = {style}"
    assert expected == Config.from_toml(text).s3["b"].force_path_style


@pytest.mark.parametrize("style", ["'other'", "true", "['path']"])
def test_another_way_to_address_a_bucket_is_refused(style):
    text = f"[s3-options.b]\nendpoint-url = 'https://e'\naddressing-style = {style}"
    with pytest.raises(ConfigError, match=r"s3-options\.b"):
        Config.from_toml(text).validate()


def test_options_of_a_bucket_have_to_be_complete():
    config = Config.from_toml("[s3-options.b]\nregion = 'x'", source="here")
    with pytest.raises(ConfigError, match=r"here: `s3-options\.b`: .*endpoint-url"):
        _ = config.s3["b"]


def test_files_are_looked_for_where_each_tool_has_them(tmp_path):
    environ = {"HOME": str(tmp_path), "CONDARC": "/x/rc", "HOGNOSE_CONFIG": "/y/c.toml"}
    paths = [str(path) for path in search_paths(environ, root_prefix=tmp_path / "root")]
    wanted = [
        str(tmp_path / "root/.condarc"),
        str(tmp_path / ".condarc"),
        "/x/rc",
        str(tmp_path / ".config/rattler/config.toml"),
        str(tmp_path / ".config/hognose/config.toml"),
        "/y/c.toml",
    ]
    assert wanted == [path for path in paths if path in wanted]
    assert "/y/c.toml" == str(user_config_path(environ))


def test_loading_reads_what_is_there(tmp_path):
    (tmp_path / ".condarc").write_text("channels: [a]\n")
    assert ("a",) == Config.load({"HOME": str(tmp_path)}).default_channels
    assert Config.load({"HOME": str(tmp_path / "no")}).default_channels is None


def test_the_shared_file_of_rattler_is_understood_in_both_spellings():
    for text in ("tls-root-certs = 'native'\n", "tls_root_certs = 'system'\n"):
        assert "system" == Config.from_toml(text).tls_root_certs
    with pytest.raises(ConfigError, match="`webpki` or `system`"):
        Config.from_toml("tls-root-certs = 'some'")


def test_ages_in_seconds_are_text_like_all_ages():
    config = Config.from_toml("exclude-newer = 3600\nexclude-newer-package.a = 2026-01-01\n")
    assert ("3600", {"a": "2026-01-01"}) == (config.exclude_newer, config.exclude_newer_package)
