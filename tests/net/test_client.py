"""The client against a real server on loopback, with its faults."""

from __future__ import annotations

import gzip
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from hognose.errors import InvalidUrlError, NetworkError, NotFoundError, OfflineError
from hognose.net import Client, Credentials, ProxySettings, RetryPolicy
from support.channel_server import ChannelServer

if TYPE_CHECKING:
    from pathlib import Path

# What the server of the fixture has at `noarch/a.conda`.
TEXT = bytes(range(256)) * 64


def test_a_document_arrives_byte_for_byte(server: ChannelServer, client: Client) -> None:
    assert client.get(server.url + "noarch/a.conda") == TEXT


def test_a_response_is_read_in_pieces_and_tells_its_length(
    server: ChannelServer, client: Client
) -> None:
    with client.open(server.url + "noarch/a.conda") as response:
        assert response.status == 200
        assert response.length == len(TEXT)
        assert response.headers["CONTENT-length"] == str(len(TEXT))
        assert response.read(10) == TEXT[:10]
        assert response.read() == TEXT[10:]
        assert response.read(10) == b""


def test_connections_are_used_again(server: ChannelServer, client: Client) -> None:
    for _ in range(5):
        client.get(server.url + "noarch/a.conda")
        with pytest.raises(NotFoundError):
            client.get(server.url + "missing")
    assert server.connection_count == 1


def test_a_compressed_transfer_is_not_undone(server: ChannelServer, client: Client) -> None:
    packed = gzip.compress(TEXT)
    url = server.serve("a.tar.bz2", packed, headers={"Content-Encoding": "gzip"})
    assert client.get(url) == packed
    assert server.requests[-1].headers["accept-encoding"] == "identity"


def test_a_missing_document_is_named(server: ChannelServer, client: Client) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.open(server.url + "noarch/b.conda")
    assert caught.value.url == server.url + "noarch/b.conda"
    assert caught.value.status == 404
    assert server.count() == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_trouble_of_the_server_is_waited_out(
    server: ChannelServer, client: Client, pauses: list[float], status: int
) -> None:
    server.fail("noarch/a.conda", status=status, times=2)
    assert client.get(server.url + "noarch/a.conda") == TEXT
    assert pauses == [0.25, 0.5]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 501])
def test_a_final_answer_is_not_asked_for_again(
    server: ChannelServer, client: Client, status: int
) -> None:
    server.fail(status=status, times=None)
    with pytest.raises(NetworkError) as caught:
        client.get(server.url + "noarch/a.conda")
    assert caught.value.status == status
    assert server.count() == 1


def test_a_lasting_trouble_ends_with_the_status(
    server: ChannelServer, client: Client, pauses: list[float]
) -> None:
    server.fail(status=503, times=None)
    with pytest.raises(NetworkError, match="status 503"):
        client.get(server.url + "noarch/a.conda")
    assert server.count() == 4
    assert len(pauses) == 3


def test_the_pause_that_a_server_asks_for_is_kept(
    server: ChannelServer, client: Client, pauses: list[float]
) -> None:
    server.fail(status=429, headers={"Retry-After": "7"})
    client.get(server.url + "noarch/a.conda")
    assert pauses == [7.0]


def test_a_date_to_come_back_at_is_turned_into_a_pause(
    server: ChannelServer, pauses: list[float]
) -> None:
    server.fail(status=503, headers={"Retry-After": "Thu, 01 Jan 1970 00:00:30 GMT"})
    with Client(environ={}, sleep=pauses.append, clock=lambda: 10.0) as client:
        client.get(server.url + "noarch/a.conda")
    assert pauses == [20.0]


def test_a_dropped_connection_is_tried_again(server: ChannelServer, client: Client) -> None:
    server.drop(times=3)
    assert client.get(server.url + "noarch/a.conda") == TEXT


def test_a_refused_connection_is_tried_again_and_then_named(pauses: list[float]) -> None:
    with ChannelServer() as server:
        url = server.url
    with (
        Client(environ={}, sleep=pauses.append) as client,
        pytest.raises(NetworkError, match=r"no connection \(connection refused\)") as caught,
    ):
        client.get(url + "noarch/repodata.json")
    assert len(pauses) == 3
    assert caught.value.url == url + "noarch/repodata.json"


def test_a_silent_server_is_given_up(server: ChannelServer, pauses: list[float]) -> None:
    server.stall(after=3, times=None)
    with (
        Client(environ={}, sleep=pauses.append, read_timeout=0.05, max_retries=1) as client,
        pytest.raises(NetworkError, match="fell silent"),
    ):
        client.get(server.url + "noarch/a.conda")


