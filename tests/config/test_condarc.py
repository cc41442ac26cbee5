"""Several of conda's files become one value; what is expected was seen in conda itself."""

import pytest

from hognose.config import Config, search_paths
from hognose.errors import ConfigError


def load(tmp_path, *texts, environ=None):
    paths = []
    for number, text in enumerate(texts):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / ".condarc").write_text(text)
        paths.append(folder / ".condarc")
    return Config.load_from_files(paths, environ=environ or {})


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["channels: [a, b]", "channels: [c]"], ("c", "a", "b")),
        (["channels: [a, b]", "channels: [b, c]"], ("b", "c", "a")),
        (["channels: [a]", "channels: []"], ("a",)),
        (["channels: [a]  #!final", "channels: [b]"], ("a",)),
        (["channels:  #!final\n- a\n- b", "channels: [c]"], ("a", "b")),
        (["channels: [a]", "channels: [b]  #!final", "channels: [c]"], ("b", "a")),
        (["channels:\n- a  #!top\n- b", "channels: [c, d]"], ("a", "c", "d", "b")),
        (["channels:\n- a\n- b  #!top", "channels:\n- c  #!top"], ("b", "c", "a")),
        (["channels: [a]", "channels:\n- b  #!bottom\n- c"], ("c", "a", "b")),
        (["channels:\n- a  #!bottom", "channels:\n- b  #!bottom\n- c"], ("c", "b", "a")),
        (["channels:\n- a  #!top", "channels:\n- a  #!bottom\n- b"], ("b", "a")),
        (["channels:\n- a  # !top\n- b #top", "channels: [c]"], ("b", "c", "a")),
        (["channels:\n- 'a#!top'\n- b", "channels: [c]"], ("c", "a#!top", "b")),
        (["channel: a", "channels: [b]"], ("b", "a")),
    ],
)
def test_lists_are_joined(tmp_path, texts, expected):
    assert expected == load(tmp_path, *texts).default_channels


def test_tables_are_united_and_their_lists_joined(tmp_path):
    config = load(
        tmp_path,
        "custom_channels:\n  a: https://one.org  #!final\n  b: https://one.org\n"
        "custom_multichannels:\n  m: [x]\n  n: [x]\n",
        "custom_channels:\n  a: https://two.org\n  b: https://two.org\n  c: https://two.org\n"
        "custom_multichannels:\n  m: [y]\n",
    )
    one, two = "https://one.org", "https://two.org"
    assert {"a": one, "b": two, "c": two} == config.custom_channels
    assert {"m": ("y", "x"), "n": ("x",)} == config.custom_multichannels


def test_a_final_table_ends_it(tmp_path):
    config = load(
        tmp_path,
        "proxy_servers:  #!final\n  http: http://one:1\n",
        "proxy_servers:\n  http: http://two:1\n  https: http://two:1\n",
    )
    assert "http://one:1" == config.proxy_config_http
    assert config.proxy_config_https is None


def test_a_final_value_stays_whatever_comes(tmp_path):
    (tmp_path / "c.toml").write_text("max-retries = 3\n")
    (tmp_path / ".condarc").write_text("remote_max_retries: 1  #!final\n")
    environ = {"CONDA_REMOTE_MAX_RETRIES": "2", "HOGNOSE_MAX_RETRIES": "4"}
    config = Config.load_from_files([tmp_path / ".condarc", tmp_path / "c.toml"], environ=environ)
    assert 1 == config.max_retries
    assert str(tmp_path / ".condarc") == config.sources["max-retries"]


def test_variables_of_conda_are_the_last_of_its_sources(tmp_path):
    environ = {"CONDA_CHANNELS": "x, a", "CONDA_REMOTE_MAX_RETRIES": "2 !important"}
    config = load(tmp_path, "channels: [a, b]\nremote_max_retries: 5\n", environ=environ)
    assert ("x", "a", "b") == config.default_channels
    assert 2 == config.max_retries
    assert f"environment, {tmp_path}/0/.condarc" == config.sources["default-channels"]


