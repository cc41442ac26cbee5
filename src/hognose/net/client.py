"""The client: retries, redirects, resume, credentials and offline over a transport."""

from __future__ import annotations

import copy
import logging
import os
import random
import time
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from hognose._closing import Closing
from hognose.errors import NetworkError, NotFoundError
from hognose.net.authorisation import Authorisation
from hognose.net.cancellation import Cancellation
from hognose.net.mirrors import Mirrors
from hognose.net.redaction import redact
from hognose.net.resuming_body import ResumingBody, range_start
from hognose.net.retry import RetryPolicy, is_transient_status, parse_retry_after
from hognose.net.scheme_transports import SchemeTransports
from hognose.net.transport import NoBody, Request, Response
from hognose.net.urls import origin_of
from hognose.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hognose.net.credentials import CredentialStore
    from hognose.net.proxy import ProxySettings
    from hognose.net.s3 import S3Bucket
    from hognose.net.tls import TlsSettings
    from hognose.net.transport import Transport

__all__ = ("Client",)

_log = logging.getLogger("hognose.net")

# What a mirror answers that has only a part of what it mirrors.
_NOT_HERE = frozenset({401, 403, 404, 410})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 10
_PIECE = 1 << 20


# Not the module's own: its sequence belongs to the program, which may have seeded it.
_RANDOM = random.Random()  # noqa: S311  # spreads pauses, keeps no secret


