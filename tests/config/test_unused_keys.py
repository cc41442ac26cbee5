"""What has no effect is said, with the reason or the name that may be meant."""

import re
from pathlib import Path

import pytest

import hognose
from hognose.config import Config, UnusedKey
from hognose.config.setting_names import BY_CONDA_KEY, BY_KEY, BY_VARIABLE
from hognose.config.settings import SETTINGS
from hognose.config.unused_key import _REASONS, misspelt_variables


@pytest.mark.parametrize(
    ("source", "key", "note"),
    [
        ("/home/.condarc", "chanels", "did you mean `channels`?"),
        ("/home/.condarc", "changeps1", "it is about conda's own shell functions"),
        ("/home/.condarc", "default-channels", "it is called `channels` here"),
        ("c.toml", "channels", "it is called `default-channels` here"),
        ("c.toml", "chanel-alias", "did you mean `channel-alias`?"),
        ("c.toml", "detached-environments", "it is about pixi's projects"),
        ("c.toml", "build.package-format", "the name of the archive that is made decides"),
        ("c.toml", 'index-config."/a".notices', "`hognose channel index` does not write it"),
        ("c.toml", 'repodata-config."https://x".disable-jlap', "JLAP is gone"),
        ("environment", "HOGNOSE_MAX_RETRY", "did you mean `HOGNOSE_MAX_RETRIES`?"),
        ("c.toml", "zzz", ""),
    ],
)
def test_an_unused_key_has_a_note(source, key, note):
    assert note == UnusedKey(source, key).note


def test_settings_without_effect_are_reported_and_kept():
    config = Config.from_toml("[concurrency]\nsolves = 2\n[build]\npackage-format = 'conda:max'\n")
    assert (2, "conda:max") == (config.concurrency_solves, config.build_package_format)
    assert {"concurrency.solves", "build.package-format"} == {
        unused.key for unused in config.unused_keys
    }


def test_misspelt_variables_are_reported_and_those_with_another_purpose_are_not():
    environ = {
        "HOGNOSE_DEFAULT_CHANELS": "z",
        "HOGNOSE_MAX_RETRIES": "2",
        "HOGNOSE_TLS_NO_VERIFY": "yes",
        "HOGNOSE_TOKEN_CONDA_EXAMPLE_ORG": "t",
        "HOGNOSE_CONFIG": "/none",
        "HOME": "/",
    }
    config = Config.load_from_files([], environ=environ)
    assert (UnusedKey("environment", "HOGNOSE_DEFAULT_CHANELS"),) == config.unused_keys
    assert config.ssl_verify is False


@pytest.mark.parametrize("variable", ["CONDARC", "MAMBARC", "HOGNOSE_CONFIG"])
def test_a_variable_that_names_no_file_is_reported(tmp_path, variable):
    environ = {"HOME": str(tmp_path), variable: str(tmp_path / "none.toml")}
    (unused,) = Config.load(environ).unused_keys
    assert f"environment: `{variable}` is not used by hognose: it names no file" in str(unused)
    (tmp_path / "none.toml").write_text("")
    assert () == Config.load(environ).unused_keys


def test_every_variable_in_the_sources_is_known():
    folder = Path(hognose.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
    named = set(re.findall(r"\bHOGNOSE_[A-Z_]*[A-Z]", "\n".join(texts)))
    assert named
    # The name of a host follows these.
    beginnings = {"HOGNOSE_TOKEN", "HOGNOSE_CONDA_TOKEN", "HOGNOSE_USERNAME", "HOGNOSE_PASSWORD"}
    assert [] == misspelt_variables(named - beginnings)


def test_no_key_has_both_an_effect_and_a_reason_for_none():
    assert set() == _REASONS.keys() & (BY_KEY.keys() | BY_CONDA_KEY.keys())
    assert all(bool(setting.effect) != bool(setting.no_effect) for setting in SETTINGS)


def test_no_two_settings_have_one_variable():
    assert len(BY_KEY) == len(BY_VARIABLE)
