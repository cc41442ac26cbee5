"""Write packages: both formats of CEP 35, from a directory or from entries in memory.

The same content gives the same bytes, whatever the machine, the time, the order of the input and
the number of threads. In a `.conda` the info part comes last, where a reader over HTTP finds it
beside the directory with one request for the archive's end.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, BinaryIO, Literal, Protocol

import msgspec

from hognose.archive.archive_digest import ArchiveDigest, digest_file
from hognose.archive.renaming import rename
from hognose.archive.safe_paths import clean_components, symlink_stays_inside
from hognose.archive.tar_writer import (
    DIRECTORY_FLAG,
    END_OF_ARCHIVE,
    FILE_FLAG,
    SYMLINK_FLAG,
    padding_after,
    tar_header,
)
from hognose.errors import ArchiveError, UnsafeArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# 2023-01-01, the time that rattler gives to members when none is asked for.
DEFAULT_TIMESTAMP = 1672531200
_COPY_SIZE = 1 << 18
_PATHS, _FILES = "info/paths.json", "info/files"
# What a package cache adds: its record of the package, and byte-code that was made of it.
_RECORD, _BYTE_CODE = "info/repodata_record.json", "info/hognose-byte-code/"
_ZIP64_FROM = 1 << 31

PackageFormat = Literal["conda", "tar.bz2"]


class PackageEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One file, symbolic link or empty directory of a package that is being written.

    Attributes:
        name: The path inside the package, with forward slashes.
        content: The bytes of a file, or the path on disk to read them from (a `str`); None for a
            link or a directory.
        link_target: Where a symbolic link points to, or None.
        is_executable: Whether a file gets mode 755 instead of 644.
    """

    name: str
    content: bytes | str | None = None
    link_target: str | None = None
    is_executable: bool = False


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


def create_package(
    source_directory: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    files: Iterable[str] | None = None,
    list_files: bool = False,
    level: int | None = None,
    threads: int | None = None,
    timestamp: int = DEFAULT_TIMESTAMP,
) -> ArchiveDigest:
    """Make a package out of a directory; the target's name decides the format.

    Files become mode 755 if their owner may execute them and 644 otherwise. Empty directories are
    kept. What package caches add is left out: `info/repodata_record.json`, and the byte-code in
    `info/hognose-byte-code/`.

    Args:
        source_directory: The directory with `info/` in it.
        target: The path to write, which ends in `.conda` or `.tar.bz2`. It appears by a rename
            when it is complete.
        files: The paths to put in, relative to `source_directory`; all of them when None.
        list_files: Whether to add `info/paths.json` and `info/files`, without which a package
            cannot be installed, where there is no `info/paths.json`. The directory is not changed.
        level: The compression level: 1 to 22 for `.conda` (default 19), 1 to 9 for `.tar.bz2`.
        threads: The number of threads that compress a `.conda`; the machine's cores when None.
            It has no influence on the result.
        timestamp: The time of every member, in whole seconds since 1970.

    Returns:
        The hashes and the size of the package.

    Raises:
        ArchiveError: A file cannot be read or is of a kind that packages cannot hold, or the
            target cannot be written.
        UnsafeArchiveError: A name or a symbolic link leads out of the package.
    """
    root = os.fspath(source_directory)
    names = _iter_tree(root) if files is None else iter(files)
    entries = [_entry_on_disk(root, name) for name in names]
    if list_files and not any(entry.name == _PATHS for entry in entries):
        entries = _with_lists(root, entries)
    target = os.fspath(target)
    if target.endswith(".tar.bz2"):
        level = 9 if level is None else level
        return write_tar_bz2(target, entries, level=level, timestamp=timestamp)
    level = 19 if level is None else level
    return write_conda(target, entries, level=level, threads=threads, timestamp=timestamp)


def _with_lists(root: str, entries: list[PackageEntry]) -> list[PackageEntry]:
    from hognose.archive.path_listing import list_paths

    paths = list_paths(root, [entry.name for entry in entries])
    # An older list may know nothing of what was added since.
    lines = "".join(f"{entry.relative_path}\n" for entry in paths.paths)
    lists = [
        PackageEntry(name=_PATHS, content=paths.encode()),
        PackageEntry(name=_FILES, content=lines.encode()),
    ]
    return [*(entry for entry in entries if entry.name != _FILES), *lists]


