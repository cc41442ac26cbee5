"""Run exports: from shards, from a channel's file, which is kept on disk, or from archives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hognose.cache import open_remote_archive
from hognose.errors import InvalidPackageFileError, NetworkError
from hognose.net import Client
from hognose.repodata import Gateway
from hognose.types import RunExportsJson
from support.channel_server import ChannelServer
from support.package_maker import make_package
from support.repodata_files import entry, repodata, write_repodata, zstd

if TYPE_CHECKING:
    from pathlib import Path

    from hognose.types import RepoDataRecord
    from support.toy_channel import Clock

EXPORTS = {"weak": ["lib >=2,<3"]}
KNOWN = [RunExportsJson(weak=("lib >=2,<3",)), RunExportsJson()]
FILE = {
    "packages": {},
    "packages.conda": {
        "lib-1-0.conda": {"run_exports": EXPORTS},
        "lib-2-0.conda": {"run_exports": {}},
    },
}


def find(gateway: Gateway, url: str, **options: Any) -> list[RunExportsJson | None]:
    (records,) = gateway.query([url], ["noarch"], ["lib"])
    return gateway.run_exports(records, **options)


def write_file(channel: Path, name: str, content: dict[str, Any] = FILE) -> None:
    text = json.dumps(content).encode()
    body = zstd.compress(text) if name.endswith("zst") else text
    (channel / "noarch" / name).write_bytes(body)


@pytest.fixture
def plain(channel: Path) -> Path:
    """A channel whose repodata says nothing of run exports."""
    write_repodata(channel, repodata(entry("lib"), entry("lib", "2")))
    return channel


def test_run_exports_come_from_shards(channel: Path, client: Client) -> None:
    document = repodata(entry("lib", run_exports=EXPORTS))
    write_repodata(channel, document, formats=("json", "shards"))
    with ChannelServer(channel) as server:
        assert find(Gateway(client), server.url) == KNOWN[:1]
        assert server.count("noarch/run_exports.json") == 0


@pytest.mark.parametrize("name", ["run_exports.json", "run_exports.json.zst"])
@pytest.mark.parametrize("place", ["remote", "local"])
def test_run_exports_come_from_the_channels_file(
    plain: Path, client: Client, name: str, place: str
) -> None:
    write_file(plain, name)
    with ChannelServer(plain) as server:
        url = server.url if place == "remote" else plain.as_uri()
        assert find(Gateway(client), url) == KNOWN
        assert server.count(f"noarch/{name}") == (place == "remote")


def test_run_exports_come_from_the_archive_where_the_channel_has_none(
    channel: Path, client: Client
) -> None:
    exports = {"run_exports.json": json.dumps(EXPORTS).encode()}
    record = make_package(channel, "lib", "1", noarch="generic", extra_info=exports)
    write_repodata(channel, repodata(entry("lib", sha256=record.sha256_hex)))

    def read(record: RepoDataRecord) -> RunExportsJson | None:
        with open_remote_archive(record.url, client) as archive:
            return archive.run_exports_json()

    with ChannelServer(channel) as server:
        assert find(Gateway(client), server.url) == [None]
        assert find(Gateway(client), server.url, read_archive=read) == KNOWN[:1]


@pytest.mark.parametrize("name", ["run_exports.json", "run_exports.json.zst"])
def test_the_file_is_kept_on_disk_with_its_validators(
    plain: Path, cache: Path, client: Client, name: str
) -> None:
    write_file(plain, name)
    with ChannelServer(plain) as server:
        assert find(Gateway(client, cache_dir=cache), server.url) == KNOWN
        server.forget()
        assert find(Gateway(client, cache_dir=cache), server.url) == KNOWN
        asked = [each for each in server.requests if "run_exports" in each.path]
        assert [each.path for each in asked] == [f"noarch/{name}"]
        assert asked[0].headers["if-none-match"]
        write_file(plain, name, {"packages.conda": {"lib-1-0.conda": {}, "lib-2-0.conda": {}}})
        assert find(Gateway(client, cache_dir=cache), server.url) == [RunExportsJson()] * 2


def test_a_fresh_file_is_used_without_asking(
    plain: Path, cache: Path, client: Client, clock: Clock
) -> None:
    write_file(plain, "run_exports.json")
    with ChannelServer(plain, cache_control="max-age=60") as server:
        for count in (1, 1, 2):
            find(Gateway(client, cache_dir=cache, clock=clock), server.url)
            assert server.count("noarch/run_exports.json") == count
            clock.now += 31


def test_a_channel_without_the_file_is_not_asked_every_time(
    plain: Path, cache: Path, client: Client, clock: Clock
) -> None:
    with ChannelServer(plain) as server:
        for count in (1, 1, 2):
            assert find(Gateway(client, cache_dir=cache, clock=clock), server.url) == [None, None]
            assert server.count("noarch/run_exports.json") == count
            clock.now += 50_000


def test_offline_uses_the_file_on_disk_however_old(
    plain: Path, cache: Path, client: Client, clock: Clock
) -> None:
    write_file(plain, "run_exports.json.zst")
    with ChannelServer(plain) as server:
        find(Gateway(client, cache_dir=cache, clock=clock), server.url)
        clock.now += 1e6
        with Client(offline=True, environ={}) as offline:
            gateway = Gateway(offline, cache_dir=cache, clock=clock)
            assert find(gateway, server.url) == KNOWN


def test_a_damaged_file_on_disk_is_fetched_again(plain: Path, cache: Path, client: Client) -> None:
    write_file(plain, "run_exports.json")
    with ChannelServer(plain, cache_control="max-age=60") as server:
        find(Gateway(client, cache_dir=cache), server.url)
        for content in cache.rglob("content-*"):
            if b"weak" in content.read_bytes():
                content.write_bytes(b"{")
        assert find(Gateway(client, cache_dir=cache), server.url) == KNOWN


def test_a_broken_file_is_named_and_not_kept(plain: Path, cache: Path, client: Client) -> None:
    (plain / "noarch" / "run_exports.json").write_bytes(b"[]")
    with ChannelServer(plain) as server:
        with pytest.raises(InvalidPackageFileError, match=r"run_exports\.json"):
            find(Gateway(client, cache_dir=cache), server.url)
        write_file(plain, "run_exports.json")
        assert find(Gateway(client, cache_dir=cache), server.url) == KNOWN


def test_a_server_error_is_not_taken_for_no_file(plain: Path, cache: Path, client: Client) -> None:
    write_file(plain, "run_exports.json")
    with ChannelServer(plain) as server:
        server.fail("noarch/run_exports.json.zst", status=500, times=None)
        with pytest.raises(NetworkError, match="status 500"):
            find(Gateway(client, cache_dir=cache), server.url)


def test_a_record_that_has_none_is_not_looked_up(channel: Path, client: Client) -> None:
    """Empty run exports in a shard say that there are none; only no entry says nothing (CEP 21)."""
    document = repodata(entry("lib", run_exports={}))
    write_repodata(channel, document, formats=("json", "shards"))
    write_file(channel, "run_exports.json")
    with ChannelServer(channel) as server:
        assert find(Gateway(client), server.url) == [RunExportsJson()]
        assert server.count("noarch/run_exports.json.zst") == 0
