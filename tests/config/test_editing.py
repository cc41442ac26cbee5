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


def test_a_file_that_cannot_be_changed_safely_stays_as_it_is(path):
    text = "mirrors = { x = ['y'] }\n"
    path.write_text(text)
    with pytest.raises(ConfigError, match="cannot be changed safely"):
        set_value(path, "mirrors.z", "b")
    assert text == path.read_text()


def test_a_whole_table_is_replaced_and_removed(path):
    set_value(path, "mirrors", "{ 'https://c' = ['https://d'] }")
    assert {"https://c": ("https://d",)} == load(path).mirrors
    assert TEXT.replace('"https://a" = ["https://b"]', '"https://c" = ["https://d"]') == (
        path.read_text()
    )
    assert unset_value(path, "mirrors")
    assert {} == load(path).mirrors
    assert 3 == load(path).concurrency_downloads


def test_what_is_not_the_value_keeps_each_byte(path):
    path.write_bytes(b'# one \r\nmax-retries = 4\t# "#" two\r\n\r\n[mirrors]\r\n"x" = ["#"]\r\n')
    set_value(path, "max-retries", "5")
    set_value(path, "mirrors.x", "y")
    set_value(path, "offline", "true")
    assert (
        b'# one \r\nmax-retries = 5\t# "#" two\r\noffline = true\r\n\r\n[mirrors]\r\nx = ["y"]\r\n'
    ) == path.read_bytes()


@pytest.mark.parametrize(("text", "reason"), [("no toml", "line 1"), ("a = 1\na = 2\n", "line 2")])
def test_a_file_that_is_no_toml_is_named_with_the_place(path, text, reason):
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"config.toml cannot be changed: .*{reason}"):
        set_value(path, "default-channels", "b")
    assert text == path.read_text()


def test_a_value_over_several_lines_is_replaced_as_a_whole(path):
    path.write_text("offline = true\ndefault-channels = [\n  'a', # one\n  'b',\n]\n# end\n")
    set_value(path, "default-channels", "c")
    assert 'offline = true\ndefault-channels = ["c"]\n# end\n' == path.read_text()


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("channels", "a", 'default-channels = ["a"]'),
        ("default_channels", "a", 'defaults-channels = ["a"]'),
        ("channel_alias", "https://x.org", 'channel-alias = "https://x.org"'),
        ("tls-no-verify", "true", "ssl-verify = false"),
        ("repodata_use_zst", "no", "repodata-config.disable-zstd = true"),
        ("fetch_threads", "3", "concurrency.downloads = 3"),
        ("max_retries", "3", "max-retries = 3"),
    ],
)
def test_a_setting_is_known_by_each_name_that_files_use(tmp_path, key, value, line):
    path = tmp_path / "config.toml"
    set_value(path, key, value)
    assert f"{line}\n" == path.read_text()
    assert unset_value(path, key)


def test_entries_of_tables_in_tables_are_changed_alone(path):
    set_value(path, "s3-options.my.bucket.region", "eu")
    set_value(path, 's3-options."my.bucket".endpoint-url', "https://s3.example.org")
    set_value(path, "repodata-config.https://x.org/c.disable-zstd", "true")
    set_value(path, "index-config.write-zst", "false")
    config = load(path)
    assert "eu" == config.s3["my.bucket"].region
    assert {"https://x.org/c": {"disable-zstd": True}} == config.repodata_per_channel
    assert config.resolve_index_config("/c").write_zst is False
    assert path.read_text().startswith(TEXT.partition("[mirrors]")[0].rstrip())

    assert unset_value(path, "s3-options.my.bucket.region")
    assert {"endpoint-url": "https://s3.example.org"} == load(path).s3_options["my.bucket"]


def test_a_table_in_json_is_taken(path):
    set_value(path, "s3-options.b", '{"endpoint-url": "https://e", "region": "r"}')
    assert "r" == load(path).s3["b"].region


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("proxy-config.http", "http://me:hunter2@proxy:1"),
        ("mirrors.https://me:hunter2@x.org", "https://y.org"),
        ("channel-alias", "https://x.org/t/tk-12/"),
    ],
)
def test_a_file_with_a_secret_can_be_read_by_nobody_else(path, key, value):
    path.chmod(0o644)
    set_value(path, "offline", "true")
    assert 0o644 == path.stat().st_mode & 0o777
    set_value(path, key, value)
    assert 0o600 == path.stat().st_mode & 0o777


def test_a_link_to_the_file_stays_a_link(path, tmp_path):
    (tmp_path / "link.toml").symlink_to(path)
    set_value(tmp_path / "link.toml", "offline", "true")
    assert (tmp_path / "link.toml").is_symlink()
    assert load(path).offline