def write_conda(
    target: str | os.PathLike[str],
    entries: Iterable[PackageEntry],
    *,
    stem: str | None = None,
    level: int = 19,
    threads: int | None = None,
    timestamp: int = DEFAULT_TIMESTAMP,
) -> ArchiveDigest:
    """Write a `.conda` package.

    Args:
        target: The path to write. It appears by a rename when it is complete.
        entries: What goes in, in any order.
        stem: The `name-version-build` that the parts inside are named after; the target's own
            name without its extension when None.
        level: The zstd level, 1 to 22.
        threads: See `create_package`.
        timestamp: See `create_package`.

    Returns:
        The hashes and the size of the package.

    Raises:
        ArchiveError: As in `create_package`.
    """
    from zipfile import ZIP_STORED, ZipFile, ZipInfo

    path = os.fspath(target)
    if stem is None:
        stem = os.path.basename(path).removesuffix(".conda")
    info, others = _split_sorted(entries)
    date = _zip_date(timestamp)

    def zip_info(name: str) -> ZipInfo:
        member = ZipInfo(name, date_time=date)
        member.compress_type = ZIP_STORED
        member.create_system = 3
        member.external_attr = 0o644 << 16
        return member

    with _written_beside(path) as temporary, open(temporary, "wb") as stream:
        with ZipFile(stream, "w") as archive:
            archive.writestr(zip_info("metadata.json"), json.dumps({"conda_pkg_format_version": 2}))
            for part, members in (("pkg", others), ("info", info)):
                size = _tar_size(members, timestamp)
                member = zip_info(f"{part}-{stem}.tar.zst")
                compressor = _zstd_compressor(level, threads, size)
                is_large = size >= _ZIP64_FROM
                with archive.open(member, "w", force_zip64=is_large) as part_stream:
                    _write_tar(part_stream, members, timestamp, compressor)
        stream.flush()
        os.fsync(stream.fileno())
        return digest_file(temporary)


def write_tar_bz2(
    target: str | os.PathLike[str],
    entries: Iterable[PackageEntry],
    *,
    level: int = 9,
    timestamp: int = DEFAULT_TIMESTAMP,
) -> ArchiveDigest:
    """Write a `.tar.bz2` package, with what is below `info/` in front.

    Args:
        target: The path to write. It appears by a rename when it is complete.
        entries: What goes in, in any order.
        level: The bzip2 level, 1 to 9.
        timestamp: See `create_package`.

    Returns:
        The hashes and the size of the package.

    Raises:
        ArchiveError: As in `create_package`.
    """
    from bz2 import BZ2Compressor

    path = os.fspath(target)
    info, others = _split_sorted(entries)
    with _written_beside(path) as temporary:
        with open(temporary, "wb") as stream:
            _write_tar(stream, [*info, *others], timestamp, BZ2Compressor(level))
            stream.flush()
            os.fsync(stream.fileno())
        return digest_file(temporary)


@contextmanager
def _written_beside(path: str) -> Iterator[str]:
    """Give a temporary path in the same directory, renamed to `path` at the end."""
    parent, base = os.path.split(os.path.abspath(path))
    temporary = os.path.join(parent, f".{base[:100]}.{os.urandom(6).hex()}.partial")
    try:
        os.makedirs(parent, exist_ok=True)
        yield temporary
        rename(temporary, path)
    except OSError as error:
        _remove(temporary)
        message = f"cannot write package `{path}`: {error.strerror or error}"
        raise ArchiveError(message, path=path) from error
    except BaseException:
        _remove(temporary)
        raise


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def _zip_date(timestamp: int) -> tuple[int, int, int, int, int, int]:
    import time

    year, month, day, hour, minute, second = time.gmtime(timestamp)[:6]
    if year < 1980:
        return (1980, 1, 1, 0, 0, 0)
    return (year, month, day, hour, minute, second)


def _zstd_compressor(level: int, threads: int | None, size: int) -> _Compressor:
    if sys.version_info >= (3, 14):
        from compression.zstd import CompressionParameter, ZstdCompressor
    else:
        from backports.zstd import CompressionParameter, ZstdCompressor
    if threads is None:
        threads = os.cpu_count() or 1
    options: dict[int, int] = {
        CompressionParameter.compression_level: level,
        # One worker and many give the same bytes, no worker gives others.
        CompressionParameter.nb_workers: max(1, threads),
        CompressionParameter.checksum_flag: 1,
    }
    compressor = ZstdCompressor(options=options)
    # Knowing the size lets zstd choose a window no larger than the data.
    compressor.set_pledged_input_size(size)
    return compressor


