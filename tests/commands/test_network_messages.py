"""What a command tells of the network: all of it with `-v`, long pauses and warnings always."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from hognose.cli.console_log import hide_log, show_pauses
from hognose.console import Console
from hognose.net import Cancellation
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata


@pytest.fixture
def server(tmp_path):
    write_repodata(tmp_path / "channel", repodata(entry("a")))
    with ChannelServer(tmp_path / "channel") as server:
        yield server


@pytest.fixture
def pauses(monkeypatch):
    """Wait for nothing, and note how long it would have been."""
    waited = []
    monkeypatch.setattr(Cancellation, "wait", lambda _, seconds: waited.append(seconds))
    return waited


def lines_with(text, result):
    return [line for line in result.err.splitlines() if text in line]


def test_verbosely_each_request_is_told_once(hognose, server):
    result = hognose("search", "a", "-c", server.url, "-v")

    assert 0 == result.status, result.err
    url = f"{server.url}noarch/repodata.json"
    (line,) = lines_with(f"GET {url}:", result)
    assert "200" in line
    assert "bytes" in line
    (line,) = lines_with(f"GET {url}.zst:", result)
    assert "404" in line


def test_verbosely_a_cache_that_is_current_is_told(hognose, server):
    hognose("search", "a", "-c", server.url)

    result = hognose("search", "a", "-c", server.url, "-v")

    (line,) = lines_with(f"GET {server.url}noarch/repodata.json:", result)
    assert "304" in line
    assert "not changed" in line
    assert lines_with("noarch: from the cache", result)


def test_verbosely_packages_are_fetched_or_from_the_cache(hognose, channel, tmp_path):
    with ChannelServer(channel) as server:
        words = ("-y", "-v", "-c", server.url, "--platform", "linux-64", "app")
        first = hognose("create", "-p", tmp_path / "one", *words)
        second = hognose("create", "-p", tmp_path / "two", *words)

    assert lines_with("app: fetched", first)
    assert lines_with("lib: fetched", first)
    assert lines_with("app: from the cache", second)
    assert lines_with("lib: from the cache", second)
    assert not lines_with("app: fetched", second)


def test_otherwise_requests_are_not_told(hognose, server):
    assert "GET" not in hognose("search", "a", "-c", server.url).err
    assert "GET" not in hognose("search", "a", "-c", server.url, "--json").err


def test_verbosely_no_secret_is_told(hognose, server):
    url = server.url.replace("://", "://me:hunter2@")

    result = hognose("search", "a", "-c", f"{url}t/hunter3/conda", "-v")

    assert "GET" in result.err
    assert "hunter" not in result.err


def test_verbosely_the_store_of_a_secret_is_told(hognose, server):
    hognose("auth", "login", server.url, "--token", "hunter2")

    result = hognose("search", "a", "-c", server.url, "-v")

    (line,) = lines_with("the secret is from", result)
    assert server.host in line
    assert line.endswith("credentials.json")
    assert "hunter2" not in result.err


def test_verbosely_a_repetition_has_its_reason_and_its_pause(hognose, server, pauses):
    server.fail("noarch/repodata.json", status=503, headers={"Retry-After": "2"})

    result = hognose("search", "a", "-c", server.url, "-v")

    assert 0 == result.status, result.err
    assert 2.0 in pauses
    (line,) = lines_with("waiting", result)
    assert "noarch/repodata.json" in line
    assert "503" in line
    assert "asks for a pause of 2 s" in line
    assert "waiting 2.0 s before attempt 2 of 4" in line


def test_verbosely_the_next_mirror_is_told(hognose, server, tmp_path, private_home):
    write_repodata(tmp_path / "mirror", repodata(entry("a")))
    with ChannelServer(tmp_path / "mirror") as mirror:
        settings = private_home / ".config/hognose/config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(
            f'[mirrors]\n"https://example.org/c" = ["{server.url}", "{mirror.url}"]\n'
        )
        server.fail("*", status=404, times=None)

        result = hognose("search", "a", "-c", "https://example.org/c", "-v")

        assert 0 == result.status, result.err
        assert lines_with(f"asking {mirror.url}noarch/", result)


def test_a_long_pause_is_told_on_one_line(hognose, server, pauses):
    server.fail("noarch/repodata.json", status=503, headers={"Retry-After": "99999"})

    result = hognose("search", "a", "-c", server.url)

    assert 60.0 in pauses
    (line,) = lines_with("waiting 60.0 s", result)
    assert "asks for a pause of 99999 s" in line
    assert "waiting" not in hognose("search", "a", "-c", server.url, "-q").err


def test_a_server_that_asked_for_a_pause_to_the_end_is_told_so(hognose, server, pauses):
    server.fail("*", status=503, times=None, headers={"Retry-After": "99999"})

    result = hognose("search", "a", "-c", server.url)

    assert 1 == result.status
    assert "asks for a pause of 99999 s" in result.err.splitlines()[-1]


def test_a_short_pause_is_not_told(hognose, server, pauses):
    server.fail("noarch/repodata.json", status=503)

    result = hognose("search", "a", "-c", server.url)

    assert pauses
    assert "waiting" not in result.err


def test_nothing_is_told_when_the_command_is_over(hognose, server, pauses):
    hognose("search", "a", "-c", server.url, "-v")
    err = io.StringIO()
    show_pauses(Console(err=err))
    hide_log()

    from hognose.net import Client

    server.fail("x", status=503, headers={"Retry-After": "30"})
    server.serve("x", b"")
    with Client(environ={}) as client:
        client.get(f"{server.url}x")

    assert "" == err.getvalue()


@pytest.fixture
def unchecked(private_home, tmp_path):
    """Switch the checking of certificates off, at a port where nobody listens."""
    (private_home / ".condarc").write_text("ssl_verify: false\nremote_max_retries: 0\n")
    environ = {**os.environ, "PYTHONWARNINGS": "error"}

    def run(*words):
        command = [
            sys.executable,
            "-m",
            "hognose.cli",
            "search",
            "a",
            "-c",
            "https://127.0.0.1:1/c",
            *words,
        ]
        return subprocess.run(
            command, env=environ, capture_output=True, text=True, check=False, timeout=25
        )

    return run


def test_a_warning_of_the_library_is_one_line_of_the_command(unchecked):
    result = unchecked()

    assert 1 == result.returncode
    (line,) = [line for line in result.stderr.splitlines() if "certificates is off" in line]
    assert line.startswith("! the checking of TLS certificates is off")
    assert "Warning" not in result.stderr
    assert "Traceback" not in result.stderr
    assert ".py" not in result.stderr


def test_quietly_there_is_no_warning(unchecked):
    assert "certificates is off" not in unchecked("-q").stderr


def test_a_document_has_the_warnings(unchecked):
    result = unchecked("--json")

    (warning,) = json.loads(result.stdout)["warnings"]
    assert "certificates is off" in warning
    assert "" == result.stderr


def test_a_command_that_does_not_use_tls_does_not_warn_of_it(hognose, server, private_home):
    (private_home / ".condarc").write_text("ssl_verify: false\n")

    assert "certificates" not in hognose("search", "a", "-c", server.url).err


def test_verbosely_a_document_has_the_network_told_beside_it(hognose, channel):
    with ChannelServer(channel) as server:
        words = ("search", "lib", "-c", server.url, "--platform", "linux-64", "--json")
        quietly, verbosely = hognose(*words), hognose(*words, "-v")

    assert "" == quietly.err
    assert "GET " in verbosely.err
    assert json.loads(quietly.out) == json.loads(verbosely.out)
