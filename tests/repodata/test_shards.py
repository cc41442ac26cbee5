"""Sharded repodata: kept for ever, verified each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from hognose.errors import HashMismatchError, InvalidPackageFileError
from hognose.net import Client
from hognose.repodata import Gateway
from hognose.repodata.decompression import decompress
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata, write_shards, zstd
from support.toy_channel import NOARCH, PLATFORMS, file_names, write_channel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_shards_are_kept_for_ever(channel: Path, cache: Path, client: Client) -> None:
    write_channel(channel, "json", "shards")
    with ChannelServer(channel) as server:
        Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["app"])
        shards = [request for request in server.requests if "/shards/" in request.path]
        assert len(shards) == 4
        write_repodata(
            channel,
            repodata(entry("app", "1", depends=["extra"]), entry("extra")),
            formats=["shards"],
        )
        server.forget()
        Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["app"])
        shards = [request for request in server.requests if "/shards/" in request.path]
        assert len(shards) == 1


def test_shards_that_nothing_names_any_more_are_removed(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH, formats=("json", "shards"))
    with ChannelServer(channel) as server:
        Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["app"])
        (store,) = cache.rglob("shards")
        size = store.stat().st_size
        write_repodata(channel, repodata(entry("tiny")), formats=["shards"])
        Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["tiny"])
        assert store.stat().st_size < size


def test_a_damaged_shard_on_disk_is_fetched_again(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH, formats=("json", "shards"))
    with ChannelServer(channel) as server:

        def query() -> list[str]:
            found = Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
            return file_names(found[0])

        query()
        (store,) = cache.rglob("shards")
        whole = store.read_bytes()
        for damage in (whole[:-1] + b"?", whole[:-5], whole + whole[:20], b"damaged", b"x" * 500):
            store.write_bytes(damage)
            assert query() == ["extra-1-0.conda"]
            server.forget()
            assert query() == ["extra-1-0.conda"]
            assert not [request for request in server.requests if "/shards/" in request.path]


def test_a_wrong_shard_is_asked_for_once_more_and_then_refused(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH, formats=("json",))
    digests = write_shards(channel / "noarch", NOARCH)
    shard = f"noarch/shards/{digests['extra']}.msgpack.zst"
    with ChannelServer(channel) as server:
        server.serve(shard, b"something else")
        with pytest.raises(HashMismatchError, match=digests["extra"]):
            Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["extra"])
        assert server.count(shard) == 2
        assert not list(cache.rglob("shards"))


def test_many_shards_are_fetched_at_once(channel: Path, client: Client) -> None:
    leaves = [entry(f"leaf{number}") for number in range(16)]
    root = entry("root", depends=[leaf["name"] for leaf in leaves])
    write_repodata(channel, repodata(root, *leaves), formats=("json", "shards"))
    with ChannelServer(channel) as server:
        server.delay(seconds=0.05)
        found = Gateway(client).query([server.url], ["noarch"], ["root"])
        assert len(found[0]) == 17
        assert server.most_at_once >= 8


def test_shards_can_lie_at_another_place(channel: Path, tmp_path: Path, client: Client) -> None:
    elsewhere = tmp_path / "elsewhere"
    with ChannelServer(elsewhere) as other:
        info = {"shards_base_url": f"{other.url}kept/noarch"}
        write_repodata(channel, repodata(entry("a"), **info), formats=("json", "shards"))
        (elsewhere / "kept").mkdir(parents=True)
        (channel / "noarch" / "shards").rename(elsewhere / "kept" / "noarch")
        with ChannelServer(channel) as server:
            found = Gateway(client).query([server.url], ["noarch"], ["a"])
            assert found[0][0].url == f"{server.url}noarch/a-1-0.conda"
        assert other.count() == 1


def test_an_address_of_shards_inside_the_channel_stays_at_its_mirror(channel: Path) -> None:
    public = "https://conda.example.com/forge"
    info = {"shards_base_url": f"{public}/noarch/shards/", "base_url": f"{public}/noarch/"}
    write_repodata(channel, repodata(entry("a"), **info), formats=("json", "shards"))
    with (
        ChannelServer(channel) as server,
        Client(environ={}, mirrors={public: [server.url]}) as client,
    ):
        found = Gateway(client).query([public], ["noarch"], ["a"])
        assert found[0][0].url == f"{public}/noarch/a-1-0.conda"
        assert server.count() == 2


def rewrite_hash(channel: Path, change: Callable[[bytes], object]) -> None:
    """Write the hashes of a channel's index in another way."""
    path = channel / "noarch" / "repodata_shards.msgpack.zst"
    index = msgspec.msgpack.decode(decompress(path.read_bytes(), max_size=1 << 20, what="it"))
    index["shards"] = {name: change(digest) for name, digest in index["shards"].items()}
    path.write_bytes(zstd.compress(msgspec.msgpack.encode(index)))


@pytest.mark.parametrize("change", [list, bytes.hex])
def test_hashes_may_be_written_as_numbers_or_digits(
    channel: Path, cache: Path, client: Client, change: Callable[[bytes], object]
) -> None:
    write_repodata(channel, repodata(entry("a")), formats=("json", "shards"))
    rewrite_hash(channel, change)
    with ChannelServer(channel) as server:
        for cache_dir in (None, cache):
            gateway = Gateway(client, cache_dir=cache_dir)
            ((record,),) = gateway.query([server.url], ["noarch"], ["a"])
            assert record.name == "a"


@pytest.mark.parametrize("wrong", [10**12, -1, b"short", "no digits", [1, 2], [[]], {}, 1.5])
def test_what_is_no_hash_is_named(
    channel: Path, cache: Path, client: Client, wrong: object
) -> None:
    write_repodata(channel, repodata(entry("a")), formats=("json", "shards"))
    rewrite_hash(channel, lambda _: wrong)
    with ChannelServer(channel) as server:
        for cache_dir in (None, cache):
            gateway = Gateway(client, cache_dir=cache_dir)
            with pytest.raises(InvalidPackageFileError, match="no usable hash for `a`"):
                gateway.query([server.url], ["noarch"], ["a"])


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ("json", "base_url"),
        ("zst", "base_url"),
        ("shards", "base_url"),
        ("shards", "shards_base_url"),
    ],
)
def test_an_address_that_is_none_is_named(
    channel: Path, cache: Path, client: Client, form: str, key: str
) -> None:
    document = repodata(entry("a"), base_url="http://[")
    write_repodata(channel, document, formats=(form,))
    if form == "shards":
        path = channel / "noarch" / "repodata_shards.msgpack.zst"
        index = msgspec.msgpack.decode(zstd.decompress(path.read_bytes()))
        index["info"] = {key: "http://["}
        path.write_bytes(zstd.compress(msgspec.msgpack.encode(index)))
    with ChannelServer(channel) as server:
        for _ in range(2):
            with pytest.raises(
                InvalidPackageFileError, match=r"broken address: `http://\[`"
            ) as caught:
                Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["a"])
            assert f"{server.url}noarch/" in caught.value.message
