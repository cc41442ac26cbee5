"""Which packages need one, and what channels have withdrawn or cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.errors import NotFoundError
from hognose.net import Client
from hognose.repodata import Gateway
from hognose.types import GenericVirtualPackage, PackageRecord
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata, write_shards

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hognose.repodata import UnknownRevision

DOCUMENT = repodata(
    entry("lib", "2"),
    entry("app", "1", depends=["lib >=1", "__glibc >=2.28"]),
    entry("old", "1", depends=["LIB <2", "liberty"]),
    entry("limits", "1", constrains=["lib <1"]),
    entry("optional", "1", extra_depends={"fast": ["lib"]}),
    entry("other", "1", depends=["liberty"], license="lib"),
)


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(environ={}, sleep=lambda seconds: None) as client:
        yield client


def ask(client, url, target, cache=None):
    found = Gateway(client, cache_dir=cache).who_needs([url], ["noarch"], target)
    return sorted((each.record.name, each.kind, each.dependency) for each in found)


@pytest.mark.parametrize("formats", [("json",), ("shards",), ("json", "shards"), ("zst",)])
@pytest.mark.parametrize("kept", ["kept", "not kept"])
def test_a_name_is_needed_by_all_who_mention_it(
    tmp_path: Path, client: Client, formats: tuple[str, ...], kept: str
) -> None:
    write_repodata(tmp_path / "channel", DOCUMENT, formats=formats)
    with ChannelServer(tmp_path / "channel") as server:
        found = ask(client, server.url, "lib", tmp_path / "cache" if kept == "kept" else None)
    assert [
        ("app", "depends", "lib >=1"),
        ("limits", "constrains", "lib <1"),
        ("old", "depends", "LIB <2"),
        ("optional", "extra_depends", "lib"),
    ] == found


def test_a_record_is_needed_by_those_who_allow_it(tmp_path: Path, client: Client) -> None:
    write_repodata(tmp_path, DOCUMENT)
    target = PackageRecord.create(name="lib", version="2", build="0")
    names = [name for name, _, _ in ask(client, tmp_path.as_uri(), target)]
    assert ["app", "optional"] == names


@pytest.mark.parametrize(("version", "expected"), [("2.17", []), ("2.35", ["app"])])
def test_a_virtual_package_is_needed_by_those_who_allow_it(
    tmp_path: Path, client: Client, version: str, expected: list[str]
) -> None:
    write_repodata(tmp_path, DOCUMENT)
    target = GenericVirtualPackage("__glibc", version)
    assert expected == [name for name, _, _ in ask(client, tmp_path.as_uri(), target)]


def test_a_channel_with_both_is_read_in_one_piece(tmp_path: Path, client: Client) -> None:
    write_repodata(tmp_path, DOCUMENT, formats=("json", "shards"))
    with ChannelServer(tmp_path) as server:
        ask(client, server.url, "lib")
        assert 1 == server.count("noarch/repodata.json")
        assert [] == [each for each in server.requests if "/shards/" in each.path]


@pytest.mark.parametrize("form", ["json", "zst", "shards"])
@pytest.mark.parametrize("kept", ["kept", "not kept"])
def test_what_was_withdrawn_is_reported_and_not_found(
    tmp_path: Path, client: Client, form: str, kept: str
) -> None:
    document = repodata(entry("lib", "1"), entry("lib", "2"))
    document["removed"] = ["lib-2-0.conda", "else-1-0.conda", "nonsense"]
    write_repodata(tmp_path / "channel", document, formats=(form,))
    with ChannelServer(tmp_path / "channel") as server:
        gateway = Gateway(client, cache_dir=tmp_path / "cache" if kept == "kept" else None)
        found = gateway.query([server.url], ["noarch"], ["lib"])
        ((package,),) = found.removed
        assert f"{server.url}noarch/lib-2-0.conda" == package.url
    assert ["1"] == [str(record.version) for record in found[0]]
    assert ("lib", "2", "0") == (package.name, package.version, package.build)


@pytest.mark.parametrize("form", ["json", "shards"])
def test_revisions_that_nobody_here_knows_are_reported(
    tmp_path: Path, client: Client, form: str
) -> None:
    revisions = {"v3": {"n_packages": 1}, "v9": {"n_packages": 7, "message": "update now"}}
    document = repodata(entry("lib"), repodata_revisions=revisions)
    document["v9"] = {"conda": {}}
    write_repodata(tmp_path, document, formats=(form,))
    found = Gateway(client).query([tmp_path.as_uri()], ["noarch"], ["lib"])
    (unknown,) = found.unknown_revisions
    assert ("v9", 7, "update now") == (
        unknown.revision,
        unknown.package_count,
        unknown.message,
    )


@pytest.mark.parametrize("kept", ["kept", "not kept"])
@pytest.mark.parametrize("formats", [("json",), ("shards",), ("json", "shards")])
def test_a_reporter_is_told_of_revisions_that_nobody_here_knows(
    tmp_path: Path, client: Client, formats: tuple[str, ...], kept: str
) -> None:
    class Listener:
        def __init__(self) -> None:
            self.told: list[tuple[object, ...]] = []

        def on_subdir_start(self, channel: str, subdir: str) -> str:
            return subdir

        def on_unknown_revision(self, subdir: object, revision: UnknownRevision) -> None:
            self.told.append((subdir, revision.revision, revision.package_count))

    revisions = {"v3": {"n_packages": 1}, "v9": {"n_packages": 7}}
    document = repodata(entry("lib"), repodata_revisions=revisions)
    write_repodata(tmp_path / "channel", document, formats=formats)
    with ChannelServer(tmp_path / "channel") as server:
        for _ in range(2 if kept == "kept" else 1):
            listener = Listener()
            cache = tmp_path / "cache" if kept == "kept" else None
            gateway = Gateway(client, cache_dir=cache, reporter=listener)
            gateway.query([server.url], ["noarch"], ["lib"])
            assert [("noarch", "v9", 7)] == listener.told
            gateway.who_needs([server.url], ["noarch"], "lib")
            assert {("noarch", "v9", 7)} == set(listener.told)


@pytest.mark.parametrize("formats", [("json",), ("shards",), ("json", "shards")])
def test_the_newest_record_of_each_name_is_found(
    tmp_path: Path, client: Client, formats: tuple[str, ...]
) -> None:
    one = repodata(
        entry("a", "1.10"),
        entry("a", "1.9"),
        entry("b", "1", "x", build_number=2, timestamp=5),
        entry("b", "1", "y", build_number=2, timestamp=9),
        entry("b", "1", "z", build_number=1, timestamp=99),
        entry("c", "1"),
    )
    write_repodata(tmp_path / "one", one, formats=formats)
    write_repodata(tmp_path / "two", repodata(entry("c", "2"), entry("d")), formats=formats)
    with ChannelServer(tmp_path) as server:
        channels = [f"{server.url}one", f"{server.url}two"]
        found = Gateway(client).newest(channels, ["noarch", "linux-64"])
        shards = [each for each in server.requests if "/shards/" in each.path]
    assert ["a 1.10 0", "b 1 y", "c 2 0", "d 1 0"] == [
        f"{record.name} {record.version} {record.build}" for record in found
    ]
    assert bool(shards) == (formats == ("shards",))


def test_a_shard_that_is_gone_is_looked_for_in_a_newer_index(
    tmp_path: Path, client: Client
) -> None:
    write_repodata(tmp_path, repodata(entry("lib", "1"), entry("x")), formats=("json", "shards"))
    with ChannelServer(tmp_path, cache_control="max-age=600") as server:
        gateway = Gateway(client)
        gateway.query([server.url], ["noarch"], ["x"])
        for shard in (tmp_path / "noarch/shards").iterdir():
            shard.unlink()
        write_shards(tmp_path / "noarch", repodata(entry("lib", "2")))
        found = gateway.query([server.url], ["noarch"], ["lib"])
    assert ["2"] == [str(record.version) for record in found[0]]


def test_a_name_that_is_gone_from_the_newer_index_has_no_records(
    tmp_path: Path, client: Client
) -> None:
    write_repodata(tmp_path, repodata(entry("lib"), entry("x")), formats=("json", "shards"))
    with ChannelServer(tmp_path) as server:
        gateway = Gateway(client)
        gateway.query([server.url], ["noarch"], ["x"])
        for shard in (tmp_path / "noarch/shards").iterdir():
            shard.unlink()
        write_shards(tmp_path / "noarch", repodata(entry("x")))
        found = gateway.query([server.url], ["noarch"], ["lib"])
    assert [[]] == found


def test_a_shard_that_every_index_names_and_nobody_has_is_an_error(
    tmp_path: Path, client: Client
) -> None:
    write_repodata(tmp_path, repodata(entry("lib")), formats=("json", "shards"))
    for shard in (tmp_path / "noarch/shards").iterdir():
        shard.unlink()
    with ChannelServer(tmp_path) as server, pytest.raises(NotFoundError):
        Gateway(client).query([server.url], ["noarch"], ["lib"])
