"""The package cache: extracted packages on disk, shared by programs, processes and threads.

What makes it safe is the order of three steps: extract into a private directory, write the record
into it, rename it to its final name. A reader takes only directories with a fitting record, so it
sees a whole entry or none, at whatever moment a writer is killed. Locks save double work, and that
is all they do. An entry is never changed or replaced by another package: a package of the same
name, version and build with another hash gets a directory of its own, with the hash in its name.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hognose._process_lock import file_lock, is_on_network
from hognose.archive import (
    ExtractLimits,
    ValidationMode,
    component_fault,
    remove_tree,
    rename,
)
from hognose.cache.cache_directory import default_cache_dir, ensure_cache_directory
from hognose.cache.cache_entry import is_usable, write_record, write_sidecar
from hognose.cache.package_download import download_package
from hognose.errors import PackageCacheError
from hognose.net import without_secrets
from hognose.types import RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from hognose.archive import ArchiveDigest, ExtractionWorkers
    from hognose.cache.package_download import CacheReporter
    from hognose.net import Client

_log = logging.getLogger("hognose.cache")

_LOCK_FOLDER = ".locks"
# Seconds between two looks at whether a package is still wanted.
_TICK = 0.1


class CachedPackage(msgspec.Struct, frozen=True):
    """A package that lies extracted in a cache.

    Attributes:
        directory: The directory, as a text. Nobody may write to it.
        record: The record that it was asked for with.
        is_new: Whether it was downloaded just now.
    """

    directory: str
    record: RepoDataRecord
    is_new: bool = False

    @property
    def path(self) -> Path:
        """The directory."""
        return Path(self.directory)


class PackageCache:
    """A directory of extracted packages, with further ones below it that are only read.

    Safe in several threads and processes at once.

    Args:
        root: The directory that packages are added to; `pkgs` in the default cache when None. It
            is made when the first package is added.
        read_only: Directories in which packages are looked for as well, after `root`, in order.
        validation: How closely an entry is looked at before it is used. The default trusts an
            entry whose record fits.
        use_locks: Whether to lock entries while they are made; None means unless the directory is
            on a network file system.
        lock_timeout: How many seconds to wait for another process that makes the same entry.
        limits: What archives may contain.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        *,
        read_only: Iterable[str | os.PathLike[str]] = (),
        validation: ValidationMode = ValidationMode.SKIP,
        use_locks: bool | None = None,
        lock_timeout: float = 600.0,
        limits: ExtractLimits | None = None,
    ) -> None:
        """Keep the settings; the disk is not touched."""
        self.root = default_cache_dir() / "pkgs" if root is None else Path(root).absolute()
        self.read_only = tuple(Path(path).absolute() for path in read_only)
        self.validation = validation
        self._root = str(self.root)
        self._roots = (self._root, *map(str, self.read_only))
        self._locks = f"{self._root}/{_LOCK_FOLDER}"
        self._use_locks = use_locks
        self._lock_timeout = lock_timeout
        self._limits = ExtractLimits() if limits is None else limits
        self._entry_locks: dict[str, threading.Lock] = {}

    @classmethod
    def default(cls, environ: Mapping[str, str] | None = None) -> PackageCache:
        """Open the cache that rattler and pixi use as well."""
        environ = os.environ if environ is None else environ
        return cls(default_cache_dir(environ) / "pkgs")

    @classmethod
    def layered(
        cls,
        directories: Iterable[str | os.PathLike[str]],
        *,
        validation: ValidationMode = ValidationMode.SKIP,
    ) -> PackageCache:
        """Use several directories like conda's `pkgs_dirs`: the first writable one is added to.

        Raises:
            PackageCacheError: There is no directory in the list.
        """
        paths = [Path(directory).absolute() for directory in directories]
        if not paths:
            message = "a package cache needs at least one directory"
            raise PackageCacheError(message, path=None)
        root = next((path for path in paths if is_writable(path)), paths[0])
        others = [path for path in paths if path != root]
        return cls(root, read_only=others, validation=validation)

    def lookup(self, record: RepoDataRecord) -> Path | None:
        """Return where a package lies complete and with the right hash, or None.

        Raises:
            PackageCacheError: The record's name, version or build is unfit for a file name.
        """
        directory = self.directory_of(record)
        return None if directory is None else Path(directory)

    def directory_of(self, record: RepoDataRecord) -> str | None:
        """Return what `lookup` does as a text, for who asks for many packages.

        Raises:
            PackageCacheError: As for `lookup`.
        """
        return self._find(record, _segments(record))

    def _find(self, record: RepoDataRecord, segments: Sequence[str]) -> str | None:
        for root in self._roots:
            for segment in segments:
                path = f"{root}/{segment}"
                if is_usable(path, record, validation=self.validation):
                    return path
        return None

    def fetch(
        self,
        record: RepoDataRecord,
        client: Client,
        *,
        reporter: CacheReporter | None = None,
        entry: int = 0,
        workers: ExtractionWorkers | None = None,
    ) -> CachedPackage:
        """Return a package's extracted directory, downloading it if it is in no cache yet.

        Bytes go from the connection through the hashes and the decompressor into files. A download
        that breaks off, or has a wrong hash or size, is deleted and begun once more.

        Args:
            record: The package; its URL may hold credentials, which are not stored.
            client: What downloads it, until it is told to stop (`Client.cancelled_by`).
            reporter: Is told about the download; any of its methods may be missing.
            entry: The number that the reporter is given for this package.
            workers: What extracts it; by default this thread does.

        Raises:
            HashMismatchError: The bytes are not the ones that the record promises, twice.
            ArchiveError: The package cannot be extracted.
            FetchCancelledError: The client was told to stop.
            NetworkError: The package cannot be downloaded.
            LockTimeoutError: Another process was making this entry for too long.
            PackageCacheError: The cache cannot be written to.
        """
        segments = _segments(record)
        directory = self._find(record, segments)
        if directory is not None:
            return CachedPackage(directory, record)
        # One step, in whichever thread.
        own = self._entry_locks.setdefault(segments[0], threading.Lock())
        while not own.acquire(timeout=_TICK):
            client.cancellation.check(record.url)
        try:
            with self._process_lock(segments[0], client, record.url):
                # Somebody else may have made it meanwhile, under its own name if that is free.
                if os.access(f"{self._root}/{segments[0]}", os.F_OK):
                    directory = self._find(record, segments)
                    if directory is not None:
                        return CachedPackage(directory, record)
                directory = self._add(record, segments, client, reporter, entry, workers)
        finally:
            own.release()
        return CachedPackage(directory, record, is_new=True)

    def _process_lock(
        self, segment: str, client: Client, url: str
    ) -> AbstractContextManager[object]:
        """Make the cache's directory, and return what keeps other processes from an entry."""
        if self._use_locks is None:
            self._use_locks = not is_on_network(self._root)
        if not os.path.isdir(self._locks):
            ensure_cache_directory(self._root)
            if self._use_locks:
                os.makedirs(self._locks, exist_ok=True)
        if not self._use_locks:
            return nullcontext()

        def wait(seconds: float) -> None:
            client.cancellation.wait(seconds)
            client.cancellation.check(url)

        return file_lock(f"{self._locks}/{segment}", timeout=self._lock_timeout, wait=wait)

    def _add(
        self,
        record: RepoDataRecord,
        segments: Sequence[str],
        client: Client,
        reporter: CacheReporter | None,
        entry: int,
        workers: ExtractionWorkers | None,
    ) -> str:
        temporary = f"{self._root}/.{segments[0][:100]}.{os.urandom(6).hex()}.partial"
        try:
            digest = download_package(
                record,
                client,
                temporary,
                limits=self._limits,
                reporter=reporter,
                entry=entry,
                workers=workers,
            )
            write_record(temporary, record, digest)
            final = self._publish(temporary, segments, record, digest)
        except OSError as error:
            remove_tree(temporary)
            message = f"cannot write to package cache `{self._root}`: {error.strerror}"
            raise PackageCacheError(message, path=self._root, errno=error.errno) from error
        except BaseException:
            remove_tree(temporary)
            raise
        _append_url(self._root, record.url)
        return final

    def _publish(
        self,
        temporary: str,
        segments: Sequence[str],
        record: RepoDataRecord,
        digest: ArchiveDigest,
    ) -> str:
        """Give a finished directory its name, unless somebody was faster."""
        if len(segments) == 1:
            segments = (*segments, _hashed_segment(segments[0], digest.sha256.hex()))
        for name in segments:
            final = f"{self._root}/{name}"
            if not os.access(final, os.F_OK) and _renamed(temporary, final):
                return self._finish(final, digest)
            if is_usable(final, record, validation=self.validation):
                remove_tree(temporary)
                return final
            # What lies there is another package, or another program is still writing it: both
            # are left alone.
        self._discard(final)
        rename(temporary, final)
        return self._finish(final, digest)

    def _finish(self, final: str, digest: ArchiveDigest) -> str:
        try:
            write_sidecar(final, digest.sha256)
        except OSError as error:
            # The entry is complete; only rattler would have to download it again.
            _log.debug("no note of the hash beside %s: %s", final, error)
        return final

    def _discard(self, path: str) -> None:
        """Take a damaged entry of our own out of the way, at once and then from the disk."""
        trash = f"{self._root}/.{os.path.basename(path)[:100]}.{os.urandom(6).hex()}.partial"
        try:
            rename(path, trash)
        except FileNotFoundError:
            return
        remove_tree(trash)


