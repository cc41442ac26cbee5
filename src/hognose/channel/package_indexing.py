"""Turn a package file into the record that a channel publishes, and remember it.

What was read from a package is kept in `<subdir>/.cache/hognose-index.msgpack`, by file name, size
and time of modification, so that indexing again reads new and changed packages only.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

import msgspec

from hognose.errors import InvalidMatchSpecError, InvalidPackageFileError
from hognose.types import IndexJson, MatchSpec, PackageRecord, RunExportsJson, wire

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CACHE_PATH: Final = ".cache/hognose-index.msgpack"
_CACHE_VERSION: Final = 2
_PIECE: Final = 1 << 20


class PackageFileState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What tells whether a file is still the one that was read."""

    size: int
    mtime_ns: int


class IndexedPackage(msgspec.Struct, frozen=True, array_like=True):
    """What was read from a package file.

    Attributes:
        state: The file as it was then.
        record: What the channel publishes about it, run exports included.
        needs_v3: Whether older readers would misunderstand the record (CEP 48).
    """

    state: PackageFileState
    record: PackageRecord
    needs_v3: bool = False


class _Cache(msgspec.Struct, array_like=True):
    version: int
    packages: dict[str, IndexedPackage]


def scan_packages(directory: Path) -> dict[str, PackageFileState]:
    """List a subdir's package files, in the order of their names.

    Raises:
        OSError: The directory cannot be read.
    """
    found: dict[str, PackageFileState] = {}
    if directory.is_dir():
        with os.scandir(directory) as entries:
            for entry in entries:
                name = entry.name
                if name.endswith((".conda", ".tar.bz2")) and not name.startswith("."):
                    status = entry.stat()
                    found[name] = PackageFileState(status.st_size, status.st_mtime_ns)
    return dict(sorted(found.items()))


def read_package(path: Path, state: PackageFileState) -> IndexedPackage:
    """Hash a package file and read its metadata.

    A `.tar.bz2` is read up to the end of the leading run of `info/` members that holds
    `index.json`; run exports that come later than that are not seen.

    Raises:
        ArchiveError: It is damaged, or is no package.
        InvalidPackageFileError: Its `index.json` is missing or cannot be used.
    """
    from hognose.archive import PackageArchive

    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with open(path, "rb", buffering=0) as stream:
        while data := stream.read(_PIECE):
            sha256.update(data)
            md5.update(data)
            size += len(data)
        files: dict[str, bytes] = {}
        archive = PackageArchive(stream, os.fspath(path))
        is_conda = archive.archive_type == "conda"
        for entry in archive.iter_entries("info" if is_conda else None):
            if entry.name in (IndexJson.PATH, RunExportsJson.PATH) and entry.is_file:
                files[entry.name] = entry.read()
            if len(files) == 2 or (IndexJson.PATH in files and not entry.name.startswith("info/")):
                break
    what = f"{IndexJson.PATH} of {path.name}"
    if IndexJson.PATH not in files:
        message = f"`{path}` has no `{IndexJson.PATH}`"
        raise InvalidPackageFileError(message, path=str(path))
    index = IndexJson.decode(files[IndexJson.PATH], what=what)
    record = PackageRecord.from_index(
        index,
        subdir=index.subdir or path.parent.name,
        sha256_hex=sha256.hexdigest(),
        md5_hex=md5.hexdigest(),
        size=size,
        # Without the file there are no run exports, which is not the same as not knowing (CEP 21).
        run_exports=RunExportsJson.decode(files.get(RunExportsJson.PATH, b"{}")),
    )
    needs_v3 = _needs_v3(index)
    if needs_v3:
        _write_in_brackets(record)
    return IndexedPackage(state, record, needs_v3)


def _needs_v3(index: IndexJson) -> bool:
    return bool(
        index.extra_depends
        or index.flags
        or (index.schema_version or 0) >= 3
        or (index.repodata_revision or 0) >= 3
        or any(
            key in spec
            for spec in (*index.depends, *index.constrains)
            if "[" in spec
            for key in ("when=", "extras=", "flags=")
        )
    )


def _write_in_brackets(record: PackageRecord) -> None:
    """Write dependencies in the only form that records of the third revision may have (CEP 48)."""
    record.depends = tuple(map(_in_brackets, record.depends))
    record.constrains = tuple(map(_in_brackets, record.constrains))
    record.extra_depends = {
        group: tuple(map(_in_brackets, texts)) for group, texts in record.extra_depends.items()
    }


def _in_brackets(text: str) -> str:
    try:
        return MatchSpec(text, exact_names_only=False).to_canonical_string()
    except InvalidMatchSpecError:
        return text  # what the package says is wrong, and stays for people to see


def read_cache(directory: Path) -> dict[str, IndexedPackage]:
    """Read what is remembered of a subdir; empty if that is missing or of another kind."""
    try:
        data = (directory / CACHE_PATH).read_bytes()
        cache = wire.decode_msgpack(data, _Cache)
    except (OSError, InvalidPackageFileError):
        return {}
    return cache.packages if cache.version == _CACHE_VERSION else {}


def encode_cache(packages: Mapping[str, IndexedPackage]) -> bytes:
    """Encode what is to be remembered of a subdir."""
    return wire.encode_msgpack(_Cache(_CACHE_VERSION, dict(packages)))
