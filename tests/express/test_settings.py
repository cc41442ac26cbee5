"""The table `[tool.cx]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.errors import ConfigError
from hognose.express import Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_the_built_in_settings_install_conda_from_conda_forge() -> None:
    settings = Settings.load(environ={})
    assert settings.channels == ("conda-forge",)
    assert "conda >=25.1" in settings.packages
    assert settings.exclude == ("conda-libmamba-solver",)
    assert settings.delegate == "conda"
    assert settings.lock_file is None


def test_a_file_replaces_them_all(tmp_path: Path) -> None:
    file = tmp_path / "pixi.toml"
    file.write_text(
        '[tool.cx]\nchannels = ["here"]\nlockfile = "cx.lock"\ndelegate = "hognose"\n'
        '[tool.cx.packages]\npython = ">=3.12"\nnumpy = "*"\n'
    )
    settings = Settings.load(environ={"CX_CONFIG": str(file)})
    assert settings.channels == ("here",)
    assert settings.packages == ("python >=3.12", "numpy")
    assert settings.exclude == ()
    assert settings.delegate == "hognose"
    assert settings.lock_file == str(tmp_path / "cx.lock")


def test_the_named_file_wins_over_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "cx.toml"
    file.write_text('[tool.cx]\npackages = ["a"]\n')
    assert Settings.load(str(file), environ={"CX_CONFIG": "nowhere"}).packages == ("a",)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[tool.cx", "not TOML"),
        ("[tool.other]", "no table"),
        ("[tool.cx]\nchannels = 1", "`channels` is not a list"),
        ("[tool.cx]\ndelegate = 'mamba'", "`delegate` is 'mamba'"),
        ("[tool.cx]\ndelegate = 3", "`delegate` is not a text"),
    ],
)
def test_a_broken_file_is_an_error_that_names_it(tmp_path: Path, text: str, part: str) -> None:
    file = tmp_path / "cx.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=part) as caught:
        Settings.load(str(file), environ={})
    assert str(file) in str(caught.value)
