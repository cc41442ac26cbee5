"""Downloads, as coroutines."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from hognose.aio.worker_threads import run_fetching

if TYPE_CHECKING:
    from hognose.net import Client

__all__ = ("download_bytes", "download_to_path", "download_to_writer")

_PIECE = 1 << 20


class Writer(Protocol):
    """What takes bytes, such as an open binary file."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes, all of them."""
        ...


async def download_bytes(client: Client, url: str) -> bytes:
    """Fetch a document.

    Raises:
        NetworkError: It cannot be fetched.
    """
    return await run_fetching(client, lambda stoppable: stoppable.get(url))


async def download_to_path(client: Client, url: str, dest: str | os.PathLike[str]) -> None:
    """Fetch a document into a file, which is there when it is whole and replaces another.

    Raises:
        NetworkError: It cannot be fetched.
        OSError: The file cannot be written.
    """
    await run_fetching(client, lambda stoppable: _download_to_path(stoppable, url, dest))


async def download_to_writer(client: Client, url: str, writer: Writer) -> None:
    """Fetch a document, and hand it piece by piece to what writes it, in a worker thread.

    Raises:
        NetworkError: It cannot be fetched; the pieces until then have been handed over.
    """
    await run_fetching(client, lambda stoppable: _download_to_writer(stoppable, url, writer))


def _download_to_path(client: Client, url: str, dest: str | os.PathLike[str]) -> None:
    path = os.fspath(dest)
    temporary = f"{path}.{os.urandom(8).hex()}.tmp"
    try:
        with open(temporary, "xb") as file:
            _download_to_writer(client, url, file)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _download_to_writer(client: Client, url: str, writer: Writer) -> None:
    with client.open(url) as response:
        while piece := response.read(_PIECE):
            writer.write(piece)
