"""A body that is taken up where it ended when the connection breaks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hognose.errors import NetworkError
from hognose.net.network_failure import name_url
from hognose.net.redaction import redact
from hognose.net.request_log import log_pause

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hognose.net.cancellation import Cancellation
    from hognose.net.retry import RetryPolicy
    from hognose.net.transport import Headers, Response

__all__ = ("ResumingBody", "range_start")

_PIECE = 1 << 20
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
# With these a repeated question could be answered by 304, or by another part.
_NOT_REPEATED = frozenset({"range", "if-range", "if-none-match", "if-modified-since", "if-match"})


def range_start(headers: Headers) -> int | None:
    """Return the position in the document at which a partial answer begins, if it says so."""
    found = _range_of(headers)
    return int(found[1]) if found else None


def _range_of(headers: Headers) -> re.Match[str] | None:
    return _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())


class ResumingBody:
    """Reads a body, and asks for the rest of it when the connection breaks.

    The rest of a partial answer ends where that answer would have ended, so a caller who asked for
    a range gets that range. An answer of several parts, or one that does not say which part it is,
    is not taken up. A server that gives the whole document in place of the rest is read past what
    is there already, if its strong validator says that the bytes are the same.

    Args:
        url: What was asked for.
        headers: The fields that it was asked with.
        response: The first answer.
        target: Where it came from: the URL itself, or that of a mirror.
        ask: Asks for the URL with further fields, until there is a final answer; gives that and
            its target.
        note_failure: Is told the target of an answer that broke off.
        cancellation: What ends the reading.
        retry: How often and after which pauses to ask.
        sleep: Waits for a number of seconds.
        jitter: Gives numbers from 0 to 1.
    """

    __slots__ = (
        "_ask",
        "_cancellation",
        "_failures",
        "_headers",
        "_jitter",
        "_last",
        "_note_failure",
        "_position",
        "_response",
        "_retry",
        "_safe_position",
        "_sleep",
        "_surplus",
        "_target",
        "_url",
    )

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        response: Response,
        *,
        target: str,
        ask: Callable[[str, Mapping[str, str]], tuple[Response, str]],
        note_failure: Callable[[str], None],
        cancellation: Cancellation,
        retry: RetryPolicy,
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
    ) -> None:
        """Begin with the answer that is there."""
        self._url = url
        self._headers = headers
        self._response = response
        self._target = target
        self._ask = ask
        self._note_failure = note_failure
        self._cancellation = cancellation
        self._retry = retry
        self._sleep = sleep
        self._jitter = jitter
        # Positions in the document, not in the answer. None cannot be gone on from.
        self._position: int | None = 0
        self._last = ""
        self._failures = 0
        # How much of the present answer was read before, from another one.
        self._surplus = 0
        if response.status == 206:
            found = _range_of(response.headers)
            self._position = int(found[1]) if found else None
            self._last = found[2] if found else ""
        self._safe_position = self._position or 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and nothing only at the end.

        Raises:
            FetchCancelledError: That is not wanted any more.
            NetworkError: The connection broke and could not be taken up again.
        """
        while True:
            try:
                if self._surplus:
                    self._read_surplus()
                data = self._response.read(size)
            except NetworkError as error:
                self._cancellation.check(self._url)
                self._note_failure(self._target)
                name_url(error, self._url)
                self._resume(error)
            else:
                # Where the length was not announced, a socket that was shut down looks like an end.
                self._cancellation.check(self._url)
                if self._position is not None:
                    self._position += len(data)
                return data

    def skip(self, size: int) -> None:
        """Read bytes and throw them away."""
        while size > 0 and (data := self.read(min(size, _PIECE))):
            size -= len(data)

    def distrust(self) -> None:
        """Note that what came was no good; see `Response.distrust`."""
        self._note_failure(self._target)

    def close(self) -> None:
        """Let go of the connection."""
        self._response.close()

    def _read_surplus(self) -> None:
        while self._surplus:
            data = self._response.read(min(self._surplus, _PIECE))
            if not data:
                message = (
                    f"{redact(self._url)}: the server says that it is the same, and gives less"
                )
                raise NetworkError(message, url=redact(self._url), status=200, is_transient=False)
            self._surplus -= len(data)

    def _resume(self, error: NetworkError) -> None:
        """Replace the response by one that goes on at the present position, or give up.

        A weak validator does not promise the same bytes, so it is no ground to go on. Only
        failures without a megabyte of progress between them count against the limit.
        """
        known = self._response.headers
        validator = known.get("etag") or known.get("last-modified")
        position = self._position
        if not error.is_transient or position is None or not validator or validator[:2] == "W/":
            raise error
        if position - self._safe_position >= _PIECE:
            self._failures = 0
        self._safe_position = position
        delay = self._retry.delay_after(self._failures, random=self._jitter)
        if delay is None:
            # Whoever sees it must not begin from the start: that was tried often enough.
            error.is_transient = False
            raise error
        self._failures += 1
        reason = f"{redact(self._url)} broke off at byte {position}"
        log_pause(reason, delay, attempt=self._failures, attempts=self._retry.max_attempts)
        self._sleep(delay)
        kept = {k: v for k, v in self._headers.items() if k.lower() not in _NOT_REPEATED}
        wanted = {**kept, "Range": f"bytes={position}-{self._last}", "If-Range": validator}
        response, target = self._ask(self._url, wanted)
        is_rest = response.status == 206 and range_start(response.headers) == position
        # A date is no ground for that: two documents may be of one second.
        is_whole = response.status == 200 and response.headers.get("etag") == validator
        if not is_rest and not (is_whole and not self._last):
            response.close()
            raise error
        self._response.close()
        self._response = response
        self._target = target
        self._surplus = 0 if is_rest else position
