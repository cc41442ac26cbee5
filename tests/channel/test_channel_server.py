"""The server of `hognose channel serve`, asked by a real client."""

import urllib.error
import urllib.request

import pytest

from hognose.channel import ChannelServer
from hognose.errors import ChannelBuildError, NotFoundError
from hognose.net import Client


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root/noarch").mkdir(parents=True)
    (tmp_path / "root/noarch/a b.bin").write_bytes(bytes(range(100)))
    (tmp_path / "root/empty").write_bytes(b"")
    (tmp_path / "secret").write_text("secret")
    return tmp_path / "root"


@pytest.fixture
def server(root):
    with ChannelServer(root) as server:
        yield server


def ask(url, **headers):
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=fields)) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers, answer.read()


def test_a_file_comes_whole_with_validators(server):
    status, headers, body = ask(f"{server.url}noarch/a%20b.bin")
    assert (200, bytes(range(100)), "100") == (status, body, headers["Content-Length"])
    assert headers["ETag"]
    assert headers["Last-Modified"]


def test_an_empty_file_is_no_error(server):
    assert b"" == ask(f"{server.url}empty")[2]


@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [
        ("bytes=10-19", 206, bytes(range(10, 20))),
        ("bytes=90-", 206, bytes(range(90, 100))),
        ("bytes=-5", 206, bytes(range(95, 100))),
        ("bytes=-500", 206, bytes(range(100))),
        ("bytes=95-500", 206, bytes(range(95, 100))),
        ("bytes=100-", 416, b""),
        ("bytes=5-1", 416, b""),
        ("bytes=0-1,5-6", 200, bytes(range(100))),
        ("lines=1-2", 200, bytes(range(100))),
        ("bytes=x-y", 200, bytes(range(100))),
    ],
)
def test_one_range_is_honoured(server, wanted, status, body):
    answer = ask(f"{server.url}noarch/a%20b.bin", Range=wanted)
    assert (status, body) == (answer[0], answer[2])


def test_a_range_of_another_document_is_the_whole(server):
    headers = {"Range": "bytes=10-", "If_Range": '"other"'}
    assert 200 == ask(f"{server.url}noarch/a%20b.bin", **headers)[0]


def test_what_is_current_is_not_sent_again(server):
    _, headers, _ = ask(f"{server.url}noarch/a%20b.bin")
    for field, value in (("If_None_Match", "ETag"), ("If_Modified_Since", "Last-Modified")):
        assert 304 == ask(f"{server.url}noarch/a%20b.bin", **{field: headers[value]})[0]


@pytest.mark.parametrize(
    "path", ["missing", "noarch", "", "../secret", "%2e%2e/secret", "/etc/passwd", "noarch/%00"]
)
def test_nothing_but_files_below_the_directory_is_served(server, path):
    assert 404 == ask(server.url + path)[0]


def test_our_client_resumes_and_finds_nothing_where_nothing_is(server):
    with Client(environ={}) as client:
        with client.open(f"{server.url}noarch/a%20b.bin", offset=40) as response:
            assert bytes(range(40, 100)) == response.read()
        with pytest.raises(NotFoundError):
            client.get(f"{server.url}missing")


def test_a_directory_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ChannelBuildError, match="no directory"):
        ChannelServer(tmp_path / "missing")


def test_a_port_that_is_taken_is_an_error(server, root):
    port = int(server.url.rsplit(":", 1)[1].rstrip("/"))
    with pytest.raises(ChannelBuildError, match="cannot be listened on"):
        ChannelServer(root, port=port)
