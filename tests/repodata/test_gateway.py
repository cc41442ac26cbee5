"""The gateway against real servers and directories: what a query finds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hognose.repodata import Gateway, MultiSource, SparseRepoData
from hognose.solve import solve
from hognose.types import Channel, ChannelRelations, MatchSpec, RepoDataRecord
from support.channel_server import ChannelServer
from support.repodata_files import entry, packages_of, repodata, write_repodata
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

    from hognose.net import Client
    from hognose.types import PackageName, Platform


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


def test_several_sources_can_share_one_priority(tmp_path: Path, client: Client) -> None:
    """Of two channels strict priority takes the first one's; of one group the newest."""
    first, second = tmp_path / "first", tmp_path / "second"
    write_repodata(first, repodata(entry("a", "1")))
    write_repodata(second, repodata(entry("a", "2"), entry("b")))
    urls = [first.as_uri(), second.as_uri()]
    group = MultiSource("both", urls)
    gateway = Gateway(client)
    apart = gateway.query(urls, ["noarch"], ["a"])
    together = gateway.query([group], ["noarch"], ["a"])
    assert [str(record.version) for record in solve(["a"], apart)] == ["1"]
    assert [str(record.version) for record in solve(["a"], together)] == ["2"]
    assert together.sources == [group]
    (source,) = gateway.sources([group], ["noarch"])
    assert source.name == "both"
    assert file_names(source.load_records("a")) == ["a-1-0.conda", "a-2-0.conda"]


def test_a_channel_tells_its_relations(tmp_path: Path, client: Client) -> None:
    related = repodata(entry("a"), channel_relations={"base": "../other"})
    write_repodata(tmp_path / "mine", related, formats=("json", "shards"))
    write_repodata(tmp_path / "other", NOARCH)
    with ChannelServer(tmp_path) as server:
        gateway = Gateway(client)
        relations = gateway.channel_relations(f"{server.url}mine", "noarch")
        assert relations == ChannelRelations(base="../other")
        assert gateway.channel_relations(f"{server.url}other", "noarch") is None
        assert gateway.channel_relations(f"{server.url}other", "win-64") is None


@pytest.mark.parametrize("is_disk_cleared", [False, True])
def test_a_channel_can_be_forgotten(
    channel: Path, cache: Path, client: Client, *, is_disk_cleared: bool
) -> None:
    write_channel(channel, "zst")
    with ChannelServer(channel, cache_control="max-age=3600") as server:
        gateway = Gateway(client, cache_dir=cache)
        gateway.query([server.url], PLATFORMS, ["app"])
        server.forget()
        gateway.clear_repodata_cache(server.url, ["noarch"], clear_disk=is_disk_cleared)
        gateway.query([server.url], PLATFORMS, ["app"])
    asked = {request.path.partition("/")[0] for request in server.requests}
    assert asked == ({"noarch"} if is_disk_cleared else set())
