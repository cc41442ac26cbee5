"""What servers say of the documents that they send, and what they send in place of them."""

from __future__ import annotations

import bz2
import gzip
import warnings
from typing import TYPE_CHECKING

import pytest

from hognose.errors import FetchRepoDataError, InvalidPackageFileError
from hognose.repodata import Gateway, GatewayWarning
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata, zstd
from support.toy_channel import NOARCH, file_names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hognose.net import Client

PLAIN = "noarch/repodata.json"
OPTIONAL = ("repodata_shards.msgpack.zst", "repodata.json.zst", "repodata.json.bz2")
PAGE = b"<!DOCTYPE html><html><head><title>Who are you?</title></head></html>"


def query(url: str, client: Client, cache: Path | None = None) -> list[str]:
    return file_names(Gateway(client, cache_dir=cache).query([url], ["noarch"], ["extra"])[0])


def twice(content: bytes) -> bytes:
    return gzip.compress(gzip.compress(content))


def as_it_is(content: bytes) -> bytes:
    return content


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("x-gzip", gzip.compress),
        ("identity", as_it_is),
        ("", as_it_is),
        ("identity, Gzip", gzip.compress),
        ("gzip,gzip", twice),
        ("zstd", zstd.compress),
        ("x-bzip2", bz2.compress),
        # A proxy that unpacked it and did not say so.
        ("gzip", as_it_is),
    ],
)
@pytest.mark.parametrize("is_kept", [True, False])
def test_the_coding_of_a_plain_document_is_undone(
    channel: Path,
    cache: Path,
    client: Client,
    coding: str,
    pack: Callable[[bytes], bytes],
    is_kept: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    write_repodata(channel, NOARCH)
    body = pack((channel / PLAIN).read_bytes())
    with ChannelServer() as server:
        server.serve(PLAIN, body, headers={"Content-Encoding": coding})
        assert query(server.url, client, cache if is_kept else None) == ["extra-1-0.conda"]


@pytest.mark.parametrize(
    ("form", "name", "coding", "pack"),
    [
        ("zst", "repodata.json.zst", "gzip", gzip.compress),
        ("shards", "repodata_shards.msgpack.zst", "gzip", gzip.compress),
        ("bz2", "repodata.json.bz2", "x-gzip", gzip.compress),
        # Apache says of a file how it is packed itself.
        ("zst", "repodata.json.zst", "zstd", as_it_is),
        ("bz2", "repodata.json.bz2", "x-bzip2", as_it_is),
        # The same said by a server that means it.
        ("zst", "repodata.json.zst", "zstd", zstd.compress),
    ],
)
def test_the_coding_of_a_packed_document_is_undone_where_it_is_one(
    channel: Path,
    client: Client,
    form: str,
    name: str,
    coding: str,
    pack: Callable[[bytes], bytes],
) -> None:
    write_repodata(channel, NOARCH, formats=(form,))
    path = f"noarch/{name}"
    with ChannelServer(channel) as server:
        body = pack((channel / path).read_bytes())
        server.serve(path, body, headers={"Content-Encoding": coding})
        assert query(server.url, client) == ["extra-1-0.conda"]


def test_an_unknown_coding_is_named(client: Client) -> None:
    with ChannelServer() as server:
        url = server.serve(PLAIN, b"\x1b\x00", headers={"Content-Encoding": "gzip, br"})
        with pytest.raises(FetchRepoDataError, match="the content coding `br`") as caught:
            query(server.url, client)
    assert url in caught.value.message
    assert "proxy" in (caught.value.hint or "")


@pytest.mark.parametrize("is_packed", [True, False])
def test_a_page_in_place_of_a_channel_is_told_once(
    client: Client,
    is_packed: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    headers = {"Content-Type": "text/html; charset=utf-8"}
    body = gzip.compress(PAGE) if is_packed else PAGE
    if is_packed:
        headers["Content-Encoding"] = "gzip"
    with ChannelServer() as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        server.fail(status=200, body=body, headers=headers, times=None)
        with pytest.raises(InvalidPackageFileError) as caught:
            query(server.url, client)
        assert caught.value.message == (
            f"{server.url}noarch/repodata.json is not a JSON object: a web page of type "
            "`text/html` came, which begins with `<!DOCTYPE html><html><head><title>Who ar...`"
        )
    assert "captive portal" in (caught.value.hint or "")


@pytest.mark.parametrize("content", [PAGE, b'{"error": "not found"}', b"oops, no such file"])
def test_something_else_in_place_of_an_optional_document_is_passed_over_and_told(
    channel: Path, cache: Path, client: Client, content: bytes
) -> None:
    write_repodata(channel, NOARCH)
    with ChannelServer(channel) as server:
        for name in OPTIONAL:
            server.serve(f"noarch/{name}", content)
        with pytest.warns(GatewayWarning) as said:
            assert query(server.url, client, cache) == ["extra-1-0.conda"]
        (only,) = (str(each.message) for each in said)
        assert f"{server.url}noarch/{OPTIONAL[0]} is not a zstd file: " in only
        assert only.endswith(
            "it counts as not offered, and so do `repodata.json.zst` and `repodata.json.bz2`"
        )
        server.forget()
        assert query(server.url, client, cache) == ["extra-1-0.conda"]
        assert server.count() == 1


def test_a_page_that_a_redirect_led_to_is_told_with_its_address(client: Client) -> None:
    with ChannelServer() as login, ChannelServer() as server:
        page = login.serve("login", PAGE, headers={"Content-Type": "text/html"})
        server.redirect("*", f"{page}?ticket=7")
        with pytest.raises(InvalidPackageFileError) as caught:
            query(server.url, client)
    assert f"came from {page}, which" in caught.value.message


def test_a_page_in_place_of_run_exports_is_passed_over_and_told(
    channel: Path, client: Client
) -> None:
    write_repodata(channel, repodata(entry("lib")))
    with ChannelServer(channel) as server:
        for name in ("run_exports.json.zst", "run_exports.json"):
            server.serve(f"noarch/{name}", PAGE)
        gateway = Gateway(client)
        (records,) = gateway.query([server.url], ["noarch"], ["lib"])
        with pytest.warns(GatewayWarning, match="a web page"):
            assert gateway.run_exports(records) == [None]


@pytest.mark.parametrize("coding", ["gzip", "zstd", "bzip2"])
def test_a_coding_that_does_not_fit_is_named(client: Client, coding: str) -> None:
    with ChannelServer() as server:
        server.serve(PLAIN, b"\x00\x01\x02k\x03", headers={"Content-Encoding": coding})
        with pytest.raises(InvalidPackageFileError) as caught:
            query(server.url, client)
    told = f"something else came, which is not in the content coding `{coding}` that it should have"
    assert told in caught.value.message


def test_a_coding_that_fits_is_not_blamed(client: Client) -> None:
    with ChannelServer() as server:
        server.serve(PLAIN, gzip.compress(b"oops"), headers={"Content-Encoding": "gzip"})
        with pytest.raises(InvalidPackageFileError, match="which begins with `oops`"):
            query(server.url, client)
