"""Fetching ends at once when that is asked for, also where a server is slow or silent.

Servers here hold back what they promised until the test is over, so a fetch that does not end runs
into the time limit of the test.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from queue import SimpleQueue

import pytest

from hognose.errors import FetchCancelledError, NetworkError
from hognose.net import Cancellation, Client, ProxySettings, TlsSettings
from support.channel_server import ChannelServer
from support.peer_process import make_certificates
from support.silent_ports import full_port, is_connecting, silent_port


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


@pytest.mark.parametrize("way", [direct, over_tls, through_a_proxy])
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


def test_what_ends_a_client_ends_those_that_were_made_from_it(tmp_path):
    with direct(tmp_path) as (server, client, url):
        server.serve("a", b"x")
        made = client.cancelled_by(Cancellation()).cancelled_by(Cancellation())
        assert b"x" == made.get(f"{url}a")
        client.cancellation.cancel()
        with pytest.raises(FetchCancelledError):
            made.get(f"{url}a")
    assert 1 == server.count()


def test_what_follows_something_cancelled_is_cancelled_from_the_start():
    cause = Cancellation()
    cause.cancel()
    assert Cancellation(None, cause).is_cancelled


def test_who_waits_for_a_connection_is_woken():
    with full_port() as port, Client(environ={}) as client:
        cancellation = Cancellation()
        url = f"http://127.0.0.1:{port}/a"
        fetching = Fetching(client.cancelled_by(cancellation), url)
        while not is_connecting(port):
            pass
        cancellation.cancel()
        error = fetching.end()
    assert isinstance(error, FetchCancelledError)
    assert url == error.url


@pytest.mark.parametrize(
    "proxies",
    [None, "http", "https"],
    ids=["of a server", "of a proxy", "of a proxy that speaks TLS"],
)
def test_who_waits_for_a_first_word_is_woken(proxies):
    with silent_port() as listener:
        port = listener.getsockname()[1]
        url = f"https://127.0.0.1:{port}/a"
        settings = ProxySettings()
        if proxies is not None:
            settings = ProxySettings(by_scheme={"https": f"{proxies}://127.0.0.1:{port}"})
            url = "https://channel.example.com/a"
        with Client(environ={}, proxies=settings) as client:
            cancellation = Cancellation()
            fetching = Fetching(client.cancelled_by(cancellation), url)
            connection, _ = listener.accept()
            with connection:
                connection.recv(1)
                cancellation.cancel()
                error = fetching.end()
    assert isinstance(error, FetchCancelledError)
    assert url == error.url


def test_what_cannot_be_interrupted_is_left_to_itself():
    cancellation = Cancellation()
    begun, may_end, discarded = threading.Event(), threading.Event(), SimpleQueue()

    def work():
        begun.set()
        may_end.wait()
        return "too late"

    def cancel():
        begun.wait()
        cancellation.cancel()

    threading.Thread(target=cancel).start()
    with pytest.raises(FetchCancelledError, match=r"https://example\.com/a"):
        cancellation.run(work, "https://example.com/a", discard=discarded.put)
    may_end.set()
    assert "too late" == discarded.get()


def test_what_had_better_be_finished_is_given_the_time_for_it():
    cancellation = Cancellation()
    is_cancelled, kept = threading.Event(), []

    def work():
        cancellation.cancel()
        is_cancelled.wait()
        kept.append("in time")

    with cancellation.waking(is_cancelled), pytest.raises(FetchCancelledError):
        cancellation.run(work, "https://example.com/a", grace=20)
    assert ["in time"] == kept


def test_what_is_left_to_itself_raises_its_error_where_it_is_waited_for():
    with pytest.raises(ZeroDivisionError):
        Cancellation().run(lambda: 1 // 0, "https://example.com/a")


LOOK_UP = """
import sys, threading
from hognose.errors import FetchCancelledError
from hognose.net import Cancellation, Client

cancellation = Cancellation()

def cancel():
    sys.stdin.readline()
    cancellation.cancel()

threading.Thread(target=cancel).start()
with Client(environ={}) as client:
    try:
        client.cancelled_by(cancellation).get("http://channel.example.com/a")
    except FetchCancelledError as error:
        print(error)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="needs a resolver of its own"
)
@pytest.mark.parametrize("way", ["by another thread", "by Ctrl-C"])
def test_who_waits_for_a_name_to_be_looked_up_is_woken(tmp_path, way):
    """The server of names gets the question, says nothing, and nobody waits for it."""
    resolver = "127.0.0.77"
    (tmp_path / "resolv.conf").write_text(f"nameserver {resolver}\noptions timeout:30\n")
    script = 'mount --bind "$1" /etc/resolv.conf && exec "$2" -c "$3"'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((resolver, 53))
        server.settimeout(20)
        shell = ["unshare", "-m", "sh", "-c", script, "sh", tmp_path / "resolv.conf"]
        with subprocess.Popen(
            [*shell, sys.executable, LOOK_UP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                server.recv(512)
            except TimeoutError:
                process.kill()
                pytest.skip(f"no resolver of its own: {process.stderr.read()}")
            if way == "by Ctrl-C":
                process.send_signal(signal.SIGINT)
            output, errors = process.communicate("now\n")
    if way == "by Ctrl-C":
        assert "KeyboardInterrupt" in errors
    else:
        assert "http://channel.example.com/a is not fetched: that was cancelled\n" == output


def test_the_rest_of_an_answer_that_nobody_wants_is_not_waited_for(tmp_path):
    with direct(tmp_path) as (server, client, url):
        server.serve("a", bytes(100))
        server.stall("a", after=50)
        with client.open(f"{url}a") as response:
            assert bytes(10) == response.read(10)
        server.heal()
        assert bytes(100) == client.get(f"{url}a")
    assert 2 == server.connection_count
