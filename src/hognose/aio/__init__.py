"""The verbs as coroutines, in the shape of py-rattler's API.

Each runs its blocking twin in a worker thread. A coroutine that is cancelled sets the cancel flag
of its call, waits until the call has left the disk as it found it, and only then raises
`asyncio.CancelledError`. What has no twin here does not wait for anything: versions, specs,
records, lock files and activation are the same objects in both worlds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose._lazy import attach

if TYPE_CHECKING:
    from hognose.aio.archives import download_and_extract as download_and_extract
    from hognose.aio.archives import extract as extract
    from hognose.aio.downloads import download_bytes as download_bytes
    from hognose.aio.downloads import download_to_path as download_to_path
    from hognose.aio.downloads import download_to_writer as download_to_writer
    from hognose.aio.gateway import Gateway as Gateway
    from hognose.aio.loop_source import AsyncRepoDataSource as AsyncRepoDataSource
    from hognose.aio.packages import index_fs as index_fs
    from hognose.aio.packages import install as install
    from hognose.aio.solution import solve as solve
    from hognose.aio.solution import solve_with_sparse_repodata as solve_with_sparse_repodata

__all__ = (
    "AsyncRepoDataSource",
    "Gateway",
    "download_and_extract",
    "download_bytes",
    "download_to_path",
    "download_to_writer",
    "extract",
    "index_fs",
    "install",
    "solve",
    "solve_with_sparse_repodata",
)

__getattr__, __dir__ = attach(
    __name__,
    {
        "archives": ("download_and_extract", "extract"),
        "downloads": ("download_bytes", "download_to_path", "download_to_writer"),
        "gateway": ("Gateway",),
        "loop_source": ("AsyncRepoDataSource",),
        "packages": ("index_fs", "install"),
        "solution": ("solve", "solve_with_sparse_repodata"),
    },
)
