"""Finds the run exports of packages, which plain repodata does not have (CEP 12).

They are in the shards, else in the channel's `run_exports.json`, else in the package itself. The
file is kept on disk like repodata, with its validators.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import msgspec
from msgspec import field

from hognose.errors import InvalidPackageFileError, NetworkError
from hognose.net import redact
from hognose.repodata.decompression import DEFAULT_MAX_SIZE, read_all
from hognose.repodata.document_cache import (
    NOT_OFFERED,
    Document,
    DocumentCache,
    DocumentFormat,
    freshness,
    unasked_confirmation,
)
from hognose.types import RunExportsJson, wire

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor

    from hognose.net import Client, Headers
    from hognose.repodata.decompression import Compression
    from hognose.repodata.document_cache import SubdirState
    from hognose.types import RepoDataRecord

    ArchiveReader = Callable[[RepoDataRecord], RunExportsJson | None]

__all__ = ("RUN_EXPORTS", "RunExportsFinder")

# Tells the files on disk from those of repodata.
RUN_EXPORTS = "run exports"

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
        client: What fetches.
        cache_dir: Where the files are kept; None keeps them in memory only.
        clock: Tells the seconds since the epoch.
    """

    def __init__(
        self,
        client: Client,
        *,
        cache_dir: str | os.PathLike[str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Keep the settings; nothing is fetched yet."""
        self._client = client
        self._cache_dir = cache_dir
        self._clock = clock
        self._lock = threading.Lock()
        self._folders: dict[str, threading.Lock] = {}
        self._documents: dict[str, _RunExports | None] = {}

    def find(
        self,
        records: Iterable[RepoDataRecord],
        executor: Executor,
        read_archive: ArchiveReader | None,
    ) -> list[RunExportsJson | None]:
        """Return the run exports of each record, None where nobody tells.

        Raises:
            NetworkError: A server does not answer.
            InvalidPackageFileError: A `run_exports.json` is malformed.
            ArchiveError: A package cannot be read.
        """
        return list(executor.map(lambda record: self._find(record, read_archive), records))

    def _find(
        self, record: RepoDataRecord, read_archive: ArchiveReader | None
    ) -> RunExportsJson | None:
        if record.run_exports is not None:
            return record.run_exports
        folder = record.url.rpartition("/")[0]
        document = self._document(folder)
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

    def _document(self, folder: str) -> _RunExports | None:
        with self._lock:
            lock = self._folders.setdefault(folder, threading.Lock())
        with lock:
            if folder not in self._documents:
                self._documents[folder] = self._fetch(folder)
            return self._documents[folder]

    def _fetch(self, folder: str) -> _RunExports | None:
        if self._cache_dir is None or not folder.startswith("http"):
            return self._download(folder, None)
        return self._download(
            folder, DocumentCache(self._cache_dir, f"{folder}/", variant=RUN_EXPORTS)
        )

    def _download(self, folder: str, cache: DocumentCache | None) -> _RunExports | None:
        """Use the file on disk if it is current, else ask for it in each form."""
        now = self._clock()
        file = _KeptFile(cache, now=now)
        if file.is_fresh or (self._client.offline and file.content is not None):
            return file.content
        for form, (name, compression) in _FILES.items():
            if file.is_known_missing(form):
                continue
            url = f"{folder}/{name}"
            try:
                with self._client.open(url, headers=file.conditions(form)) as response:
                    if response.status == 304:
                        if file.content is None:
                            raise unasked_confirmation(url)
                        file.confirm(response.headers)
                        return file.content
                    data = read_all(
                        response, compression, max_size=DEFAULT_MAX_SIZE, what=redact(url)
                    )
            except NetworkError as error:
                if error.status not in NOT_OFFERED:
                    raise
                file.note_missing(form)
                continue
            found: _RunExports = wire.decode_json(bytes(data), _RunExports, what=redact(url))
            file.replace(form, data, response.headers)
            return found
        return None


class _KeptFile:
    """The run exports of one folder on disk, and what is known of the server's files."""

    def __init__(self, cache: DocumentCache | None, *, now: float) -> None:
        """Read what there is; what is broken counts as nothing."""
        self._cache = cache
        self._now = now
        self._state: SubdirState | None = cache.read_state() if cache else None
        self.content = self._load()

    @property
    def is_fresh(self) -> bool:
        """Whether the content may be used without asking."""
        document = self._state.document if self._state else None
        return self.content is not None and document is not None and document.is_fresh(self._now)

    def is_known_missing(self, form: DocumentFormat) -> bool:
        """Whether the server did not have a form a short time ago."""
        return self._state is not None and self._state.is_missing(form, self._now)

    def conditions(self, form: DocumentFormat) -> dict[str, str]:
        """The header fields that ask for a form only if it has changed."""
        document = self._state.document if self._state else None
        if self.content is None or document is None or document.format != form:
            return {}
        return document.conditions()

    def confirm(self, headers: Headers) -> None:
        """Note that the server says that the content is current."""
        assert self._state is not None
        assert self._state.document is not None
        self._state.document = msgspec.structs.replace(
            self._state.document, fetched_at=self._now, fresh_for=freshness(headers)
        )
        self._write()

    def note_missing(self, form: DocumentFormat) -> None:
        """Note that the server does not have a form."""
        if self._state is not None:
            self._state.missing[form] = self._now
            self._write()

    def replace(self, form: DocumentFormat, data: bytes | bytearray, headers: Headers) -> None:
        """Keep new content."""
        if self._cache is None or self._state is None:
            return
        name = self._cache.write_content(lambda file: file.write(data))
        if name is not None:
            self._state.document = Document(
                format=form,
                file=name,
                etag=headers.get("etag"),
                last_modified=headers.get("last-modified"),
                fetched_at=self._now,
                fresh_for=freshness(headers),
            )
            self._write()

    def _load(self) -> _RunExports | None:
        document = self._state.document if self._state else None
        if self._cache is None or document is None:
            return None
        path = self._cache.content_path(document)
        try:
            return wire.decode_json(path.read_bytes(), _RunExports, what=str(path))
        except (OSError, InvalidPackageFileError):
            return None

    def _write(self) -> None:
        if self._cache is not None and self._state is not None:
            self._cache.write_state(self._state)
