"""What the log is told of the network: each question with its answer, and the reason of a pause.

All of it is for `DEBUG`. Pauses have a logger of their own, so that a program can tell of them and
not of every request.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from hognose.errors import NetworkError
from hognose.net.redaction import redact
from hognose.net.transport import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from hognose.net.transport import Request

__all__ = ("log_pause", "send_logged")

_log = logging.getLogger("hognose.net")
_pauses = logging.getLogger("hognose.net.pauses")


def send_logged(request: Request, send: Callable[[Request], Response]) -> Response:
    """Send a request and log it: method, URL, status, seconds until the answer began, bytes.

    Where the server does not say how many bytes there are they are counted, and the log hears of
    the request when the answer is closed.

    Raises:
        NetworkError: There was no answer.
    """
    if not _log.isEnabledFor(logging.DEBUG):
        return send(request)
    what = f"{request.method} {redact(request.url)}"
    start = time.monotonic()
    try:
        response = send(request)
    except NetworkError:
        # Why is told with what comes of it: a pause, another mirror, or the error.
        _log.debug("%s: no answer (%.2f s)", what, time.monotonic() - start)
        raise
    what = f"{what}: {response.status} ({time.monotonic() - start:.2f} s)"
    if response.status == 200 and response.length is None:
        return Response(
            url=response.url,
            status=response.status,
            headers=response.headers,
            body=_CountedBody(response, what),
        )
    if "location" in response.headers:
        _log.debug("%s, see %s", what, redact(response.headers["location"]))
    elif response.status in (200, 206):
        _log.debug("%s, %s bytes", what, response.length)
    else:
        _log.debug("%s%s", what, ", not changed" if response.status == 304 else "")
    return response


def log_pause(
    reason: str, seconds: float, *, attempt: int, attempts: int, retry_after: float | None = None
) -> None:
    """Log why a request is repeated and when; the record has the seconds as `pause`.

    Args:
        reason: What went wrong, without secrets.
        seconds: How long the pause will be.
        attempt: The number of the attempt that failed; the first is 1.
        attempts: How many there will be at most.
        retry_after: How long a pause the server asked for, in seconds.
    """
    if not _pauses.isEnabledFor(logging.DEBUG):
        return
    asked = "" if retry_after is None else f", and asks for a pause of {retry_after:.0f} s"
    _pauses.debug(
        "%s%s: waiting %.1f s before attempt %d of %d",
        reason,
        asked,
        seconds,
        attempt + 1,
        attempts,
        extra={"pause": seconds},
    )


class _CountedBody:
    """A body of which nobody knows the length before its end."""

    __slots__ = ("_count", "_response", "_what")

    def __init__(self, response: Response, what: str) -> None:
        self._response = response
        self._what = what
        self._count: int | None = 0

    def read(self, size: int, /) -> bytes:
        data = self._response.read(size)
        if self._count is not None:
            self._count += len(data)
        return data

    def close(self) -> None:
        count, self._count = self._count, None
        if count is not None:
            _log.debug("%s, %d bytes", self._what, count)
        self._response.close()
