"""Opens a subdir: from the disk if that is current, else in the best format there is."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hognose.errors import (
    FetchRepoDataError,
    InvalidPackageFileError,
    NetworkError,
    NotFoundError,
)
from hognose.net import redact
from hognose.repodata.decompression import DEFAULT_MAX_SIZE, OversizedError
from hognose.repodata.document_body import (
    BrokenOffError,
    UnexpectedContentError,
    fetch_whole,
    warn_of_unexpected,
)
from hognose.repodata.document_cache import (
    NOT_OFFERED,
    Document,
    DocumentCache,
    DocumentFormat,
    damaged_document,
    unasked_confirmation,
)
from hognose.repodata.document_reader import FILE_NAMES, DocumentReader
from hognose.repodata.kept_document import KeptDocument
from hognose.repodata.reporter import Download, Reports
from hognose.repodata.tier import unknown_revisions

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from hognose.errors import HognoseError
    from hognose.net import Client, Response
    from hognose.repodata.reporter import SubdirOrigin
    from hognose.repodata.shards import ShardIndex
    from hognose.repodata.source import Subdir
    from hognose.repodata.source_config import SourceConfig
    from hognose.types import Channel

__all__ = ("SubdirFetcher",)

_log = logging.getLogger("hognose.repodata")


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
        self._report = Reports(reporter)
        self._token: object = None
        cache = None
        if cache_dir is not None and not channel.is_local:
            cache = DocumentCache(cache_dir, self._folder, variant=variant)
        self._kept = KeptDocument(cache, now=now)
        self._reader = DocumentReader(
            channel,
            subdir,
            client=client,
            kept=self._kept,
            max_size=max_size,
            is_replaceable=not self._must_not_ask(),
            replace=self._replace,
            fetch_index=self._fetch_index,
        )

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
            return self._reader.read_directory(client), "directory"
        # A subdir may appear at any time: where a server can be asked it is.
        if self._takes_any_age() and self._is_noted_as_absent():
            return None, "absent"
        kept = self._open_kept()
        if kept is not None:
            return kept, "cache"
        if self._is_bound_to_cache():
            message = f"the repodata of {redact(self._folder)} is not on the disk"
            raise FetchRepoDataError(
                message,
                hint="run once without the restriction to the cache",
                url=redact(self._folder),
            )
        return self._open_from_server(client)

    def _open_kept(self) -> Subdir | None:
        """Open the document on the disk where it may be used without asking."""
        document = self._usable_document()
        if document is None or not (self._takes_any_age() or self._kept.is_fresh):
            return None
        kept = self._reader.read_kept(document)
        if kept is None and self._reader.damage is not None and self._must_not_ask():
            raise damaged_document(self._folder, self._reader.damage) from self._reader.damage
        return kept

    def _open_from_server(self, client: Client) -> tuple[Subdir | None, SubdirOrigin]:
        """Ask the server, or wait for somebody else who is asking it."""
        cache = self._kept.cache
        if cache is None or client.offline or self._config.cache_action == "no-cache":
            return self._ask(client)
        with cache.locked(client.cancellation):
            return self._open_newer() or self._ask(client)

    def _open_newer(self) -> tuple[Subdir | None, SubdirOrigin] | None:
        """Take what somebody else found out since this began, if anything."""
        document, absent = self._kept.document, self._kept.absent
        self._kept.read_again()
        if self._kept.absent != absent and self._is_noted_as_absent():
            return None, "absent"
        newer = self._usable_document()
        if newer is None or newer == document:
            return None
        opened = self._reader.read_kept(newer)
        return None if opened is None else (opened, "cache")

    def _ask(self, client: Client) -> tuple[Subdir | None, SubdirOrigin]:
        """Ask the server for each format in turn; the plain file alone has to be there."""
        passed_over: dict[str, HognoseError] = {}
        for form in self._optional_formats():
            try:
                found = self._fetch(form, client)
            except OversizedError:
                raise
            except (FetchRepoDataError, InvalidPackageFileError) as error:
                passed_over[FILE_NAMES[form]] = error
                self._kept.note_missing(form)
            except BrokenOffError as error:
                # The next time more of it may come, so it is not noted as missing.
                passed_over[FILE_NAMES[form]] = error
            except NetworkError as error:
                if error.status not in NOT_OFFERED:
                    raise
                _log.debug("%s: no %s", redact(self._folder), FILE_NAMES[form])
                self._kept.note_missing(form)
            else:
                # Not before: where nothing is as it should be the error says it.
                warn_of_unexpected(passed_over)
                return found
        try:
            found = self._fetch("json", client)
        except NotFoundError:
            for other in reversed(passed_over.values()):
                if not isinstance(other, UnexpectedContentError):
                    raise other from None  # a broken document is of a subdir
            self._kept.note_absence(filter(self._allows, FILE_NAMES))
            return None, "absent"
        warn_of_unexpected(passed_over)
        return found

    def _fetch(self, form: DocumentFormat, client: Client) -> tuple[Subdir, SubdirOrigin]:
        """Ask the server for a document, unless the one on the disk is still current."""
        url = self._folder + FILE_NAMES[form]
        kept = None
        headers = {"Accept-Encoding": "gzip"} if form == "json" else {}
        document = self._usable_document()
        if document and document.format == form:
            # It has to be usable before the server is asked to send nothing.
            kept = self._reader.read_kept(document)
            if kept is not None:
                headers.update(document.conditions())

        def receive(response: Response) -> tuple[Subdir, SubdirOrigin]:
            if response.status == 304:
                if kept is None:
                    raise unasked_confirmation(url)
                self._kept.confirm(response.headers)
                return kept, "cache"
            with Download(self._report, url, response, subdir_token=self._token) as body:
                return self._reader.read_body(form, response, body), "server"

        return fetch_whole(client, url, receive, headers=headers)

    def _fetch_index(self, client: Client) -> ShardIndex:
        """Fetch the shard index past every cache on the way, and keep it."""
        url = self._folder + FILE_NAMES["shards"]

        def receive(response: Response) -> ShardIndex:
            with Download(self._report, url, response, subdir_token=self._token) as body:
                return self._reader.read_index(response, body)

        return fetch_whole(client, url, receive, headers={"Cache-Control": "no-cache"})

    def _replace(self, document: Document, client: Client | None) -> Subdir:
        """Open the subdir anew after a document on the disk turned out to be damaged.

        Raises:
            FetchRepoDataError: That must not be fetched, or is gone.
            HognoseError: As for `open`.
        """
        if self._must_not_ask():
            assert self._kept.cache is not None
            path = self._kept.cache.content_path(document)
            raise damaged_document(self._folder, f"{path} is not what was written")
        self._kept.drop(document)
        opened, _ = self._open_from_server(client or self._client)
        if opened is None:
            message = f"{redact(self._folder)} is not in the channel any more"
            raise FetchRepoDataError(message, url=redact(self._folder))
        return opened

    def _usable_document(self) -> Document | None:
        """The document on the disk, where such a one may be used at all."""
        document = self._kept.document
        if document is None or self._config.cache_action == "no-cache":
            return None
        return document if self._allows(document.format) else None

    def _is_noted_as_absent(self) -> bool:
        """Whether the disk says that the channel does not have the subdir."""
        return set(filter(self._allows, FILE_NAMES)) <= set(self._kept.absent)

    def _takes_any_age(self) -> bool:
        action = self._config.cache_action
        return action == "force-cache-only" or (self._client.offline and action != "no-cache")

    def _is_bound_to_cache(self) -> bool:
        return self._config.cache_action in ("use-cache-only", "force-cache-only")

    def _must_not_ask(self) -> bool:
        return self._is_bound_to_cache() or self._client.offline

    def _optional_formats(self) -> Iterator[DocumentFormat]:
        """The formats to try before the plain file, the best first."""
        asks_always = self._config.cache_action == "no-cache"
        for form in filter(self._allows, FILE_NAMES):
            if form != "json" and (asks_always or not self._kept.is_known_missing(form)):
                yield form

    def _allows(self, form: DocumentFormat) -> bool:
        config = self._config
        return {
            "shards": config.sharded_enabled,
            "zst": config.zstd_enabled,
            "bz2": config.bz2_enabled,
            "json": True,
        }[form]
