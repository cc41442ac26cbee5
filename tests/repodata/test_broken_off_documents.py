"""Documents of which only a part comes: they are begun anew, and no half of one is kept."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from hognose.errors import FetchRepoDataError, InvalidPackageFileError, NetworkError
from hognose.net import Client
from hognose.repodata import Gateway, GatewayWarning
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata, zstd
from support.toy_channel import NOARCH, file_names

if TYPE_CHECKING:
    from pathlib import Path

    from support.channel_server import Framing

FILES = {
    "json": "noarch/repodata.json",
    "zst": "noarch/repodata.json.zst",
    "bz2": "noarch/repodata.json.bz2",
    "shards": "noarch/repodata_shards.msgpack.zst",
}
VALIDATORS: dict[str, dict[str, str]] = {
    "none": {},
    "weak": {"ETag": 'W/"a"'},
    "strong": {"ETag": '"a"'},
    "date": {"Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"},
}


def serve(server: ChannelServer, channel: Path, form: str, headers: dict[str, str]) -> str:
    """Serve a channel's one document with these validators, and none of a range of it."""
    write_repodata(channel, NOARCH, formats=(form,))
    path = FILES[form]
    server.serve(path, (channel / path).read_bytes(), headers=headers)
    return path


def query(server: ChannelServer, client: Client, cache: Path | None) -> list[str]:
    gateway = Gateway(client, cache_dir=cache)
    return file_names(gateway.query([server.url], ["noarch"], ["extra"])[0])


@pytest.mark.parametrize("framing", ["length", "chunked", "none"])
@pytest.mark.parametrize("validator", VALIDATORS)
@pytest.mark.parametrize("form", FILES)
def test_a_document_that_breaks_off_is_begun_anew(
    channel: Path, cache: Path, client: Client, form: str, validator: str, framing: Framing
) -> None:
    with ChannelServer(channel, validators=False, ranges=False) as server:
        path = serve(server, channel, form, VALIDATORS[validator])
        server.truncate(path, after=30, times=2, framing=framing)
        assert query(server, client, cache) == ["extra-1-0.conda"]
        assert 3 <= server.count(path) <= 4


@pytest.mark.parametrize("validator", ["none", "strong"])
def test_a_document_that_stalls_is_begun_anew(channel: Path, cache: Path, validator: str) -> None:
    with (
        ChannelServer(channel, validators=False, ranges=False) as server,
        Client(environ={}, sleep=lambda seconds: None, read_timeout=0.1) as client,
    ):
        path = serve(server, channel, "json", VALIDATORS[validator])
        server.stall(path, after=30)
        assert query(server, client, cache) == ["extra-1-0.conda"]


@pytest.mark.parametrize("form", FILES)
def test_a_document_that_always_breaks_off_is_not_begun_without_end(
    channel: Path, cache: Path, client: Client, form: str
) -> None:
    with ChannelServer(channel, validators=False, ranges=False) as server:
        path = serve(server, channel, form, {})
        server.truncate(path, after=30, times=None)
        with pytest.raises(NetworkError, match="ended too early") as caught:
            query(server, client, cache)
        assert server.count(path) == 4
        assert f"{server.url}{path}" == caught.value.url
    assert not [path for path in cache.rglob("*") if "content" in path.name]


@pytest.mark.parametrize("form", FILES)
def test_a_document_of_unknown_length_that_always_ends_too_early_is_broken(
    channel: Path, cache: Path, client: Client, form: str
) -> None:
    with ChannelServer(channel, validators=False, ranges=False) as server:
        path = serve(server, channel, form, {})
        server.truncate(path, after=30, times=None, framing="none")
        with pytest.raises((FetchRepoDataError, InvalidPackageFileError)):
            query(server, client, cache)
        assert server.count(path) == 4
    assert not [path for path in cache.rglob("*") if "content" in path.name]


def test_a_document_that_breaks_off_leaves_the_one_on_the_disk(
    channel: Path, cache: Path, client: Client
) -> None:
    with ChannelServer(channel, validators=False, ranges=False) as server:
        path = serve(server, channel, "json", {"ETag": '"a"'})
        assert query(server, client, cache) == ["extra-1-0.conda"]
        before = {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()}
        newer = b'{"info": {"subdir": "noarch"}, "packages": {}}'
        server.serve(path, newer, headers={"ETag": '"b"'})
        server.truncate(path, after=30, times=None)
        with pytest.raises(NetworkError):
            query(server, client, cache)
    assert before == {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()}


