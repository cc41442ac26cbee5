"""Opens a subdir: from the disk if that is current, else in the best format there is."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import (
    FetchRepoDataError,
    InvalidPackageFileError,
    NetworkError,
    NotFoundError,
)
from hognose.net import path_of_file_url, redact
from hognose.repodata.decompression import DEFAULT_MAX_SIZE, read_all
from hognose.repodata.document_cache import (
    NOT_OFFERED,
    Document,
    DocumentCache,
    DocumentFormat,
    SubdirState,
    freshness,
    unasked_confirmation,
)
from hognose.repodata.record_scan import UNFORESEEN
from hognose.repodata.shard_store import ShardStore
from hognose.repodata.shards import INDEX_NAME, MAX_SHARD_SIZE, ShardedSubdir, ShardIndex
from hognose.repodata.source import SparseSubdir
from hognose.repodata.sparse_repo_data import RepoDataPieces, SparseRepoData
from hognose.repodata.split_repo_data import SplitSubdir, split_stream, write_split

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from hognose.net import Client, Response
    from hognose.repodata.decompression import Compression, Reader
    from hognose.repodata.source import Subdir
    from hognose.repodata.source_config import SourceConfig
    from hognose.types import Channel

__all__ = ("SubdirFetcher",)

_log = logging.getLogger("hognose.repodata")

_FILE_NAMES: dict[DocumentFormat, str] = {
    "shards": INDEX_NAME,
    "zst": "repodata.json.zst",
    "bz2": "repodata.json.bz2",
    "json": "repodata.json",
}
_COMPRESSIONS: dict[DocumentFormat, Compression | None] = {
    "zst": "zst",
    "bz2": "bz2",
    "json": None,
}
_MAX_INDEX_SIZE = 256 * 1024 * 1024


class SubdirFetcher:
    """Opens one subdir.

    Args:
        channel: The channel.
        subdir: The platform folder.
        client: What fetches.
        config: What may be tried.
        cache_dir: Where documents are kept; None keeps them in memory only.
        now: The time, in seconds since the epoch.
        max_size: The largest acceptable repodata in bytes, decompressed.
        variant: Tells apart files on disk that are kept of one subdir for different uses.
    """

    def __init__(
        self,
        channel: Channel,
        subdir: str,
        *,
        client: Client,
        config: SourceConfig,
        cache_dir: str | os.PathLike[str] | None,
        now: float,
        max_size: int = DEFAULT_MAX_SIZE,
        variant: str = "",
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        self._channel = channel
        self._subdir = subdir
        self._folder = f"{channel.platform_url(subdir)}/"
        self._client = client
        self._config = config
        self._now = now
        self._max_size = max_size
        is_kept = cache_dir is not None and not channel.is_local
        self._cache = None
        if is_kept and cache_dir is not None:
            self._cache = DocumentCache(cache_dir, self._folder, variant=variant)
        self._state = self._cache.read_state() if self._cache else SubdirState()

    def open(self) -> Subdir | None:
        """Return the subdir, or None if the channel does not have it.

        Raises:
            NetworkError: A server does not answer, or refuses; `OfflineError` where the network is
                switched off and the disk does not have the subdir.
            FetchRepoDataError: The repodata is broken or too large, or is not on the disk and must
                not be fetched.
            InvalidPackageFileError: The repodata is malformed.
        """
        if self._channel.is_local:
            return self._open_local()
        if self._is_kept_as_absent():
            return None
        kept = self._open_kept()
        if kept is not None:
            return kept
        if self._config.cache_action in ("use-cache-only", "force-cache-only"):
            message = f"the repodata of {redact(self._folder)} is not on the disk"
            raise FetchRepoDataError(
                message,
                hint="run once without the restriction to the cache",
                url=redact(self._folder),
            )
        for form in self._formats():
            try:
                return self._fetch(form)
            except NetworkError as error:
                if form == "json":
                    if isinstance(error, NotFoundError):
                        self._remember_absence()
                        return None
                    raise
                if error.status not in NOT_OFFERED:
                    raise
                _log.debug("%s: no %s", redact(self._folder), _FILE_NAMES[form])
                self._state.missing[form] = self._now
        return None

    def _open_local(self) -> Subdir | None:
        """Open the subdir of a channel that is a directory.

        The plain file comes first: of all files every tool keeps it current, and there is nothing
        to download.
        """
        folder = path_of_file_url(self._folder)
        for form in ("json", "zst", "bz2"):
            path = os.path.join(folder, _FILE_NAMES[form])
            try:
                sparse = SparseRepoData(self._channel, self._subdir, path, max_size=self._max_size)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                message = f"{path} cannot be read: {error.strerror or error}"
                raise FetchRepoDataError(message, url=self._folder) from error
            return SparseSubdir(sparse)
        try:
            packed = self._client.get(self._folder + INDEX_NAME, max_size=_MAX_INDEX_SIZE)
        except NotFoundError:
            return None
        return self._sharded(self._decode_index(packed, self._folder + INDEX_NAME))

    def _open_kept(self) -> Subdir | None:
        """Open the document on the disk where it may be used without asking."""
        document, action = self._state.document, self._config.cache_action
        if document is None or action == "no-cache" or not self._allows(document.format):
            return None
        is_usable = self._takes_any_age() or document.is_fresh(self._now)
        return self._load(document) if is_usable else None

    def _is_kept_as_absent(self) -> bool:
        """Whether the disk says that the channel does not have the subdir, and has to be believed.

        Where a server can be asked it is: a subdir may appear at any time.
        """
        allowed = {form for form in _FILE_NAMES if self._allows(form)}
        return self._takes_any_age() and allowed <= set(self._state.absent)

    def _takes_any_age(self) -> bool:
        action = self._config.cache_action
        return action == "force-cache-only" or (self._client.offline and action != "no-cache")

    def _formats(self) -> Iterator[DocumentFormat]:
        """The formats to try, the best first; the plain file is the last resort."""
        for form in _FILE_NAMES:
            is_known_missing = (
                self._state.is_missing(form, self._now) and self._config.cache_action != "no-cache"
            )
            if self._allows(form) and not is_known_missing:
                yield form

    def _allows(self, form: DocumentFormat) -> bool:
        config = self._config
        return {
            "shards": config.sharded_enabled,
            "zst": config.zstd_enabled,
            "bz2": config.bz2_enabled,
            "json": True,
        }[form]

    def _fetch(self, form: DocumentFormat) -> Subdir:
        """Ask the server for a document, unless the one on the disk is still current."""
        url = self._folder + _FILE_NAMES[form]
        document = self._state.document
        kept = None
        headers = {"Accept-Encoding": "gzip"} if form == "json" else {}
        if document and document.format == form and self._config.cache_action != "no-cache":
            # It has to be usable before the server is asked to send nothing.
            kept = self._load(document)
            if kept is not None:
                headers.update(document.conditions())
        with self._client.open(url, headers=headers) as response:
            if response.status == 304:
                if kept is None or document is None:
                    raise unasked_confirmation(url)
                self._remember(
                    msgspec.structs.replace(
                        document, fetched_at=self._now, fresh_for=freshness(response.headers)
                    )
                )
                return kept
            return self._receive(form, response, redact(url))

    def _receive(self, form: DocumentFormat, response: Response, what: str) -> Subdir:
        if form == "shards":
            packed = bytes(read_all(response, None, max_size=_MAX_INDEX_SIZE, what=what))
            index = self._decode_index(packed, what)
            self._store(form, response, lambda file: file.write(packed))
            return self._sharded(index, is_new=True)
        compression = _COMPRESSIONS[form]
        if form == "json" and response.headers.get("content-encoding") == "gzip":
            compression = "gzip"
        source = _Rewindable(response)
        kept = self._split(form, response, source, compression, what)
        if kept is not None:
            return kept
        source.rewind()
        data = read_all(source, compression, max_size=self._max_size, what=what)
        if self._cache is not None:
            pieces = RepoDataPieces.cut(data, what=what)
            document = self._store(form, response, lambda file: write_split(pieces, file))
            kept = None if document is None else self._load(document)
            if kept is not None:
                return kept
        return SparseSubdir(SparseRepoData.from_bytes(self._channel, self._subdir, data, what=what))

    def _split(
        self,
        form: DocumentFormat,
        response: Response,
        source: Reader,
        compression: Compression | None,
        what: str,
    ) -> Subdir | None:
        """Cut a document while it arrives; None where it or the disk does not allow that."""

        def split(file: BinaryIO) -> None:
            split_stream(source, compression, file, max_size=self._max_size, what=what)

        try:
            document = self._store(form, response, split)
        except UNFORESEEN:
            return None
        return None if document is None else self._load(document)

    def _store(self, form: DocumentFormat, response: Response, write: object) -> Document | None:
        if self._cache is None:
            return None
        file = self._cache.write_content(write)  # type: ignore[arg-type]
        if file is None:
            return None
        document = Document(
            format=form,
            file=file,
            etag=response.headers.get("etag"),
            last_modified=response.headers.get("last-modified"),
            fetched_at=self._now,
            fresh_for=freshness(response.headers),
        )
        self._remember(document)
        return document

    def _remember(self, document: Document) -> None:
        if self._cache is not None:
            self._state.document = document
            self._state.absent = ()
            self._cache.write_state(self._state)

    def _remember_absence(self) -> None:
        """Keep that the server has none of the formats.

        That they are missing one by one is forgotten: the subdir may come back in any of them.
        """
        absent = tuple(form for form in _FILE_NAMES if self._allows(form))
        if self._cache is not None and absent != self._state.absent:
            self._state.absent = absent
            self._state.missing = {}
            self._cache.write_state(self._state)

    def _load(self, document: Document) -> Subdir | None:
        """Open a document on the disk; None where it is gone or broken."""
        assert self._cache is not None
        path = self._cache.content_path(document)
        try:
            if document.format == "shards":
                return self._sharded(self._decode_index(path.read_bytes(), os.fspath(path)))
            return SplitSubdir(self._channel, self._subdir, path)
        except (OSError, ValueError, InvalidPackageFileError, FetchRepoDataError) as error:
            _log.debug("%s cannot be used: %s", path, error)
            return None

    def _decode_index(self, packed: bytes, what: str) -> ShardIndex:
        return ShardIndex.decode(packed, what=what, max_size=self._max_size)

    def _sharded(self, index: ShardIndex, *, is_new: bool = False) -> ShardedSubdir:
        store = ShardStore(self._cache.shard_path) if self._cache else None
        if store is not None and is_new:
            store.collect_garbage({bytes(digest) for digest in index.shards.values()})
        return ShardedSubdir(
            self._channel,
            self._subdir,
            index,
            client=self._client,
            store=store,
            refetch=None if self._client.offline else self._refetch_index,
            max_shard_size=min(self._max_size, MAX_SHARD_SIZE),
        )

    def _refetch_index(self) -> ShardIndex:
        """Fetch the shard index past every cache on the way, and keep it."""
        url = self._folder + INDEX_NAME
        with self._client.open(url, headers={"Cache-Control": "no-cache"}) as response:
            what = redact(url)
            packed = bytes(read_all(response, None, max_size=_MAX_INDEX_SIZE, what=what))
            index = self._decode_index(packed, what)
            self._store("shards", response, lambda file: file.write(packed))
        return index


class _Rewindable:
    """A source that can be read twice: what it gave is kept, as it was sent."""

    def __init__(self, source: Reader) -> None:
        self._source = source
        self._kept: list[bytes] = []
        self._position = 0

    def read(self, size: int, /) -> bytes:
        if self._position == len(self._kept):
            self._kept.append(self._source.read(size) or b"")
        self._position += 1
        return self._kept[self._position - 1]

    def rewind(self) -> None:
        self._position = 0
