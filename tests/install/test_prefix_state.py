from __future__ import annotations

import json

import pytest

from hognose.errors import InstallerError
from hognose.install import read_environment_variables, set_environment_variables
from hognose.shell import PrefixSettings


@pytest.fixture
def prefix(tmp_path):
    (tmp_path / "conda-meta").mkdir()
    return tmp_path


def test_activation_finds_what_was_set(prefix):
    set_environment_variables(prefix, {"A": "1", "B": "ä b"})

    assert {"A": "1", "B": "ä b"} == PrefixSettings.read(prefix).variables


def test_what_else_is_in_the_file_stays(prefix):
    (prefix / "conda-meta/state").write_text(
        '{"version": 1, "env_vars": {"OLD": "x", "GONE": "y"}, "other": [1]}'
    )

    set_environment_variables(prefix, {"NEW": "z", "GONE": None})

    state = json.loads((prefix / "conda-meta/state").read_text())
    assert {"version": 1, "env_vars": {"OLD": "x", "NEW": "z"}, "other": [1]} == state


def test_variables_that_conda_took_away_are_not_listed(prefix):
    (prefix / "conda-meta/state").write_text('{"env_vars": {"A": "***unset***", "B": "1"}}')

    assert {"B": "1"} == read_environment_variables(prefix)


def test_an_environment_without_the_file_sets_nothing(prefix):
    assert {} == read_environment_variables(prefix)


@pytest.mark.parametrize("content", ["{", "[]", '{"env_vars": []}'])
def test_a_damaged_file_is_an_error_and_stays(prefix, content):
    (prefix / "conda-meta/state").write_text(content)

    with pytest.raises(InstallerError, match="state"):
        set_environment_variables(prefix, {"A": "1"})

    assert content == (prefix / "conda-meta/state").read_text()


@pytest.mark.parametrize("name", ["", "A=B", "A\0"])
def test_a_name_that_no_shell_can_set_is_refused(prefix, name):
    with pytest.raises(ValueError, match="called"):
        set_environment_variables(prefix, {name: "1"})

    assert not (prefix / "conda-meta/state").exists()


def test_an_environment_that_cannot_be_locked_is_named(tmp_path):
    # As root no mode keeps anybody out, but a folder does.
    (tmp_path / "conda-meta/.lock").mkdir(parents=True)
    with pytest.raises(InstallerError, match=f"{tmp_path} cannot be changed"):
        set_environment_variables(tmp_path, {"A": "1"})


def test_a_file_that_is_nested_deeply_is_an_error_that_names_it(prefix):
    path = prefix / "conda-meta/state"
    path.write_text('{"env_vars": {}, "x": ' + "[" * 100_000 + "]" * 100_000 + "}")

    with pytest.raises(InstallerError, match="state cannot be read"):
        set_environment_variables(prefix, {"A": "1"})
