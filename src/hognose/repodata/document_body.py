"""What came for a document: content codings undone, and looked at before anybody takes it apart.

A decoder would call a web page, with which servers answer for any address, a broken frame.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Literal, TypeVar

from hognose._web_page import is_web_page, media_type
from hognose.errors import (
    FetchCancelledError,
    FetchRepoDataError,
    InvalidPackageFileError,
    NetworkError,
)
from hognose.net import redact
from hognose.repodata.channel_relations import GatewayWarning
from hognose.repodata.decompression import iter_pieces
from hognose.repodata.spool import Spool

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    from hognose.errors import HognoseError
    from hognose.net import Client, Response
    from hognose.repodata.decompression import Compression, Reader

__all__ = (
    "BrokenOffError",
    "DocumentBody",
    "UnexpectedContentError",
    "fetch_whole",
    "warn_of_unexpected",
)

T = TypeVar("T")

# RFC 9110, 8.4.1, and what Apache says of files that are compressed themselves.
_CODINGS: dict[str, Compression] = {
    "gzip": "gzip",
    "x-gzip": "gzip",
    "zstd": "zst",
    "bzip2": "bz2",
    "x-bzip2": "bz2",
}
_NAMES = {"json": "JSON object", "zst": "zstd file", "bz2": "bzip2 file"}
# The start of a frame, or of one that is to be skipped.
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
_LOOKED_AT = 512
_SHOWN = 40
_PIECE = 1 << 20


class UnexpectedContentError(FetchRepoDataError, InvalidPackageFileError):
    """A document that is something else altogether.

    Attributes:
        path: The URL that was asked for.
        is_page: Whether it is a web page.
    """

    path: str
    is_page: bool = False


class BrokenOffError(NetworkError):
    """A document that the server has, and of which only a part came."""


def fetch_whole(
    client: Client, url: str, receive: Callable[[Response], T], *, headers: Mapping[str, str]
) -> T:
    """Return what `receive` makes of a document; see `Client.fetch`.

    Where the server said neither how long the document is nor where it ends, one that has no end
    is a connection that broke off.

    Raises:
        BrokenOffError: Each time only a part of the document came.
        NetworkError: The document cannot be fetched.
        FetchRepoDataError: What `receive` raises.
        InvalidPackageFileError: Likewise.
    """

    def try_to_receive(response: Response) -> T:
        try:
            return receive(response)
        except (FetchRepoDataError, InvalidPackageFileError) as error:
            response.distrust()
            has_end = response.length is not None or "transfer-encoding" in response.headers
            if has_end or not _is_cut_off(error):
                raise
            message = f"{redact(url)} cannot be fetched: the connection ended too early"
            raise NetworkError(message, url=redact(url), is_transient=True) from error

    try:
        return client.fetch(url, try_to_receive, headers=headers)
    except NetworkError as error:
        if isinstance(error.__cause__, (FetchRepoDataError, InvalidPackageFileError)):
            raise error.__cause__ from None
        raise


def warn_of_unexpected(errors: Mapping[str, HognoseError]) -> None:
    """Warn once of the optional files of a folder, by name, that are broken or something else."""
    if errors:
        names = [f"`{name}`" for name in errors][1:]
        others = f", and so do {' and '.join(names)}" if names else ""
        first = next(iter(errors.values()))
        message = f"{first.message}; it counts as not offered{others}"
        warnings.warn(message, GatewayWarning, stacklevel=3)


def _is_cut_off(error: HognoseError) -> bool:
    """Whether a decoder met the end before it expected it."""
    return "too early" in error.message or "truncated" in error.message


class DocumentBody:
    """The body of an answer, which can be read several times; made for one thread.

    What came is kept, as it was sent.

    Args:
        source: The body as it is sent.
        response: The answer that it is of.
        kind: What the document should be.
        what: The URL without secrets, for errors.
        max_size: The largest acceptable size in bytes, after each coding.
        spool_dir: Where to keep what is too much for memory; None keeps everything there.
    """

    def __init__(
        self,
        source: Reader,
        response: Response,
        *,
        kind: Literal["json", "zst", "bz2"],
        what: str,
        max_size: int,
        spool_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        """Keep the body; nothing is read yet."""
        self._source = _Kept(source, Spool(spool_dir))
        self._headers = response.headers
        self._came_from = redact(response.url).partition("?")[0]
        self._kind = kind
        self._what = what
        self._max_size = max_size
        self._codings: tuple[Compression, ...] | None = None

    def open(self) -> Reader:
        """Return what reads the document from its start, without its content codings.

        Raises:
            UnexpectedContentError: It is no such document, or has a coding that nobody asked for
                and we do not know.
            FetchRepoDataError: It is larger than is acceptable.
            NetworkError: The connection broke.
        """
        if self._codings is None:
            self._codings = self._find_codings()
        return self._decode(self._codings)

    def _find_codings(self) -> tuple[Compression, ...]:
        named = self._named_codings()
        ways = [named]
        if self._kind in named:
            # A server that calls a `.zst` file `zstd` means the file itself, which is packed once.
            inner = list(named)
            inner.remove(self._kind)
            ways.append(tuple(inner))
        if named:
            # A proxy may unpack it, and leave the field as it was.
            ways.append(())
        heads: list[bytes | None] = []
        for codings in ways:
            head = self._head(codings)
            if head is not None and self._is_expected(head):
                return codings
            heads.append(head)
        raise self._unexpected(next(filter(None, heads), b""), is_coded=heads[0] is not None)

    def _named_codings(self) -> tuple[Compression, ...]:
        """The codings, in the order in which they were applied."""
        names = self._headers.get("content-encoding", "").lower().split(",")
        wanted = [name for each in names if (name := each.strip()) not in ("", "identity")]
        unknown = [name for name in wanted if name not in _CODINGS]
        if unknown:
            message = (
                f"{self._what} came in the content coding `{unknown[0][:_SHOWN]}`, which was not "
                "asked for"
            )
            hint = (
                "the server, or a proxy on the way, has to be told to leave the document as it is"
            )
            raise UnexpectedContentError(message, hint=hint, url=self._what, path=self._what)
        return tuple(_CODINGS[name] for name in wanted)

    def _head(self, codings: tuple[Compression, ...]) -> bytes | None:
        """The first bytes of the document; None where it has other codings."""
        reader = self._decode(codings)
        head = b""
        try:
            while len(head) < _LOOKED_AT and (piece := reader.read(_PIECE)):
                head += piece[:_LOOKED_AT]
        except FetchRepoDataError:
            return head or None
        return head

    def _decode(self, codings: tuple[Compression, ...]) -> Reader:
        self._source.rewind()
        reader: Reader = self._source
        for coding in reversed(codings):
            pieces = iter_pieces(reader, coding, max_size=self._max_size, what=self._what)
            reader = _Pieces(pieces)
        return reader

    def _is_expected(self, head: bytes) -> bool:
        # That a document is empty, or ends too early, its decoder says better.
        match self._kind:
            case "zst":
                return len(head) < 4 or _ZSTD.match(head) is not None
            case "bz2":
                return len(head) < 3 or head.startswith(b"BZh")
            case "json":
                return head.lstrip()[:1] in (b"{", b"")

    def _unexpected(self, head: bytes, *, is_coded: bool) -> UnexpectedContentError:
        """Return the error for such a start of what was, or was not, in the codings named."""
        said = media_type(self._headers)
        is_page = is_web_page(head, said)
        got = "a web page" if is_page else "something else"
        of_type = f" of type `{said[:_SHOWN]}`" if said else ""
        is_elsewhere = self._came_from != self._what.partition("?")[0]
        from_there = f" from {self._came_from}" if is_elsewhere else ""
        coding = self._headers.get("content-encoding", "").strip()[:_SHOWN]
        misfit = f"is not in the content coding `{coding}` that it should have, and "
        told = "" if is_coded else misfit
        message = (
            f"{self._what} is not a {_NAMES[self._kind]}: {got}{of_type} came{from_there}, which "
            f"{told}begins with `{_printable(head)}`"
        )
        hint = (
            "is that a channel's address? A page to log in, of a captive portal, or of a server "
            "that has one for every address, looks like this in a browser"
        )
        if not is_page:
            hint = "is that a channel's address, and does the server, or a proxy on the way, work?"
        return UnexpectedContentError(
            message, hint=hint, url=self._what, path=self._what, is_page=is_page
        )


class _Kept:
    """A source that can be read again: what it gave is kept."""

    def __init__(self, source: Reader, kept: Spool) -> None:
        self._source = source
        self._kept = kept
        self._position = 0

    def read(self, size: int, /) -> bytes:
        self._position += 1
        if self._position <= len(self._kept):
            return self._kept[self._position - 1]
        try:
            piece = self._source.read(size) or b""
        except FetchCancelledError:
            raise
        except NetworkError as error:
            raise BrokenOffError(
                error.message,
                hint=error.hint,
                url=error.url,
                status=error.status,
                is_transient=error.is_transient,
            ) from error
        self._kept.append(piece)
        return piece

    def rewind(self) -> None:
        self._position = 0


class _Pieces:
    """A stream of pieces as a source; they come in their own sizes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, _size: int, /) -> bytes:
        return next(filter(None, self._pieces), b"")


def _printable(head: bytes) -> str:
    text = head[:_SHOWN].decode("utf-8", "replace")
    shown = "".join(c if c.isprintable() and c not in "`\ufffd" else "." for c in text)
    return f"{shown}..." if len(head) > _SHOWN else shown