def test_an_offset_leaves_out_the_beginning(server: ChannelServer, client: Client) -> None:
    with client.open(server.url + "noarch/a.conda", offset=16000) as response:
        assert response.status == 206
        assert response.length == len(TEXT) - 16000
        assert response.read() == TEXT[16000:]


def test_an_offset_works_with_a_server_that_knows_no_ranges(tmp_path: Path, client: Client) -> None:
    (tmp_path / "a").write_bytes(TEXT)
    with (
        ChannelServer(tmp_path, ranges=False) as server,
        client.open(server.url + "a", offset=16000) as response,
    ):
        assert response.length == len(TEXT) - 16000
        assert response.read() == TEXT[16000:]


def test_an_offset_at_the_end_gives_nothing_and_beyond_it_an_error(
    server: ChannelServer, client: Client, tmp_path: Path
) -> None:
    for url in (server.url + "noarch/a.conda", (tmp_path / "noarch/a.conda").as_uri()):
        with client.open(url, offset=len(TEXT)) as response:
            assert response.read() == b""
        with pytest.raises(NetworkError, match="less than the offset"):
            client.open(url, offset=len(TEXT) + 1)


def test_an_unchanged_document_is_a_304(
    server: ChannelServer, client: Client, tmp_path: Path
) -> None:
    for url in (server.url + "noarch/a.conda", (tmp_path / "noarch/a.conda").as_uri()):
        with client.open(url) as response:
            tag = response.headers["ETag"]
        with client.open(url, headers={"If-None-Match": tag}) as response:
            assert response.status == 304
            assert response.read() == b""


def test_redirects_are_followed(server: ChannelServer, client: Client) -> None:
    server.redirect("old", "/noarch/a.conda", status=308)
    with client.open(server.url + "old") as response:
        assert response.url == server.url + "noarch/a.conda"
        assert response.read() == TEXT


def test_a_circle_of_redirects_ends(server: ChannelServer, client: Client) -> None:
    server.redirect("round", "/round")
    with pytest.raises(NetworkError, match="more than 10 times"):
        client.get(server.url + "round")


def test_a_redirect_to_the_disk_is_refused(
    server: ChannelServer, client: Client, tmp_path: Path
) -> None:
    server.redirect("trick", (tmp_path / "noarch/a.conda").as_uri())
    with pytest.raises(NetworkError, match="not a web address"):
        client.get(server.url + "trick")


def test_user_information_logs_in_and_stays_at_its_origin(client: Client) -> None:
    login = "Basic " + b64encode(b"me:se@cret").decode()
    with (
        ChannelServer(required_headers={"Authorization": login}) as guarded,
        ChannelServer() as other,
    ):
        guarded.serve("a", b"guarded")
        other.serve("b", b"open")
        guarded.redirect("here", "/a")
        guarded.redirect("there", other.url + "b")
        base = f"http://me:se%40cret@{guarded.host}/"
        assert client.get(base + "a") == b"guarded"
        assert client.get(base + "here") == b"guarded"
        assert client.get(base + "there") == b"open"
        assert "authorization" not in other.requests[0].headers
        assert all("cret" not in request.target for request in guarded.requests)


def test_a_store_of_credentials_is_not_asked_for_an_origin_that_nobody_named(
    client: Client,
) -> None:
    asked = []

    class Store:
        def get(self, url: str, /) -> Credentials | None:
            asked.append(url)
            return Credentials.bearer("xyz") if url.startswith(guarded.url) else None

    with (
        ChannelServer(required_headers={"Authorization": "Bearer xyz"}) as guarded,
        ChannelServer() as other,
        Client(environ={}, credentials=Store()) as trusted,
    ):
        other.serve("b", b"open")
        guarded.redirect("there", other.url + "b")
        assert trusted.get(guarded.url + "there") == b"open"
        assert asked == [guarded.url + "there"]
        assert "authorization" not in other.requests[0].headers


def test_secrets_are_not_in_errors(server: ChannelServer, client: Client) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.get(f"http://me:hush@{server.host}/t/hush/missing?token=hush")
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(vars(caught.value))


def test_secrets_are_not_in_errors_of_connections(pauses: list[float]) -> None:
    with ChannelServer() as server:
        host = server.host
    with (
        Client(environ={}, sleep=pauses.append) as client,
        pytest.raises(NetworkError) as caught,
    ):
        client.get(f"http://me:hush@{host}/t/hush/missing?token=hush")
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(vars(caught.value))


