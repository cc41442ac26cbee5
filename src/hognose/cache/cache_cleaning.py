"""How much caches hold, and removing what nobody needs.

Whether a package is in use is read off the disk: environments are hard linked to the cache, so a
file with one name only belongs to the cache alone. Environments that hold copies do not need the
cache either. Files with several names are counted once, and count as freed only when the last name
goes.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

import msgspec

from hognose._process_lock import file_lock, is_on_network
from hognose.archive import remove_tree, rename
from hognose.cache.cache_directory import CACHE_KINDS, CacheKind
from hognose.errors import LockTimeoutError, PackageCacheError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

_DAY = 86400.0
# An unfinished download older than this belongs to a process that is gone.
_ABANDONED_AFTER = _DAY
_SIDECARS = (".lock",)
_ALL_KINDS = tuple(kind.name for kind in CACHE_KINDS)


class CacheItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing that can be removed from a cache on its own.

    Attributes:
        kind: The `CacheKind` it belongs to, by name.
        path: A package's directory, or a file or directory of another kind.
        size: Its bytes on disk, each file counted once.
        freed_size: The bytes that removing it would free: those of files with no other name.
        is_linked: Whether some environment has hard links to it.
        is_abandoned: Whether it is what an interrupted download left.
        used_at: When it was last written or, for packages, added; seconds since 1970.
    """

    kind: str
    path: str
    size: int
    freed_size: int
    is_linked: bool
    is_abandoned: bool
    used_at: float


