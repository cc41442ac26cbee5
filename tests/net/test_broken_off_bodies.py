"""Bodies that break off, and parts of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.errors import NetworkError
from support.channel_server import ChannelServer

if TYPE_CHECKING:
    from pathlib import Path

    from hognose.net import Client, Response

# What the server of the fixture has at `noarch/a.conda`.
TEXT = bytes(range(256)) * 64


def test_a_body_that_breaks_off_is_taken_up_where_it_ended(
    server: ChannelServer, client: Client
) -> None:
    server.truncate("noarch/a.conda", after=1000)
    server.truncate("noarch/a.conda", after=500)
    with client.open(server.url + "noarch/a.conda") as response:
        assert b"".join(iter(lambda: response.read(100), b"")) == TEXT
    ranges = [request.headers.get("range") for request in server.requests]
    assert ranges == [None, "bytes=1000-", "bytes=1500-"]


def test_a_body_is_not_patched_together_from_two_documents(
    server: ChannelServer, client: Client
) -> None:
    url = server.serve("moving", TEXT)
    server.truncate("moving", after=1000)
    with client.open(url) as response:
        assert response.read(1000) == TEXT[:1000]
        server.serve("moving", TEXT[::-1])
        with pytest.raises(NetworkError, match="too early"):
            response.read(1000)


def test_a_body_without_a_validator_is_not_taken_up_again(tmp_path: Path, client: Client) -> None:
    (tmp_path / "a").write_bytes(TEXT)
    with ChannelServer(tmp_path, validators=False) as server:
        server.truncate("a", after=1000)
        with (
            client.open(server.url + "a") as response,
            pytest.raises(NetworkError, match="too early"),
        ):
            response.read()


def test_a_whole_document_without_a_validator_is_asked_for_again(
    tmp_path: Path, client: Client
) -> None:
    (tmp_path / "a").write_bytes(TEXT)
    with ChannelServer(tmp_path, validators=False) as server:
        server.truncate("a", after=1000, times=2)
        assert client.get(server.url + "a") == TEXT
        assert [request.headers.get("range") for request in server.requests] == [None] * 3


def test_what_is_made_of_a_document_is_made_anew_when_it_breaks_off(
    tmp_path: Path, client: Client
) -> None:
    (tmp_path / "a").write_bytes(TEXT)
    pieces: list[int] = []

    def receive(response: Response) -> bytes:
        pieces.clear()
        content = b""
        while piece := response.read(500):
            pieces.append(len(piece))
            content += piece
        return content

    with ChannelServer(tmp_path, validators=False) as server:
        server.truncate("a", after=1000, times=2)
        assert client.fetch(server.url + "a", receive) == TEXT
        assert server.count() == 3
    assert sum(pieces) == len(TEXT)


def test_a_body_that_never_gets_further_ends_with_an_error(
    server: ChannelServer, client: Client, pauses: list[float]
) -> None:
    server.truncate(after=0, times=None)
    with (
        client.open(server.url + "noarch/a.conda") as response,
        pytest.raises(NetworkError, match="too early"),
    ):
        response.read()
    assert len(pauses) == 3


def test_a_whole_document_is_not_asked_for_without_end(
    server: ChannelServer, client: Client
) -> None:
    server.truncate(after=0, times=None)
    with pytest.raises(NetworkError, match="too early"):
        client.get(server.url + "noarch/a.conda")
    assert server.count() == 4


@pytest.mark.parametrize(
    ("field", "first", "last"),
    [
        ("bytes=1000-8999", 1000, 8999),
        ("bytes=-5000", len(TEXT) - 5000, len(TEXT) - 1),
        ("bytes=1000-", 1000, len(TEXT) - 1),
    ],
)
def test_a_range_that_breaks_off_is_taken_up_inside_itself(
    server: ChannelServer, client: Client, field: str, first: int, last: int
) -> None:
    server.truncate("noarch/a.conda", after=2000)
    server.truncate("noarch/a.conda", after=1000)
    fields = {"range": field, "If-Modified-Since": "Thu, 01 Jan 1970 00:00:30 GMT"}
    with client.open(server.url + "noarch/a.conda", headers=fields) as response:
        assert b"".join(iter(lambda: response.read(100), b"")) == TEXT[first : last + 1]
    ranges = [request.headers.get("range") for request in server.requests]
    assert ranges == [field, f"bytes={first + 2000}-{last}", f"bytes={first + 3000}-{last}"]
    assert "if-modified-since" not in server.requests[1].headers


def test_an_answer_of_several_parts_is_not_taken_up(server: ChannelServer, client: Client) -> None:
    fields = {"Content-Type": "multipart/byteranges; boundary=x", "ETag": '"a"'}
    server.fail("noarch/a.conda", status=206, headers=fields, body=b"--x\r\n")
    server.fail("noarch/a.conda", status=206, headers=fields, body=b"--x\r\n")
    wanted = {"Range": "bytes=0-1,5-6"}
    with client.open(server.url + "noarch/a.conda", headers=wanted) as response:
        assert response.read() == b"--x\r\n"
    assert server.count() == 1


def test_another_part_than_was_asked_for_is_refused(server: ChannelServer, client: Client) -> None:
    fields = {"Content-Range": f"bytes 0-9/{len(TEXT)}"}
    server.fail("noarch/a.conda", status=206, headers=fields, body=TEXT[:10])
    with pytest.raises(NetworkError, match="another part"):
        client.open(server.url + "noarch/a.conda", offset=100)


def test_a_range_of_a_local_file_is_what_a_server_would_give(
    server: ChannelServer, client: Client, tmp_path: Path
) -> None:
    for field in ("bytes=10-19", "bytes=-10", "bytes=16380-99999", "bytes=0-", "bytes=5-2"):
        answers = []
        for url in (server.url + "noarch/a.conda", (tmp_path / "noarch/a.conda").as_uri()):
            if field == "bytes=5-2" and url.startswith("http"):
                answers.append((200, None, TEXT))
                continue
            with client.open(url, headers={"Range": field}) as response:
                content_range = response.headers.get("content-range")
                if len(TEXT) == response.length:
                    answers.append((200, None, response.read()))
                else:
                    answers.append((response.status, content_range, response.read()))
        assert answers[0] == answers[1], field
