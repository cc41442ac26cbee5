"""Notices of channels (CEP 6)."""

import json

import pytest

from hognose.net import Client
from hognose.repodata import Gateway
from support.channel_server import ChannelServer

NOTICE = {
    "id": "one",
    "message": "we move",
    "level": "warning",
    "created_at": "2030-01-01T00:00:00+00:00",
    "expires_at": "2030-02-01T00:00:00+00:00",
}
# 2030-01-15
NOW = 1_894_665_600.0


def serve(server, *notices):
    server.serve("channel/notices.json", json.dumps({"notices": notices}).encode())


@pytest.fixture
def server():
    with ChannelServer() as server:
        yield server


@pytest.fixture
def client():
    with Client(environ={}, sleep=lambda seconds: None) as client:
        yield client


def fetch(client, server, *, cache=None, now=NOW):
    gateway = Gateway(client, cache_dir=cache, clock=lambda: now)
    return gateway.channel_notices([f"{server.url}channel"])


def test_a_notice_has_all_that_the_channel_says(server, client):
    serve(server, NOTICE)
    (notice,) = fetch(client, server)
    assert "we move" == notice.message
    assert "warning" == notice.level
    assert "channel" == notice.channel
    assert NOTICE["expires_at"] == notice.expires_at


def test_missing_fields_and_unknown_levels_are_tolerated(server, client):
    serve(server, {"message": "hm", "level": "panic"}, {"id": 3}, "text")
    (notice,) = fetch(client, server)
    assert ("hm", "info", None) == (notice.message, notice.level, notice.expires_at)


def test_a_notice_that_is_there_twice_is_shown_once(server, client):
    serve(server, NOTICE, NOTICE)
    assert 1 == len(fetch(client, server))


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"notices": 1}'])
def test_a_file_without_sense_has_no_notices(server, client, body):
    server.serve("channel/notices.json", body)
    assert [] == fetch(client, server)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_channel_without_notices_is_no_error(server, client, status):
    server.fail("channel/notices.json", status=status, times=None)
    assert [] == fetch(client, server)


@pytest.mark.parametrize("url", ["ftp://example.com/channel", "http://a..b/channel"])
def test_a_channel_that_cannot_be_asked_has_no_notices(client, url):
    assert [] == Gateway(client).channel_notices([url])


def test_notices_are_asked_for_again_when_one_has_expired(server, client, tmp_path):
    serve(server, NOTICE)
    for now in (NOW, NOW + 10 * 86_400, NOW + 30 * 86_400):
        fetch(client, server, cache=tmp_path, now=now)
    assert 2 == server.count("channel/notices.json")


def test_that_there_are_none_is_remembered_for_a_day(server, client, tmp_path):
    for now in (NOW, NOW + 80_000, NOW + 90_000):
        assert [] == fetch(client, server, cache=tmp_path, now=now)
    assert 2 == server.count("channel/notices.json")


def watch(client, server, *, cache=None, now=NOW, **options):
    gateway = Gateway(client, cache_dir=cache, clock=lambda: now)
    return gateway.watch_notices([f"{server.url}channel"], **options).new_notices(wait=20)


def test_a_notice_is_new_once(server, client, tmp_path):
    serve(server, NOTICE)
    assert ["we move"] == [each.message for each in watch(client, server, cache=tmp_path)]
    assert [] == watch(client, server, cache=tmp_path)
    assert [] == watch(client, server, cache=tmp_path, now=NOW + 86_400)


def test_a_notice_is_new_again_after_the_interval_that_the_channel_wishes(server, client, tmp_path):
    serve(server, {**NOTICE, "interval": 3600})
    for seconds, count in ((0, 1), (3599, 0), (3601, 1), (3700, 0)):
        assert count == len(watch(client, server, cache=tmp_path, now=NOW + seconds))


def test_a_notice_that_has_expired_is_not_shown(server, client, tmp_path):
    serve(server, NOTICE)
    assert [] == watch(client, server, cache=tmp_path, now=NOW + 30 * 86_400)


def test_there_is_a_limit_to_what_is_shown_at_once(server, client, tmp_path):
    serve(server, *({**NOTICE, "id": str(number)} for number in range(7)))
    counts = [len(watch(client, server, cache=tmp_path)) for _ in range(3)]
    assert [5, 2, 0] == counts
    assert 1 == server.count()


def test_with_a_limit_of_none_no_channel_is_asked(server, client, tmp_path):
    serve(server, NOTICE)
    assert [] == watch(client, server, cache=tmp_path, limit=0)
    assert 0 == server.count()


def test_a_server_that_is_slow_to_tell_holds_nobody_up(server, client, tmp_path):
    serve(server, NOTICE)
    server.stall("channel/notices.json", times=None)
    gateway = Gateway(client, cache_dir=tmp_path, clock=lambda: NOW)
    assert [] == gateway.watch_notices([f"{server.url}channel"]).new_notices()


def test_what_goes_wrong_with_notices_is_nobodys_error(server, client, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_bytes(b"a file where a directory should be")
    serve(server, NOTICE)
    assert 1 == len(watch(client, server, cache=blocked))
    (tmp_path / "notices-seen.json").write_bytes(b"[")
    assert 1 == len(watch(client, server, cache=tmp_path))
    server.drop(times=None)
    assert [] == watch(client, server)


def test_a_watch_that_is_closed_stops_fetching(server, client, tmp_path):
    server.serve("channel/notices.json", b"{}" * 100)
    server.stall(after=1, times=None)
    gateway = Gateway(client, cache_dir=tmp_path, clock=lambda: NOW)

    with gateway.watch_notices([f"{server.url}channel"]) as watch:
        while not server.count("channel/notices.json"):
            assert watch._thread.is_alive()

    watch._thread.join()
    assert 1 == server.count("channel/notices.json")