def test_our_files_replace_the_lists_of_conda(tmp_path):
    (tmp_path / "c.toml").write_text('default-channels = ["ours"]\n')
    (tmp_path / ".condarc").write_text("channels: [theirs]\n")
    paths = [tmp_path / ".condarc", tmp_path / "c.toml"]
    assert ("ours",) == Config.load_from_files(paths).default_channels
    assert ("ours",) == Config.load_from_files(paths[::-1]).default_channels


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://${PLACE}.org", "https://there.org"),
        ("https://$PLACE/c", "https://there/c"),
        ("https://%PLACE%/c", "https://there/c"),
        ("https://$NOWHERE/%NO%/$", "https://$NOWHERE/%NO%/$"),
    ],
)
def test_variables_are_filled_in(tmp_path, text, expected):
    config = load(tmp_path, f"channel_alias: '{text}'", environ={"PLACE": "there"})
    assert expected == config.channel_alias


def test_older_names_are_understood(tmp_path):
    config = load(
        tmp_path,
        "verify_ssl: false\nclient_cert: /a\nclient_cert_key: /b\nwhitelist_channels: [c]\n",
    )
    assert config.ssl_verify is False
    assert ("/a", "/b") == (config.client_ssl_cert, config.client_ssl_cert_key)
    assert ("c",) == config.allowlist_channels
    assert () == config.unused_keys


def test_a_value_of_the_wrong_kind_names_its_file(tmp_path):
    with pytest.raises(ConfigError, match=r"1/\.condarc: `channels` must be a list"):
        load(tmp_path, "channels: [a]", "channels: {a: b}")


def test_a_folder_of_files_is_read_in_order(tmp_path):
    folder = tmp_path / "home/.conda/condarc.d"
    folder.mkdir(parents=True)
    (folder / "20.yaml").write_text("channels: [late]\nchannel_alias: https://late.org")
    (folder / "10.yml").write_text("channels: [early]\nchannel_alias: https://early.org")
    (folder / "30.txt").write_text("channels: [never]")
    (tmp_path / "home/.condarc").write_text("channels: [home]")
    config = Config.load({"HOME": str(tmp_path / "home")})
    assert ("home", "late", "early") == config.default_channels
    assert "https://late.org" == config.channel_alias


def test_places_are_in_the_order_of_conda(tmp_path):
    environ = {
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": str(tmp_path / "xdg"),
        "CONDA_PREFIX": str(tmp_path / "env"),
        "CONDARC": str(tmp_path / "rc.yml"),
    }
    places = search_paths(environ, root_prefix=tmp_path / "root")
    inside = [str(place.relative_to(tmp_path)) for place in places if tmp_path in place.parents]
    assert [
        *("root/.condarc", "root/condarc", "root/condarc.d", "root/.mambarc"),
        *("xdg/conda/.condarc", "xdg/conda/condarc", "xdg/conda/condarc.d", "xdg/conda/.mambarc"),
        *("home/.config/conda/.condarc", "home/.config/conda/condarc"),
        *("home/.config/conda/condarc.d", "home/.config/conda/.mambarc"),
        *("home/.conda/.condarc", "home/.conda/condarc"),
        *("home/.conda/condarc.d", "home/.conda/.mambarc"),
        *("home/.condarc", "home/.mambarc"),
        *("env/.condarc", "env/condarc", "env/condarc.d", "env/.mambarc"),
        "rc.yml",
        "xdg/rattler/config.toml",
        "xdg/hognose/config.toml",
        "home/.hognose/config.toml",
    ] == inside


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("truststore", True),
        ("<system>", True),
        ("<false>", False),
        ("no", False),
        ("/etc/ca.pem", "/etc/ca.pem"),
    ],
)
def test_trust_has_several_spellings(tmp_path, text, expected):
    assert expected == load(tmp_path, f"ssl_verify: {text}").ssl_verify
