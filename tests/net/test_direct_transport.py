"""Kept-alive connections, against servers that end them as they like."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager

import pytest

from hognose.errors import NetworkError
from hognose.net import Client, Request
from support.channel_server import ChannelServer
from support.oauth_server import OAuthTestServer


@contextmanager
def raw_server(*conversations):
    """Answer the requests of the first connection by the first texts, and so on, and hang up."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked = []

    def serve():
        for answers in conversations:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(10)
                for answer in answers:
                    head = b""
                    while b"\r\n\r\n" not in head:
                        piece = connection.recv(65536)
                        if not piece:
                            break
                        head += piece
                    asked.append(head.partition(b"\r\n")[0].decode())
                    connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", asked
    finally:
        thread.join()
        listener.close()


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def client(pauses):
    with Client(environ={}, sleep=pauses.append, read_timeout=5.0) as client:
        yield client


def answer(body, *fields):
    head = "\r\n".join(("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *fields))
    return f"{head}\r\n\r\n".encode() + body


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"


def test_a_connection_that_the_server_ended_is_replaced_without_a_pause(client, pauses):
    with raw_server([answer(b"one")], [answer(b"two")]) as (url, asked):
        assert b"one" == client.get(f"{url}1")
        assert b"two" == client.get(f"{url}2")
    assert ["GET /1 HTTP/1.1", "GET /2 HTTP/1.1"] == asked
    assert [] == pauses


def test_a_form_is_not_sent_over_a_connection_that_may_have_ended():
    with OAuthTestServer() as server, Client(environ={}) as client:
        ports = set()
        for _ in range(2):
            with pytest.raises(NetworkError):
                client.get(f"{server.url}/missing")
            request = Request(url=f"{server.url}/token", method="POST", body=b"client_id=rattler")
            with client.send(request) as response:
                ports.add(response.status)
        assert {400} == ports
        assert 2 == len(server.forms)


def test_a_body_in_chunks_leaves_the_connection_usable(client):
    with raw_server([CHUNKED, answer(b"next")]) as (url, _):
        assert b"abcde" == client.get(url)
        assert b"next" == client.get(url)


def test_chunks_that_break_off_are_an_error(client):
    cut = CHUNKED[:-9]
    with (
        raw_server([cut], [cut], [cut], [cut]) as (url, _),
        pytest.raises(NetworkError, match="too early"),
    ):
        client.get(url)


def test_a_server_that_ends_each_connection_is_understood(client):
    old = b"HTTP/1.0 200 OK\r\n\r\nno length"
    with raw_server([old], [answer(b"x", "Connection: close")], [answer(b"y")]) as (url, _):
        assert [b"no length", b"x", b"y"] == [client.get(url) for _ in range(3)]


def test_what_came_uninvited_does_not_become_an_answer(client):
    late = answer(b"one") + b"HTTP/1.1 408 Request Time-out\r\nContent-Length: 0\r\n\r\n"
    with raw_server([late], [answer(b"two")]) as (url, _):
        assert b"one" == client.get(url)
        assert b"two" == client.get(url)


def test_a_body_that_nobody_reads_costs_its_connection_and_no_more(client):
    with ChannelServer() as server:
        server.serve("large", bytes(1 << 20))
        server.serve("small", b"x")
        with client.open(server.url + "large") as response:
            response.read(10)
        assert b"x" == client.get(server.url + "small")
        with client.open(server.url + "small"):
            pass
        assert b"x" == client.get(server.url + "small")
        assert 2 == server.connection_count


def test_a_client_can_go_on_after_it_was_closed():
    with ChannelServer() as server, Client(environ={}) as client:
        server.serve("a", b"x")
        response = client.open(server.url + "a")
        client.close()
        assert b"x" == response.read()
        assert b"x" == client.get(server.url + "a")


def test_a_client_that_is_forgotten_closes_its_connections():
    with ChannelServer() as server:
        server.serve("a", b"x")
        # An open socket that is collected is a warning, and warnings are errors here.
        Client(environ={}).get(server.url + "a")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("a b/ü.json", "/a%20b/%C3%BC.json"),
        ("a%20b%2Fc?x=%C3%BC#part", "/a%20b%2Fc?x=%C3%BC"),
        ("100%/1.0+x!2_[y]", "/100%25/1.0+x!2_%5By%5D"),
        ("", "/"),
        ("?q", "/?q"),
    ],
)
def test_a_target_is_escaped_once(client, path, target):
    with ChannelServer() as server:
        server.serve("", b"x")
        with pytest.raises(NetworkError):
            client.get(server.url + "none")
        client.send(Request(url=server.url + path)).close()
        assert target == server.requests[-1].target
