"""One package on its way from a URL into a directory, tried again where the way is to blame.

Bytes that are not the ones promised are the fault of the way, whatever is wrong with them: a
server that closed too early, a proxy that answered in its place, a flipped bit that the
decompressor stumbles over. Such a download is begun once more. A package that cannot be extracted
although its hash is right stays as bad as it is.
"""

from __future__ import annotations

import logging
import os
from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol, TypedDict

from hognose.archive import extract_into, remove_tree
from hognose.cache.page_error import page_error
from hognose.errors import ArchiveError, HashMismatchError, HognoseError, NetworkError
from hognose.net import redact

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from hognose.archive import ArchiveDigest, ExtractionWorkers, ExtractLimits
    from hognose.net import Client, Response
    from hognose.types import RepoDataRecord

_log = logging.getLogger("hognose.cache")

_DOWNLOADS = 2
_HINT = "the channel may be changing, or a proxy altered the file: try again later"


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


def download_package(
    record: RepoDataRecord,
    client: Client,
    directory: str,
    *,
    limits: ExtractLimits,
    reporter: CacheReporter | None,
    entry: int,
    workers: ExtractionWorkers | None,
) -> ArchiveDigest:
    """Download and extract a package; its bytes are the ones that the record promises.

    Args:
        record: The package.
        client: What downloads it.
        directory: Where it goes, absolute; made here. After an error the caller removes it.
        limits: What the archive may contain.
        reporter: Is told about the download; any of its methods may be missing.
        entry: The number that the reporter is given for this package.
        workers: What extracts it; by default this thread does.

    Raises:
        HashMismatchError: The bytes are not the ones that the record promises, twice.
        ArchiveError: The package cannot be extracted.
        NetworkError: The package cannot be downloaded; with `expected` and `actual` size if that
            broke off twice.
        OSError: The directory cannot be made.
    """
    # A worker reads a file by itself.
    path = None if workers is None else client.local_path(record.url)
    fault: HognoseError | None = None
    for _ in range(_DOWNLOADS):
        if fault is not None:
            _log.debug("%s", fault.message)
            remove_tree(directory)
        os.mkdir(directory)
        # Asking has retries of its own, so what it raises is final.
        opened: AbstractContextManager[Response | str]
        opened = client.open(record.url) if path is None else nullcontext(path)
        with opened as source:
            progress = _Progress(reporter, entry, _total_of(source, record), longest=record.size)
            try:
                digest = _extract(source, directory, record, client, progress, limits, workers)
                fault = find_mismatch(record, digest)
            except _TooLongError:
                fault = _mismatch(record, "size", record.size, f"more than {record.size}")
            except ArchiveError as error:
                fault = find_mismatch(record, error.digest) if error.digest is not None else None
                if error.is_page:
                    told = page_error(fault or error, source, record.url)
                    if fault is None:
                        raise told from error
                    fault = told
                if fault is None:
                    raise
                fault.__cause__ = error
            except NetworkError as error:
                if not error.is_transient:
                    raise
                fault = _broke_off(error, progress)
            finally:
                progress.complete()
            if fault is None:
                return digest
            if not isinstance(source, str):
                source.distrust()
    assert fault is not None
    raise fault


def find_mismatch(record: RepoDataRecord, digest: ArchiveDigest) -> HashMismatchError | None:
    """Compare the bytes that came with the ones that a record promises."""
    promises: tuple[tuple[str, object, object], ...] = (
        ("SHA-256", record.sha256_hex and record.sha256_hex.lower(), digest.sha256.hex()),
        ("MD5", digest.md5 and record.md5_hex and record.md5_hex.lower(), digest.md5.hex()),
        ("size", record.size, digest.size),
    )
    for what, expected, actual in promises:
        if expected and expected != actual:
            return _mismatch(record, what, expected, actual)
    return None


def _mismatch(
    record: RepoDataRecord, what: str, expected: object, actual: object
) -> HashMismatchError:
    url = redact(record.url)
    message = f"`{url}` is not the package that was promised: its {what} is {actual}"
    message = f"{message} and should be {expected}"
    return HashMismatchError(message, url=url, expected=expected, actual=actual, hint=_HINT)


def _broke_off(error: NetworkError, progress: _Progress) -> NetworkError:
    """Return the error with what came and what should have."""
    message = f"{error.message}, after {progress.received} of {progress.total or 'unknown'} bytes"
    fault = NetworkError(
        message,
        hint=error.hint,
        url=error.url,
        status=error.status,
        is_transient=False,
        expected=progress.total,
        actual=progress.received,
    )
    fault.__cause__ = error
    return fault


class _Settings(TypedDict):
    limits: ExtractLimits
    archive_name: str
    progress: _Progress
    sha256_only: bool
    digest_damaged: bool


def _total_of(source: Response | str, record: RepoDataRecord) -> int | None:
    if isinstance(source, str):
        return os.path.getsize(source) if record.size is None else record.size
    return record.size if source.length is None else source.length


def _extract(
    source: Response | str,
    directory: str,
    record: RepoDataRecord,
    client: Client,
    progress: _Progress,
    limits: ExtractLimits,
    workers: ExtractionWorkers | None,
) -> ArchiveDigest:
    settings: _Settings = {
        "limits": limits,
        "archive_name": redact(record.url),
        "progress": progress,
        "sha256_only": record.sha256_hex is not None,
        "digest_damaged": True,
    }
    if workers is None:
        assert not isinstance(source, str)
        return extract_into(source, directory, **settings)

    def check() -> None:
        client.cancellation.check(record.url)

    return workers.extract_into(source, directory, check=check, **settings)


class _TooLongError(Exception):
    """Ends a download of more bytes than were promised."""


class _Progress:
    """Counts what comes, and calls those methods of a reporter that it has."""

    def __init__(
        self, reporter: CacheReporter | None, entry: int, total: int | None, *, longest: int | None
    ) -> None:
        self.received = 0
        self.total = total
        self._longest = longest
        self._download = 0
        self._on_progress: Callable[[int, int, int | None], object] | None
        self._on_progress = getattr(reporter, "on_download_progress", None)
        self._on_completed: Callable[[int], object] | None
        self._on_completed = getattr(reporter, "on_download_completed", None)
        on_start = getattr(reporter, "on_download_start", None)
        if on_start is not None:
            self._download = on_start(entry)

    def __call__(self, bytes_read: int, /) -> None:
        self.received = bytes_read
        if self._longest and bytes_read > self._longest:
            raise _TooLongError
        if self._on_progress is not None:
            self._on_progress(self._download, bytes_read, self.total)

    def complete(self) -> None:
        if self._on_completed is not None:
            self._on_completed(self._download)