def _renamed(source: str, target: str) -> bool:
    try:
        rename(source, target)
    except OSError:
        if os.path.lexists(target):
            return False
        raise
    return True


def is_writable(path: Path) -> bool:
    """Whether packages can be added below a directory, which need not exist yet."""
    while not path.exists():
        if path == path.parent:
            return False
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK)


def _segments(record: RepoDataRecord) -> tuple[str, ...]:
    stem = record.file_stem
    fault = component_fault(stem)
    if fault is not None or "/" in stem or "\\" in stem or stem.startswith("."):
        message = f"package {stem!a} cannot be cached: its name is no file name"
        raise PackageCacheError(message, path=None)
    promised = record.sha256_hex or record.md5_hex
    return (stem, _hashed_segment(stem, promised)) if promised else (stem,)


def _hashed_segment(stem: str, hash_hex: str) -> str:
    return f"{stem}-{hash_hex[:16].lower()}"


def _append_url(root: str, url: str) -> None:
    """Add to `urls.txt`, by which conda knows where packages came from."""
    line = f"{without_secrets(url)}\n".encode()
    try:
        # One write in append mode: lines of several processes do not mix.
        descriptor = os.open(f"{root}/urls.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)
    except OSError as error:
        _log.debug("no line in urls.txt: %s", error)
