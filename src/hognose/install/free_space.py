"""Whether a transaction can fit on the disk, asked before anything is downloaded."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from hognose.errors import HognoseError, TransactionError
from hognose.install.package_paths import read_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hognose.install.link_method import LinkOptions
    from hognose.types import RepoDataRecord

__all__ = ("missing_bytes", "readable_size", "require_free_space", "required_bytes", "shares_files")

# Packages hardly ever hold more than this many times their own size.
_HIGHEST_RATIO = 16

# Taken for an archive whose size nobody says, so that its files are looked at.
_UNKNOWN = 1 << 40

# A path in a record: twice the path, one or two hashes, a size, and their keys.
_RECORDED_PATH = 200


def shares_files(cache: str, prefix: str, options: LinkOptions) -> bool:
    """Tell whether files of a prefix may take no room besides those of the cache.

    Between two mounts of one file system they do after all: what is needed at least is then told
    too low, which is no promise anyway.

    Args:
        cache: The folder of the package cache; need not exist.
        prefix: The prefix; need not exist.
        options: Which ways of linking are allowed.
    """
    may_share = options.allow_hard_links is not False or options.allow_ref_links is not False
    return may_share and os.stat(_existing(cache)).st_dev == os.stat(_existing(prefix)).st_dev


def required_bytes(
    missing: Iterable[RepoDataRecord],
    present: Mapping[str, RepoDataRecord],
    *,
    cache: str,
    prefix: str,
    shares: bool,
    free: Callable[[str], int] = lambda path: shutil.disk_usage(path).free,
) -> dict[str, int]:
    """Return the fewest bytes that each folder's file system must have.

    An archive's size is known before it is there, what it holds is not; but it never holds less.
    What is in the cache says the sizes of its files. The bound is low all the same: passing it
    promises nothing, failing it is certain.

    Args:
        missing: The packages that the cache has to fetch.
        present: The packages that are put into the prefix from the cache, by their folders.
        cache: The folder of the package cache.
        prefix: The prefix.
        shares: Whether files that stay as they are take no room of their own in the prefix.
        free: Answers the free bytes of a folder's file system.
    """
    archives = sum(record.size or 0 for record in missing)
    needed = {cache: archives}
    least = 0 if shares else archives + sum(record.size or 0 for record in present.values())
    bound = archives + sum(record.size or _UNKNOWN for record in present.values())
    # Lists of files take a while to read. Where there is plenty of room, nobody has to.
    if least <= free(_existing(prefix)) < bound * _HIGHEST_RATIO:
        own = sum(_bytes_of(directory, shares=shares) for directory in present)
        least = max(least, own + (0 if shares else archives))
    needed[prefix] = least
    return needed


def missing_bytes(directories: Iterable[str], prefix: str, options: LinkOptions) -> int:
    """Return how much more room extracted packages take in a prefix than there is, at least.

    Args:
        directories: Where the packages are extracted.
        prefix: The prefix; need not exist.
        options: Which ways of linking are allowed.

    Returns:
        Bytes, or zero where that is not what is missing.
    """
    needed = sum(
        _bytes_of(directory, shares=shares_files(directory, prefix, options))
        for directory in directories
    )
    return max(0, needed - shutil.disk_usage(_existing(prefix)).free)


def _bytes_of(directory: str, *, shares: bool) -> int:
    """Return the room that a package's files and its record take in a prefix, at least."""
    try:
        entries = read_entries(directory)
    except (HognoseError, OSError):
        # Linking will say what is wrong with it.
        return 0
    own = sum(
        entry.size_in_bytes or 0
        for entry in entries
        if entry.path_type == "hardlink" and not (shares and entry.prefix_placeholder is None)
    )
    return own + len(entries) * _RECORDED_PATH


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
                f"not enough space on the file system of {path}: at least {readable_size(count)} "
                f"are needed, {readable_size(free)} are free"
            )
            raise TransactionError(message, path=path, needed=count, free=free)


def _existing(path: str) -> str:
    while not os.path.exists(path):
        parent = os.path.dirname(path)
        if parent == path:
            break
        path = parent
    return path


def readable_size(count: int) -> str:
    """Return a number of bytes for people to read."""
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{count / 1e3:.1f} kB"