class CacheKindSummary(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one kind of cache holds, in numbers."""

    kind: str
    path: str
    items: int
    size: int
    unused_items: int
    unused_size: int


class CleanResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed, or would be.

    Attributes:
        removed: The items.
        freed_size: The bytes on disk that this gives back.
        kept: Items that should have gone and could not, with the reason.
    """

    removed: tuple[CacheItem, ...]
    freed_size: int
    kept: tuple[tuple[CacheItem, str], ...] = ()


def summarise_cache(
    cache_dir: str | os.PathLike[str], *, package_dirs: Sequence[str] = ()
) -> list[CacheKindSummary]:
    """Count what each kind of cache holds.

    Args:
        cache_dir: The directory that has `pkgs` and the others in it.
        package_dirs: Where packages are, if not in `pkgs`.
    """
    summaries = []
    for kind, path in _iter_places(cache_dir, package_dirs):
        items = list(iter_items(kind, path))
        unused = [item for item in items if not item.is_linked]
        summaries.append(
            CacheKindSummary(
                kind=kind.name,
                path=path,
                items=len(items),
                size=sum(item.size for item in items),
                unused_items=len(unused),
                unused_size=sum(item.freed_size for item in unused),
            )
        )
    return summaries


def clean_cache(
    cache_dir: str | os.PathLike[str],
    *,
    kinds: Collection[str] = _ALL_KINDS,
    unused: bool = False,
    older_than: float | None = None,
    dry_run: bool = False,
    keep: Collection[str] = (),
    package_dirs: Sequence[str] = (),
    clock: Callable[[], float] = time.time,
) -> CleanResult:
    """Remove things from the caches; what abandoned downloads left goes in any case.

    A package is renamed before it is removed, so nobody sees half of it.

    Args:
        cache_dir: The directory that has `pkgs` and the others in it.
        kinds: The kinds to look at, by name.
        unused: Whether to spare packages that environments are linked to.
        older_than: Spare what was added or written in this many seconds.
        dry_run: Whether only to say what would go.
        keep: Paths to spare.
        package_dirs: Where packages are, if not in `pkgs`.
        clock: What tells the time, in seconds since 1970.

    Raises:
        PackageCacheError: A kind does not exist.
    """
    by_name = {kind.name: kind for kind in CACHE_KINDS}
    if unknown := set(kinds) - by_name.keys():
        message = f"there is no cache of the kind `{min(unknown)}`"
        hint = f"the kinds are {', '.join(by_name)}"
        raise PackageCacheError(message, path=os.fspath(cache_dir), hint=hint)
    now = clock()
    removed = []
    kept = []
    for kind, root in _iter_places(cache_dir, package_dirs):
        if kind.name not in kinds:
            continue
        for item in iter_items(kind, root):
            age = now - item.used_at
            if item.is_abandoned:
                if age < _ABANDONED_AFTER:
                    continue
            elif (unused and item.is_linked) or (older_than is not None and age < older_than):
                continue
            if item.path in keep:
                continue
            fault = None if dry_run else _remove(root, item, kind)
            if fault is None:
                removed.append(item)
            else:
                kept.append((item, fault))
    freed = sum(item.freed_size for item in removed)
    return CleanResult(removed=tuple(removed), freed_size=freed, kept=tuple(kept))


def _iter_places(
    cache_dir: str | os.PathLike[str], package_dirs: Sequence[str]
) -> Iterator[tuple[CacheKind, str]]:
    for kind in CACHE_KINDS:
        if kind.is_packages and package_dirs:
            yield from ((kind, directory) for directory in package_dirs)
        else:
            yield kind, os.path.join(os.fspath(cache_dir), kind.folder)


def iter_items(kind: CacheKind, root: str) -> Iterator[CacheItem]:
    """Yield what one kind of cache holds; nothing if it does not exist."""
    try:
        with os.scandir(root) as scanned:
            children = sorted(scanned, key=lambda child: child.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    seen: set[tuple[int, int]] = set()
    for child in children:
        is_abandoned = child.name.startswith(".") and child.name.endswith(".partial")
        is_directory = child.is_dir(follow_symlinks=False)
        if kind.is_packages and not is_abandoned:
            if child.name.startswith(".") or not is_directory:
                continue
        elif child.name == "CACHEDIR.TAG":
            continue
        size, freed, is_linked = _measure(child.path, seen)
        yield CacheItem(
            kind=kind.name,
            path=child.path,
            size=size,
            freed_size=freed,
            is_linked=is_linked and kind.is_packages,
            is_abandoned=is_abandoned,
            used_at=_used_at(child.path, kind),
        )


def _used_at(path: str, kind: CacheKind) -> float:
    if kind.is_packages:
        # The directory's own time changes when somebody compiles a module inside it.
        for name in ("info/repodata_record.json", "info/index.json", "."):
            try:
                return os.lstat(os.path.join(path, name)).st_ctime
            except OSError:
                continue
    try:
        return os.lstat(path).st_mtime
    except OSError:
        return 0.0


def _measure(path: str, seen: set[tuple[int, int]]) -> tuple[int, int, bool]:
    """Return bytes on disk, bytes that removal frees, and whether there are links from outside."""
    size = freed = 0
    names: dict[tuple[int, int], tuple[int, int, int]] = {}
    for status in _iter_statuses(path):
        own_size = getattr(status, "st_blocks", -(-status.st_size // 512)) * 512
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            key = status.st_dev, status.st_ino
            count = names.get(key, (0, 0, 0))[0]
            names[key] = count + 1, status.st_nlink, own_size
            continue
        size += own_size
        freed += own_size
    is_linked = False
    for key, (count, links, own_size) in names.items():
        if count == links:
            freed += own_size
        else:
            is_linked = True
        if key not in seen:
            seen.add(key)
            size += own_size
    return size, freed, is_linked


def _iter_statuses(path: str) -> Iterator[os.stat_result]:
    try:
        status = os.lstat(path)
    except OSError:
        return
    yield status
    if not stat.S_ISDIR(status.st_mode):
        return
    try:
        with os.scandir(path) as scanned:
            children = list(scanned)
    except OSError:
        return
    for child in children:
        if child.is_dir(follow_symlinks=False):
            yield from _iter_statuses(child.path)
        else:
            try:
                # On Windows a directory's listing has no number of links.
                yield os.lstat(child.path)
            except OSError:
                continue


def _remove(root: str, item: CacheItem, kind: CacheKind) -> str | None:
    """Remove an item; returns why not."""
    name = os.path.basename(item.path)
    try:
        with _entry_lock(root, name, kind):
            trash = os.path.join(root, f".{name[:100]}.{os.urandom(6).hex()}.partial")
            rename(item.path, trash)
            for extension in _SIDECARS if kind.is_packages else ():
                if os.path.isfile(item.path + extension):
                    os.unlink(item.path + extension)
        if os.path.isdir(trash) and not os.path.islink(trash):
            remove_tree(trash)
        else:
            os.unlink(trash)
    except FileNotFoundError:
        return None
    except LockTimeoutError as error:
        return error.message
    except OSError as error:
        return error.strerror or str(error)
    return None


def _entry_lock(root: str, name: str, kind: CacheKind) -> AbstractContextManager[object]:
    if not kind.is_packages or is_on_network(root):
        return nullcontext()
    folder = os.path.join(root, ".locks")
    os.makedirs(folder, exist_ok=True)
    return file_lock(os.path.join(folder, name), timeout=1.0)
