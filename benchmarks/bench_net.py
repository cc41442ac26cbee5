"""Small requests over kept-alive connections on loopback: what each costs besides the network.

Input: 500 documents of 2,000 bytes with the header fields that a channel server sends, from a
server in a process of its own that answers every request alike; one thread, and eight. urllib3 is
what the client stands on, `http.client` what urllib3 stands on; py-rattler has no function that
fetches a document and nothing else.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3

from hognose.net import Client
from measure import compare

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 500
SERVER = r"""
import socket, threading

listener = socket.create_server(("127.0.0.1", 0), backlog=128)
print(listener.getsockname()[1], flush=True)
answer = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nETag: \"abc\"\r\n"
    b"Last-Modified: Thu, 01 Jan 1970 00:00:30 GMT\r\nCache-Control: max-age=100\r\n"
    b"Date: Thu, 01 Jan 1970 00:00:30 GMT\r\nServer: bench\r\nContent-Length: 2000\r\n\r\n"
) + bytes(2000)

def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    pending = b""
    while data := connection.recv(65536):
        pending += data
        while b"\r\n\r\n" in pending:
            pending = pending.split(b"\r\n\r\n", 1)[1]
            connection.sendall(answer)

while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
"""


def measure(base: str, threads: int) -> None:
    urls = [f"{base}noarch/shards/{number:064x}.msgpack.zst" for number in range(COUNT)]
    local = threading.local()
    pool = urllib3.PoolManager(maxsize=64)

    def with_http_client(url: str) -> bytes:
        if not hasattr(local, "connection"):
            local.connection = HTTPConnection(urlsplit(base).netloc)
        local.connection.request("GET", urlsplit(url).path)
        return local.connection.getresponse().read()

    with Client(environ={}) as client, ThreadPoolExecutor(threads) as executor:

        def fetch_all(get: Callable[[str], bytes]) -> None:
            assert all(len(body) == 2000 for body in executor.map(get, urls))

        compare(
            {
                "hognose": lambda: fetch_all(client.get),
                "urllib3": lambda: fetch_all(
                    lambda url: pool.request("GET", url, retries=False).data
                ),
                "http.client": lambda: fetch_all(with_http_client),
            },
            title=f"{COUNT} small documents, {threads} threads",
            repeat=15,
            per=COUNT,
            unit="documents",
        )


def main() -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        base = f"http://127.0.0.1:{server.stdout.readline().strip()}/"
        for threads in (1, 8):
            measure(base, threads)
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
