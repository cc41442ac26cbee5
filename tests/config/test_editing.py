"""Changing one setting in a file."""

import tomllib

import pytest

from hognose.config import Config, set_value, unset_value
from hognose.errors import ConfigError

TEXT = """# mine
max-retries = 4  # enough

[mirrors]
"https://a" = ["https://b"]

[concurrency] # speed
downloads = 3
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "deep/config.toml"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


def load(path):
    return Config.load_from_files([path])


def test_a_value_is_replaced_where_it_stands(path):
    set_value(path, "concurrency.downloads", "9")
    assert TEXT.replace("downloads = 3", "downloads = 9") == path.read_text()


def test_a_new_value_joins_its_table(path):
    set_value(path, "repodata-config.disable-zstd", "true")
    set_value(path, "mirrors.https://x.org", "https://y.org,https://z.org")
    set_value(path, "default-channels", "a,b")
    set_value(path, "proxy-config.http", "http://p")
    set_value(path, "proxy-config.https", "http://s")
    config = load(path)
    assert ("a", "b") == config.default_channels
    assert ("https://y.org", "https://z.org") == config.mirrors["https://x.org"]
    assert ("https://b",) == config.mirrors["https://a"]
    assert 3 == config.concurrency_downloads
    assert config.repodata_config_disable_zstd is True
    assert "http://p" == config.proxy_config_http
    assert "# enough" in path.read_text()


def test_a_file_is_made_where_there_is_none(tmp_path):
    set_value(tmp_path / "new/config.toml", "offline", "true")
    assert {"offline": True} == tomllib.loads((tmp_path / "new/config.toml").read_text())


@pytest.mark.parametrize(
    ("text", "value"), [('["a"]', ("a",)), ("a", ("a",)), ('"a,b"', ("a", "b"))]
)
def test_a_list_may_be_written_as_toml_or_plain(path, text, value):
    assert value == set_value(path, "default-channels", text)
    assert value == load(path).default_channels


def test_removing_a_value_leaves_the_rest(path):
    assert unset_value(path, "max-retries")
    assert not unset_value(path, "max-retries")
    assert unset_value(path, "mirrors.https://a")
    assert load(path).max_retries is None
    assert 3 == load(path).concurrency_downloads


def test_an_unknown_setting_is_refused_with_the_nearest(path):
    with pytest.raises(ConfigError, match="there is no setting") as caught:
        set_value(path, "max-retrys", "1")
    assert "max-retries" in caught.value.hint


@pytest.mark.parametrize(("key", "text"), [("max-retries", "many"), ("mirrors.x", "3")])
def test_a_value_of_the_wrong_kind_is_refused(path, key, text):
    with pytest.raises(ConfigError, match="must be"):
        set_value(path, key, text)
    assert TEXT == path.read_text()


@pytest.mark.parametrize(
    "text",
    ["default-channels = [\n  'a',\n]\n", "mirrors = { x = ['y'] }\n", "no toml", "a = 1\na = 2\n"],
)
def test_a_file_that_cannot_be_changed_safely_stays_as_it_is(path, text):
    path.write_text(text)
    key = "mirrors.z" if text.startswith("mirrors") else "default-channels"
    with pytest.raises(ConfigError, match="cannot be changed safely"):
        set_value(path, key, "b")
    assert text == path.read_text()
