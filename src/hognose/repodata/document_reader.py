"""Makes a subdir of a document: one that is coming, that is kept, or that is in a directory."""

from __future__ import annotations

import logging
import os
from functools import partial
from typing import TYPE_CHECKING, Literal

from hognose.errors import FetchRepoDataError, NotFoundError
from hognose.net import path_of_file_url, redact
from hognose.repodata.decompression import iter_pieces, read_all
from hognose.repodata.document_body import DocumentBody
from hognose.repodata.record_scan import UNFORESEEN
from hognose.repodata.repo_data_contents import RepoDataPieces
from hognose.repodata.shard_store import ShardStore
from hognose.repodata.shards import (
    INDEX_NAME,
    MAX_INDEX_SIZE,
    MAX_SHARD_SIZE,
    ShardedSubdir,
    ShardIndex,
)
from hognose.repodata.source import SparseSubdir
from hognose.repodata.sparse_repo_data import SparseRepoData
from hognose.repodata.split_repo_data import SplitSubdir, split_stream, write_split
from hognose.repodata.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from hognose.net import Client, Response
    from hognose.repodata.decompression import Compression, Reader
    from hognose.repodata.document_cache import Document, DocumentFormat
    from hognose.repodata.kept_document import KeptDocument
    from hognose.repodata.source import Subdir
    from hognose.types import Channel

__all__ = ("FILE_NAMES", "DocumentReader")

_log = logging.getLogger("hognose.repodata")

# The formats, the best first.
FILE_NAMES: dict[DocumentFormat, str] = {
    "shards": INDEX_NAME,
    "zst": "repodata.json.zst",
    "bz2": "repodata.json.bz2",
    "json": "repodata.json",
}
_KINDS: dict[DocumentFormat, Literal["json", "zst", "bz2"]] = {
    "shards": "zst",
    "zst": "zst",
    "bz2": "bz2",
    "json": "json",
}


