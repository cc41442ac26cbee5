"""Finds the run exports of packages, which plain repodata does not have (CEP 12).

They are in the shards, else in the channel's `run_exports.json`, else in the package itself.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import field

from hognose.errors import NetworkError
from hognose.net import redact
from hognose.repodata.decompression import DEFAULT_MAX_SIZE, read_all
from hognose.repodata.document_cache import NOT_OFFERED
from hognose.types import RunExportsJson, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor

    from hognose.net import Client
    from hognose.repodata.decompression import Compression
    from hognose.types import RepoDataRecord

    ArchiveReader = Callable[[RepoDataRecord], RunExportsJson | None]

__all__ = ("RunExportsFinder",)

_FILES: tuple[tuple[str, Compression | None], ...] = (
    ("run_exports.json.zst", "zst"),
    ("run_exports.json", None),
)


class _Entry(msgspec.Struct, gc=False):
    run_exports: RunExportsJson | None = None


class _Document(msgspec.Struct):
    packages: dict[str, msgspec.Raw] = {}
    conda_packages: dict[str, msgspec.Raw] = field(name="packages.conda", default_factory=dict)


class RunExportsFinder:
    """Finds run exports; remembers each channel's file. Safe in several threads.

    Args:
        client: What fetches.
    """

    def __init__(self, client: Client) -> None:
        """Keep the client; nothing is fetched yet."""
        self._client = client
        self._lock = threading.Lock()
        self._folders: dict[str, threading.Lock] = {}
        self._documents: dict[str, _Document | None] = {}

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

    def _document(self, folder: str) -> _Document | None:
        with self._lock:
            lock = self._folders.setdefault(folder, threading.Lock())
        with lock:
            if folder not in self._documents:
                self._documents[folder] = self._fetch(folder)
            return self._documents[folder]

    def _fetch(self, folder: str) -> _Document | None:
        for name, compression in _FILES:
            url = f"{folder}/{name}"
            try:
                with self._client.open(url) as response:
                    data: Any = read_all(
                        response, compression, max_size=DEFAULT_MAX_SIZE, what=redact(url)
                    )
            except NetworkError as error:
                if error.status not in NOT_OFFERED:
                    raise
                continue
            return wire.decode_json(data, _Document, what=redact(url))
        return None
