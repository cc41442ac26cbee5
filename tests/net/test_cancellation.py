"""Fetching ends at once when that is asked for, also where a server is slow or silent.

Servers here hold back what they promised until the test is over, so a fetch that does not end runs
into the time limit of the test.
"""

import socket
import threading
from contextlib import contextmanager

import pytest

from hognose.errors import FetchCancelledError, NetworkError
from hognose.net import Cancellation, Client, ProxySettings, TlsSettings
from support.channel_server import ChannelServer
from support.peer_process import make_certificates


@contextmanager
def direct(tmp_path):
    with ChannelServer() as server, Client(environ={}) as client:
        yield server, client, server.url


@contextmanager
def over_tls(tmp_path):
    make_certificates(tmp_path)
    tls = TlsSettings(ca_bundle=str(tmp_path / "ca.pem"))
    with (
        ChannelServer(certificate=tmp_path / "server.pem") as server,
        Client(environ={}, tls=tls) as client,
    ):
        yield server, client, server.url


@contextmanager
def through_a_proxy(tmp_path):
    with ChannelServer() as server:
        proxies = ProxySettings(by_scheme={"http": server.url})
        with Client(environ={}, proxies=proxies) as client:
            yield server, client, "http://channel.example.com/"


class Fetching:
    """A thread that fetches a document, and what it ended with."""

    def __init__(self, client, url):
        self.arrived = threading.Event()
        self.result = None
        self._thread = threading.Thread(target=self._run, args=(client, url))
        self._thread.start()

    def _run(self, client, url):
        try:
            with client.open(url) as response:
                pieces = [response.read(10)]
                self.arrived.set()
                pieces.append(response.read())
            self.result = b"".join(pieces)
        except NetworkError as error:
            self.result = error

    def end(self):
        self._thread.join()
        return self.result


@pytest.mark.parametrize("way", [direct, over_tls, through_a_proxy])
def test_who_waits_for_the_rest_of_a_body_is_woken(tmp_path, way):
    with way(tmp_path) as (server, client, url):
        server.serve("a", bytes(100))
        server.stall("a", after=50)
        cancellation = Cancellation()
        fetching = Fetching(client.cancelled_by(cancellation), f"{url}a")
        fetching.arrived.wait()
        cancellation.cancel()
        error = fetching.end()
    assert isinstance(error, FetchCancelledError)
    assert f"{url}a" == error.url
    assert 1 == server.count()


@pytest.mark.parametrize("way", [direct, over_tls])
def test_who_waits_for_the_head_of_an_answer_is_woken(tmp_path, way):
    with way(tmp_path) as (server, client, url):
        server.serve("a", b"x")
        server.delay("a", seconds=60)
        cancellation = Cancellation()
        fetching = Fetching(client.cancelled_by(cancellation), f"{url}a")
        while not server.count():
            pass
        cancellation.cancel()
        assert isinstance(fetching.end(), FetchCancelledError)
    assert 1 == server.count()


def test_who_waits_before_asking_again_is_woken(tmp_path):
    with direct(tmp_path) as (server, client, url):
        server.fail("a", status=503, headers={"Retry-After": "60"}, times=None)
        cancellation = Cancellation()
        fetching = Fetching(client.cancelled_by(cancellation), f"{url}a")
        while not server.count():
            pass
        cancellation.cancel()
        assert isinstance(fetching.end(), FetchCancelledError)
    assert 1 == server.count()


def test_a_body_of_unknown_length_is_not_taken_for_whole():
    with socket.create_server(("127.0.0.1", 0)) as listener, Client(environ={}) as client:
        cancellation = Cancellation()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        fetching = Fetching(client.cancelled_by(cancellation), url)
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789abc")
            fetching.arrived.wait()
            cancellation.cancel()
            assert isinstance(fetching.end(), FetchCancelledError)


def test_what_is_cancelled_asks_for_nothing(tmp_path):
    with direct(tmp_path) as (server, client, url):
        cancellation = Cancellation()
        cancellation.cancel()
        with pytest.raises(FetchCancelledError, match="cancelled"):
            client.cancelled_by(cancellation).get(f"{url}a")
        assert 0 == server.count()


def test_the_client_that_it_came_from_goes_on(tmp_path):
    with direct(tmp_path) as (server, client, url):
        server.serve("a", b"x")
        cancellation = Cancellation()
        assert b"x" == client.cancelled_by(cancellation).get(f"{url}a")
        cancellation.cancel()
        assert b"x" == client.get(f"{url}a")
        assert 1 == server.connection_count
