"""What a channel is, and what a server does not offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.errors import FetchRepoDataError, NetworkError
from hognose.repodata import Gateway
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata
from support.toy_channel import LINUX, NOARCH, PLATFORMS, file_names, write_channel

if TYPE_CHECKING:
    from pathlib import Path

    from hognose.net import Client


def test_a_missing_platform_folder_is_empty(channel: Path, client: Client) -> None:
    write_repodata(channel, NOARCH)
    with ChannelServer(channel) as server:
        for url in (channel.as_uri(), server.url):
            found = Gateway(client).query([url], ["win-64", "noarch"], ["extra"])
            assert file_names(found[0]) == ["extra-1-0.conda"]


def test_a_place_without_noarch_is_no_channel(channel: Path, client: Client) -> None:
    write_repodata(channel, LINUX, subdir="linux-64")
    with ChannelServer(channel) as server:
        for url in (channel.as_uri(), server.url, server.url + "nowhere"):
            with pytest.raises(FetchRepoDataError, match="is not a channel") as caught:
                Gateway(client).query([url], PLATFORMS, ["lib"])
            assert "noarch/repodata.json" in (caught.value.hint or "")


def test_a_platform_alone_still_needs_a_channel(channel: Path, client: Client) -> None:
    write_repodata(channel, NOARCH)
    assert Gateway(client).query([channel.as_uri()], ["win-64"], ["app"]) == [[]]
    with pytest.raises(FetchRepoDataError, match="is not a channel"):
        Gateway(client).query([(channel / "noarch").as_uri()], ["win-64"], ["app"])


def test_an_empty_file_is_empty_repodata(channel: Path, client: Client) -> None:
    (channel / "noarch").mkdir(parents=True)
    (channel / "noarch" / "repodata.json").touch()
    assert Gateway(client).query([channel.as_uri()], ["noarch"], ["app"]) == [[]]


@pytest.mark.parametrize("status", [401, 403, 404, 501])
def test_an_optional_file_that_is_refused_is_not_offered(
    channel: Path, client: Client, status: int
) -> None:
    write_repodata(channel, NOARCH)
    with ChannelServer(channel) as server:
        for name in ("repodata_shards.msgpack.zst", "repodata.json.zst", "repodata.json.bz2"):
            server.fail(f"noarch/{name}", status=status)
        found = Gateway(client).query([server.url], ["noarch"], ["extra"])
    assert file_names(found[0]) == ["extra-1-0.conda"]


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_plain_file_that_is_refused_is_an_error_with_url_and_status(
    channel: Path, client: Client, status: int
) -> None:
    write_repodata(channel, NOARCH)
    with ChannelServer(channel) as server:
        server.fail("noarch/repodata.json", status=status, times=None)
        with pytest.raises(NetworkError, match=f"status {status}") as caught:
            Gateway(client).query([server.url], ["noarch"], ["extra"])
        assert f"{server.url}noarch/repodata.json" in str(caught.value)


def test_a_base_url_moves_the_archives(channel: Path, client: Client) -> None:
    for subdir, base_url in (("noarch", "https://example.com/p"), ("linux-64", "../pool/")):
        document = repodata(entry("a", subdir=subdir), subdir=subdir, base_url=base_url)
        write_repodata(channel, document, subdir=subdir, formats=("json", "shards"))
    with ChannelServer(channel) as server:
        for url in (channel.as_uri() + "/", server.url):
            found = Gateway(client).query([url], PLATFORMS, ["a"])
            assert [record.url for record in found[0]] == [
                f"{url}pool/a-1-0.conda",
                "https://example.com/p/a-1-0.conda",
            ]


def test_secrets_of_a_channel_reach_neither_records_nor_disk(
    channel: Path, cache: Path, client: Client
) -> None:
    write_channel(channel / "t" / "hush-1" / "mine", "json", "shards")
    with ChannelServer(channel) as server:
        url = f"http://me:hush-2@{server.host}/t/hush-1/mine"
        found = Gateway(client, cache_dir=cache).query([url], PLATFORMS, ["app"])
        assert found[0][0].url == f"{server.url}mine/noarch/app-1-0.conda"
        assert "hush" not in "".join(repr(record) for record in found[0])
    written = [path for path in cache.rglob("*") if path.is_file()]
    assert written
    assert all(b"hush" not in path.read_bytes() for path in written)
