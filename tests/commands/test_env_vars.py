"""`hognose env vars`: what activation sets."""

import json

import pytest

from hognose.install.journal import Journal


@pytest.fixture
def prefix(hognose, channel, tmp_path):
    path = tmp_path / "env"
    assert 0 == hognose("create", "-p", path, "-c", channel, "app").status
    return path


def variables(hognose, prefix):
    return json.loads(hognose("env", "vars", "list", "-p", prefix, "--json").out)["variables"]


def test_a_variable_is_set_and_activation_knows_it(hognose, prefix):
    result = hognose("env", "vars", "set", "-p", prefix, "A=1", "B=x=y z")

    assert 0 == result.status, result.err
    assert "2 variables set" in result.err
    assert {"A": "1", "B": "x=y z"} == variables(hognose, prefix)
    assert "x=y z" in hognose("activate", "-p", prefix).out
    assert "A = 1\nB = x=y z\n" == hognose("env", "vars", "list", "-p", prefix).out


def test_a_variable_is_taken_out(hognose, prefix):
    hognose("env", "vars", "set", "-p", prefix, "A=1", "B=2")

    result = hognose("env", "vars", "unset", "-p", prefix, "A")

    assert 0 == result.status, result.err
    assert {"B": "2"} == variables(hognose, prefix)


@pytest.mark.parametrize("text", ["A", "=1", ""])
def test_what_is_no_assignment_is_refused(hognose, prefix, text):
    result = hognose("env", "vars", "set", "-p", prefix, "OK=1", text)

    assert 2 == result.status
    assert {} == variables(hognose, prefix)


def test_a_variable_that_is_not_there_cannot_be_taken_out(hognose, prefix):
    result = hognose("env", "vars", "unset", "-p", prefix, "NONE")

    assert 2 == result.status
    assert "`NONE`" in result.err


def test_a_frozen_environment_keeps_its_variables(hognose, prefix):
    (prefix / "conda-meta/frozen").write_text("{}")

    refused = hognose("env", "vars", "set", "-p", prefix, "A=1")
    allowed = hognose("env", "vars", "set", "-p", prefix, "A=1", "--override-frozen-env")

    assert (1, 0) == (refused.status, allowed.status)


@pytest.mark.parametrize("words", [["set", "A=2"], ["unset", "A"]])
def test_what_is_refused_settles_nothing(hognose, prefix, words):
    hognose("env", "vars", "set", "-p", prefix, "A=1")
    (prefix / "conda-meta/frozen").write_text("{}")
    journal = Journal.begin(str(prefix))
    journal.close()

    result = hognose("env", "vars", words[0], "-p", prefix, *words[1:])

    assert 1 == result.status
    assert "marked as frozen" in result.err
    assert (prefix / "conda-meta/.transaction").is_dir()


def test_a_list_has_the_hashes(hognose, prefix):
    (app, _) = json.loads(hognose("list", "-p", prefix, "--json").out)["packages"]

    assert 64 == len(app["sha256"])
    assert 32 == len(app["md5"])
    assert 0 < app["size"]