class Client(Closing):
    """Fetches URLs; a context manager, and safe in several threads.

    A request is repeated after connection errors and the statuses 408, 425, 429 and 5xx. A body
    that breaks off is taken up where it ended if the server can do that and the document is still
    the same one. Credentials go to the origin that they are for and are not sent along a redirect
    to another one. There is a time-out for connecting and one for silence, none for the whole.

    Args:
        offline: Whether every URL that is not a `file` URL is refused; no socket is opened, and
            the code that could open one is not even loaded.
        max_retries: How often a request is repeated.
        connect_timeout: The longest wait for a connection, in seconds.
        read_timeout: The longest silence of a server, in seconds.
        credentials: Where to look for what authorises a request.
        transport: What sends `http` and `https` requests in place of urllib3.
        retry: The pauses between attempts; its number of attempts is `max_retries`.
        proxies: The proxies, in place of those that the environment names.
        tls: Trust and identity, in place of what the environment names, which is in place of
            the operating system's trust store.
        mirrors: What to ask in place of URLs below a prefix; see `Mirrors`.
        s3_buckets: How `s3` URLs of single buckets are reached.
        headers: Fields that go with every `http` request.
        user_agent: How the client introduces itself.
        environ: Where proxies and `SSL_CERT_FILE` are read, once; this process's by default.
        sleep: Waits for a number of seconds; by default as long as nobody cancels.
        clock: Tells the seconds since the epoch, for `Retry-After` dates.
        jitter: Gives numbers from 0 to 1.
    """

    def __init__(
        self,
        *,
        offline: bool = False,
        max_retries: int = 3,
        connect_timeout: float = 30.0,
        read_timeout: float = 60.0,
        credentials: CredentialStore | None = None,
        transport: Transport | None = None,
        retry: RetryPolicy | None = None,
        proxies: ProxySettings | None = None,
        tls: TlsSettings | None = None,
        mirrors: Mapping[str, Sequence[str]] | None = None,
        s3_buckets: Mapping[str, S3Bucket] | None = None,
        headers: Mapping[str, str] | None = None,
        user_agent: str = f"hognose/{__version__}",
        environ: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = _RANDOM.random,
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        environ = os.environ if environ is None else environ
        self._retry = retry or RetryPolicy(max_retries=max_retries)
        self._sleep = sleep
        self._cancellation = Cancellation()
        self._clock = clock
        self._jitter = jitter
        self._mirrors = Mirrors(mirrors or {})
        http = transport
        if transport is None and not offline:
            http = _make_http_transport(connect_timeout, read_timeout, proxies, tls, environ)
        self._schemes = SchemeTransports(
            http,
            headers={"User-Agent": user_agent, **(headers or {})},
            credentials=credentials,
            s3_buckets=s3_buckets or {},
            environ=environ,
            clock=clock,
            offline=offline,
        )
        self._authorisation = Authorisation(credentials, transport=self._schemes, clock=clock)

    @property
    def offline(self) -> bool:
        """Whether every URL that is not a `file` URL is refused."""
        return self._schemes.offline

    @property
    def cancellation(self) -> Cancellation:
        """What ends the fetching of this client, and of no other one."""
        return self._cancellation

    def cancelled_by(self, cancellation: Cancellation) -> Client:
        """Return a client that can be stopped; it shares all it has with this one.

        While that is cancelled, what it fetches ends with `FetchCancelledError`, at once also where
        a server is slow or silent. A connection that is being opened is waited for.
        """
        twin = copy.copy(self)
        twin._cancellation = cancellation
        return twin

    def open(
        self, url: str, *, offset: int = 0, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Ask for a document and return as soon as the head of the answer is there.

        Args:
            url: An `http`, `https`, `file`, `oci`, `s3` or `gs` URL; user information logs in.
            offset: The number of bytes at the start of the document to leave out. They are read
                and thrown away where the server cannot leave them out.
            headers: Further fields, for example `If-None-Match`, or `Range` without an offset.

        Returns:
            The response, of status 200, 206, or 304 if the headers asked for that; the caller
            closes it.

        Raises:
            NotFoundError: The status is 404 or 410.
            OfflineError: The URL needs the network and the client is offline.
            InvalidUrlError: The URL has another scheme, or cannot be used.
            FetchCancelledError: The client was told to stop.
            NetworkError: Anything else; has `url` and, where there was an answer, `status`.
        """
        fields = dict(headers or {})
        if offset:
            fields["Range"] = f"bytes={offset}-"
        response, target = self._ask_until_answered(url, fields)
        if offset and response.status == 416:
            return _check_end(response, url, offset)
        self._raise_for_status(response, url)
        body = ResumingBody(
            url,
            fields,
            response,
            target=target,
            ask=self._ask_until_answered,
            note_failure=self._mirrors.note_failure,
            cancellation=self._cancellation,
            retry=self._retry,
            sleep=self._pause,
            jitter=self._jitter,
        )
        length = response.length
        if offset and response.status == 200:
            body.skip(offset)
            length = None if length is None else max(0, length - offset)
        elif offset and range_start(response.headers) not in (offset, None):
            response.close()
            message = f"{redact(url)}: the server gave another part than was asked for"
            raise NetworkError(message, url=redact(url), status=206, is_transient=False)
        return Response(
            url=response.url,
            status=response.status,
            headers=response.headers,
            body=body,
            length=length,
        )

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_size: int | None = None,
    ) -> bytes:
        """Return a whole document.

        Args:
            url: As for `open`.
            headers: As for `open`.
            max_size: The largest acceptable size in bytes.

        Raises:
            NotFoundError: The status is 404 or 410.
            OfflineError: The URL needs the network and the client is offline.
            InvalidUrlError: The URL cannot be used.
            NetworkError: Anything else, and a document that is too large.
        """
        attempt = 0
        while True:
            with self.open(url, headers=headers) as response:
                try:
                    return _read_whole(response, url, max_size)
                except NetworkError as error:
                    # Only here can a body that cannot be taken up be asked for from its start.
                    delay = self._retry.delay_after(attempt, random=self._jitter)
                    if not error.is_transient or delay is None:
                        raise
            self._pause(delay)
            attempt += 1

    def send(self, request: Request, /) -> Response:
        """Send one request as it is: no retries, no redirects, no secrets, any status an answer.

        For what is not the reading of a document, such as a form. The client is a `Transport`.

        Raises:
            OfflineError: The URL needs the network and the client is offline.
            InvalidUrlError: The URL has another scheme, or cannot be used.
            NetworkError: There was no answer.
        """
        return self._schemes.send(request)

    def close(self) -> None:
        """Close the connections that are kept for later."""
        self._schemes.close()

    def _pause(self, seconds: float) -> None:
        (self._sleep or self._cancellation.wait)(seconds)

    def _ask_until_answered(self, url: str, headers: Mapping[str, str]) -> tuple[Response, str]:
        """Repeat a request until the answer is final, whatever its status is.

        Returns:
            The answer, and the URL that was asked for it: that of a mirror, where there are some.

        Where there are mirrors each is asked in turn before there is a pause; what one of them
        does not have, or does not show, another may.
        """
        attempt = 0
        while True:
            retry_after: float | None = None
            is_worth_repeating = False
            error: NetworkError | None = None
            response: Response | None = None
            targets = self._mirrors.targets(url)
            for target in targets:
                self._cancellation.check(url)
                if response is not None:
                    response.close()
                    response = None
                try:
                    response = self._follow(target, headers)
                except NetworkError as caught:
                    self._cancellation.check(url)
                    if not caught.is_transient and len(targets) == 1:
                        raise
                    error = caught
                    is_worth_repeating = is_worth_repeating or caught.is_transient
                    self._mirrors.note_failure(target)
                    continue
                if is_transient_status(response.status):
                    is_worth_repeating = True
                    self._mirrors.note_failure(target)
                    retry_after = parse_retry_after(
                        response.headers.get("retry-after"), now=self._clock()
                    )
                elif response.status not in _NOT_HERE or len(targets) == 1:
                    return response, target
            delay = self._retry.delay_after(attempt, random=self._jitter, retry_after=retry_after)
            if delay is None or not is_worth_repeating:
                if response is not None:
                    return response, target
                assert error is not None
                raise error
            if response is not None:
                response.close()
            _log.debug("%s: attempt %d failed, waiting %.2f s", redact(url), attempt + 1, delay)
            self._pause(delay)
            attempt += 1

    def _follow(self, url: str, headers: Mapping[str, str]) -> Response:
        """Send one request and follow redirects; what authorises never leaves its origin."""
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._ask(url, headers)
            if response.status not in _REDIRECTS or "location" not in response.headers:
                return response
            response.close()
            target = urljoin(response.url, response.headers["location"])
            origin = origin_of(target)
            if not origin:
                message = f"{redact(url)} redirects to {redact(target)}, which is not a web address"
                raise NetworkError(message, url=redact(url), status=response.status)
            if origin != origin_of(response.url):
                headers = {k: v for k, v in headers.items() if k.lower() != "authorization"}
            url = target
        message = f"{redact(url)} redirects more than {_MAX_REDIRECTS} times"
        raise NetworkError(message, url=redact(url), status=response.status)

    def _ask(self, url: str, headers: Mapping[str, str]) -> Response:
        """Send one request with what authorises it; a token that is refused is renewed once."""
        bare, authorization = self._authorisation.apply(url)
        response = self._send_with(bare, authorization, headers)
        if response.status == 401 and self._authorisation.renew(bare, authorization):
            response.close()
            bare, authorization = self._authorisation.apply(url)
            response = self._send_with(bare, authorization, headers)
        return response

    def _send_with(
        self, url: str, authorization: str | None, headers: Mapping[str, str]
    ) -> Response:
        fields = {"Authorization": authorization, **headers} if authorization else headers
        return self._schemes.send(Request(url=url, headers=fields, cancellation=self._cancellation))

    def _raise_for_status(self, response: Response, url: str) -> None:
        status = response.status
        if status < 400:
            return
        response.close()
        shown = redact(url)
        if status in (404, 410):
            message = f"{shown} does not exist"
            raise NotFoundError(message, url=shown, status=status, is_transient=False)
        hint = None
        if status in (401, 403):
            hint = self._authorisation.hint_for(response.url) or (
                "the server wants credentials for this address, or refuses the ones it got; "
                "`hognose auth login` stores them"
            )
        elif status == 407:
            hint = "the proxy wants a login: `http://USER:PASSWORD@HOST:PORT`"
        message = f"{shown} cannot be fetched: the server answered with status {status}"
        raise NetworkError(
            message, hint=hint, url=shown, status=status, is_transient=is_transient_status(status)
        )


def _make_http_transport(
    connect_timeout: float,
    read_timeout: float,
    proxies: ProxySettings | None,
    tls: TlsSettings | None,
    environ: Mapping[str, str],
) -> Transport:
    from hognose.net.http_transport import HttpTransport
    from hognose.net.proxy import ProxySettings
    from hognose.net.tls import TlsSettings

    if tls is None:
        tls = TlsSettings.from_environment(environ)
    return HttpTransport(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        proxies=ProxySettings.from_environment(environ) if proxies is None else proxies,
        tls=tls,
    )


def _check_end(response: Response, url: str, offset: int) -> Response:
    """Accept that there is nothing after the last byte; refuse an offset beyond the end."""
    response.close()
    total = response.headers.get("content-range", "").rpartition("/")[2]
    if total == str(offset):
        return Response(
            url=response.url, status=206, headers=response.headers, body=NoBody(), length=0
        )
    message = f"{redact(url)} has {total} bytes, which is less than the offset {offset}"
    raise NetworkError(message, url=redact(url), status=416, is_transient=False)


def _read_whole(response: Response, url: str, max_size: int | None) -> bytes:
    if max_size is not None and (response.length or 0) > max_size:
        raise _too_large(url, max_size)
    pieces = []
    size = 0
    while piece := response.read(_PIECE):
        size += len(piece)
        if max_size is not None and size > max_size:
            raise _too_large(url, max_size)
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _too_large(url: str, max_size: int) -> NetworkError:
    message = f"{redact(url)} is larger than {max_size} bytes"
    return NetworkError(message, url=redact(url), status=None, is_transient=False)
