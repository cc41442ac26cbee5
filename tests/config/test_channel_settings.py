"""What conda's `channel_settings` and mamba's `mirrored_channels` mean here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from hognose.config import Config
from hognose.configured import client_settings, exclude_newer_from_config, unknown_logins
from hognose.errors import ConfigError
from hognose.types import Channel

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 4, 10, tzinfo=UTC)
FORGE = "https://conda.anaconda.org/conda-forge"
MINIFORGE = f"""
mirrored_channels:
  conda-forge:
    - {FORGE}
    - https://prefix.dev/conda-forge
"""


def load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / ".condarc"
    path.write_text(text)
    return Config.load_from_files([path])


def test_a_mirrored_channel_keeps_its_usual_url_where_that_is_a_mirror(tmp_path: Path) -> None:
    config = load(tmp_path, MINIFORGE)
    assert {FORGE: (FORGE, "https://prefix.dev/conda-forge")} == config.mirror_table
    (channel,) = Channel.expand("conda-forge", config.channel_config)
    assert (f"{FORGE}/", "conda-forge") == (channel.base_url, channel.name)


def test_a_mirrored_channel_that_is_elsewhere_has_the_url_of_its_first_mirror(
    tmp_path: Path,
) -> None:
    first = "oci://ghcr.io/channel-mirrors/conda-forge"
    text = f"mirrored_channels:\n  mine:\n    - {first}\n    - https://example.com/mine\n"
    config = load(tmp_path, text)
    assert {first: (first, "https://example.com/mine")} == config.mirror_table
    assert (Channel(first),) == Channel.expand("mine", config.channel_config)


def test_a_mirrored_channel_may_have_its_usual_url_by_another_setting(tmp_path: Path) -> None:
    text = (
        "custom_channels:\n  mine: https://example.com\n"
        "mirrored_channels:\n  mine: [https://one.org/x, https://example.com/mine/]\n"
    )
    config = load(tmp_path, text)
    (channel,) = Channel.expand("mine", config.channel_config)
    assert "https://example.com/mine/" == channel.base_url
    assert ["https://example.com/mine"] == list(config.mirror_table)


def test_mirrors_of_urls_come_before_those_of_names(tmp_path: Path) -> None:
    toml = tmp_path / "config.toml"
    toml.write_text(f'[mirrors]\n"{FORGE}" = ["https://mine.org"]\n')
    (tmp_path / ".condarc").write_text(MINIFORGE)
    config = Config.load_from_files([tmp_path / ".condarc", toml])
    assert {FORGE: ("https://mine.org",)} == config.mirror_table


def test_settings_of_a_channel_are_read_and_unknown_ones_reported(tmp_path: Path) -> None:
    text = (
        "channel_settings:\n"
        "  - channel: https://example.com/c\n    auth: token\n    colour: blue\n"
        "  - channel: conda-forge\n    exclude_newer: 2026-04-01\n"
    )
    config = load(tmp_path, text)
    assert (
        {"channel": "https://example.com/c", "auth": "token"},
        {"channel": "conda-forge", "exclude_newer": "2026-04-01"},
    ) == config.channel_settings
    assert ["channel_settings.https://example.com/c.colour"] == [
        unused.key for unused in config.unused_keys
    ]


@pytest.mark.parametrize("text", ["3", "{a: b}", "[a]", "[{auth: token}]", "[{channel: 3}]"])
def test_settings_without_a_channel_are_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="channel_settings"):
        load(tmp_path, f"channel_settings: {text}\n")


@pytest.mark.parametrize(
    ("name", "is_covered"),
    [
        ("conda-forge", True),
        (FORGE, True),
        (f"{FORGE}/", True),
        ("https://conda.anaconda.org/*", True),
        ("https://conda.*.org/conda-forge", True),
        ("both", True),
        ("bioconda", False),
        (f"{FORGE}-more", False),
        ("http://conda.anaconda.org/*", False),
        ("*", False),
        ("*://conda.anaconda.org/*", False),
    ],
)
def test_a_channel_is_meant_by_its_name_its_url_or_a_pattern_with_a_scheme(
    tmp_path: Path, name: str, *, is_covered: bool
) -> None:
    text = (
        "custom_multichannels:\n  both: [bioconda, conda-forge]\n"
        f"channel_settings:\n  - channel: '{name}'\n    auth: some-plugin\n"
    )
    found = unknown_logins(load(tmp_path, text), [Channel("conda-forge")])
    assert ([(Channel("conda-forge"), "some-plugin")] if is_covered else []) == found


def test_of_two_settings_of_a_channel_the_last_one_counts(tmp_path: Path) -> None:
    text = (
        "channel_settings:\n  - {channel: conda-forge, auth: one, exclude_newer: 1d}\n"
        "  - {channel: conda-forge, auth: token, exclude_newer: 2d}\n"
    )
    config = load(tmp_path, text)
    assert [] == unknown_logins(config, [Channel("conda-forge")])
    rules = exclude_newer_from_config(config, [Channel("conda-forge")], now=NOW)
    assert rules is not None
    assert {f"{FORGE}/": datetime(2026, 4, 8, tzinfo=UTC)} == rules.channels


def test_what_is_too_new_can_be_said_for_all_for_channels_and_for_packages(tmp_path: Path) -> None:
    text = (
        "exclude_newer: 7d\nexclude_newer_package: {openssl: false, NumPy: 1d}\n"
        "channel_settings:\n  - {channel: https://x.org/*, exclude_newer: false}\n"
    )
    rules = exclude_newer_from_config(
        load(tmp_path, text), [Channel("conda-forge"), Channel("https://x.org/a")], now=NOW
    )
    assert rules is not None
    assert datetime(2026, 4, 3, tzinfo=UTC) == rules.cutoff
    assert {"openssl": None, "numpy": datetime(2026, 4, 9, tzinfo=UTC)} == rules.packages
    assert {"https://x.org/a/": None} == rules.channels


def test_without_a_word_nothing_is_too_new(tmp_path: Path) -> None:
    assert exclude_newer_from_config(load(tmp_path, ""), [Channel("x")], now=NOW) is None


def test_a_client_gets_the_mirrors_of_names(tmp_path: Path) -> None:
    settings = client_settings(load(tmp_path, MINIFORGE), environ={"HOME": str(tmp_path)})
    assert {FORGE} == set(settings["mirrors"])
