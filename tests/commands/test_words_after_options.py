"""Lists of words whose parts stand before and after an option."""

from __future__ import annotations

import pytest

from hognose.cli.app import _load


@pytest.mark.parametrize(
    "command", ["create", "install", "update", "solve", "lock", "search", "remove", "why"]
)
def test_words_may_stand_on_both_sides_of_an_option(command):
    parser, _ = _load(command)

    arguments = parser.parse_args(["one", "-q", "two", "--json", "three"])

    words = arguments.names if command in {"remove", "why"} else arguments.specs
    assert ["one", "two", "three"] == words


def test_specs_after_an_option_are_installed(hognose, channel, tmp_path):
    result = hognose("create", "app", "-y", "-p", tmp_path / "env", "-c", channel, "old")

    assert 0 == result.status, result.err
    assert {"app", "lib", "old"} == {
        path.name.split("-")[0] for path in (tmp_path / "env/conda-meta").glob("*.json")
    }


def test_a_program_gets_the_options_behind_its_name():
    parser, _ = _load("run")

    arguments = parser.parse_args(["-p", "env", "app", "one", "-q", "two"])

    assert ["app", "one", "-q", "two"] == arguments.command


def test_an_unknown_option_is_an_error_still(hognose, tmp_path):
    result = hognose("create", "app", "-p", tmp_path / "env", "--chanel", "old")

    assert 2 == result.status
    assert "unrecognized arguments: --chanel" in result.err