class DocumentReader:
    """Reads the documents of one subdir, and keeps those that come.

    Args:
        channel: The channel.
        subdir: The platform folder.
        client: What fetches the parts of the subdir later, when it is open.
        kept: What there is on the disk.
        max_size: The largest acceptable repodata in bytes, decompressed.
        is_replaceable: Whether what is damaged on the disk may be fetched anew.
        replace: Opens the subdir anew, after a document turned out to be damaged.
        fetch_index: Fetches the shard index anew, for when a shard that it names is gone.

    Attributes:
        damage: What is wrong with the document on the disk, once that is known.
    """

    def __init__(
        self,
        channel: Channel,
        subdir: str,
        *,
        client: Client,
        kept: KeptDocument,
        max_size: int,
        is_replaceable: bool,
        replace: Callable[[Document, Client | None], Subdir],
        fetch_index: Callable[[Client], ShardIndex],
    ) -> None:
        """Keep the means; nothing is read yet."""
        self._channel = channel
        self._subdir = subdir
        self._folder = f"{channel.platform_url(subdir)}/"
        self._client = client
        self._kept = kept
        self._max_size = max_size
        self._is_replaceable = is_replaceable
        self._replace = replace
        self._fetch_index = fetch_index
        self.damage: Exception | None = None

    def read_directory(self, client: Client) -> Subdir | None:
        """Open the subdir of a channel that is a directory; None where it is not there.

        The plain file comes first: of all files every tool keeps it current, and there is nothing
        to download.

        Args:
            client: What reads a shard index.

        Raises:
            FetchRepoDataError: A file cannot be read, or is broken.
            InvalidPackageFileError: The repodata is malformed.
        """
        folder = path_of_file_url(self._folder)
        for form in ("json", "zst", "bz2"):
            path = os.path.join(folder, FILE_NAMES[form])
            try:
                sparse = SparseRepoData(self._channel, self._subdir, path, max_size=self._max_size)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                message = f"{path} cannot be read: {error.strerror or error}"
                raise FetchRepoDataError(message, url=self._folder) from error
            return SparseSubdir(sparse)
        index_url = self._folder + INDEX_NAME
        try:
            packed = client.get(index_url, max_size=MAX_INDEX_SIZE)
        except NotFoundError:
            return None
        return self._sharded(ShardIndex.decode(packed, what=index_url))

    def read_kept(self, document: Document) -> Subdir | None:
        """Open a document on the disk; None where it is gone or damaged.

        What is damaged is removed where it can be fetched anew, else it stays for who looks.
        """
        cache = self._kept.cache
        assert cache is not None
        path = cache.content_path(document)
        try:
            if document.format == "shards":
                packed = cache.read_content(document)
                return self._sharded(ShardIndex.decode(packed, what=os.fspath(path)))
            return SplitSubdir(
                self._channel,
                self._subdir,
                path,
                what=redact(self._folder + FILE_NAMES[document.format]),
                on_bad_record=partial(cache.doubt, document),
                replace=partial(self._replace, document),
            )
        except (OSError, ValueError, FetchRepoDataError) as error:
            _log.debug("%s cannot be used: %s", path, error)
            self.damage = error
            if self._is_replaceable:
                self._kept.drop(document)
            return None

    def read_body(self, form: DocumentFormat, response: Response, body: Reader) -> Subdir:
        """Open a document that is coming, and keep it.

        Args:
            form: Its format.
            response: The answer that it is of.
            body: The body of that.

        Raises:
            FetchRepoDataError: It is broken, too large, or something else altogether.
            InvalidPackageFileError: It is malformed.
            NetworkError: The connection broke.
        """
        if form == "shards":
            return self._sharded(self.read_index(response, body), is_new=True)
        what = redact(self._folder + FILE_NAMES[form])
        kind = _KINDS[form]
        compression = None if kind == "json" else kind
        spool_dir = self._kept.cache.directory if self._kept.cache else None
        document_body = DocumentBody(
            body, response, kind=kind, what=what, max_size=self._max_size, spool_dir=spool_dir
        )
        kept = self._split(form, response, document_body.open(), compression, what)
        if kept is not None:
            return kept
        spool = Spool(spool_dir)
        source = document_body.open()
        for piece in iter_pieces(source, compression, max_size=self._max_size, what=what):
            spool.append(piece)
        data = spool.whole()
        if self._kept.cache is not None:
            pieces = RepoDataPieces.cut(data, what=what)
            kept = self._keep(form, response, lambda file: write_split(pieces, file))
            if kept is not None:
                return kept
        return SparseSubdir(SparseRepoData.from_bytes(self._channel, self._subdir, data, what=what))

    def read_index(self, response: Response, body: Reader) -> ShardIndex:
        """Read a shard index that is coming, and keep it.

        Raises:
            FetchRepoDataError, InvalidPackageFileError, NetworkError: As for `read_body`.
        """
        what = redact(self._folder + INDEX_NAME)
        document_body = DocumentBody(body, response, kind="zst", what=what, max_size=MAX_INDEX_SIZE)
        packed = bytes(read_all(document_body.open(), None, max_size=MAX_INDEX_SIZE, what=what))
        index = ShardIndex.decode(packed, what=what)
        self._kept.keep_bytes("shards", response.headers, packed)
        return index

    def _split(
        self,
        form: DocumentFormat,
        response: Response,
        source: Reader,
        compression: Compression | None,
        what: str,
    ) -> Subdir | None:
        """Cut a document while it comes; None where it or the disk does not allow that."""

        def split(file: BinaryIO) -> None:
            split_stream(source, compression, file, max_size=self._max_size, what=what)

        try:
            return self._keep(form, response, split)
        except UNFORESEEN:
            return None

    def _keep(
        self, form: DocumentFormat, response: Response, write: Callable[[BinaryIO], object]
    ) -> Subdir | None:
        """Keep a document and open what is kept; None where the disk does not allow that."""
        document = self._kept.keep(form, response.headers, write)
        return None if document is None else self.read_kept(document)

    def _sharded(self, index: ShardIndex, *, is_new: bool = False) -> ShardedSubdir:
        cache = self._kept.cache
        store = ShardStore(cache.shard_path) if cache else None
        if store is not None and is_new:
            store.collect_garbage(index.digests())
        return ShardedSubdir(
            self._channel,
            self._subdir,
            index,
            client=self._client,
            store=store,
            refetch=None if self._client.offline else self._fetch_index,
            max_shard_size=min(self._max_size, MAX_SHARD_SIZE),
        )
