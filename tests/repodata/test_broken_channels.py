"""Channels and servers that do not do what they should."""

from __future__ import annotations

import hashlib
import json
import warnings
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from hognose.errors import FetchRepoDataError, InvalidPackageFileError, NetworkError
from hognose.net import Client
from hognose.repodata import Gateway, GatewayWarning, SourceConfig, SparseRepoData
from hognose.repodata.subdir_fetch import SubdirFetcher
from hognose.types import Channel, MatchSpec
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata, write_shards, zstd
from support.toy_channel import (
    EVERYTHING_APP_NEEDS,
    FORMATS,
    NOARCH,
    PLATFORMS,
    file_names,
    write_channel,
)

if TYPE_CHECKING:
    from pathlib import Path

    from hognose.repodata.source import Subdir


@pytest.mark.parametrize("form", ["zst", "bz2", "shards"])
def test_a_broken_document_is_named(channel: Path, cache: Path, client: Client, form: str) -> None:
    write_repodata(channel, NOARCH, formats=(form,))
    (document,) = (path for path in channel.rglob("repodata*") if path.is_file())
    document.write_bytes(document.read_bytes()[:-10])
    with (
        ChannelServer(channel) as server,
        pytest.raises(FetchRepoDataError, match="ends too early") as caught,
    ):
        Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
    assert document.name in str(caught.value)
    assert not list(cache.rglob("content-*"))


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"packages": []}', b"<html>", b"\xff"])
def test_a_document_that_is_no_repodata_is_named(
    channel: Path, cache: Path, client: Client, text: bytes
) -> None:
    (channel / "noarch").mkdir(parents=True)
    (channel / "noarch" / "repodata.json").write_bytes(text)
    with ChannelServer(channel) as server:
        for url in (server.url, channel.as_uri()):
            with pytest.raises(InvalidPackageFileError, match=r"repodata\.json"):
                Gateway(client, cache_dir=cache).query([url], ["noarch"], ["extra"])


def test_a_malformed_record_is_named(channel: Path, cache: Path, client: Client) -> None:
    document = repodata(entry("good"), {**entry("bad"), "depends": 7})
    for form in ("json", "shards"):
        write_repodata(channel, document, formats=(form,))
        with ChannelServer(channel) as server:
            gateway = Gateway(client, cache_dir=cache)
            assert len(gateway.query([server.url], ["noarch"], ["good"])[0]) == 1
            with pytest.raises(InvalidPackageFileError, match="bad"):
                gateway.query([server.url], ["noarch"], ["bad"])


def test_a_flaky_server_is_survived(channel: Path, cache: Path, client: Client) -> None:
    write_channel(channel, "json", "shards")
    with ChannelServer(channel) as server:
        server.fail(status=503, times=2)
        server.drop(times=1)
        server.truncate(after=20, times=2)
        found = Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["app"])
    assert file_names(found[0]) == EVERYTHING_APP_NEEDS


def test_a_failed_opening_is_tried_again_by_the_next_query(channel: Path, client: Client) -> None:
    write_repodata(channel, NOARCH)
    with ChannelServer(channel) as server:
        gateway = Gateway(client)
        server.fail("noarch/repodata.json", status=403)
        with pytest.raises(NetworkError):
            gateway.query([server.url], ["noarch"], ["extra"])
        assert len(gateway.query([server.url], ["noarch"], ["extra"])[0]) == 1


def bomb() -> bytes:
    """Few bytes that unpack to 48 MiB."""
    packer = zstd.ZstdCompressor()
    packed = b"".join(packer.compress(bytes(1 << 24)) for _ in range(3)) + packer.flush()
    assert len(packed) < 1 << 20
    return packed


def open_with_limit(url: str, client: Client, **options: Any) -> Subdir | None:
    fetcher = SubdirFetcher(
        Channel(url),
        "noarch",
        client=client,
        config=SourceConfig(),
        cache_dir=None,
        now=0.0,
        max_size=1 << 25,
        **options,
    )
    return fetcher.open()


@pytest.mark.parametrize("name", ["repodata.json.zst", "repodata_shards.msgpack.zst"])
def test_a_document_that_unpacks_without_end_is_refused(
    channel: Path, client: Client, name: str
) -> None:
    (channel / "noarch").mkdir(parents=True)
    (channel / "noarch" / name).write_bytes(bomb())
    with ChannelServer(channel) as server, pytest.raises(FetchRepoDataError, match="too large"):
        open_with_limit(server.url, client)