def test_the_whole_in_place_of_the_rest_is_read_past_what_is_there(client: Client) -> None:
    """The bytes are the same if a strong validator says so, whether or not there are ranges."""
    body = bytes(itertools.islice(itertools.cycle(range(251)), 10_000))
    with ChannelServer(validators=False, ranges=False) as server:
        url = server.serve("a", body, headers={"ETag": '"a"'})
        server.truncate("a", after=7000)
        server.truncate("a", after=3000)
        with client.open(url) as response:
            assert body == b"".join(iter(lambda: response.read(1000), b""))
        assert 3 == server.count()


@pytest.mark.parametrize("name", ["run_exports.json", "run_exports.json.zst"])
def test_run_exports_that_break_off_are_begun_anew(
    channel: Path, client: Client, name: str
) -> None:
    write_repodata(channel, repodata(entry("lib")))
    text = b'{"packages.conda": {"lib-1-0.conda": {"run_exports": {"weak": ["lib"]}}}}'
    with ChannelServer(channel, validators=False, ranges=False) as server:
        server.serve(f"noarch/{name}", zstd.compress(text) if name.endswith("zst") else text)
        server.truncate(f"noarch/{name}", after=20, times=2)
        gateway = Gateway(client)
        (records,) = gateway.query([server.url], ["noarch"], ["lib"])
        (found,) = gateway.run_exports(records)
    assert found is not None
    assert found.weak == ("lib",)


def test_an_optional_document_that_always_breaks_off_at_no_known_length_is_passed_over(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH, formats=("zst", "json"))
    with ChannelServer(channel, validators=False, ranges=False) as server:
        server.truncate(FILES["zst"], after=30, times=None, framing="none")
        with pytest.warns(GatewayWarning, match="ends too early; it counts as not offered"):
            assert query(server, client, cache) == ["extra-1-0.conda"]
        assert 4 == server.count(FILES["zst"])


@pytest.mark.parametrize("form", ["shards", "zst", "bz2"])
def test_an_optional_document_that_always_breaks_off_is_passed_over(
    channel: Path, cache: Path, client: Client, form: str
) -> None:
    write_repodata(channel, NOARCH, formats=(form, "json"))
    with ChannelServer(channel, validators=False, ranges=False) as server:
        server.truncate(FILES[form], after=30, times=None)
        with pytest.warns(GatewayWarning, match="ended too early; it counts as not offered"):
            assert query(server, client, cache) == ["extra-1-0.conda"]
        assert 4 == server.count(FILES[form])


def test_a_document_that_broke_off_is_asked_for_by_the_next_one(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH, formats=("zst", "json"))
    with ChannelServer(channel, validators=False, ranges=False) as server:
        server.truncate(FILES["zst"], after=30, times=4)
        with pytest.warns(GatewayWarning, match="counts as not offered"):
            query(server, client, cache)
        before = server.count(FILES["json"])
        assert query(server, client, cache) == ["extra-1-0.conda"]
        assert 5 == server.count(FILES["zst"])
        assert before == server.count(FILES["json"])


def test_packed_run_exports_that_always_break_off_are_passed_over(
    channel: Path, client: Client
) -> None:
    write_repodata(channel, repodata(entry("lib")))
    text = b'{"packages.conda": {"lib-1-0.conda": {"run_exports": {"weak": ["lib"]}}}}'
    with ChannelServer(channel, validators=False, ranges=False) as server:
        server.serve("noarch/run_exports.json", text)
        server.serve("noarch/run_exports.json.zst", zstd.compress(text))
        server.truncate("noarch/run_exports.json.zst", after=20, times=None)
        gateway = Gateway(client)
        (records,) = gateway.query([server.url], ["noarch"], ["lib"])
        with pytest.warns(GatewayWarning, match="ended too early; it counts as not offered"):
            (found,) = gateway.run_exports(records)
    assert found is not None
    assert found.weak == ("lib",)


def test_run_exports_that_are_packed_and_end_too_early_are_passed_over(
    channel: Path, client: Client
) -> None:
    write_repodata(channel, repodata(entry("lib")))
    text = b'{"packages.conda": {"lib-1-0.conda": {"run_exports": {"weak": ["lib"]}}}}'
    with ChannelServer(channel) as server:
        server.serve("noarch/run_exports.json", text)
        server.serve("noarch/run_exports.json.zst", zstd.compress(text)[:-5])
        gateway = Gateway(client)
        (records,) = gateway.query([server.url], ["noarch"], ["lib"])
        with pytest.warns(GatewayWarning, match="ends too early; it counts as not offered"):
            (found,) = gateway.run_exports(records)
    assert found is not None
    assert found.weak == ("lib",)
