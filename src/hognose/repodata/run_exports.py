"""Finds the run exports of packages, which plain repodata does not have (CEP 12).

They are in the shards, else in the channel's `run_exports.json`, else in the package itself. The
file is kept on disk like repodata, with its validators.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec import field

from hognose.errors import FetchRepoDataError, InvalidPackageFileError, NetworkError
from hognose.net import redact
from hognose.repodata.decompression import DEFAULT_MAX_SIZE, OversizedError, read_all
from hognose.repodata.document_body import (
    BrokenOffError,
    DocumentBody,
    UnexpectedContentError,
    fetch_whole,
    warn_of_unexpected,
)
from hognose.repodata.document_cache import (
    NOT_OFFERED,
    DocumentCache,
    DocumentFormat,
    damaged_document,
    unasked_confirmation,
)
from hognose.repodata.kept_document import KeptDocument
from hognose.repodata.reporter import Download, Reports
from hognose.types import RunExportsJson, wire

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from hognose.net import Client, Headers, Response
    from hognose.repodata.decompression import Compression
    from hognose.repodata.gateway_call import GatewayCall
    from hognose.types import RepoDataRecord

    ArchiveReader = Callable[[RepoDataRecord], RunExportsJson | None]

__all__ = ("RUN_EXPORTS", "RunExportsFinder")

# Tells the files on disk from those of repodata.
RUN_EXPORTS = "run exports"

# Seconds between two looks at whether somebody who waits for another was told to stop.
_LOOK_UP = 0.1

_FILES: dict[DocumentFormat, tuple[str, Compression | None]] = {
    "zst": ("run_exports.json.zst", "zst"),
    "json": ("run_exports.json", None),
}


class _Entry(msgspec.Struct, gc=False):
    run_exports: RunExportsJson | None = None


class _RunExports(msgspec.Struct):
    packages: dict[str, msgspec.Raw] = {}
    conda_packages: dict[str, msgspec.Raw] = field(name="packages.conda", default_factory=dict)


class RunExportsFinder:
    """Finds run exports; remembers each channel's file. Safe in several threads.

    Args:
        cache_dir: Where the files are kept; None keeps them in memory only.
        clock: Tells the seconds since the epoch.
        reporter: Is told of what is downloaded; see `GatewayReporter`.
    """

    def __init__(
        self,
        *,
        cache_dir: str | os.PathLike[str] | None = None,
        clock: Callable[[], float] = time.time,
        reporter: object | None = None,
    ) -> None:
        """Keep the settings; nothing is fetched yet."""
        self._report = Reports(reporter)
        self._cache_dir = cache_dir
        self._clock = clock
        self._lock = threading.Lock()
        self._folders: dict[str, threading.Lock] = {}
        self._documents: dict[str, _RunExports | None] = {}

    def find(
        self,
        records: Iterable[RepoDataRecord],
        call: GatewayCall,
        read_archive: ArchiveReader | None,
    ) -> list[RunExportsJson | None]:
        """Return the run exports of each record, None where nobody tells.

        Raises:
            FetchCancelledError: The client was told to stop.
            NetworkError: A server does not answer.
            InvalidPackageFileError: A `run_exports.json` is malformed.
            ArchiveError: A package cannot be read.
        """

        def find(record: RepoDataRecord) -> RunExportsJson | None:
            return self._find(record, call, read_archive)

        return list(call.executor.map(find, records))

    def _find(
        self, record: RepoDataRecord, call: GatewayCall, read_archive: ArchiveReader | None
    ) -> RunExportsJson | None:
        call.check(record.url)
        if record.run_exports is not None:
            return record.run_exports
        folder = record.url.rpartition("/")[0]
        document = self._document(folder, call.client)
        if document is not None:
            section = document.packages
            if record.file_name.endswith(".conda"):
                section = document.conda_packages
            raw = section.get(record.file_name)
            if raw is not None:
                what = f"the run exports of {record.file_name} at {redact(folder)}"
                entry: _Entry = wire.decode_json(bytes(raw), _Entry, what=what)
                return entry.run_exports or RunExportsJson()
        return None if read_archive is None else read_archive(record)

    def _document(self, folder: str, client: Client) -> _RunExports | None:
        with self._lock:
            lock = self._folders.setdefault(folder, threading.Lock())
        # Who has it may be of another call, which does not end with ours.
        while not lock.acquire(timeout=_LOOK_UP):
            client.cancellation.check(folder)
        try:
            if folder not in self._documents:
                self._documents[folder] = self._fetch(folder, client)
            return self._documents[folder]
        finally:
            lock.release()

    def _fetch(self, folder: str, client: Client) -> _RunExports | None:
        cache = None
        if self._cache_dir is not None and folder.startswith("http"):
            cache = DocumentCache(self._cache_dir, f"{folder}/", variant=RUN_EXPORTS)
        return self._download(folder, cache, client)

    def _download(
        self, folder: str, cache: DocumentCache | None, client: Client
    ) -> _RunExports | None:
        """Use the file on disk if it is current, else ask for it in each form."""
        now = self._clock()
        file = _KeptFile(cache, now=now)
        if file.content is not None and (file.is_fresh or client.offline):
            return file.content
        if client.offline and file.damage is not None:
            raise damaged_document(folder, file.damage) from file.damage
        if cache is None or client.offline:
            return self._ask(folder, file, client)
        with cache.locked(client.cancellation):
            newer = _KeptFile(cache, now=now)
            if newer.content is not None and newer.document != file.document:
                return newer.content
            return self._ask(folder, newer, client)

    def _ask(self, folder: str, file: _KeptFile, client: Client) -> _RunExports | None:
        """Ask for the file in each form, unless the one that is kept is current."""
        for form, (name, compression) in _FILES.items():
            if file.is_known_missing(form):
                continue
            url = f"{folder}/{name}"
            is_kept = file.content is not None
            receive = partial(self._receive, url=url, compression=compression, is_kept=is_kept)
            try:
                data, headers = fetch_whole(client, url, receive, headers=file.conditions(form))
            except FetchRepoDataError as error:
                is_page = isinstance(error, UnexpectedContentError) and error.is_page
                if isinstance(error, OversizedError) or (form == "json" and not is_page):
                    raise
                warn_of_unexpected({name: error})
                file.note_missing(form)
                file.write()
                continue
            except BrokenOffError as error:
                if form == "json":
                    raise
                warn_of_unexpected({name: error})
                continue
            except NetworkError as error:
                if error.status not in NOT_OFFERED:
                    raise
                file.note_missing(form)
                file.write()
                continue
            if data is None:
                file.confirm(headers)
                return file.content
            found: _RunExports = wire.decode_json(bytes(data), _RunExports, what=redact(url))
            file.keep_bytes(form, headers, data)
            return found
        return None

    def _receive(
        self, response: Response, *, url: str, compression: Compression | None, is_kept: bool
    ) -> tuple[bytearray | None, Headers]:
        """Read a file, None where the one that is kept is current."""
        if response.status == 304:
            if not is_kept:
                raise unasked_confirmation(url)
            return None, response.headers
        what = redact(url)
        with Download(self._report, url, response) as body:
            document = DocumentBody(
                body,
                response,
                kind="json" if compression is None else "zst",
                what=what,
                max_size=DEFAULT_MAX_SIZE,
            )
            data = read_all(document.open(), compression, max_size=DEFAULT_MAX_SIZE, what=what)
        return data, response.headers


class _KeptFile(KeptDocument):
    """The run exports of one folder on the disk.

    Attributes:
        content: What the document says; None where there is none, or it is damaged.
        damage: What is wrong with it.
    """

    def __init__(self, cache: DocumentCache | None, *, now: float) -> None:
        """Read what there is; what is broken counts as nothing."""
        super().__init__(cache, now=now)
        self.damage: Exception | None = None
        self.content = self._load()

    def conditions(self, form: DocumentFormat) -> dict[str, str]:
        """The header fields that ask for a form only if it has changed."""
        document = self.document
        if self.content is None or document is None or document.format != form:
            return {}
        return document.conditions()

    def _load(self) -> _RunExports | None:
        document = self.document
        if self.cache is None or document is None:
            return None
        try:
            data = self.cache.read_content(document)
            return wire.decode_json(data, _RunExports, what=str(self.cache.content_path(document)))
        except (OSError, InvalidPackageFileError) as error:
            self.damage = error
            return None