def test_a_document_that_is_too_large_is_refused(server: ChannelServer, client: Client) -> None:
    url = server.url + "noarch/a.conda"
    assert client.get(url, max_size=len(TEXT)) == TEXT
    with pytest.raises(NetworkError, match="larger than 100 bytes"):
        client.get(url, max_size=100)


def test_local_files_are_read_by_their_url(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "with space é.json"
    path.write_bytes(TEXT)
    assert client.get(path.as_uri()) == TEXT
    with client.open(path.as_uri(), offset=16000) as response:
        assert response.read() == TEXT[16000:]
    with pytest.raises(NotFoundError):
        client.get(tmp_path.as_uri() + "/missing")
    with pytest.raises(NotFoundError):
        client.get(tmp_path.as_uri())
    with pytest.raises(InvalidUrlError, match="another machine"):
        client.get("file://server/share")


def test_other_schemes_are_refused(client: Client) -> None:
    with pytest.raises(InvalidUrlError, match="scheme"):
        client.get("ftp://example.com/a")
    with pytest.raises(InvalidUrlError, match="scheme"):
        client.get("/a/path")


def test_offline_refuses_the_network_and_reads_the_disk(
    server: ChannelServer, tmp_path: Path
) -> None:
    with Client(offline=True, environ={}) as client:
        with pytest.raises(OfflineError, match="switched off"):
            client.get(server.url + "noarch/a.conda")
        assert client.get((tmp_path / "noarch/a.conda").as_uri()) == TEXT
    assert server.count() == 0


def test_the_proxy_of_the_environment_is_used(server: ChannelServer, client: Client) -> None:
    with Client(environ={"HTTP_PROXY": f"http://us:pw@{server.host}"}) as proxied:
        assert proxied.get("http://channel.invalid/noarch/a.conda") == TEXT
    request = server.requests[0]
    assert request.target == "http://channel.invalid/noarch/a.conda"
    assert request.headers["proxy-authorization"] == "Basic " + b64encode(b"us:pw").decode()


def test_a_host_on_the_list_of_exceptions_is_reached_without_proxy(
    server: ChannelServer,
) -> None:
    environ = {"ALL_PROXY": "http://127.0.0.1:1", "NO_PROXY": "localhost, 127.0.0.0/8"}
    with Client(environ=environ) as client:
        assert client.get(server.url + "noarch/a.conda") == TEXT


def test_a_proxy_that_is_down_is_named(server: ChannelServer, pauses: list[float]) -> None:
    with ChannelServer() as gone:
        settings = ProxySettings(by_scheme={"http": f"http://us:pw@{gone.host}"})
    with (
        Client(proxies=settings, sleep=pauses.append, retry=RetryPolicy(max_retries=1)) as client,
        pytest.raises(NetworkError, match="through the proxy") as caught,
    ):
        client.get(server.url + "noarch/a.conda")
    assert "pw" not in str(caught.value)


def test_switching_verification_off_is_warned_about_with_the_first_https_request() -> None:
    from hognose.net import TlsSettings

    with Client(environ={}, tls=TlsSettings(is_verified=False), max_retries=0) as client:
        with ChannelServer() as server:
            server.serve("a", b"open")
            assert client.get(f"{server.url}a") == b"open"
        with (
            pytest.warns(UserWarning, match="certificates is off"),
            pytest.raises(NetworkError),
        ):
            client.get("https://127.0.0.1:1/a")


def test_a_login_is_remembered_for_its_origin(client: Client) -> None:
    login = "Basic " + b64encode(b"me:cret").decode()
    with ChannelServer(required_headers={"Authorization": login}) as guarded:
        guarded.serve("a", b"guarded")
        guarded.serve("b", b"too")
        assert client.get(f"http://me:cret@{guarded.host}/a") == b"guarded"
        assert client.get(guarded.url + "b") == b"too"


def test_a_conda_token_is_remembered_for_its_origin(server: ChannelServer, client: Client) -> None:
    server.serve("t/xy-12/a", b"first")
    server.serve("t/xy-12/b", b"second")
    assert client.get(server.url + "t/xy-12/a") == b"first"
    assert client.get(server.url + "b") == b"second"


def test_the_client_introduces_itself(server: ChannelServer, client: Client) -> None:
    client.get(server.url + "noarch/a.conda")
    assert server.requests[0].headers["user-agent"].startswith("hognose/")
    with Client(environ={}, user_agent="cx/1", headers={"X-Where": "here"}) as named:
        named.get(server.url + "noarch/a.conda")
    assert server.requests[1].headers["user-agent"] == "cx/1"
    assert server.requests[1].headers["x-where"] == "here"
