"""What a gateway tells of its work, and that who listens cannot be in the way."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from hognose.errors import HognoseError
from hognose.repodata import Gateway
from support.channel_server import ChannelServer
from support.toy_channel import PLATFORMS, write_channel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hognose.net import Client


class Listener:
    """Writes down every event; safe in several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.events: list[tuple[object, ...]] = []

    def _note(self, *event: object) -> object:
        with self._lock:
            self.events.append(event)
            return len(self.events)

    def on_subdir_start(self, channel: str, subdir: str) -> object:
        self._note("opens", channel, subdir)
        return subdir

    def on_subdir_complete(self, subdir: object, origin: str) -> None:
        self._note("open", subdir, origin)

    def on_subdir_failed(self, subdir: object) -> None:
        self._note("fails", subdir)

    def on_repodata_download_start(self, subdir: object, url: str, total: int | None) -> object:
        self._note("begins", subdir, url.rpartition("/")[2], total)
        return url

    def on_repodata_download_progress(self, url: object, received: int, total: int | None) -> None:
        self._note("moves", url, received, total)

    def on_repodata_download_complete(self, url: object) -> None:
        self._note("ends", url)

    def on_shards_progress(self, fetched: int, wanted: int) -> None:
        self._note("shards", fetched, wanted)

    def on_shards_complete(self, fetched: int, cached: int) -> None:
        self._note("shards are there", fetched, cached)

    def of(self, *kinds: str) -> list[tuple[object, ...]]:
        return [event for event in self.events if event[0] in kinds]


@pytest.fixture
def server(channel: Path) -> Iterator[ChannelServer]:
    with ChannelServer(channel) as server:
        yield server


def test_a_download_is_told_of_from_its_begin_to_its_end(
    channel: Path, cache: Path, client: Client, server: ChannelServer
) -> None:
    write_channel(channel, "json", "zst")
    listener = Listener()
    Gateway(client, cache_dir=cache, reporter=listener).query([server.url], ["noarch"], ["app"])
    size = (channel / "noarch/repodata.json.zst").stat().st_size
    url = f"{server.url}noarch/repodata.json.zst"
    assert listener.events == [
        ("opens", server.url, "noarch"),
        ("begins", "noarch", "repodata.json.zst", size),
        ("moves", url, size, size),
        ("ends", url),
        ("open", "noarch", "server"),
        ("shards are there", 0, 0),
    ]


def test_the_bytes_of_a_large_document_are_told_of_as_they_come(
    channel: Path, client: Client, server: ChannelServer
) -> None:
    write_channel(channel)
    document = (channel / "noarch/repodata.json").read_bytes() + b" " * 300_000
    server.serve("noarch/repodata.json", document)
    listener = Listener()
    Gateway(client, reporter=listener).names([server.url], ["noarch"])
    received = [event[2] for event in listener.of("moves")]
    assert len(received) > 3
    assert received == sorted(received)
    assert received[-1] == len(document)


@pytest.mark.parametrize("cache_control", [None, "max-age=100"], ids=["asked", "not asked"])
def test_what_is_taken_from_the_disk_is_told_of_as_that(
    channel: Path, cache: Path, client: Client, cache_control: str | None
) -> None:
    write_channel(channel)
    with ChannelServer(channel, cache_control=cache_control) as server:
        Gateway(client, cache_dir=cache).names([server.url], ["noarch"])
        listener = Listener()
        Gateway(client, cache_dir=cache, reporter=listener).names([server.url], ["noarch"])
    assert listener.events == [("opens", server.url, "noarch"), ("open", "noarch", "cache")]


def test_a_directory_and_a_missing_platform_are_told_of_as_that(
    channel: Path, client: Client
) -> None:
    write_channel(channel)
    listener = Listener()
    Gateway(client, reporter=listener).names([str(channel)], ["noarch", "win-64"])
    assert sorted(listener.of("open")) == [
        ("open", "noarch", "directory"),
        ("open", "win-64", "absent"),
    ]


def test_what_fails_is_told_of_as_that(client: Client) -> None:
    listener = Listener()
    with ChannelServer() as server:
        server.serve("noarch/repodata.json", b"[]")
        with pytest.raises(HognoseError):
            Gateway(client, reporter=listener).names([server.url], ["noarch"])
    assert [("fails", "noarch")] == listener.of("open", "fails")


def test_shards_are_counted(
    channel: Path, cache: Path, client: Client, server: ChannelServer
) -> None:
    write_channel(channel, "shards")
    listener = Listener()
    gateway = Gateway(client, cache_dir=cache, reporter=listener)
    gateway.query([server.url], PLATFORMS, ["extra"])
    gateway.clear()
    gateway.query([server.url], PLATFORMS, ["app"])
    counted = listener.of("shards", "shards are there")
    # `app`, `lib`, `deep`; `extra` was fetched before.
    assert counted[:2] == [("shards", 1, 1), ("shards are there", 1, 0)]
    assert counted[-1] == ("shards are there", 3, 1)
    assert ("shards", 3, 3) in counted


def test_a_file_of_run_exports_is_told_of(
    channel: Path, client: Client, server: ChannelServer
) -> None:
    write_channel(channel)
    server.serve("noarch/run_exports.json", b'{"packages.conda": {}}')
    listener = Listener()
    gateway = Gateway(client, reporter=listener)
    (records,) = gateway.query([server.url], ["noarch"], ["extra"])
    listener.events.clear()
    gateway.run_exports(records)
    assert listener.of("begins") == [("begins", None, "run_exports.json", 22)]


def test_a_secret_is_not_told(channel: Path, client: Client, server: ChannelServer) -> None:
    write_channel(channel)
    url = server.url.replace("://", "://someone:S3CRET@")
    listener = Listener()
    Gateway(client, reporter=listener).names([url], ["noarch"])
    assert "S3CRET" not in repr(listener.events)


def test_who_listens_needs_no_more_than_what_it_wants(
    channel: Path, client: Client, server: ChannelServer
) -> None:
    write_channel(channel, "shards")
    Gateway(client, reporter=object()).query([server.url], PLATFORMS, ["app"])


class ListenerError(Exception):
    """What somebody who listens has to say."""


@pytest.mark.parametrize(
    "event",
    [
        "on_subdir_start",
        "on_subdir_complete",
        "on_repodata_download_start",
        "on_repodata_download_progress",
        "on_repodata_download_complete",
        "on_shards_progress",
        "on_shards_complete",
    ],
)
@pytest.mark.parametrize("form", ["zst", "shards"])
def test_what_it_raises_reaches_the_caller_and_the_next_query_begins_anew(
    channel: Path, cache: Path, client: Client, server: ChannelServer, event: str, form: str
) -> None:
    if event == "on_shards_progress" and form == "zst":
        pytest.skip("there are no shards")
    write_channel(channel, form)

    class Raising:
        is_armed = True

        def __getattr__(self, name: str) -> object:
            if name != event or not self.is_armed:
                raise AttributeError(name)
            return self.fail

        def fail(self, *_: object) -> None:
            raise ListenerError

    reporter = Raising()
    gateway = Gateway(client, cache_dir=cache, reporter=reporter)
    with pytest.raises(ListenerError):
        gateway.query([server.url], PLATFORMS, ["app"])
    assert [] == [path for path in cache.rglob("*") if path.suffix == ".tmp"]
    assert not any(each.name.startswith("hognose-") for each in threading.enumerate())
    reporter.is_armed = False
    assert 6 == gateway.query([server.url], PLATFORMS, ["app"]).record_count
