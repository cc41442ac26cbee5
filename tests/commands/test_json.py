"""With `--json`, standard output is exactly one document, whatever happens."""

import json
import os
import subprocess
import sys

import pytest

from hognose.cli.json_output import run_with_json_errors
from hognose.console import Console
from hognose.errors import ArchiveError, HognoseError


def failing(error, capsys):
    def fail():
        raise error

    status = run_with_json_errors(fail, Console(quiet=True))
    return status, json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize(
    "words",
    [
        ("create", "--nonsense"),
        ("create", "-p"),
        ("list", "-p", "a", "-n", "b"),
        ("env",),
        ("env", "nonsense"),
        ("nonsense",),
        ("--nonsense", "list"),
        ("search",),
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_a_document_too(hognose, words):
    result = hognose(*words, "--json")

    assert 2 == result.status
    document = json.loads(result.out)
    assert "UsageError" == document["error"]["type"]
    assert not document["success"]


def test_an_option_that_does_not_exist_has_the_nearest_as_a_hint(hognose):
    result = hognose("create", "--overide-channels")

    assert "did you mean `--override-channels`?" in result.err


def test_every_error_of_a_group_is_told(capsys):
    group = ExceptionGroup(
        "package directory `x` is damaged",
        [ArchiveError("a is missing", hint="extract it again"), OSError(2, "gone", "b")],
    )

    status, error = failing(group, capsys)

    assert 1 == status
    assert "package directory `x` is damaged: a is missing; b: gone" == error["message"]
    assert ["a is missing", "b: gone"] == [each["message"] for each in error["errors"]]
    assert "extract it again" == error["errors"][0]["hint"]


def test_an_error_of_the_system_has_no_number_and_no_brackets(capsys):
    _, error = failing(FileNotFoundError(2, "No such file or directory", "x/y"), capsys)

    assert "x/y: No such file or directory" == error["message"]


def test_keys_are_words_without_spaces(hognose):
    document = json.loads(hognose("info", "--json").out)

    assert {"virtual_packages", "root_prefix", "envs_dirs", "active_prefix"} <= set(document)
    assert not [key for key in document if " " in key]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_document_is_whole_on_a_stream_of_any_encoding(hognose, channel, tmp_path, encoding):
    prefix = tmp_path / "größe日本"
    hognose("create", "-p", prefix, "-c", channel, "lib")

    done = subprocess.run(
        [sys.executable, "-m", "hognose", "list", "-p", prefix, "--json"],
        capture_output=True,
        env=dict(os.environ, PYTHONIOENCODING=encoding, PYTHONUTF8="0"),
        check=True,
    )

    assert os.fspath(prefix) == json.loads(done.stdout.decode(encoding))["prefix"]


@pytest.mark.parametrize("words", [("why", "lib"), ("list",), ("history",), ("doctor",)])
def test_a_stream_without_the_letters_gets_others(hognose, channel, tmp_path, words):
    prefix = tmp_path / "größe日本"
    hognose("create", "-p", prefix, "-c", channel, "app")

    done = subprocess.run(
        [sys.executable, "-m", "hognose", *words, "-p", prefix],
        capture_output=True,
        env=dict(os.environ, PYTHONIOENCODING="ascii", PYTHONUTF8="0"),
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    assert b"Traceback" not in done.stderr


def test_a_script_has_the_bytes_of_the_path(hognose, channel, tmp_path):
    prefix = tmp_path / "größe"
    hognose("create", "-p", prefix, "-c", channel, "lib")

    done = subprocess.run(
        [sys.executable, "-m", "hognose", "activate", "-p", prefix],
        capture_output=True,
        env=dict(os.environ, PYTHONIOENCODING="ascii"),
        check=True,
    )

    assert os.fsencode(prefix) in done.stdout


def test_controls_in_a_document_stay_json(capsys):
    _, error = failing(HognoseError("a\x7fb\x9bc\u202ed"), capsys)

    assert "a\x7fb\x9bc\u202ed" == error["message"]


@pytest.mark.parametrize("command", ["list", "history"])
@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_a_reader_that_has_gone_is_no_reason_to_complain(
    hognose, channel, tmp_path, command, as_json
):
    prefix = tmp_path / "env"
    hognose("create", "-p", prefix, "-c", channel, "app")
    reading, writing = os.pipe()
    os.close(reading)

    done = subprocess.run(
        [sys.executable, "-m", "hognose", command, "-p", prefix, *as_json],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)

    assert (1, b"") == (done.returncode, done.stderr)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="has no full device")
@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_output_that_cannot_be_written_is_an_error(hognose, channel, tmp_path, as_json):
    prefix = tmp_path / "env"
    hognose("create", "-p", prefix, "-c", channel, "app")

    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "hognose", "list", "-p", prefix, *as_json],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert 1 == done.returncode
    assert b"error: " in done.stderr
    assert b"Traceback" not in done.stderr


def test_closed_streams_are_no_obstacle(hognose, channel, tmp_path):
    prefix = tmp_path / "env"
    hognose("create", "-p", prefix, "-c", channel, "app")

    done = subprocess.run(
        ["/bin/sh", "-c", '"$@" >&-', "sh", sys.executable, "-m", "hognose", "list", "-p", prefix],
        stderr=subprocess.PIPE,
        check=False,
    )

    assert (0, b"") == (done.returncode, done.stderr)
