"""A gateway's work ends at once when that is asked for, and leaves nothing half done.

Servers here fall silent until the test is over and clients wait for them as long as they do by
default, so what does not end runs into the time limit of the test.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from hognose.errors import FetchCancelledError, FetchRepoDataError
from hognose.net import Cancellation, Client
from hognose.repodata import Gateway
from support.channel_server import ChannelServer
from support.repodata_files import zstd
from support.toy_channel import FORMATS, PLATFORMS, file_names, write_channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DOCUMENTS = {
    "json": "noarch/repodata.json",
    "zst": "noarch/repodata.json.zst",
    "bz2": "noarch/repodata.json.bz2",
    "shards": "noarch/repodata_shards.msgpack.zst",
}


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(environ={}) as client:
        yield client


@pytest.fixture
def server(channel: Path) -> Iterator[ChannelServer]:
    with ChannelServer(channel) as server:
        yield server


def cancel_when(condition: Callable[[], object], cancellation: Cancellation) -> None:
    """Cancel in another thread as soon as a condition holds."""

    def wait() -> None:
        while not condition():
            pass
        cancellation.cancel()

    threading.Thread(target=wait).start()


def assert_nothing_is_left(cache: Path) -> None:
    assert [] == [each for each in cache.rglob("*") if each.suffix == ".tmp"]
    assert [] == [
        each.name for each in threading.enumerate() if each.name.startswith("hognose-repodata")
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_a_query_ends_in_the_middle_of_a_document(
    channel: Path, cache: Path, client: Client, server: ChannelServer, form: str
) -> None:
    write_channel(channel, form)
    document = DOCUMENTS[form]
    server.stall(document, after=(channel / document).stat().st_size // 2)
    cancellation = Cancellation()
    gateway = Gateway(client, cache_dir=cache)
    cancel_when(lambda: server.count(document), cancellation)
    with pytest.raises(FetchCancelledError):
        gateway.query([server.url], PLATFORMS, ["app"], cancel=cancellation)
    assert_nothing_is_left(cache)
    # Neither the gateway nor the next one has taken harm.
    for each in (gateway, Gateway(client, cache_dir=cache)):
        assert 6 == each.query([server.url], PLATFORMS, ["app"]).record_count


def test_a_query_ends_in_the_middle_of_a_shard_and_keeps_the_others(
    channel: Path, cache: Path, client: Client, server: ChannelServer
) -> None:
    write_channel(channel, "shards")
    # `app` needs `lib`, and that needs `deep`.
    last = next(
        each.relative_to(channel).as_posix()
        for each in (channel / "linux-64").rglob("*.msgpack.zst")
        if b"deep-1-0.conda" in zstd.decompress(each.read_bytes())
    )
    server.stall(last, after=1)
    cancellation = Cancellation()
    cancel_when(lambda: server.count(last), cancellation)
    with pytest.raises(FetchCancelledError):
        Gateway(client, cache_dir=cache).query(
            [server.url], PLATFORMS, ["lib"], cancel=cancellation
        )
    assert_nothing_is_left(cache)
    server.forget()
    Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["lib"])
    fetched = [each.path for each in server.requests if each.path not in DOCUMENTS.values()]
    assert [last] == [path for path in fetched if "repodata_shards" not in path]


@pytest.mark.parametrize(
    "ask",
    [
        lambda gateway, url, cancel: gateway.query([url], ["noarch"], ["app"], cancel=cancel),
        lambda gateway, url, cancel: gateway.names([url], ["noarch"], cancel=cancel),
        lambda gateway, url, cancel: gateway.open([url], ["noarch"], cancel=cancel),
        lambda gateway, url, cancel: gateway.who_needs([url], ["noarch"], "lib", cancel=cancel),
        lambda gateway, url, cancel: gateway.channel_relations(url, "noarch", cancel=cancel),
        lambda gateway, url, cancel: gateway.channel_notices([url], cancel=cancel),
    ],
    ids=["query", "names", "open", "who_needs", "channel_relations", "channel_notices"],
)
def test_every_question_can_be_cancelled(
    cache: Path, client: Client, server: ChannelServer, ask: Callable[..., object]
) -> None:
    server.delay("*", seconds=60)
    cancellation = Cancellation()
    cancel_when(server.count, cancellation)
    with pytest.raises(FetchCancelledError):
        ask(Gateway(client, cache_dir=cache), server.url, cancellation)
    assert_nothing_is_left(cache)


def test_the_search_for_run_exports_can_be_cancelled(
    channel: Path, cache: Path, client: Client, server: ChannelServer
) -> None:
    write_channel(channel)
    gateway = Gateway(client, cache_dir=cache)
    (records,) = gateway.query([server.url], ["noarch"], ["app"])
    server.delay("noarch/run_exports.json.zst", seconds=60)
    cancellation = Cancellation()
    cancel_when(lambda: server.count("noarch/run_exports.json.zst"), cancellation)
    with pytest.raises(FetchCancelledError):
        gateway.run_exports(records, cancel=cancellation)
    assert_nothing_is_left(cache)


def test_notices_that_were_not_waited_for_are_asked_for_again(
    channel: Path, cache: Path, client: Client, server: ChannelServer
) -> None:
    server.serve("notices.json", b'{"notices": [{"id": "1", "message": "hello"}]}')
    server.delay("notices.json", seconds=60, times=1)
    cancellation = Cancellation()
    cancel_when(server.count, cancellation)
    gateway = Gateway(client, cache_dir=cache)
    with pytest.raises(FetchCancelledError):
        gateway.channel_notices([server.url], cancel=cancellation)
    assert ["hello"] == [each.message for each in gateway.channel_notices([server.url])]


def test_what_ends_the_client_ends_the_query(cache: Path, client: Client) -> None:
    with ChannelServer() as server:
        server.delay("*", seconds=60)
        cancel_when(server.count, client.cancellation)
        with pytest.raises(FetchCancelledError):
            Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["app"])
    assert_nothing_is_left(cache)


def test_what_is_cancelled_does_not_even_begin(channel: Path, client: Client) -> None:
    write_channel(channel)
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(FetchCancelledError):
        Gateway(client).query([str(channel)], PLATFORMS, ["app"], cancel=cancellation)


def test_who_waits_for_the_same_subdir_goes_on_when_another_gives_up(
    channel: Path, cache: Path, client: Client, server: ChannelServer
) -> None:
    write_channel(channel)
    server.stall(DOCUMENTS["json"], after=10)
    gateway = Gateway(client, cache_dir=cache)
    cancellation = Cancellation()
    with ThreadPoolExecutor() as executor:
        giving_up = executor.submit(
            gateway.query, [server.url], ["noarch"], ["extra"], cancel=cancellation
        )
        while not server.count(DOCUMENTS["json"]):
            pass
        going_on = executor.submit(gateway.query, [server.url], ["noarch"], ["extra"])
        cancellation.cancel()
        assert isinstance(giving_up.exception(), FetchCancelledError)
        assert [["extra-1-0.conda"]] == [file_names(records) for records in going_on.result()]


def test_who_gives_up_does_not_wait_for_another_that_goes_on(
    channel: Path, cache: Path, client: Client, server: ChannelServer
) -> None:
    write_channel(channel)
    server.stall(DOCUMENTS["json"], after=10)
    gateway = Gateway(client, cache_dir=cache)
    first, second = Cancellation(), Cancellation()
    with ThreadPoolExecutor() as executor:
        going_on = executor.submit(gateway.query, [server.url], ["noarch"], ["extra"], cancel=first)
        while not server.count(DOCUMENTS["json"]):
            pass
        giving_up = executor.submit(
            gateway.query, [server.url], ["noarch"], ["extra"], cancel=second
        )
        second.cancel()
        assert isinstance(giving_up.exception(), FetchCancelledError)
        assert not going_on.done()
        first.cancel()


def test_an_error_does_not_wait_for_a_silent_server(
    channel: Path, tmp_path: Path, cache: Path, client: Client
) -> None:
    with ChannelServer(tmp_path) as missing, ChannelServer(write_channel(channel)) as silent:
        silent.stall("*", times=None)
        with pytest.raises(FetchRepoDataError, match="is not a channel"):
            Gateway(client, cache_dir=cache).query([missing.url, silent.url], PLATFORMS, ["app"])
    assert_nothing_is_left(cache)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
@pytest.mark.parametrize("form", ["zst", "shards"])
@pytest.mark.parametrize("command", ["search", "solve", "repoquery"])
def test_a_command_ends_when_it_is_interrupted(
    channel: Path,
    tmp_path: Path,
    server: ChannelServer,
    number: signal.Signals,
    status: int,
    form: str,
    command: str,
) -> None:
    write_channel(channel, form)
    document = DOCUMENTS[form]
    server.stall(document, after=20, times=None)
    words = ["depends", "app"] if command == "repoquery" else ["app"]
    words += ["-c", server.url, "--platform", "linux-64"]
    environ = {"HOME": str(tmp_path), "RATTLER_CACHE_DIR": str(tmp_path / "cache")}
    with subprocess.Popen(
        [sys.executable, "-m", "hognose.cli", command, *words],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not server.count(document) and process.poll() is None:
            pass
        process.send_signal(number)
        _, errors = process.communicate()
    assert status == process.returncode, errors
    assert "Traceback" not in errors
    assert [] == [each for each in tmp_path.rglob("*") if each.suffix == ".tmp"]
