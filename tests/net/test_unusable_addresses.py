"""Addresses, proxies and secrets that nobody can use are refused by name, before a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.errors import InvalidUrlError, NetworkError
from hognose.net import Client, Credentials, default_credentials
from hognose.net.secret_store import keys_for
from support.channel_server import ChannelServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server() -> Iterator[ChannelServer]:
    with ChannelServer() as server:
        server.serve("noarch/a.conda", b"x")
        yield server


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(environ={}) as client:
        yield client


@pytest.mark.parametrize("token", ["hush\n", "hush\r\nX-Other: y", "hush€"])
def test_a_secret_that_cannot_be_sent_is_an_error_without_it(
    server: ChannelServer, token: str
) -> None:
    class Store:
        def get(self, url: str, /) -> Credentials | None:
            return Credentials.bearer(token)

    with (
        Client(environ={}, credentials=Store()) as client,
        pytest.raises(NetworkError, match="HTTP's rules") as caught,
    ):
        client.get(server.url + "noarch/a.conda")
    assert "secret for this host" in (caught.value.hint or "")
    assert "hush" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert server.count() == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:abc/x",
        "http://127.0.0.1:99999/x",
        "http:///x",
        "http://a b/x",
        "http://a..b/x",
        "http://one@two@127.0.0.1:abc/x",
    ],
)
def test_an_address_that_makes_no_sense_is_refused(client: Client, url: str) -> None:
    with pytest.raises(InvalidUrlError):
        client.get(url)


@pytest.mark.parametrize(
    "proxy", ["http://me:hush@proxy:abc", "ftp://me:hush@proxy:1", "http://me:hush@", "http://:80"]
)
def test_a_proxy_that_makes_no_sense_is_named(server: ChannelServer, proxy: str) -> None:
    with (
        Client(environ={"ALL_PROXY": proxy}) as client,
        pytest.raises(NetworkError, match="the proxy `") as caught,
    ):
        client.get(server.url + "noarch/a.conda")
    assert "hush" not in str(caught.value)
    assert server.count() == 0


@pytest.mark.parametrize("url", ["http://h:9701:99/x", "http://[h/x"])
def test_a_broken_address_has_no_secret_and_is_refused(url: str, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "HOGNOSE_CREDENTIALS": '{"h": {"BearerToken": "hush"}}'}
    stores = default_credentials(home)
    assert [] == list(keys_for(url))
    assert stores.get(url) is None
    with (
        Client(environ={}, credentials=stores) as client,
        pytest.raises(InvalidUrlError, match="no server can have this address"),
    ):
        client.get(url)
