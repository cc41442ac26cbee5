"""What a repodata document may be (CEP 36), however it is served."""

from __future__ import annotations

import bz2
import json
from typing import TYPE_CHECKING, Any

import pytest

from hognose.errors import FetchRepoDataError, InvalidPackageFileError
from hognose.repodata import Gateway
from support.channel_server import ChannelServer
from support.repodata_files import entry, zstd
from support.toy_channel import file_names

if TYPE_CHECKING:
    from pathlib import Path

    from hognose.net import Client
    from hognose.repodata import GatewayQueryResult

PLAIN = "noarch/repodata.json"
WAYS = ("plain", "zst", "bz2", "kept on the disk", "directory")
# A record as repodata has it.
RECORD = entry("a")


def query(body: bytes, way: str, client: Client, place: Path) -> GatewayQueryResult:
    """Ask for `a` where the repodata of noarch is some bytes."""
    if way == "directory":
        path = place / PLAIN
        path.parent.mkdir(parents=True)
        path.write_bytes(body)
        return Gateway(client).query([str(place)], ["noarch"], ["a"])
    with ChannelServer() as server:
        server.serve(PLAIN, body)
        if way == "zst":
            server.serve(f"{PLAIN}.zst", zstd.compress(body))
        if way == "bz2":
            server.serve(f"{PLAIN}.bz2", bz2.compress(body))
        cache = place / "cache" if way == "kept on the disk" else None
        if cache is not None:
            Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["a"])
        return Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["a"])


def document(**parts: Any) -> bytes:
    return json.dumps({"packages": {"a-1-0.tar.bz2": RECORD}, **parts}).encode()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("body", [b"", b"{}", b'{"info": {}}'], ids=["nothing", "empty", "info"])
def test_a_document_without_packages_has_none(
    way: str, body: bytes, client: Client, tmp_path: Path
) -> None:
    assert [[]] == query(body, way, client, tmp_path)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"future": {"a": [1]}, "signatures": {"a-1-0.tar.bz2": {"key": {"signature": "x"}}}},
        {"signatures": 3},
        {"info": {"future": 1, "arch": "x86_64", "platform": "linux"}},
        {"info": {"repodata_version": 2}, "repodata_version": 2},
        {"packages": {"a-1-0.tar.bz2": {**RECORD, "md5": None, "sha256": None, "future": 1}}},
    ],
    ids=["bare", "unknown", "wrong signatures", "info", "version 2", "record"],
)
def test_what_is_not_known_is_passed_over(
    way: str, parts: dict[str, Any], client: Client, tmp_path: Path
) -> None:
    (records,) = query(document(**parts), way, client, tmp_path)
    assert ["a-1-0.tar.bz2"] == file_names(records)


@pytest.mark.parametrize("way", WAYS)
def test_what_was_withdrawn_is_not_found_and_told_of(
    way: str, client: Client, tmp_path: Path
) -> None:
    packages = {"a-1-0.tar.bz2": RECORD, "a-2-0.tar.bz2": {**RECORD, "version": "2"}}
    body = document(packages=packages, removed=["a-2-0.tar.bz2"])
    found = query(body, way, client, tmp_path)
    assert ["a-1-0.tar.bz2"] == file_names(found[0])
    assert ["a-2-0.tar.bz2"] == [package.file_name for package in found.removed[0]]


@pytest.mark.parametrize("way", WAYS)
def test_of_one_build_in_two_formats_the_newer_format_counts(
    way: str, client: Client, tmp_path: Path
) -> None:
    body = document(**{"packages.conda": {"a-1-0.conda": RECORD}})
    (records,) = query(body, way, client, tmp_path)
    assert ["a-1-0.conda"] == file_names(records)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("body", [b" ", b"null", b"[]", b'{"packages": 3}'])
def test_what_is_no_dictionary_of_packages_is_an_error(
    way: str, body: bytes, client: Client, tmp_path: Path
) -> None:
    with pytest.raises((InvalidPackageFileError, FetchRepoDataError), match=r"repodata\.json"):
        query(body, way, client, tmp_path)


def test_a_channel_without_noarch_is_none(client: Client) -> None:
    with ChannelServer() as server:
        server.serve("linux-64/repodata.json", b"{}")
        with pytest.raises(FetchRepoDataError, match="is not a channel"):
            Gateway(client).query([server.url], ["linux-64", "noarch"], ["a"])
