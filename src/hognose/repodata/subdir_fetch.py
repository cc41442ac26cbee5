"""Opens a subdir: from the disk if that is current, else in the best format there is."""

from __future__ import annotations

import logging
import os
from functools import partial
from typing import TYPE_CHECKING, Literal
from zlib import crc32

import msgspec

from hognose.errors import (
    FetchRepoDataError,
    InvalidPackageFileError,
    NetworkError,
    NotFoundError,
)
from hognose.net import path_of_file_url, redact
from hognose.repodata.decompression import DEFAULT_MAX_SIZE, OversizedError, iter_pieces, read_all
from hognose.repodata.document_body import (
    DocumentBody,
    UnexpectedContentError,
    fetch_whole,
    warn_of_unexpected,
)
from hognose.repodata.document_cache import (
    NOT_OFFERED,
    Document,
    DocumentCache,
    DocumentFormat,
    SubdirState,
    damaged_document,
    freshness,
    unasked_confirmation,
)
from hognose.repodata.record_scan import UNFORESEEN
from hognose.repodata.repo_data_contents import RepoDataPieces
from hognose.repodata.reporter import Download, Reports
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
from hognose.repodata.tier import unknown_revisions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from hognose.errors import HognoseError
    from hognose.net import Client, Response
    from hognose.repodata.decompression import Compression, Reader
    from hognose.repodata.reporter import SubdirOrigin
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
_KINDS: dict[DocumentFormat, Literal["json", "zst", "bz2"]] = {
    "shards": "zst",
    "zst": "zst",
    "bz2": "bz2",
    "json": "json",
}


