"""What a transport takes and gives: the seam between the client and the sockets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec

from hognose._closing import Closing
from hognose.net.cancellation import Cancellation

__all__ = ("Body", "Headers", "NoBody", "Request", "Response", "Transport")


class Headers(Mapping[str, str]):
    """HTTP header fields; names compare without regard to case, and are kept in lower case."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str] | None = None) -> None:
        """Copy the fields; of two names that differ only in case the later one wins."""
        self._fields = {name.lower(): value for name, value in (fields or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({self._fields!r})"

    @property
    def content_length(self) -> int | None:
        """How many bytes the body has, if the server says so."""
        length = self._fields.get("content-length", "")
        return int(length) if length.isdecimal() else None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a server: a URL without user information, and what to send along.

    A transport that heeds `cancellation` has it watch the sockets that it waits for. One that does
    not is left alone when the next bytes have come. Where `is_redirected` says that a server of
    another origin named the URL, no field that could be a secret is added.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = {}
    body: bytes | None = None
    cancellation: Cancellation | None = None
    is_redirected: bool = False


class Body(Protocol):
    """The bytes of a response as they arrive."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and nothing only at the end.

        Raises:
            NetworkError: The connection broke, stalled or ended too early.
        """
        ...

    def close(self) -> None:
        """Give the connection back, or close it where bytes are left on it."""
        ...


class NoBody:
    """The body of an answer that has none."""

    __slots__ = ()

    def read(self, size: int, /) -> bytes:
        """Return nothing."""
        return b""[:size]

    def close(self) -> None:
        """Do nothing."""


class Response(Closing):
    """An answer whose body is read as it arrives; a context manager that closes it.

    Made for one thread. `read` is all that the readers of archives and documents need.

    Attributes:
        url: Where the answer came from, after redirects, without user information.
        status: The HTTP status; 200 for a file.
        headers: The header fields.
        length: The number of bytes that the body has in all, or None if the server does not say.
        proxy: What it came through, without secrets, or None.
    """

    __slots__ = ("_body", "headers", "length", "proxy", "status", "url")

    def __init__(
        self,
        *,
        url: str,
        status: int,
        headers: Headers,
        body: Body,
        length: int | None = None,
        proxy: str | None = None,
    ) -> None:
        """Join the head of an answer with the source of its body."""
        self.url = url
        self.status = status
        self.headers = headers
        self.length = length
        self.proxy = proxy
        self._body = body

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, everything that is left if it is negative, b"" at the end.

        Raises:
            NetworkError: The connection broke and could not be taken up again.
        """
        if size >= 0:
            return self._body.read(size)
        pieces: list[bytes] = []
        while piece := self._body.read(1 << 20):
            pieces.append(piece)
        return b"".join(pieces)

    def read_start(self, size: int, /) -> bytes:
        """Return `size` bytes, or all that there are if those are fewer.

        For answers that are short if they are what they should be.

        Raises:
            NetworkError: The connection broke and could not be taken up again.
        """
        pieces: list[bytes] = []
        while size > 0 and (piece := self._body.read(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def distrust(self) -> None:
        """Say that what came is no good, so that another mirror is asked next, if there is one."""
        distrust = getattr(self._body, "distrust", None)
        if distrust is not None:
            distrust()

    def close(self) -> None:
        """Let go of the connection; a second time does nothing."""
        self._body.close()


class Transport(Protocol):
    """Sends a request and returns the head of the answer; the seam for tests and other schemes."""

    def send(self, request: Request, /) -> Response:
        """Ask once: no retries and no redirects, and any status is an answer.

        May be called from several threads at once.

        Raises:
            NetworkError: There was no answer. Its `is_transient` says whether asking again may
                help.
        """
        ...
