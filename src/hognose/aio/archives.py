"""Package archives, as coroutines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.aio.worker_threads import run, run_fetching

if TYPE_CHECKING:
    import os

    from hognose.archive import ArchiveDigest
    from hognose.net import Client

__all__ = ("download_and_extract", "extract")


async def extract(
    path: str | os.PathLike[str], dest: str | os.PathLike[str]
) -> tuple[bytes, bytes]:
    """Extract a package archive; return its SHA-256 and MD5.

    Raises:
        ArchiveError: It cannot be read, or would write outside `dest`.
    """
    from hognose.archive import extract as blocking

    return _hashes(await run(blocking, path, dest))


async def download_and_extract(
    client: Client, url: str, dest: str | os.PathLike[str], expected_sha: bytes | None = None
) -> tuple[bytes, bytes]:
    """Extract a package archive while it is downloaded; return its SHA-256 and MD5.

    Raises:
        NetworkError: It cannot be fetched.
        ArchiveError: It cannot be read, or would write outside `dest`.
        HashMismatchError: It is not the one expected; nothing of it is left.
    """
    return await run_fetching(
        client, lambda stoppable: _download_and_extract(stoppable, url, dest, expected_sha)
    )


def _download_and_extract(
    client: Client, url: str, dest: str | os.PathLike[str], expected_sha: bytes | None
) -> tuple[bytes, bytes]:
    from hognose.archive import extract as blocking

    name = url.split("?", maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1]
    with client.open(url) as response:
        return _hashes(blocking(response, dest, expected_sha256=expected_sha, archive_name=name))


def _hashes(digest: ArchiveDigest) -> tuple[bytes, bytes]:
    return digest.sha256, digest.md5