class SubdirFetcher:
    """Opens one subdir.

    Args:
        channel: The channel.
        subdir: The platform folder.
        client: What fetches the parts of the subdir later, when it is open.
        config: What may be tried.
        cache_dir: Where documents are kept; None keeps them in memory only.
        now: The time, in seconds since the epoch.
        max_size: The largest acceptable repodata in bytes, decompressed.
        variant: Tells apart files on disk that are kept of one subdir for different uses.
        reporter: Is told of what goes on; see `GatewayReporter`.
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
        reporter: object | None = None,
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        self._channel = channel
        self._subdir = subdir
        self._folder = f"{channel.platform_url(subdir)}/"
        self._client = client
        self._config = config
        self._now = now
        self._max_size = max_size
        self._report = Reports(reporter)
        self._token: object = None
        is_kept = cache_dir is not None and not channel.is_local
        self._cache = None
        if is_kept and cache_dir is not None:
            self._cache = DocumentCache(cache_dir, self._folder, variant=variant)
        self._state = self._cache.read_state() if self._cache else SubdirState()
        # What is wrong with the document on the disk, once that is known.
        self._damage: Exception | None = None

    def open(self, client: Client | None = None) -> Subdir | None:
        """Return the subdir, or None if the channel does not have it.

        Args:
            client: What fetches it, in place of the one for later.

        Raises:
            FetchCancelledError: The client was told to stop.
            NetworkError: A server does not answer, or refuses; `OfflineError` where the network is
                switched off and the disk does not have the subdir.
            FetchRepoDataError: The repodata is broken or too large; or it is not on the disk, or
                damaged there, and must not be fetched.
            InvalidPackageFileError: The repodata is malformed.
        """
        self._token = self._report("subdir_start", redact(str(self._channel)), self._subdir)
        try:
            opened, origin = self._open(client or self._client)
        except BaseException:
            self._report("subdir_failed", self._token)
            raise
        self._report("subdir_complete", self._token, "absent" if opened is None else origin)
        if opened is not None:
            for revision in unknown_revisions(redact(str(self._channel)), opened.info):
                self._report("unknown_revision", self._token, revision)
        return opened

    def _open(self, client: Client) -> tuple[Subdir | None, SubdirOrigin]:
        if self._channel.is_local:
            return self._open_local(client), "directory"
        if self._is_kept_as_absent():
            return None, "absent"
        kept = self._open_kept()
        if kept is not None:
            return kept, "cache"
        if self._config.cache_action in ("use-cache-only", "force-cache-only"):
            message = f"the repodata of {redact(self._folder)} is not on the disk"
            raise FetchRepoDataError(
                message,
                hint="run once without the restriction to the cache",
                url=redact(self._folder),
            )
        return self._open_from_server(client)

    def _open_from_server(self, client: Client) -> tuple[Subdir | None, SubdirOrigin]:
        """Ask the server, or wait for somebody else who is asking it."""
        if self._cache is None or client.offline or self._config.cache_action == "no-cache":
            return self._ask(client)
        with self._cache.locked(client.cancellation):
            return self._open_newer() or self._ask(client)

    def _open_newer(self) -> tuple[Subdir | None, SubdirOrigin] | None:
        """Take what somebody else found out since this began, if anything."""
        assert self._cache is not None
        before, self._state = self._state, self._cache.read_state()
        if self._state.absent != before.absent and self._is_noted_as_absent():
            return None, "absent"
        document = self._state.document
        if document is None or document == before.document or not self._allows(document.format):
            return None
        newer = self._load(document)
        return None if newer is None else (newer, "cache")

    def _ask(self, client: Client) -> tuple[Subdir | None, SubdirOrigin]:
        passed_over: dict[str, HognoseError] = {}
        for form in self._formats():
            try:
                found = self._fetch(form, client)
            except (FetchRepoDataError, InvalidPackageFileError) as error:
                if form == "json" or isinstance(error, OversizedError):
                    raise
                passed_over[_FILE_NAMES[form]] = error
                self._state.missing[form] = self._now
            except NetworkError as error:
                if form == "json":
                    if isinstance(error, NotFoundError):
                        for other in reversed(passed_over.values()):
                            if not isinstance(other, UnexpectedContentError):
                                raise other from None  # a broken document is of a subdir
                        self._remember_absence()
                        return None, "absent"
                    raise
                if error.status not in NOT_OFFERED:
                    raise
                _log.debug("%s: no %s", redact(self._folder), _FILE_NAMES[form])
                self._state.missing[form] = self._now
            else:
                # Not before: where nothing is as it should be the error says it.
                warn_of_unexpected(passed_over)
                return found
        return None, "absent"

    def _open_local(self, client: Client) -> Subdir | None:
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
            packed = client.get(self._folder + INDEX_NAME, max_size=MAX_INDEX_SIZE)
        except NotFoundError:
            return None
        return self._sharded(self._decode_index(packed, self._folder + INDEX_NAME))

    def _open_kept(self) -> Subdir | None:
        """Open the document on the disk where it may be used without asking."""
        document, action = self._state.document, self._config.cache_action
        if document is None or action == "no-cache" or not self._allows(document.format):
            return None
        if not self._takes_any_age() and not document.is_fresh(self._now):
            return None
        kept = self._load(document)
        if kept is None and self._damage is not None and self._must_not_ask():
            raise damaged_document(self._folder, self._damage) from self._damage
        return kept

    def _is_kept_as_absent(self) -> bool:
        """Whether the disk says that the channel does not have the subdir, and has to be believed.

        Where a server can be asked it is: a subdir may appear at any time.
        """
        return self._takes_any_age() and self._is_noted_as_absent()

    def _is_noted_as_absent(self) -> bool:
        return {form for form in _FILE_NAMES if self._allows(form)} <= set(self._state.absent)

    def _takes_any_age(self) -> bool:
        action = self._config.cache_action
        return action == "force-cache-only" or (self._client.offline and action != "no-cache")

    def _must_not_ask(self) -> bool:
        is_bound = self._config.cache_action in ("use-cache-only", "force-cache-only")
        return is_bound or self._client.offline

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

    def _fetch(self, form: DocumentFormat, client: Client) -> tuple[Subdir, SubdirOrigin]:
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

        def receive(response: Response) -> tuple[Subdir, SubdirOrigin]:
            if response.status == 304:
                if kept is None or document is None:
                    raise unasked_confirmation(url)
                self._remember(
                    msgspec.structs.replace(
                        document, fetched_at=self._now, fresh_for=freshness(response.headers)
                    )
                )
                return kept, "cache"
            with Download(self._report, url, response, subdir_token=self._token) as body:
                return self._receive(form, response, body, redact(url)), "server"

        return fetch_whole(client, url, receive, headers=headers)

    def _receive(self, form: DocumentFormat, response: Response, body: Reader, what: str) -> Subdir:
        spool_dir = self._cache.directory if self._cache else None
        document_body = DocumentBody(
            body,
            response,
            kind=_KINDS[form],
            what=what,
            max_size=self._max_size,
            spool_dir=spool_dir,
        )
        if form == "shards":
            packed = bytes(read_all(document_body.open(), None, max_size=MAX_INDEX_SIZE, what=what))
            index = self._decode_index(packed, what)
            self._store(form, response, lambda file: file.write(packed), checksum=crc32(packed))
            return self._sharded(index, is_new=True)
        compression = _COMPRESSIONS[form]
        kept = self._split(form, response, document_body.open(), compression, what)
        if kept is not None:
            return kept
        spool = Spool(spool_dir)
        source = document_body.open()
        for piece in iter_pieces(source, compression, max_size=self._max_size, what=what):
            spool.append(piece)
        data = spool.whole()
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

    def _store(
        self,
        form: DocumentFormat,
        response: Response,
        write: Callable[[BinaryIO], object],
        *,
        checksum: int | None = None,
    ) -> Document | None:
        if self._cache is None:
            return None
        file = self._cache.write_content(write)
        if file is None:
            return None
        document = Document(
            format=form,
            file=file,
            etag=response.headers.get("etag"),
            last_modified=response.headers.get("last-modified"),
            fetched_at=self._now,
            fresh_for=freshness(response.headers),
            checksum=checksum,
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
        """Open a document on the disk; None where it is gone or damaged.

        What is damaged is removed where it can be fetched anew, else it stays for who looks.
        """
        assert self._cache is not None
        path = self._cache.content_path(document)
        try:
            if document.format == "shards":
                packed = self._cache.read_content(document)
                return self._sharded(self._decode_index(packed, os.fspath(path)))
            return SplitSubdir(
                self._channel,
                self._subdir,
                path,
                what=redact(self._folder + _FILE_NAMES[document.format]),
                on_bad_record=partial(self._cache.doubt, document),
                replace=partial(self._replace, document),
            )
        except (OSError, ValueError, FetchRepoDataError) as error:
            _log.debug("%s cannot be used: %s", path, error)
            self._damage = error
            if not self._must_not_ask():
                self._cache.drop(document)
                self._state.document = None
            return None

    def _replace(self, document: Document, client: Client | None) -> Subdir:
        """Open the subdir anew after a document on the disk turned out to be damaged.

        Raises:
            FetchRepoDataError: That must not be fetched, or is gone.
            HognoseError: As for `open`.
        """
        assert self._cache is not None
        if self._must_not_ask():
            path = self._cache.content_path(document)
            raise damaged_document(self._folder, f"{path} is not what was written")
        self._cache.drop(document)
        self._state.document = None
        opened, _ = self._open_from_server(client or self._client)
        if opened is None:
            message = f"{redact(self._folder)} is not in the channel any more"
            raise FetchRepoDataError(message, url=redact(self._folder))
        return opened

    def _decode_index(self, packed: bytes, what: str) -> ShardIndex:
        return ShardIndex.decode(packed, what=what)

    def _sharded(self, index: ShardIndex, *, is_new: bool = False) -> ShardedSubdir:
        store = ShardStore(self._cache.shard_path) if self._cache else None
        if store is not None and is_new:
            store.collect_garbage(index.digests())
        return ShardedSubdir(
            self._channel,
            self._subdir,
            index,
            client=self._client,
            store=store,
            refetch=None if self._client.offline else self._refetch_index,
            max_shard_size=min(self._max_size, MAX_SHARD_SIZE),
        )

    def _refetch_index(self, client: Client) -> ShardIndex:
        """Fetch the shard index past every cache on the way, and keep it."""
        url = self._folder + INDEX_NAME

        def receive(response: Response) -> ShardIndex:
            what = redact(url)
            with Download(self._report, url, response, subdir_token=self._token) as body:
                document_body = DocumentBody(
                    body, response, kind="zst", what=what, max_size=MAX_INDEX_SIZE
                )
                packed = bytes(
                    read_all(document_body.open(), None, max_size=MAX_INDEX_SIZE, what=what)
                )
                index = self._decode_index(packed, what)
            self._store("shards", response, lambda file: file.write(packed), checksum=crc32(packed))
            return index

        return fetch_whole(client, url, receive, headers={"Cache-Control": "no-cache"})
