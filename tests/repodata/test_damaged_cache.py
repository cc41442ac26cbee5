"""What is on the disk and cannot be used: fetched anew, once, and never mixed up with the channel."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from hognose.errors import FetchRepoDataError, InvalidPackageFileError
from hognose.net import Client
from hognose.repodata import Gateway, SourceConfig
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata
from support.toy_channel import FORMATS, NOARCH, file_names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hognose.types import RunExportsJson

DOCUMENTS = {
    "json": "noarch/repodata.json",
    "zst": "noarch/repodata.json.zst",
    "bz2": "noarch/repodata.json.bz2",
    "shards": "noarch/repodata_shards.msgpack.zst",
}
NAMES = ["app", "extra", "unrelated"]
FOUND = ["app-1-0.conda", "app-2-0.conda", "extra-1-0.conda", "unrelated-1-0.conda"]


def with_zeros(content: bytes) -> bytes:
    middle = len(content) // 3
    return content[:middle] + bytes(40) + content[middle + 40 :]


def with_another_digit(content: bytes) -> bytes:
    """Still JSON, if that is what it was; and no shard is called so."""
    changed = re.sub(rb'"version": ?"1"', lambda found: found[0].replace(b"1", b"7"), content)
    return changed if changed != content else with_zeros(content)


def without_the_end(content: bytes) -> bytes:
    return content[:-30]


def of_another_version(content: bytes) -> bytes:
    return content[:-8] + b"hogsplt1"


DAMAGE = [with_zeros, with_another_digit, without_the_end, of_another_version]


def damage_contents(cache: Path, damage: Callable[[bytes], bytes]) -> Path:
    (content,) = cache.rglob("content-*")
    before = content.read_bytes()
    content.write_bytes(damage(before))
    assert content.read_bytes() != before
    return content


def query(client: Client, cache: Path, url: str, names: list[str] = NAMES) -> list[str]:
    (records,) = Gateway(client, cache_dir=cache).query([url], ["noarch"], names, recursive=False)
    return file_names(records)


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("cache_control", [None, "max-age=3600"])
def test_a_damaged_document_is_fetched_once_more_without_validators(
    channel: Path,
    cache: Path,
    client: Client,
    form: str,
    damage: Callable[[bytes], bytes],
    cache_control: str | None,
) -> None:
    write_repodata(channel, NOARCH, formats=[form])
    with ChannelServer(channel, cache_control=cache_control) as server:
        assert query(client, cache, server.url) == FOUND
        damaged = damage_contents(cache, damage)
        server.forget()
        assert query(client, cache, server.url) == FOUND
        whole = [each for each in server.requests if "if-none-match" not in each.headers]
        assert [each.path for each in whole] == [DOCUMENTS[form]]
        assert not damaged.exists()
        server.forget()
        assert query(client, cache, server.url) == FOUND
        assert all("if-none-match" in each.headers for each in server.requests)


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("form", ["zst", "shards"])
def test_offline_a_damaged_document_is_named_with_what_to_do(
    channel: Path, cache: Path, client: Client, form: str, damage: Callable[[bytes], bytes]
) -> None:
    write_repodata(channel, NOARCH, formats=[form])
    with ChannelServer(channel) as server:
        query(client, cache, server.url)
        damaged = damage_contents(cache, damage)
        for _ in range(2):
            with (
                Client(offline=True, environ={}) as offline,
                pytest.raises(FetchRepoDataError) as caught,
            ):
                query(offline, cache, server.url)
            assert f"{server.url}noarch/" in caught.value.message
            assert str(damaged) in caught.value.message
            assert "fetched anew" in str(caught.value.hint)
        assert query(client, cache, server.url) == FOUND


def test_who_must_not_ask_is_told_of_a_damaged_document(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH, formats=["zst"])
    with ChannelServer(channel) as server:
        query(client, cache, server.url)
        damaged = damage_contents(cache, with_zeros)
        server.forget()
        config = SourceConfig(cache_action="force-cache-only")
        gateway = Gateway(client, cache_dir=cache, default_config=config)
        with pytest.raises(FetchRepoDataError, match=re.escape(str(damaged))):
            gateway.query([server.url], ["noarch"], NAMES)
        assert server.count() == 0


def test_every_name_of_a_damaged_document_may_mention_a_text(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, NOARCH, formats=["zst"])
    with ChannelServer(channel, cache_control="max-age=3600") as server:
        query(client, cache, server.url)
        damage_contents(cache, with_another_digit)
        found = Gateway(client, cache_dir=cache).who_needs([server.url], ["noarch"], "lib")
    assert file_names([each.record for each in found]) == ["app-1-0.conda", "app-2-0.conda"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_channels_own_bad_record_is_blamed_on_the_channel(
    channel: Path, cache: Path, client: Client, form: str
) -> None:
    bad = {**entry("bad"), "depends": 7}
    write_repodata(channel, repodata(entry("good"), bad), formats=[form])
    with ChannelServer(channel, cache_control="max-age=3600") as server:
        for _ in range(2):
            with pytest.raises(InvalidPackageFileError, match="bad") as caught:
                query(client, cache, server.url, ["bad"])
            assert server.url in caught.value.message
            assert str(cache) not in caught.value.message
        assert query(client, cache, server.url, ["good"]) == ["good-1-0.conda"]


def test_a_bad_record_is_asked_for_again_although_the_document_is_fresh(
    channel: Path, cache: Path, client: Client
) -> None:
    write_repodata(channel, repodata({**entry("app"), "depends": 7}), formats=["zst"])
    with ChannelServer(channel, cache_control="max-age=3600") as server:
        with pytest.raises(InvalidPackageFileError):
            query(client, cache, server.url, ["app"])
        write_repodata(channel, repodata(entry("app")), formats=["zst"])
        assert query(client, cache, server.url, ["app"]) == ["app-1-0.conda"]


def exports(client: Client, cache: Path, url: str) -> list[RunExportsJson | None]:
    gateway = Gateway(client, cache_dir=cache)
    (records,) = gateway.query([url], ["noarch"], ["extra"])
    return gateway.run_exports(records)


@pytest.mark.parametrize("damage", [with_zeros, without_the_end])
def test_damaged_run_exports_are_fetched_once_more(
    channel: Path, cache: Path, client: Client, damage: Callable[[bytes], bytes]
) -> None:
    write_repodata(channel, NOARCH)
    content = {"packages.conda": {"extra-1-0.conda": {"run_exports": {"weak": ["lib >=2,<3"] * 9}}}}
    (channel / "noarch/run_exports.json").write_text(json.dumps(content))
    with ChannelServer(channel) as server:
        expected = exports(client, cache, server.url)
        (kept,) = (each for each in cache.rglob("content-*") if b"weak" in each.read_bytes())
        kept.write_bytes(damage(kept.read_bytes()))
        with (
            Client(offline=True, environ={}) as offline,
            pytest.raises(FetchRepoDataError, match=re.escape(str(kept))),
        ):
            exports(offline, cache, server.url)
        server.forget()
        assert exports(client, cache, server.url) == expected
        (asked,) = (each for each in server.requests if "run_exports" in each.path)
        assert "if-none-match" not in asked.headers


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"document": "\xff"}', b"{"])
def test_a_damaged_note_is_forgotten(
    channel: Path, cache: Path, client: Client, text: bytes
) -> None:
    write_repodata(channel, NOARCH, formats=["zst"])
    with ChannelServer(channel) as server:
        query(client, cache, server.url)
        for note in cache.rglob("*.json"):
            note.write_bytes(text)
        assert query(client, cache, server.url) == FOUND


def test_a_note_that_leads_out_of_the_cache_is_not_followed(
    channel: Path, cache: Path, client: Client, tmp_path: Path
) -> None:
    write_repodata(channel, NOARCH, formats=["zst"])
    mine = tmp_path / "mine"
    mine.write_text("precious")
    document = {"format": "zst", "file": "../../../mine", "fetched_at": 1, "fresh_for": 9e99}
    with ChannelServer(channel) as server:
        query(client, cache, server.url)
        (note,) = cache.rglob("state.json")
        note.write_text(json.dumps({"document": document}))
        assert query(client, cache, server.url) == FOUND
    assert mine.read_text() == "precious"
