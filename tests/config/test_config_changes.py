"""A configuration is put over another one, changed and written; each time there is a new one."""

import tomllib

import pytest

from hognose.config import Config
from hognose.errors import ConfigError

LOW = Config.from_toml(
    "default-channels = ['a']\nmax-retries = 2\n"
    "[mirrors]\n'https://x' = ['https://low']\n'https://y' = ['https://low']\n"
    "[index-config]\nwrite-zst = true\n[index-config.'/srv']\nwrite-shards = true\n"
    "[repodata-config.'https://x']\ndisable-zstd = true\n",
    source="low",
)
HIGH = Config.from_toml(
    "default-channels = ['b']\n"
    "[mirrors]\n'https://x' = ['https://high']\n"
    "[index-config.'/srv']\nbase-url = '../p'\n"
    "[repodata-config.'https://x']\ndisable-bzip2 = true\n",
    source="high",
)


def test_what_is_put_over_another_one_replaces_lists_and_unites_tables():
    merged = LOW.merge(HIGH)
    assert ("b",) == merged.default_channels
    assert 2 == merged.max_retries
    assert {"https://x": ("https://high",), "https://y": ("https://low",)} == merged.mirrors
    assert {"disable-zstd": True, "disable-bzip2": True} == merged.repodata_per_channel["https://x"]
    options = merged.resolve_index_config("/srv")
    assert (True, True, "../p") == (options.write_zst, options.write_shards, options.base_url)


def test_both_are_as_they_were_after_a_merge():
    LOW.merge(HIGH)
    assert ("a",) == LOW.default_channels
    assert {"https://x": ("https://high",)} == HIGH.mirrors


def test_a_merge_remembers_where_each_value_is_from():
    merged = LOW.merge(HIGH)
    assert "high" == merged.source_of("default-channels")
    assert "low" == merged.source_of("max-retries")
    assert "high" == merged.source_of("mirrors.https://x")
    assert "low" == merged.source_of("mirrors.https://y")
    assert "high, low" == merged.source_of("mirrors")


def test_a_changed_configuration_is_another_one():
    changed = LOW.set("max-retries", "5").set("default-channels", ["c", "d"])
    assert (5, ("c", "d")) == (changed.max_retries, changed.default_channels)
    assert (2, ("a",)) == (LOW.max_retries, LOW.default_channels)
    assert "the program" == changed.source_of("max-retries")
    assert "low" == changed.source_of("mirrors.https://x")


@pytest.mark.parametrize(
    ("key", "value", "field", "expected"),
    [
        ("concurrency.solves", "4", "concurrency_solves", 4),
        ("channels", "x, y", "default_channels", ("x", "y")),
        ("tls_no_verify", True, "ssl_verify", False),
        ("run-post-link-scripts", "insecure", "run_post_link_scripts", "insecure"),
        ("mirrors.conda-forge", ["https://z"], "mirrors", {"conda-forge": ("https://z",)}),
        ("s3-options.b.region", "eu", "s3_options", {"b": {"region": "eu"}}),
    ],
)
def test_a_value_is_set_as_text_or_as_it_is(key, value, field, expected):
    assert expected == getattr(Config().set(key, value), field)


def test_a_value_is_unset():
    assert Config() == LOW.unset("max-retries").unset("default-channels").unset("mirrors").unset(
        "index-config"
    ).unset("repodata-config.https://x.disable-zstd")
    assert {"https://y": ("https://low",)} == LOW.unset('mirrors."https://x"').mirrors
    assert LOW == LOW.unset("offline")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("nonsense", "1", "there is no setting"),
        ("mirrors", "x", "must be a table of lists"),
        ("run-post-link-scripts", "true", "must be `insecure` or `false`"),
        ("repodata-config.https://x.disable-nothing", "true", "there is no setting"),
        ("s3-options.bucket.colour", "red", "there is no setting"),
        ("index-config.colour", "red", "there is no setting"),
    ],
)
def test_what_cannot_be_set_is_refused(key, value, message):
    with pytest.raises(ConfigError, match=message):
        Config().set(key, value)


def test_what_is_written_reads_the_same():
    merged = LOW.merge(HIGH).set("ssl-verify", "/ca.pem").set("read-timeout", "7.5")
    merged = merged.set("s3-options.a.b.endpoint-url", "https://e")
    merged = merged.set("index-config.notices", [{"id": "1", "message": 'say "x"\n'}])
    again = Config.from_toml(merged.to_toml())
    assert dict(merged.items()) == dict(again.items())
    assert merged.repodata_per_channel == again.repodata_per_channel


def test_nothing_is_written_of_what_is_not_set():
    assert "" == Config().to_toml()
    assert "offline = true\n" == Config(offline=True).to_toml()


def test_a_file_is_saved_whole_and_secrets_for_one_pair_of_eyes(tmp_path):
    path = tmp_path / "deep/config.toml"
    Config(offline=True).save(path)
    assert {"offline": True} == tomllib.loads(path.read_text())
    assert 0o600 != path.stat().st_mode & 0o777

    Config(channel_alias="https://me:hunter2@x.org").save(path)
    assert 0o600 == path.stat().st_mode & 0o777
    assert ["config.toml"] == [each.name for each in path.parent.iterdir()]


def test_a_file_that_cannot_be_saved_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"file/config\.toml cannot be written"):
        Config(offline=True).save(tmp_path / "file/config.toml")


def test_a_file_that_tools_share_has_what_all_of_them_know(tmp_path):
    text = "max-retries = 2\ndefault-channels = ['a']\ntls-no-verify = true\n"
    config, unused = Config.from_toml_with_unused_keys(text, shared=True)
    assert ("max-retries",) == unused
    assert (None, ("a",), False) == (
        config.max_retries,
        config.default_channels,
        config.ssl_verify,
    )

    (tmp_path / "shared.toml").write_text(text)
    (tmp_path / "own.toml").write_text("max-retries = 3\n")
    locations = [(tmp_path / "shared.toml", True), (tmp_path / "own.toml", False)]
    assert 3 == Config.load_from_locations(locations).max_retries


def test_the_users_shared_file_counts_more_than_the_systems_own(tmp_path):
    home = tmp_path / "home"
    for tool, text in (("rattler", "max-retries = 1\nmirrors = {}"), ("hognose", "max-retries=2")):
        (home / ".config" / tool).mkdir(parents=True)
        (home / ".config" / tool / "config.toml").write_text(text)
    config = Config.load({"HOME": str(home)})
    assert 2 == config.max_retries
    (unused,) = config.unused_keys
    assert "it belongs into hognose's own `config.toml`" in str(unused)


def test_wrong_options_are_found_by_validating():
    Config().validate()
    with pytest.raises(ConfigError, match=r"s3-options\.b"):
        Config.from_toml("[s3-options.b]\nregion = 'x'").validate()
    wrong = "[s3-options.b]\nregion = 'x'\n[index-config.'/c']\nwrite-zst = 3\n"
    with pytest.raises(ExceptionGroup) as caught:
        Config.from_toml(wrong).validate()
    assert 2 == len(caught.value.exceptions)


def test_one_wrong_bucket_does_not_hinder_another_one():
    config = Config.from_toml(
        "[s3-options.good]\nendpoint-url = 'https://e'\n[s3-options.bad]\nregion = 3\n"
    )
    assert "https://e" == config.s3["good"].endpoint_url
    assert ["good", "bad"] == list(config.s3)


def test_every_key_can_be_asked_for():
    keys = Config.keys()
    assert "concurrency.solves" in keys
    assert {None} == {Config().get(key) for key in keys}