def test_a_shard_that_unpacks_without_end_is_refused(channel: Path, client: Client) -> None:
    digest = hashlib.sha256(bomb())
    index = {"info": {}, "shards": {"bad": digest.digest()}}
    with ChannelServer() as server:
        server.serve(f"noarch/shards/{digest.hexdigest()}.msgpack.zst", bomb())
        packed = zstd.compress(msgspec.msgpack.encode(index))
        server.serve("noarch/repodata_shards.msgpack.zst", packed)
        subdir = open_with_limit(server.url, client)
        assert subdir is not None
        with pytest.raises(FetchRepoDataError, match="too large") as caught:
            subdir.load_records("bad")
    assert "`bad`" in str(caught.value)


@pytest.mark.parametrize("form", FORMATS)
def test_an_answer_that_nothing_has_changed_unasked_is_no_empty_channel(
    channel: Path, cache: Path, client: Client, form: str
) -> None:
    write_repodata(channel, NOARCH, formats=[form])
    (document,) = (path.name for path in channel.rglob("repodata*") if path.is_file())
    with ChannelServer(channel) as server:
        server.fail(f"noarch/{document}", status=304)
        gateway = Gateway(client, cache_dir=cache)
        with pytest.raises(NetworkError, match="has not changed, unasked"):
            gateway.query([server.url], ["noarch"], ["extra"])
        assert len(gateway.query([server.url], ["noarch"], ["extra"])[0]) == 1


@pytest.mark.parametrize("form", ["zst", "bz2", "shards"])
def test_a_compressed_document_of_no_bytes_is_no_empty_channel(
    channel: Path, client: Client, form: str
) -> None:
    write_repodata(channel, NOARCH, formats=[form])
    (document,) = (path for path in channel.rglob("repodata*") if path.is_file())
    document.write_bytes(b"")
    with ChannelServer(channel) as server, pytest.raises(FetchRepoDataError, match="too early"):
        Gateway(client).query([server.url], ["noarch"], ["extra"])


def test_an_answer_with_a_lying_validator_costs_nothing_but_time(
    channel: Path, cache: Path, client: Client
) -> None:
    """A server that gives everything the same tag, and confirms none."""
    write_repodata(channel, NOARCH, formats=["json"])
    with ChannelServer(channel, validators=False) as server:
        path, headers = "noarch/repodata.json", {"ETag": '"always"'}
        server.serve(path, json.dumps(NOARCH).encode(), headers=headers)
        Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
        newer = json.dumps(repodata(entry("extra", "9"))).encode()
        server.fail(path, status=200, headers=headers, body=newer)
        found = Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
    assert file_names(found[0]) == ["extra-9-0.conda"]


def test_an_overloaded_server_is_given_the_time_that_it_asks_for(channel: Path) -> None:
    write_channel(channel, "json", "shards")
    pauses: list[float] = []
    with ChannelServer(channel) as server, Client(environ={}, sleep=pauses.append) as client:
        server.fail(status=429, times=3, headers={"Retry-After": "7"})
        found = Gateway(client).query([server.url], PLATFORMS, ["app"])
    assert file_names(found[0]) == EVERYTHING_APP_NEEDS
    assert pauses == [7.0, 7.0, 7.0]


@pytest.mark.parametrize("part", ["repodata_shards.msgpack.zst", "shard"])
def test_a_server_that_falls_silent_is_asked_again(channel: Path, part: str) -> None:
    write_repodata(channel, NOARCH, formats=["json"])
    digests = write_shards(channel / "noarch", NOARCH)
    path = f"shards/{digests['extra']}.msgpack.zst" if part == "shard" else part
    with (
        ChannelServer(channel) as server,
        Client(environ={}, sleep=lambda seconds: None, read_timeout=0.3) as client,
    ):
        server.stall(f"noarch/{path}", after=10)
        found = Gateway(client).query([server.url], ["noarch"], ["extra"])
        assert server.count(f"noarch/{path}") == 2
    assert file_names(found[0]) == ["extra-1-0.conda"]


def test_a_server_that_never_recovers_is_named_with_its_status(
    channel: Path, client: Client
) -> None:
    write_channel(channel, "json", "shards")
    with ChannelServer(channel) as server:
        server.fail("linux-64/repodata_shards.msgpack.zst", status=500, times=None)
        with pytest.raises(NetworkError, match="status 500") as caught:
            Gateway(client).query([server.url], PLATFORMS, ["app"])
    assert f"{server.url}linux-64/repodata_shards.msgpack.zst" in str(caught.value)


