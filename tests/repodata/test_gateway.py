"""The gateway against real servers and directories."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hognose.errors import (
    FetchRepoDataError,
    HashMismatchError,
    InvalidPackageFileError,
    NetworkError,
    OfflineError,
)
from hognose.net import Client
from hognose.repodata import Gateway, SourceConfig, SparseRepoData
from hognose.types import Channel, MatchSpec, RepoDataRecord
from support.channel_server import ChannelServer
from support.repodata_files import (
    entry,
    packages_of,
    repodata,
    write_repodata,
    write_shards,
    zstd,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hognose.types import PackageName, Platform

FORMATS = ("json", "zst", "bz2", "shards")

NOARCH = repodata(
    entry("app", "1", depends=["lib >=2", "__unix"]),
    entry("app", "2", depends=["lib >=3", "extra"]),
    entry("extra"),
    entry("unrelated"),
)
LINUX = repodata(
    entry("lib", "2", subdir="linux-64"),
    entry("lib", "3", depends=["deep"], subdir="linux-64"),
    entry("deep", subdir="linux-64"),
    entry("other", subdir="linux-64"),
    subdir="linux-64",
)
EVERYTHING_APP_NEEDS = [
    "app-1-0.conda",
    "app-2-0.conda",
    "deep-1-0.conda",
    "extra-1-0.conda",
    "lib-2-0.conda",
    "lib-3-0.conda",
]


def file_names(records: Sequence[RepoDataRecord]) -> list[str]:
    return [record.file_name for record in records]


def write_channel(root: Path, *formats: str) -> Path:
    write_repodata(root, NOARCH, formats=formats or ("json",))
    write_repodata(root, LINUX, subdir="linux-64", formats=formats or ("json",))
    return root


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(environ={}, sleep=lambda seconds: None, read_timeout=5.0) as client:
        yield client


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    return tmp_path / "channel"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


PLATFORMS = ("linux-64", "noarch")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("place", ["local", "remote"])
@pytest.mark.parametrize("kept", ["on disk", "in memory"])
def test_every_format_gives_the_same_records(
    channel: Path, cache: Path, client: Client, form: str, place: str, kept: str
) -> None:
    write_channel(channel, form)
    # A channel exists if noarch has a plain file, whatever else it has.
    with ChannelServer(channel) as server:
        url = channel.as_uri() if place == "local" else server.url
        gateway = Gateway(client, cache_dir=cache if kept == "on disk" else None)
        found = gateway.query([url], PLATFORMS, ["app"])
    assert [file_names(records) for records in found] == [EVERYTHING_APP_NEEDS]
    base = url.rstrip("/")
    assert found[0][0].url == f"{base}/noarch/app-1-0.conda"
    assert found[0][2].url == f"{base}/linux-64/deep-1-0.conda"
    assert found[0][0].channel == f"{base}/"
    assert found[0][0].sha256_hex == NOARCH["packages.conda"]["app-1-0.conda"]["sha256"]
    assert type(found[0][0]) is RepoDataRecord
    assert (
        found[0][0]
        == SparseRepoData.from_bytes(
            Channel(url), "noarch", json.dumps(NOARCH).encode()
        ).load_records("app")[0]
    )


def test_a_query_without_recursion_stays_with_its_names(channel: Path, client: Client) -> None:
    write_channel(channel)
    found = Gateway(client).query([channel.as_uri()], PLATFORMS, ["app"], recursive=False)
    assert file_names(found[0]) == ["app-1-0.conda", "app-2-0.conda"]


def test_specs_choose_among_their_name_and_limit_what_is_followed(
    channel: Path, client: Client
) -> None:
    write_channel(channel)
    found = Gateway(client).query([channel.as_uri()], PLATFORMS, [MatchSpec("app <2")])
    assert file_names(found[0]) == [
        "app-1-0.conda",
        "deep-1-0.conda",
        "lib-2-0.conda",
        "lib-3-0.conda",
    ]


def test_a_pattern_stands_for_the_names_that_it_matches(channel: Path, client: Client) -> None:
    write_channel(channel)
    spec = MatchSpec("*e*", exact_names_only=False)
    found = Gateway(client).query([channel.as_uri()], PLATFORMS, [spec], recursive=False)
    assert {record.name for record in found[0]} == {"deep", "extra", "other", "unrelated"}


def test_results_are_one_list_for_each_channel_in_order(tmp_path: Path, client: Client) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_repodata(first, repodata(entry("a", "2")))
    write_repodata(second, repodata(entry("a", "1"), entry("b")))
    found = Gateway(client).query([first.as_uri(), second.as_uri()], ["noarch"], ["a", "b"])
    assert [file_names(records) for records in found] == [
        ["a-2-0.conda"],
        ["a-1-0.conda", "b-1-0.conda"],
    ]
    assert found.record_count == 3


def test_names_are_those_of_all_subdirs(channel: Path, client: Client) -> None:
    write_channel(channel, "json", "shards")
    with ChannelServer(channel) as server:
        for url in (channel.as_uri(), server.url):
            names = Gateway(client).names([url], PLATFORMS)
            assert names == ["app", "deep", "extra", "lib", "other", "unrelated"]


def test_a_lazy_source_loads_a_name_from_all_subdirs(channel: Path, client: Client) -> None:
    write_channel(channel)
    (source,) = Gateway(client).sources([channel.as_uri()], PLATFORMS)
    assert file_names(source.load_records("lib")) == ["lib-2-0.conda", "lib-3-0.conda"]
    assert source.load_records("nothing") == []


def test_records_are_remembered(channel: Path, client: Client) -> None:
    write_channel(channel, "json", "shards")
    with ChannelServer(channel) as server:
        gateway = Gateway(client)
        first = gateway.query([server.url], PLATFORMS, ["app"])
        count = server.count()
        second = gateway.query([server.url], PLATFORMS, ["app"])
        assert server.count() == count
    assert all(a is b for a, b in zip(first[0], second[0], strict=True))


# -- what a channel is ------------------------------------------------------------------------


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


# -- what is on disk --------------------------------------------------------------------------


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


# -- faults -----------------------------------------------------------------------------------


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


def test_a_decompression_bomb_is_refused(channel: Path, client: Client) -> None:
    (channel / "noarch").mkdir(parents=True)
    packer = zstd.ZstdCompressor()
    bomb = b"".join(packer.compress(bytes(1 << 24)) for _ in range(3)) + packer.flush()
    assert len(bomb) < 1 << 20
    (channel / "noarch" / "repodata.json.zst").write_bytes(bomb)
    with ChannelServer(channel) as server:
        from hognose.repodata.subdir_fetch import SubdirFetcher

        fetcher = SubdirFetcher(
            Channel(server.url),
            "noarch",
            client=client,
            config=SourceConfig(),
            cache_dir=None,
            now=0.0,
            max_size=1 << 25,
        )
        with pytest.raises(FetchRepoDataError, match="too large"):
            fetcher.open()


def test_a_flaky_server_is_survived(channel: Path, cache: Path, client: Client) -> None:
    write_channel(channel, "json", "shards")
    with ChannelServer(channel) as server:
        server.fail(status=503, times=2)
        server.drop(times=1)
        server.truncate(after=20, times=2)
        found = Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["app"])
    assert file_names(found[0]) == EVERYTHING_APP_NEEDS


def test_many_shards_are_fetched_at_once(channel: Path, client: Client) -> None:
    leaves = [entry(f"leaf{number}") for number in range(16)]
    root = entry("root", depends=[leaf["name"] for leaf in leaves])
    write_repodata(channel, repodata(root, *leaves), formats=("json", "shards"))
    with ChannelServer(channel) as server:
        server.delay(seconds=0.05)
        found = Gateway(client).query([server.url], ["noarch"], ["root"])
        assert len(found[0]) == 17
        assert server.most_at_once >= 8


def test_a_failed_opening_is_tried_again_by_the_next_query(channel: Path, client: Client) -> None:
    write_repodata(channel, NOARCH)
    with ChannelServer(channel) as server:
        gateway = Gateway(client)
        server.fail("noarch/repodata.json", status=403)
        with pytest.raises(NetworkError):
            gateway.query([server.url], ["noarch"], ["extra"])
        assert len(gateway.query([server.url], ["noarch"], ["extra"])[0]) == 1


# -- other sources ----------------------------------------------------------------------------


def test_a_file_and_an_own_object_can_stand_for_channels(channel: Path, client: Client) -> None:
    write_channel(channel)
    sparse = SparseRepoData(
        Channel(channel.as_uri()), "linux-64", channel / "linux-64" / "repodata.json"
    )

    class Own:
        def fetch_package_records(
            self, platform: Platform, name: PackageName
        ) -> list[RepoDataRecord]:
            if str(platform) != "noarch" or name != "app":
                return []
            return [
                RepoDataRecord.create(
                    name="app", version="7", build="0", depends=["lib"], file_name="app-7-0.conda"
                )
            ]

        def package_names(self, platform: Platform) -> list[str]:
            return ["app"]

    found = Gateway(client).query([Own(), sparse], PLATFORMS, ["app"])
    assert [file_names(records) for records in found] == [
        ["app-7-0.conda"],
        ["deep-1-0.conda", "lib-2-0.conda", "lib-3-0.conda"],
    ]


def test_something_else_is_no_source(client: Client) -> None:
    with pytest.raises(TypeError, match="not a source"):
        Gateway(client).query([7], ["noarch"], ["a"])  # type: ignore[list-item]  # on purpose


def test_a_conda_archive_hides_the_older_format(channel: Path, client: Client) -> None:
    document = {
        "packages": packages_of([entry("a", "1"), entry("a", "2")], ".tar.bz2"),
        "packages.conda": packages_of([entry("a", "2"), entry("a", "3")]),
    }
    for form in ("json", "zst", "shards"):
        write_repodata(channel, {**document, "info": {}}, formats=(form,))
        with ChannelServer(channel) as server:
            found = Gateway(client).query([server.url], ["noarch"], ["a"])
        assert file_names(found[0]) == ["a-1-0.tar.bz2", "a-2-0.conda", "a-3-0.conda"]
        for path in channel.rglob("repodata*"):
            path.unlink()


@pytest.mark.parametrize("form", ["zst", "shards"])
def test_several_processes_share_a_cache(channel: Path, cache: Path, form: str) -> None:
    write_channel(channel, "json", form)
    script = (
        "import sys\n"
        "from hognose.net import Client\n"
        "from hognose.repodata import Gateway\n"
        "for turn in range(10):\n"
        "    with Client(environ={}) as client:\n"
        "        gateway = Gateway(client, cache_dir=sys.argv[2])\n"
        "        found = gateway.query([sys.argv[1]], ['linux-64', 'noarch'], ['app'])\n"
        "        assert found.record_count == 6\n"
    )
    with ChannelServer(channel) as server:
        processes = [
            subprocess.Popen([sys.executable, "-c", script, server.url, str(cache)])
            for _ in range(3)
        ]
        assert [process.wait() for process in processes] == [0, 0, 0]
    assert not list(cache.rglob("*.tmp"))
