"""Compare an extracted package with what its `info/paths.json` promises."""

from __future__ import annotations

import hashlib
import os
import stat
from enum import Enum
from typing import TYPE_CHECKING

from hognose.archive.safe_paths import resolve_inside
from hognose.errors import ArchiveError, HashMismatchError, HognoseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hognose.types import PathsEntry, PathsJson

_READ_SIZE = 1 << 20
# Below this many bytes in all, starting threads costs more than it saves.
_WORTH_THREADS = 1 << 22


class ValidationMode(Enum):
    """How closely an extracted package is looked at, from nothing to everything.

    Attributes:
        SKIP: Only that the package's metadata can be read.
        EXISTS: That every path is there and is a file, link or directory as promised.
        SIZES: Also that files have the right size.
        HASHES: Also that files have the right SHA-256.
    """

    SKIP = "skip"
    EXISTS = "exists"
    SIZES = "sizes"
    HASHES = "hashes"


def validate_package_directory(
    directory: str | os.PathLike[str],
    *,
    mode: ValidationMode = ValidationMode.HASHES,
    threads: int | None = None,
) -> PathsJson:
    """Check an extracted package against its own list of files.

    Files that the list does not have are no fault. A package without `paths.json` is checked
    against the files that came before it, which hold neither sizes nor hashes.

    Args:
        directory: The extracted package.
        mode: How close to look.
        threads: How many threads hash; the machine's cores when None.

    Returns:
        The list of files.

    Raises:
        ArchiveError: The list itself is missing or cannot be used.
        ExceptionGroup: Files are damaged; holds one `ArchiveError` for each, with `path` and
            `member`.
    """
    root = os.fspath(directory)
    paths_json = _read_paths_json(root)
    faults = find_faults(root, paths_json.paths, mode=mode, threads=threads)
    if faults:
        message = f"package directory `{root}` is damaged"
        raise ExceptionGroup(message, faults)
    return paths_json


def _read_paths_json(root: str) -> PathsJson:
    from hognose.types import PathsJson

    try:
        return PathsJson.from_package_directory_with_deprecated_fallback(root)
    except OSError as error:
        message = f"package directory `{root}` has no list of its files: {error.strerror}"
        raise ArchiveError(message, path=root, member="info/paths.json") from error
    except HognoseError as error:
        message = f"package directory `{root}` has a bad list of its files: {error.message}"
        raise ArchiveError(message, path=root, member="info/paths.json") from error


def find_faults(
    root: str,
    entries: Sequence[PathsEntry],
    *,
    mode: ValidationMode = ValidationMode.HASHES,
    threads: int | None = None,
) -> list[ArchiveError]:
    """Return what is wrong with a package's files, in the order of the list.

    Args:
        root: The extracted package.
        entries: What it should hold.
        mode: How close to look.
        threads: How many threads hash; the machine's cores when None.
    """
    if mode is ValidationMode.SKIP:
        return []
    threads = threads or os.cpu_count() or 1
    promised = sum(entry.size_in_bytes or 0 for entry in entries)
    if mode is not ValidationMode.HASHES or threads == 1 or promised < _WORTH_THREADS:
        return list(_iter_faults(root, entries, mode))
    from concurrent.futures import ThreadPoolExecutor

    # Interleaved shares are of similar weight, and one job for each thread keeps the pool's own
    # work out of the loop.
    shares = [entries[start::threads] for start in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda share: list(_iter_faults(root, share, mode)), shares)
        faults = [fault for share in found for fault in share]
    order = {entry.relative_path: number for number, entry in enumerate(entries)}
    return sorted(faults, key=lambda fault: order[fault.__dict__["member"]])


def _iter_faults(
    root: str, entries: Sequence[PathsEntry], mode: ValidationMode
) -> Iterator[ArchiveError]:
    with_sizes = mode is not ValidationMode.EXISTS
    with_hashes = mode is ValidationMode.HASHES
    for entry in entries:
        try:
            path = resolve_inside(root, entry.relative_path)
            fault = _shape_fault(path, entry, with_sizes=with_sizes)
            if fault is None and with_hashes and entry.path_type == "hardlink":
                fault = _hash_fault(path, entry)
        except ArchiveError as error:
            fault = error
        except FileNotFoundError:
            fault = ArchiveError("it is missing")
        except OSError as error:
            fault = ArchiveError(f"it cannot be read: {error.strerror}")
        if fault is not None:
            facts = {**fault.__dict__, "path": root, "member": entry.relative_path}
            facts.pop("hint", None)
            yield type(fault)(f"`{entry.relative_path}`: {fault.message}", **facts)


def _shape_fault(path: str, entry: PathsEntry, *, with_sizes: bool) -> ArchiveError | None:
    status = os.lstat(path)
    mode = status.st_mode
    if entry.path_type == "softlink":
        # Extraction on a system without links, and old packages, leave a copy in its place.
        fits = stat.S_ISLNK(mode) or stat.S_ISREG(mode)
        return None if fits else ArchiveError("it is not a symbolic link")
    if entry.path_type == "directory":
        return None if stat.S_ISDIR(mode) else ArchiveError("it is not a directory")
    if stat.S_ISLNK(mode):
        # Lists made before paths.json had links do not tell them from files.
        return None if entry.sha256_hex is None else ArchiveError("it is a symbolic link")
    if not stat.S_ISREG(mode):
        return ArchiveError("it is not a file")
    size = entry.size_in_bytes
    if with_sizes and size is not None and size != status.st_size:
        message = f"its size is {status.st_size} and should be {size}"
        return HashMismatchError(message, expected=size, actual=status.st_size)
    return None


def _hash_fault(path: str, entry: PathsEntry) -> ArchiveError | None:
    expected = entry.sha256_hex
    if expected is None:
        return None
    actual = _hash_file(path)
    if actual == expected.lower():
        return None
    message = f"its SHA-256 is {actual} and should be {expected}"
    return HashMismatchError(message, expected=expected, actual=actual)


def _hash_file(path: str) -> str:
    # hashlib.file_digest allocates 256 kB for each file, which doubles the time of small ones.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags)
    try:
        summed = hashlib.sha256(os.read(descriptor, _READ_SIZE))
        while data := os.read(descriptor, _READ_SIZE):
            summed.update(data)
        return summed.hexdigest()
    finally:
        os.close(descriptor)