@pytest.mark.parametrize("form", ["json", "shards"])
def test_a_record_whose_file_name_is_a_path_does_not_exist(
    channel: Path, cache: Path, client: Client, form: str
) -> None:
    document = repodata(
        entry("good"),
        entry("x", "1", "../../../../tmp/y"),
        entry("x", "1", "..\\..\\y"),
        entry("../../evil"),
    )
    write_repodata(channel, document, formats=["json", form])
    everything = MatchSpec("*", exact_names_only=False)
    with ChannelServer(channel) as server:
        gateway = Gateway(client, cache_dir=cache)
        found = gateway.query([server.url], ["noarch"], [everything], recursive=False)
        sparse = SparseRepoData(Channel("c"), "noarch", channel / "noarch" / "repodata.json")
    assert file_names(found[0]) == ["good-1-0.conda"]
    assert file_names(sparse.load_all_records()) == ["good-1-0.conda"]


def test_an_index_that_lists_evil_names_writes_nothing_elsewhere(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, repodata(entry("../../../evil")), formats=["json", "shards"])
    with ChannelServer(channel) as server:
        gateway = Gateway(client, cache_dir=cache)
        everything = MatchSpec("*", exact_names_only=False)
        assert gateway.query([server.url], ["noarch"], [everything]) == [[]]
    written = {path.name for path in cache.rglob("*") if path.is_file()}
    assert {name.partition("-")[0] for name in written} <= {
        *("content", "shards", "state.json", "url.txt")
    }
    assert not [path for path in cache.parent.rglob("*evil*") if channel not in path.parents]


OPTIONAL = ("repodata_shards.msgpack.zst", "repodata.json.zst", "repodata.json.bz2")


def broken(path: Path, how: str) -> bytes:
    content = path.read_bytes()
    return b"" if how == "empty" else content[: len(content) // 2]


@pytest.mark.parametrize("how", ["empty", "half"])
@pytest.mark.parametrize("is_kept", [True, False])
def test_an_optional_document_that_ends_too_early_is_passed_over_and_told_once(
    channel: Path,
    cache: Path,
    client: Client,
    how: str,
    is_kept: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    write_repodata(channel, NOARCH, formats=("shards", "zst", "bz2", "json"))
    with ChannelServer(channel) as server:
        for name in OPTIONAL:
            server.serve(f"noarch/{name}", broken(channel / "noarch" / name, how))
        gateway = Gateway(client, cache_dir=cache if is_kept else None)
        with pytest.warns(GatewayWarning) as said:
            (records,) = gateway.query([server.url], ["noarch"], ["extra"])
        assert ["extra-1-0.conda"] == file_names(records)
    (only,) = (str(each.message) for each in said)
    assert f"{server.url}noarch/{OPTIONAL[0]} is broken: it ends too early; it counts as" in only
    assert only.endswith("and so do `repodata.json.zst` and `repodata.json.bz2`")


def test_where_all_documents_end_too_early_nothing_is_kept(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH, formats=("shards", "zst", "bz2", "json"))
    with ChannelServer(channel) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in (*OPTIONAL, "repodata.json"):
            server.serve(f"noarch/{name}", broken(channel / "noarch" / name, "half"))
        with pytest.raises((FetchRepoDataError, InvalidPackageFileError), match=r"repodata\.json "):
            Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
    assert not [path for path in cache.rglob("*") if path.name.startswith(("content", "state"))]


def test_a_broken_document_does_not_make_a_subdir_absent(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH, formats=("shards",))
    with ChannelServer(channel) as server:
        server.serve(f"noarch/{OPTIONAL[0]}", b"")
        with pytest.raises(FetchRepoDataError, match="ends too early"):
            Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])


def test_a_shard_index_that_is_none_is_passed_over(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH)
    with ChannelServer(channel) as server:
        server.serve(f"noarch/{OPTIONAL[0]}", zstd.compress(b"oops"))
        with pytest.warns(GatewayWarning, match="it counts as not offered"):
            (records,) = Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
    assert ["extra-1-0.conda"] == file_names(records)


def test_a_document_that_unpacks_to_too_much_is_passed_over_for_no_other(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH)
    with ChannelServer(channel) as server:
        server.serve("noarch/repodata.json.zst", zstd.compress(b"{" + b" " * 20_000_000))
        with pytest.raises(FetchRepoDataError, match="too large"):
            Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
