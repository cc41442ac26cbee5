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
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict

import msgspec

from hognose.archive import (
    ExtractLimits,
    ValidationMode,
    component_fault,
    extract_into,
    remove_tree,
    rename,
)
from hognose.cache.cache_directory import default_cache_dir, ensure_cache_directory
from hognose.cache.cache_entry import is_usable, write_record, write_sidecar
from hognose.cache.process_lock import file_lock, is_on_network
from hognose.errors import HashMismatchError, PackageCacheError
from hognose.net import path_of_file_url, redact
from hognose.types import RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from hognose.archive import ArchiveDigest, ExtractionWorkers
    from hognose.net import Client, Response

_log = logging.getLogger("hognose.cache")

_DOWNLOADS = 2
_LOCK_FOLDER = ".locks"


class CachedPackage(msgspec.Struct, frozen=True):
    """A package that lies extracted in a cache.

    Attributes:
        path: The directory. Nobody may write to it.
        record: The record that it was asked for with.
        is_new: Whether it was downloaded just now.
    """

    path: Path
    record: RepoDataRecord
    is_new: bool = False


class CacheReporter(Protocol):
    """Is told about downloads; may be called from any thread and must be quick.

    The methods have the names and meanings that py-rattler's reporters have.
    """

    def on_download_start(self, cache_entry: int, /) -> int:
        """Take the start of a download, and return a number for the calls that follow."""

    def on_download_progress(self, download: int, progress: int, total: int | None, /) -> object:
        """Take the number of bytes that have arrived, and how many there will be."""

    def on_download_completed(self, download: int, /) -> object:
        """Take the end of a download."""


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
        self._use_locks = use_locks
        self._lock_timeout = lock_timeout
        self._limits = ExtractLimits() if limits is None else limits
        self._guard = threading.Lock()
        self._entry_locks: dict[str, threading.Lock] = {}

    @classmethod
    def default(cls, environ: Mapping[str, str] = os.environ) -> PackageCache:
        """Open the cache that rattler and pixi use as well."""
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
        segments = _segments(record)
        for root in (self._root, *map(str, self.read_only)):
            for segment in segments:
                path = f"{root}/{segment}"
                if is_usable(path, record, validation=self.validation):
                    return Path(path)
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

        Bytes go from the connection through the hashes and the decompressor into files. A package
        with a wrong hash or size is deleted and downloaded once more.

        Args:
            record: The package; its URL may hold credentials, which are not stored.
            client: What downloads it.
            reporter: Is told about the download; any of its methods may be missing.
            entry: The number that the reporter is given for this package.
            workers: What extracts it; by default this thread does.

        Raises:
            HashMismatchError: The bytes are not the ones that the record promises, twice.
            ArchiveError: The package cannot be extracted.
            NetworkError: The package cannot be downloaded.
            LockTimeoutError: Another process was making this entry for too long.
            PackageCacheError: The cache cannot be written to.
        """
        path = self.lookup(record)
        if path is not None:
            return CachedPackage(path, record)
        ensure_cache_directory(self._root)
        with self._entry_lock(_segments(record)[0]):
            path = self.lookup(record)
            if path is not None:
                return CachedPackage(path, record)
            path = Path(self._add(record, client, _Reported(reporter, entry), workers))
        return CachedPackage(path, record, is_new=True)

    @contextmanager
    def _entry_lock(self, segment: str) -> Iterator[None]:
        with self._guard:
            own = self._entry_locks.setdefault(segment, threading.Lock())
        with own, self._process_lock(segment):
            yield

    def _process_lock(self, segment: str) -> AbstractContextManager[object]:
        if self._use_locks is None:
            self._use_locks = not is_on_network(self._root)
        if not self._use_locks:
            return nullcontext()
        folder = f"{self._root}/{_LOCK_FOLDER}"
        os.makedirs(folder, exist_ok=True)
        return file_lock(f"{folder}/{segment}", timeout=self._lock_timeout)

    def _add(
        self,
        record: RepoDataRecord,
        client: Client,
        reported: _Reported,
        workers: ExtractionWorkers | None,
    ) -> str:
        segment = _segments(record)[0]
        temporary = f"{self._root}/.{segment[:100]}.{os.urandom(6).hex()}.partial"
        try:
            digest = self._download(record, client, temporary, reported, workers)
            write_record(temporary, _with_digest(record, digest))
            final = self._publish(temporary, record, digest)
        except OSError as error:
            remove_tree(temporary)
            message = f"cannot write to package cache `{self._root}`: {error.strerror}"
            raise PackageCacheError(message, path=self._root, errno=error.errno) from error
        except BaseException:
            remove_tree(temporary)
            raise
        _append_url(self._root, record.url)
        return final

    def _download(
        self,
        record: RepoDataRecord,
        client: Client,
        temporary: str,
        reported: _Reported,
        workers: ExtractionWorkers | None,
    ) -> ArchiveDigest:
        url = redact(record.url)
        mismatch = None
        for _ in range(_DOWNLOADS):
            os.mkdir(temporary)
            with client.open(record.url) as response:
                total = response.length if response.length is not None else record.size
                try:
                    digest = self._extract(
                        response, temporary, url, reported.start(total), workers, record
                    )
                finally:
                    reported.complete()
            mismatch = find_mismatch(record, digest)
            if mismatch is None:
                return digest
            _log.debug("%s", mismatch.message)
            remove_tree(temporary)
        assert mismatch is not None
        raise mismatch

    def _extract(
        self,
        response: Response,
        temporary: str,
        url: str,
        reported: _Reported,
        workers: ExtractionWorkers | None,
        record: RepoDataRecord,
    ) -> ArchiveDigest:
        settings: _Settings = {
            "limits": self._limits,
            "archive_name": url,
            "progress": reported,
            "sha256_only": record.sha256_hex is not None,
        }
        if workers is None:
            return extract_into(response, temporary, **settings)
        return workers.extract_into(_file_of(response), temporary, **settings)

    def _publish(self, temporary: str, record: RepoDataRecord, digest: ArchiveDigest) -> str:
        """Give a finished directory its name, unless somebody was faster."""
        segments = (record.file_stem, _hashed_segment(record, digest.sha256.hex()))
        for segment in segments:
            final = f"{self._root}/{segment}"
            if not os.path.lexists(final) and _renamed(temporary, final):
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


def _file_of(response: Response) -> Response | str:
    """Return the path of the file that a response reads, if it reads one."""
    if response.url.startswith("file:"):
        path = path_of_file_url(response.url)
        if os.path.isfile(path):
            return path
    return response


def _renamed(source: str, target: str) -> bool:
    try:
        rename(source, target)
    except OSError:
        if os.path.lexists(target):
            return False
        raise
    return True


class _Settings(TypedDict):
    limits: ExtractLimits
    archive_name: str
    progress: _Reported
    sha256_only: bool


class _Reported:
    """Calls those methods of a reporter that it has."""

    def __init__(self, reporter: CacheReporter | None, entry: int) -> None:
        self._reporter = reporter
        self._entry = entry
        self._download = 0
        self._total: int | None = None

    def start(self, total: int | None) -> _Reported:
        self._total = total
        on_start = getattr(self._reporter, "on_download_start", None)
        if on_start is not None:
            self._download = on_start(self._entry)
        return self

    def __call__(self, bytes_read: int, /) -> None:
        on_progress = getattr(self._reporter, "on_download_progress", None)
        if on_progress is not None:
            on_progress(self._download, bytes_read, self._total)

    def complete(self) -> None:
        on_completed = getattr(self._reporter, "on_download_completed", None)
        if on_completed is not None:
            on_completed(self._download)


def is_writable(path: Path) -> bool:
    """Whether packages can be added below a directory, which need not exist yet."""
    while not path.exists():
        if path == path.parent:
            return False
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK)


def find_mismatch(record: RepoDataRecord, digest: ArchiveDigest) -> HashMismatchError | None:
    """Compare the bytes that came with the ones that a record promises."""
    url = redact(record.url)
    promises: tuple[tuple[str, object, object], ...] = (
        ("SHA-256", record.sha256_hex and record.sha256_hex.lower(), digest.sha256.hex()),
        ("MD5", digest.md5 and record.md5_hex and record.md5_hex.lower(), digest.md5.hex()),
        ("size", record.size, digest.size),
    )
    for what, expected, actual in promises:
        if expected and expected != actual:
            message = f"`{url}` is not the package that was promised: its {what} is {actual}"
            message = f"{message} and should be {expected}"
            hint = "the channel may be changing, or a proxy altered the file: try again later"
            return HashMismatchError(message, url=url, expected=expected, actual=actual, hint=hint)
    return None


def _segments(record: RepoDataRecord) -> tuple[str, ...]:
    stem = record.file_stem
    fault = component_fault(stem)
    if fault is not None or "/" in stem or "\\" in stem or stem.startswith("."):
        message = f"package {stem!a} cannot be cached: its name is no file name"
        raise PackageCacheError(message, path=None)
    if record.sha256_hex or record.md5_hex:
        return stem, _hashed_segment(record)
    return (stem,)


def _hashed_segment(record: RepoDataRecord, actual_sha256_hex: str | None = None) -> str:
    promised = record.sha256_hex or record.md5_hex or actual_sha256_hex or ""
    return f"{record.file_stem}-{promised.lower()[:16]}"


def _with_digest(record: RepoDataRecord, digest: ArchiveDigest) -> RepoDataRecord:
    """Complete a record by what is known of the archive now."""
    values = {name: getattr(record, name) for name in RepoDataRecord.__struct_fields__}
    values["sha256_hex"] = digest.sha256.hex()
    values["md5_hex"] = digest.md5.hex() or record.md5_hex
    values["size"] = digest.size
    return RepoDataRecord(**values)


def _append_url(root: str, url: str) -> None:
    """Add to `urls.txt`, by which conda knows where packages came from."""
    line = f"{redact(url)}\n".encode()
    try:
        # One write in append mode: lines of several processes do not mix.
        descriptor = os.open(f"{root}/urls.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)
    except OSError as error:
        _log.debug("no line in urls.txt: %s", error)
