"""What the log is told of requests and pauses: everything but secrets."""

from __future__ import annotations

import logging
import re

import pytest

from hognose.errors import NetworkError
from hognose.net import Client, Headers, Response
from support.channel_server import ChannelServer


@pytest.fixture
def server():
    with ChannelServer() as server:
        server.serve("a", b"content")
        yield server


@pytest.fixture
def client():
    with Client(environ={}, max_retries=2, sleep=lambda _: None, jitter=lambda: 1.0) as client:
        yield client


@pytest.fixture
def log(caplog):
    """Return what was logged, without the seconds that it took."""
    caplog.set_level(logging.DEBUG, "hognose.net")
    return lambda: [
        re.sub(r"\(\d+\.\d\d s\)", "(SECONDS)", record.getMessage()) for record in caplog.records
    ]


def test_a_request_is_logged_with_its_status_and_size(client, server, log):
    client.get(f"{server.url}a")
    assert [f"GET {server.url}a: 200 (SECONDS), 7 bytes"] == log()


def test_that_nothing_has_changed_is_logged(client, server, log):
    with client.open(f"{server.url}a") as response:
        etag = response.headers["etag"]
    client.open(f"{server.url}a", headers={"If-None-Match": etag}).close()
    assert f"GET {server.url}a: 304 (SECONDS), not changed" == log()[-1]


def test_a_redirect_is_logged_with_its_target(client, server, log):
    server.redirect("old", "/a")
    client.get(f"{server.url}old")
    assert [
        f"GET {server.url}old: 302 (SECONDS), see /a",
        f"GET {server.url}a: 200 (SECONDS), 7 bytes",
    ] == log()


def test_a_secret_in_a_redirect_is_not_logged(client, server, log):
    server.redirect("old", f"{server.url}a?X-Amz-Signature=hunter2")
    client.get(f"{server.url}old")
    assert len(log()) == 2
    assert "hunter2" not in str(log())


def test_where_no_size_is_announced_the_bytes_are_counted(log):
    class Endless:
        def __init__(self):
            self.left = [b"four", b"three", b""]

        def send(self, request, /):
            return Response(url=request.url, status=200, headers=Headers(), body=self)

        def read(self, _, /):
            return self.left.pop(0)

        def close(self):
            pass

    with Client(environ={}, transport=Endless()) as client:
        assert b"fourthree" == client.get("http://example.org/a")
    assert ["GET http://example.org/a: 200 (SECONDS), 9 bytes"] == log()


def test_no_answer_is_logged(client, log):
    with pytest.raises(NetworkError):
        client.get("http://127.0.0.1:1/a")
    assert "GET http://127.0.0.1:1/a: no answer (SECONDS)" == log()[0]


def test_secrets_are_not_logged(client, server, log):
    url = server.url.replace("://", "://me:hunter2@")
    client.get(f"{url}a?token=hunter2")
    with pytest.raises(NetworkError):
        client.get(f"{url}t/hunter2/channel")
    assert len(log()) == 2
    assert "hunter2" not in str(log())


def test_a_pause_is_logged_with_its_reason_and_its_length(client, server, log, caplog):
    server.fail("a", status=503, headers={"Retry-After": "5"})
    client.get(f"{server.url}a")
    reason = f"{server.url}a was answered with status 503, and asks for a pause of 5 s"
    assert [
        f"GET {server.url}a: 503 (SECONDS)",
        f"{reason}: waiting 5.0 s before attempt 2 of 3",
        f"GET {server.url}a: 200 (SECONDS), 7 bytes",
    ] == log()
    (record,) = [each for each in caplog.records if each.name == "hognose.net.pauses"]
    assert 5.0 == record.pause


def test_a_server_that_asks_for_a_pause_at_last_too_is_told_of_in_the_error(client, server):
    server.fail("a", status=503, headers={"Retry-After": "7200"}, times=None)
    with pytest.raises(NetworkError) as caught:
        client.get(f"{server.url}a")
    assert "7200 s" in caught.value.hint
