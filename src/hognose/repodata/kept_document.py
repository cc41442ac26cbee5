"""The document of a folder that is on the disk, and what is known of those that its server has.

An object is for one use of the folder, such as to open a subdir. Where nothing is kept it knows
what was found out during that use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import msgspec

from hognose.repodata.document_cache import Document, SubdirState, freshness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import BinaryIO

    from hognose.net import Headers
    from hognose.repodata.document_cache import DocumentCache, DocumentFormat

__all__ = ("KeptDocument",)


class KeptDocument:
    """What a cache has of a folder; made for one thread at a time.

    Args:
        cache: The files of the folder; None keeps nothing.
        now: The time, in seconds since the epoch.
    """

    def __init__(self, cache: DocumentCache | None, *, now: float) -> None:
        """Read what is known; what is broken counts as nothing."""
        self.cache = cache
        self._now = now
        self._state = SubdirState()
        self.read_again()

    def read_again(self) -> None:
        """Take what other processes have found out meanwhile."""
        if self.cache is not None:
            self._state = self.cache.read_state()

    @property
    def document(self) -> Document | None:
        """The document, which may be damaged."""
        return self._state.document

    @property
    def absent(self) -> tuple[DocumentFormat, ...]:
        """The formats of a folder that the server does not have in any; see `note_absence`."""
        return self._state.absent

    @property
    def is_fresh(self) -> bool:
        """Whether there is a document that may be used without asking."""
        return self.document is not None and self.document.is_fresh(self._now)

    def is_known_missing(self, form: DocumentFormat) -> bool:
        """Whether the server did not have a format a short time ago."""
        return self._state.is_missing(form, self._now)

    def note_missing(self, form: DocumentFormat) -> None:
        """Note that the server does not have a format; on the disk with the next change there."""
        self._state.missing[form] = self._now

    def note_absence(self, forms: Iterable[DocumentFormat]) -> None:
        """Note that the server has none of the formats, and so not the folder.

        That they are missing one by one is forgotten: the folder may come back in any of them.
        """
        absent = tuple(forms)
        if absent != self._state.absent:
            self._state.absent = absent
            self._state.missing = {}
            self.write()

    def confirm(self, headers: Headers) -> None:
        """Note that the server says that the document is current."""
        assert self.document is not None
        self._replace(
            msgspec.structs.replace(
                self.document, fetched_at=self._now, fresh_for=freshness(headers)
            )
        )

    def keep(
        self,
        form: DocumentFormat,
        headers: Headers,
        write: Callable[[BinaryIO], object],
        *,
        checksum: int | None = None,
    ) -> Document | None:
        """Put another document in the place of the one that is there.

        Args:
            form: Which of the server's files it is.
            headers: The fields that it came with.
            write: Writes its content.
            checksum: The CRC-32 of the content, where a reader reads all of it.

        Returns:
            The document; None where nothing is kept, or the disk refuses.
        """
        file = None if self.cache is None else self.cache.write_content(write)
        if file is None:
            return None
        document = Document(
            format=form,
            file=file,
            etag=headers.get("etag"),
            last_modified=headers.get("last-modified"),
            fetched_at=self._now,
            fresh_for=freshness(headers),
            checksum=checksum,
        )
        self._replace(document)
        return document

    def keep_bytes(
        self, form: DocumentFormat, headers: Headers, content: bytes | bytearray
    ) -> Document | None:
        """Do as `keep` for a document that its readers read as a whole."""
        checksum = crc32(content)
        return self.keep(form, headers, lambda file: file.write(content), checksum=checksum)

    def drop(self, document: Document) -> None:
        """Remove a document whose content is damaged."""
        assert self.cache is not None
        self.cache.drop(document)
        self._state.document = None

    def write(self) -> None:
        """Write what is known to the disk."""
        if self.cache is not None:
            self.cache.write_state(self._state)

    def _replace(self, document: Document) -> None:
        self._state.document = document
        self._state.absent = ()
        self.write()
