"""Whether a transaction can fit on the disk, asked before anything is downloaded."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from hognose.errors import TransactionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hognose.types import RepoDataRecord

__all__ = ("require_free_space", "required_bytes")


def required_bytes(
    missing: Iterable[RepoDataRecord],
    wanted: Iterable[RepoDataRecord],
    *,
    cache: str,
    prefix: str,
    links: bool,
) -> dict[str, int]:
    """Return the fewest bytes that each folder's file system must have.

    An archive's size is known before it is there, what it holds is not; but it never holds less.
    The bound is therefore low: passing it promises nothing, failing it is certain.

    Args:
        missing: The packages that the cache has to fetch.
        wanted: The packages that are put into the prefix.
        cache: The folder of the package cache.
        prefix: The prefix.
        links: Whether files are shared between the cache and the prefix.
    """
    needed = {cache: sum(record.size or 0 for record in missing)}
    if not links:
        needed[prefix] = sum(record.size or 0 for record in wanted)
    return needed


def require_free_space(
    needed: Mapping[str, int],
    *,
    disk_usage: Callable[[str], tuple[int, int, int]] = shutil.disk_usage,
    device: Callable[[str], int] = lambda path: os.stat(path).st_dev,
) -> None:
    """Refuse to start what cannot end well.

    Args:
        needed: Bytes by folder; folders of one file system are added up.
        disk_usage: Answers total, used and free bytes for a folder.
        device: Answers the file system's number for a folder.

    Raises:
        TransactionError: A file system has too little; has `path`, `needed` and `free`.
    """
    by_device: dict[int, tuple[str, int]] = {}
    for folder, count in needed.items():
        path = _existing(folder)
        first, total = by_device.get(device(path), (path, 0))
        by_device[device(path)] = (first, total + count)
    for path, count in by_device.values():
        total, _, free = disk_usage(path)
        # Some network file systems answer zero for everything.
        if total and free < count:
            message = (
                f"not enough space on the file system of {path}: at least {_megabytes(count)} are "
                f"needed, {_megabytes(free)} are free"
            )
            raise TransactionError(message, path=path, needed=count, free=free)


def _existing(path: str) -> str:
    while not os.path.exists(path):
        parent = os.path.dirname(path)
        if parent == path:
            break
        path = parent
    return path


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
