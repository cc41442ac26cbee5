"""What a gateway keeps on disk, and when it believes it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hognose.errors import FetchRepoDataError, OfflineError
from hognose.net import Client
from hognose.repodata import Gateway, SourceConfig
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata
from support.toy_channel import (
    EVERYTHING_APP_NEEDS,
    FORMATS,
    LINUX,
    NOARCH,
    PLATFORMS,
    Clock,
    file_names,
    write_channel,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("form", FORMATS)
def test_a_document_that_has_not_changed_is_not_sent_again(
    channel: Path, cache: Path, client: Client, form: str
) -> None:
    write_channel(channel, form)
    with ChannelServer(channel) as server:
        first = Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["app"])
        server.forget()
        second = Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["app"])
        conditions = [request.headers.get("if-none-match") for request in server.requests]
    assert len(conditions) == 2
    assert all(conditions)
    assert first == second


def test_a_fresh_document_is_used_without_asking_until_it_is_stale(
    channel: Path, cache: Path, client: Client, clock: Clock
) -> None:
    write_channel(channel, "zst")
    with ChannelServer(channel, cache_control="public, max-age=60") as server:

        def requests() -> int:
            server.forget()
            Gateway(client, cache_dir=cache, clock=clock).query([server.url], PLATFORMS, ["app"])
            return server.count()

        assert requests() == 4
        clock.now += 59
        assert requests() == 0
        clock.now += 2
        assert requests() == 2
        clock.now += 59
        assert requests() == 0
        # A clock that was put back: nothing that it says about age is believed.
        clock.now -= 3600
        assert requests() == 4


def test_a_changed_document_is_fetched(channel: Path, cache: Path, client: Client) -> None:
    for form in FORMATS:
        write_channel(channel, form)
        with ChannelServer(channel) as server:
            Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["app"])
            newer = repodata(entry("app", "3"))
            write_repodata(channel, newer, formats=(form,))
            found = Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["app"])
        assert file_names(found[0]) == ["app-3-0.conda"]
        for path in channel.rglob("repodata*"):
            path.unlink()


def test_a_file_that_a_server_does_not_have_is_not_asked_for_every_time(
    channel: Path, cache: Path, client: Client, clock: Clock
) -> None:
    write_repodata(channel, NOARCH)
    with ChannelServer(channel) as server:

        def query() -> None:
            Gateway(client, cache_dir=cache, clock=clock).query([server.url], ["noarch"], ["app"])

        query()
        assert server.count() == 4
        query()
        assert server.count() == 5
        clock.now += 2 * 86_400
        query()
        assert server.count() == 9
        assert server.count("noarch/repodata_shards.msgpack.zst") == 2


def test_a_damaged_document_on_disk_is_fetched_again(
    channel: Path, cache: Path, client: Client
) -> None:
    for form in ("zst", "shards"):
        write_repodata(channel, NOARCH, formats=(form,))
        with ChannelServer(channel, cache_control="max-age=3600") as server:
            Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
            for damage in (b"", b"damaged" * 100):
                for content in cache.rglob("content-*"):
                    content.write_bytes(damage)
                found = Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
                assert file_names(found[0]) == ["extra-1-0.conda"]


def test_a_damaged_state_on_disk_is_forgotten(channel: Path, cache: Path, client: Client) -> None:
    write_repodata(channel, NOARCH, formats=("zst",))
    with ChannelServer(channel) as server:
        Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
        for state in cache.rglob("state.json"):
            state.write_bytes(b"{")
        found = Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
    assert file_names(found[0]) == ["extra-1-0.conda"]


def test_a_cache_directory_that_cannot_be_written_costs_only_time(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_bytes(b"a file where a directory should be")
    for form in FORMATS:
        write_repodata(channel, NOARCH, formats=(form,))
        with ChannelServer(channel) as server:
            found = Gateway(client, cache_dir=blocked).query([server.url], ["noarch"], ["extra"])
        assert file_names(found[0]) == ["extra-1-0.conda"]
        for path in channel.rglob("repodata*"):
            path.unlink()


def test_offline_uses_what_is_on_disk_however_old(
    channel: Path, cache: Path, client: Client, clock: Clock
) -> None:
    for form in ("zst", "shards"):
        write_channel(channel, form)
        with ChannelServer(channel) as server:
            online = Gateway(client, cache_dir=cache, clock=clock).query(
                [server.url], PLATFORMS, ["app"]
            )
            server.forget()
            clock.now += 1e6
            with Client(offline=True, environ={}) as offline:
                gateway = Gateway(offline, cache_dir=cache, clock=clock)
                assert gateway.query([server.url], PLATFORMS, ["app"]) == online
            assert server.count() == 0


@pytest.mark.parametrize("form", FORMATS)
def test_offline_a_platform_folder_that_was_not_there_is_empty_however_long_ago(
    channel: Path, cache: Path, client: Client, clock: Clock, form: str
) -> None:
    write_repodata(channel, NOARCH, formats=(form,))
    with ChannelServer(channel) as server:
        Gateway(client, cache_dir=cache, clock=clock).query([server.url], PLATFORMS, ["extra"])
        clock.now += 1e6
        with Client(offline=True, environ={}) as offline:
            gateway = Gateway(offline, cache_dir=cache, clock=clock)
            found = gateway.query([server.url], PLATFORMS, ["extra"])
    assert file_names(found[0]) == ["extra-1-0.conda"]


def test_what_must_be_on_the_disk_may_be_known_not_to_be_there(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH)
    forced = SourceConfig(cache_action="force-cache-only")
    with ChannelServer(channel) as server:
        Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["extra"])
        server.forget()
        gateway = Gateway(client, cache_dir=cache, default_config=forced)
        found = gateway.query([server.url], PLATFORMS, ["extra"])
        assert server.count() == 0
    assert file_names(found[0]) == ["extra-1-0.conda"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_platform_folder_that_appears_is_found_at_once_in_any_format(
    channel: Path, cache: Path, client: Client, clock: Clock, form: str
) -> None:
    write_repodata(channel, NOARCH)
    with ChannelServer(channel) as server:
        for _ in range(2):
            gateway = Gateway(client, cache_dir=cache, clock=clock)
            assert gateway.query([server.url], PLATFORMS, ["lib"]) == [[]]
        write_repodata(channel, LINUX, subdir="linux-64", formats=(form,))
        online = Gateway(client, cache_dir=cache, clock=clock).query(
            [server.url], PLATFORMS, ["deep"]
        )
        with Client(offline=True, environ={}) as offline:
            gateway = Gateway(offline, cache_dir=cache, clock=clock)
            assert gateway.query([server.url], PLATFORMS, ["deep"]) == online
    assert file_names(online[0]) == ["deep-1-0.conda"]


def test_a_platform_folder_that_was_not_looked_for_in_every_format_may_be_there(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH)
    plain = SourceConfig(sharded_enabled=False)
    with ChannelServer(channel) as server:
        Gateway(client, cache_dir=cache, default_config=plain).query(
            [server.url], PLATFORMS, ["extra"]
        )
        with Client(offline=True, environ={}) as offline, pytest.raises(OfflineError):
            Gateway(offline, cache_dir=cache).query([server.url], PLATFORMS, ["extra"])


def test_offline_without_anything_on_disk_is_its_own_error(cache: Path) -> None:
    with Client(offline=True, environ={}) as offline, pytest.raises(OfflineError):
        Gateway(offline, cache_dir=cache).query(["https://example.com/c"], PLATFORMS, ["a"])


def test_offline_reads_local_channels(channel: Path) -> None:
    write_channel(channel)
    with Client(offline=True, environ={}) as offline:
        found = Gateway(offline).query([channel.as_uri()], PLATFORMS, ["app"])
    assert file_names(found[0]) == EVERYTHING_APP_NEEDS


def test_the_cache_actions_do_what_they_say(
    channel: Path, cache: Path, client: Client, clock: Clock
) -> None:
    write_repodata(channel, NOARCH, formats=("json", "zst"))

    def query(action: Any, url: str) -> None:
        Gateway(
            client, cache_dir=cache, clock=clock, default_config=SourceConfig(cache_action=action)
        ).query([url], ["noarch"], ["extra"])

    with ChannelServer(channel, cache_control="max-age=10") as server:
        for action in ("use-cache-only", "force-cache-only"):
            with pytest.raises(FetchRepoDataError, match="not on the disk"):
                query(action, server.url)
        assert server.count() == 0
        query("cache-or-fetch", server.url)
        server.forget()
        query("use-cache-only", server.url)
        query("force-cache-only", server.url)
        clock.now += 11
        query("force-cache-only", server.url)
        with pytest.raises(FetchRepoDataError, match="not on the disk"):
            query("use-cache-only", server.url)
        assert server.count() == 0
        query("no-cache", server.url)
        assert "if-none-match" not in server.requests[-1].headers


def test_a_channel_can_have_its_own_configuration(channel: Path, client: Client) -> None:
    write_channel(channel, "json", "zst", "shards")
    with ChannelServer(channel) as server:
        only_plain = SourceConfig(sharded_enabled=False, zstd_enabled=False, bz2_enabled=False)
        gateway = Gateway(client, per_channel_config={server.url: only_plain})
        gateway.query([server.url], PLATFORMS, ["app"])
        assert {request.path for request in server.requests} == {
            "linux-64/repodata.json",
            "noarch/repodata.json",
        }


def test_what_killed_processes_left_is_removed_by_the_next_change(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH, formats=["zst"])
    with ChannelServer(channel) as server:
        Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
        (state,) = cache.rglob("state.json")
        old, young = state.parent / "state.json.1-2.tmp", state.parent / "shards.3-4.tmp"
        old.touch()
        young.touch()
        os.utime(old, (1, 1))
        write_repodata(channel, repodata(entry("extra")), formats=["zst"])
        Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
    assert not old.exists()
    assert young.exists()


@pytest.mark.parametrize("form", FORMATS)
def test_a_disk_that_is_full_costs_only_time(channel: Path, cache: Path, form: str) -> None:
    """A limit on the size of files stands for the disk: it strikes in the middle of a write."""
    pytest.importorskip("resource")
    write_channel(channel, "json", form)
    script = (
        "import resource, sys\n"
        "from hognose.net import Client\n"
        "from hognose.repodata import Gateway\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))\n"
        "with Client(environ={}) as client:\n"
        "    found = Gateway(client, cache_dir=sys.argv[2]).query(\n"
        "        [sys.argv[1]], ['linux-64', 'noarch'], ['app'])\n"
        "print(*(record.file_name for record in found[0]))\n"
    )
    with ChannelServer(channel) as server, Client(environ={}) as client:
        command = [sys.executable, "-c", script, server.url, str(cache)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        assert answer.stdout.split() == EVERYTHING_APP_NEEDS
        assert list(cache.rglob("*.tmp")) == []
        found = Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["app"])
        assert file_names(found[0]) == EVERYTHING_APP_NEEDS
