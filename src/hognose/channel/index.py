"""Index a channel's directory: describe the packages that lie in it, for clients to read.

On disk afterwards, in every subdir, each file complete at any moment::

    repodata.json  repodata.json.zst  run_exports.json  run_exports.json.zst
    repodata_shards.msgpack.zst  shards/<sha256>.msgpack.zst  .cache/hognose-index.msgpack

Where the channel corrects records (`repodata_patches.py`), `repodata.json` and the shards have the
corrected ones, and `repodata_from_packages.json` what the packages say themselves.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hognose.channel import package_indexing, repodata_files, repodata_patches
from hognose.channel.disk_errors import explain_disk_errors
from hognose.errors import ChannelBuildError, HognoseError, ParseSubdirError
from hognose.types import PatchInstructions, Platform, RepoData

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.channel.package_indexing import IndexedPackage
    from hognose.channel.reporter import ChannelReporter

_NOARCH = "noarch"
_UNPATCHED = "repodata_from_packages.json"
_SMALL = 1 << 18


class SubdirIndex(msgspec.Struct, frozen=True, gc=False):
    """What indexing a subdir did.

    Attributes:
        subdir: The subdir.
        packages: How many packages it has.
        read: How many of them had to be read.
        gone: How many that were indexed before are no longer there.
        written: How many files were written; 0 if nothing changed.
    """

    subdir: str
    packages: int
    read: int
    gone: int
    written: int


def index_channel(
    directory: str | os.PathLike[str],
    *,
    subdirs: Iterable[str] | None = None,
    write_zst: bool = True,
    write_shards: bool = True,
    force: bool = False,
    base_url: str | None = None,
    repodata_patch: str | os.PathLike[str] | None = None,
    indexed_timestamp_ms: int | None = None,
    max_workers: int | None = None,
    reporter: ChannelReporter | None = None,
) -> tuple[SubdirIndex, ...]:
    """Write the index of a channel's directory.

    Packages whose size and time of modification are as before are not read again. Files whose
    content would be the same are left alone, so that they keep their times.

    Args:
        directory: The channel's directory, with a directory for each subdir. `noarch` is made if
            it is missing, since a channel exists if and only if it has that.
        subdirs: The subdirs to index besides `noarch`; all that are there by default.
        write_zst: Whether to write compressed copies.
        write_shards: Whether to write sharded repodata (CEP 16).
        force: Whether to read all packages again.
        base_url: Where clients find the packages, if not beside the index (CEP 15).
        repodata_patch: Where corrections of records are: a package (its path, or its file name in
            the channel's `noarch`), or a directory with `<subdir>/patch_instructions.json`; by
            default those files in the channel, where it has some.
        indexed_timestamp_ms: The time to note for packages that were not indexed before (CEP 47);
            None notes none. Times that were noted before stay.
        max_workers: How many packages are read at a time; by default two more than there are cores.
        reporter: Is told about each subdir.

    Returns:
        What was done for each subdir, in the order of their names.

    Raises:
        ChannelBuildError: The directory or the patches do not exist, or cannot be read or written.
        ParseSubdirError: A name in `subdirs` is no subdir.
        ArchiveError, InvalidPackageFileError: A package cannot be read; if several cannot, an
            ExceptionGroup of these. The index of its subdir stays as it was. So for patches.
    """
    root = Path(directory)
    if not root.is_dir():
        message = f"there is no channel to index: `{root}` is not a directory"
        raise ChannelBuildError(message, path=str(root))
    names = set(_find_subdirs(root) if subdirs is None else map(str, map(Platform, subdirs)))
    names.add(_NOARCH)
    results = []
    with (
        explain_disk_errors("index channel", root),
        ThreadPoolExecutor(max_workers or (os.cpu_count() or 1) + 2) as pool,
    ):
        patches = repodata_patches.read_patches(root, names, repodata_patch)
        for subdir in sorted(names):
            packages, read, gone = _read_packages(
                root / subdir, pool, force=force, timestamp_ms=indexed_timestamp_ms
            )
            if reporter is not None:
                reporter.on_index_start(subdir, len(packages))
            written = _write_index(
                root / subdir,
                packages,
                patches.get(subdir),
                base_url=base_url,
                write_zst=write_zst,
                write_shards=write_shards,
            )
            results.append(SubdirIndex(subdir, len(packages), read, gone, written))
            if reporter is not None:
                reporter.on_index_complete(subdir)
    return tuple(results)


def _find_subdirs(root: Path) -> list[str]:
    found = []
    for entry in os.scandir(root):
        if entry.is_dir():
            try:
                found.append(str(Platform(entry.name)))
            except ParseSubdirError:
                continue
    return found


def _read_packages(
    directory: Path, pool: ThreadPoolExecutor, *, force: bool, timestamp_ms: int | None
) -> tuple[dict[str, IndexedPackage], int, int]:
    """Read the packages of a subdir that are not remembered; also count those and the lost ones."""
    files = package_indexing.scan_packages(directory)
    known = package_indexing.read_cache(directory)
    packages = {
        name: known[name]
        for name, state in files.items()
        if not force and name in known and known[name].state == state
    }
    missing = [name for name in files if name not in packages]
    read = package_indexing.read_package
    # Hashing releases the interpreter lock, reading metadata holds it: for small packages threads
    # only get into each other's way (0.35 instead of 0.2 ms a package).
    futures = {
        name: pool.submit(read, directory / name, files[name])
        for name in missing
        if files[name].size > _SMALL
    }
    published = _published_times(directory) if missing else {}
    failures: list[HognoseError] = []
    for name in sorted(missing, key=futures.__contains__):
        try:
            future = futures.get(name)
            package = future.result() if future else read(directory / name, files[name])
        except HognoseError as error:
            failures.append(error)
            continue
        before = known.get(name)
        digest = package.record.sha256_hex
        if before is not None and before.record.sha256_hex == digest:
            package.record.indexed_timestamp_ms = before.record.indexed_timestamp_ms
        else:
            package.record.indexed_timestamp_ms = published.get((name, digest), timestamp_ms)
        packages[name] = package
    if len(failures) == 1:
        raise failures[0]
    if failures:
        message = f"{len(failures)} packages of `{directory}` cannot be indexed"
        raise ExceptionGroup(message, failures)
    return dict(sorted(packages.items())), len(missing), len(known.keys() - files.keys())


def _published_times(directory: Path) -> dict[tuple[str, str | None], int | float]:
    """When packages were indexed first, by name and hash, as the index before says it (CEP 47).

    It is the only one to know that where our own notes are gone.
    """
    try:
        before = RepoData.from_path(directory / "repodata.json")
    except (OSError, HognoseError):
        return {}
    return {
        (name, record.sha256_hex): record.indexed_timestamp_ms
        for name, record in before.iter_package_records()
        if record.indexed_timestamp_ms is not None
    }


def _write_index(
    directory: Path,
    packages: dict[str, IndexedPackage],
    patch: PatchInstructions | None,
    *,
    base_url: str | None,
    write_zst: bool,
    write_shards: bool,
) -> int:
    """Write the files of a subdir, what others refer to first; count those that changed."""
    directory.mkdir(parents=True, exist_ok=True)
    repodata = repodata_files.make_repodata(
        directory.name, packages, removed=_read_removed(directory, packages), base_url=base_url
    )
    # CEP 12: run exports are those of the packages; patched ones are in the shards (CEP 21).
    documents = {"run_exports.json": repodata_files.encode_run_exports(repodata, directory.name)}
    if patch is not None:
        documents[_UNPATCHED] = repodata_files.encode_repodata(repodata)
        repodata = repodata_patches.patched(repodata, patch)
    documents["repodata.json"] = repodata_files.encode_repodata(repodata)
    written = 0
    if write_shards:
        written += _write_shards(directory, repodata)
    for name, data in documents.items():
        changed = _write_if_changed(directory / name, data)
        written += changed
        compressed = directory / f"{name}.zst"
        if write_zst and (changed or not compressed.is_file()):
            written += _write_if_changed(compressed, repodata_files.compress(data))
        elif not write_zst:
            compressed.unlink(missing_ok=True)
    if patch is None:
        for name in (_UNPATCHED, f"{_UNPATCHED}.zst"):
            (directory / name).unlink(missing_ok=True)
    cache = directory / package_indexing.CACHE_PATH
    _write_if_changed(cache, package_indexing.encode_cache(packages))
    return written


def _read_removed(directory: Path, packages: dict[str, IndexedPackage]) -> tuple[str, ...]:
    """Give the packages that the index before called withdrawn, unless they are back."""
    try:
        before = RepoData.from_path(directory / "repodata.json")
    except (OSError, HognoseError):
        return ()
    return tuple(name for name in before.removed if name not in packages)


def _write_shards(directory: Path, repodata: RepoData) -> int:
    """Write new shards, then their index, then drop shards that are older than the last index.

    The shards of the index before stay, for clients that hold it.
    """
    index, files = repodata_files.encode_shards(repodata, directory.name)
    index_path = directory / repodata_files.SHARD_INDEX
    before = index_path.read_bytes() if index_path.is_file() else b""
    shards = directory / repodata_files.SHARDS_DIRECTORY
    shards.mkdir(exist_ok=True)
    present = {entry.name for entry in os.scandir(shards)}
    written = 0
    for name, data in files.items():
        if name not in present:
            written += _write_if_changed(shards / name, data)
    if before != index:
        written += _write_if_changed(index_path, index)
        for name in present - files.keys() - repodata_files.decode_shard_names(before):
            (shards / name).unlink(missing_ok=True)
    return written


def _write_if_changed(path: Path, data: bytes) -> bool:
    """Replace a file in one step, unless it has this content already."""
    try:
        if path.stat().st_size == len(data) and path.read_bytes() == data:
            return False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return True