def _split_sorted(
    entries: Iterable[PackageEntry],
) -> tuple[list[PackageEntry], list[PackageEntry]]:
    by_name: dict[str, PackageEntry] = {}
    for entry in entries:
        name = "/".join(clean_components(entry.name))
        if name != entry.name or name in by_name:
            rule = "is there twice" if name in by_name else "is not in its simplest form"
            message = f"member {entry.name!a} {rule}"
            raise ArchiveError(message, member=entry.name)
        if entry.link_target is not None and not symlink_stays_inside(name, entry.link_target):
            rule = f"is a symbolic link that leads out, to {entry.link_target!a}"
            message = f"member {name!a} {rule}"
            raise UnsafeArchiveError(message, member=name, rule=rule)
        if name != _RECORD and not f"{name}/".startswith(_BYTE_CODE):
            by_name[name] = entry
    info = sorted(name for name in by_name if name.startswith("info/"))
    others = sorted(by_name.keys() - set(info))
    return [by_name[name] for name in info], [by_name[name] for name in others]


def _iter_tree(root: str, below: str = "") -> Iterator[str]:
    try:
        with os.scandir(os.path.join(root, below)) as scanned:
            children = sorted(scanned, key=lambda child: child.name)
    except OSError as error:
        message = f"cannot read `{error.filename}`: {error.strerror}"
        raise ArchiveError(message, path=root) from error
    if not children and below:
        yield below
    for child in children:
        name = f"{below}/{child.name}" if below else child.name
        if child.is_dir(follow_symlinks=False):
            yield from _iter_tree(root, name)
        else:
            yield name


def _entry_on_disk(root: str, name: str) -> PackageEntry:
    name = name.replace(os.sep, "/")
    path = os.path.join(root, *name.split("/"))
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            return PackageEntry(name=name, link_target=os.readlink(path))
    except OSError as error:
        message = f"cannot read `{path}`: {error.strerror}"
        raise ArchiveError(message, path=root, member=name) from error
    if stat.S_ISDIR(mode):
        return PackageEntry(name=name)
    if stat.S_ISREG(mode):
        return PackageEntry(name=name, content=path, is_executable=bool(mode & stat.S_IXUSR))
    message = f"cannot pack `{path}`: it is a device, a pipe or a socket"
    raise ArchiveError(message, path=root, member=name)


def _header_and_size(entry: PackageEntry, timestamp: int) -> tuple[bytes, int]:
    if entry.link_target is not None:
        header = tar_header(
            entry.name,
            flag=SYMLINK_FLAG,
            mode=0o777,
            mtime=timestamp,
            link_target=entry.link_target,
        )
        return header, 0
    if entry.content is None:
        return tar_header(entry.name, flag=DIRECTORY_FLAG, mode=0o755, mtime=timestamp), 0
    content = entry.content
    size = os.stat(content).st_size if isinstance(content, str) else len(content)
    mode = 0o755 if entry.is_executable else 0o644
    return tar_header(entry.name, flag=FILE_FLAG, size=size, mode=mode, mtime=timestamp), size


def _tar_size(entries: Sequence[PackageEntry], timestamp: int) -> int:
    total = len(END_OF_ARCHIVE)
    for entry in entries:
        header, size = _header_and_size(entry, timestamp)
        total += len(header) + size + len(padding_after(size))
    return total


def _write_tar(
    stream: IO[bytes] | BinaryIO,
    entries: Sequence[PackageEntry],
    timestamp: int,
    compressor: _Compressor,
) -> None:
    compress = compressor.compress
    for entry in entries:
        header, size = _header_and_size(entry, timestamp)
        stream.write(compress(header))
        if isinstance(entry.content, str):
            _write_file(stream, entry, size, compressor)
        elif entry.content:
            for start in range(0, size, _COPY_SIZE):
                stream.write(compress(entry.content[start : start + _COPY_SIZE]))
        stream.write(compress(padding_after(size)))
    stream.write(compress(END_OF_ARCHIVE))
    stream.write(compressor.flush())


def _write_file(stream: IO[bytes], entry: PackageEntry, size: int, compressor: _Compressor) -> None:
    assert isinstance(entry.content, str)
    remaining = size
    with open(entry.content, "rb", buffering=0) as content:
        while data := content.read(_COPY_SIZE):
            remaining -= len(data)
            stream.write(compressor.compress(data))
    if remaining:
        message = f"`{entry.content}` changed while it was being packed"
        raise ArchiveError(message, path=entry.content, member=entry.name)
