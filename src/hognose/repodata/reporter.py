"""How a gateway tells what it is doing.

A reporter is any object with some of the methods of `GatewayReporter`; the ones it lacks are not
called. They are called from several threads at once, so they must be quick and look after what
they share. What one of them raises ends the call of the gateway and reaches its caller.

What a method named `..._start` returns is the token that the later ones get; None is a fine token.
A thing that fails, or is cancelled, is never complete: a download ends with its subdir then, and
the shards of a query with the call. Names and URLs come without secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from hognose.net import redact

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from hognose.net import Response
    from hognose.repodata.tier import UnknownRevision

__all__ = ("Download", "GatewayReporter", "Reports", "SubdirOrigin")

# So that a slow line is seen to move; a response gives what it is asked for all at once.
_STEP = 1 << 16

SubdirOrigin = Literal["server", "cache", "directory", "absent"]
"""Where a subdir is from.

`cache` is the disk, whether or not the server was asked first; a `directory` is a channel that is
one; `absent` is what the channel does not have.
"""


class GatewayReporter(Protocol):
    """Every event there is; an implementation picks the ones it wants."""

    def on_subdir_start(self, channel: str, subdir: str) -> object:
        """Note that a platform folder of a channel is being opened: once in a gateway's life."""

    def on_subdir_complete(self, subdir_token: object, origin: SubdirOrigin) -> None:
        """Note that it is open, and where it is from."""

    def on_subdir_failed(self, subdir_token: object) -> None:
        """Note that it cannot be opened, or is not wanted any more."""

    def on_unknown_revision(self, subdir_token: object, revision: UnknownRevision) -> None:
        """Note that it says that it has records which only newer tools can read (CEP 48)."""

    def on_repodata_download_start(
        self, subdir_token: object, url: str, total: int | None
    ) -> object:
        """Note that a document has begun to come.

        `total` is its size in bytes as it is sent, None where the server does not say. The token
        is that of the subdir which the document is of; None for run exports.
        """

    def on_repodata_download_progress(
        self, download_token: object, received: int, total: int | None
    ) -> None:
        """Note how many bytes have come."""

    def on_repodata_download_complete(self, download_token: object) -> None:
        """Note that the whole document has come."""

    def on_shards_progress(self, fetched: int, wanted: int) -> None:
        """Note how many shards a query has fetched, of how many that it knows to be missing.

        The second number grows while the query finds out what it needs. The names that an own
        source is asked for count as shards. Calls of several threads may overtake each other.
        """

    def on_shards_complete(self, fetched: int, cached: int) -> None:
        """Note that a query is over: how many shards it fetched, and how many it had already."""


class Reports:
    """Calls the methods that a reporter has, and passes over those that it has not."""

    __slots__ = ("_reporter",)

    def __init__(self, reporter: object | None = None) -> None:
        """Wrap a reporter, or nothing."""
        self._reporter = reporter

    def __call__(self, event: str, *arguments: object) -> Any:
        """Call `on_<event>` and return its token."""
        method = self.method(event)
        return None if method is None else method(*arguments)

    def method(self, event: str) -> Callable[..., Any] | None:
        """Return `on_<event>` itself, for what happens often."""
        return getattr(self._reporter, f"on_{event}", None)


class Download:
    """The body of a response, whose coming is told of as it is read; made for one thread.

    A context manager: the document is complete when its block ends without an error.
    """

    __slots__ = ("_progress", "_received", "_report", "_response", "_token")

    def __init__(
        self, report: Reports, url: str, response: Response, *, subdir_token: object = None
    ) -> None:
        """Tell that it begins."""
        self._report = report
        self._response = response
        self._received = 0
        self._progress = report.method("repodata_download_progress")
        self._token = report("repodata_download_start", subdir_token, redact(url), response.length)

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and nothing only at the end.

        Raises:
            NetworkError: The connection broke and could not be taken up again.
        """
        if self._progress is None:
            return self._response.read(size)
        data = self._response.read(min(size, _STEP))
        if data:
            self._received += len(data)
            self._progress(self._token, self._received, self._response.length)
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._report("repodata_download_complete", self._token)
