"""The client: retries, redirects, resume, credentials and offline over a transport."""

from __future__ import annotations

import copy
import os
import random
import time
from typing import TYPE_CHECKING, TypeVar

import msgspec

from hognose._closing import Closing
from hognose.errors import NetworkError
from hognose.net.attempts import Attempts
from hognose.net.authorisation import Authorisation
from hognose.net.cancellation import Cancellation
from hognose.net.file_transport import readable_path
from hognose.net.mirrors import Mirrors
from hognose.net.network_failure import describe_status
from hognose.net.redaction import redact
from hognose.net.redirects import Redirects
from hognose.net.request_log import log_pause
from hognose.net.resuming_body import ResumingBody, range_start
from hognose.net.retry import RetryPolicy
from hognose.net.scheme_transports import SchemeTransports
from hognose.net.transport import NoBody, Request, Response
from hognose.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hognose.net.credentials import CredentialStore
    from hognose.net.proxy import ProxySettings
    from hognose.net.s3 import S3Bucket
    from hognose.net.tls import TlsSettings
    from hognose.net.transport import Transport

__all__ = ("Client",)

T = TypeVar("T")

_LOGIN_HINT = (
    "the server wants credentials for this address, or refuses the ones it got; "
    "`hognose auth login` stores them"
)
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
        token_places: The starts of addresses that a stored conda token stands behind, as in
            `https://HOST/PLACE/t/TOKEN/CHANNEL`; elsewhere it stands behind the host.
        mirrors: What to ask in place of URLs below a prefix; see `Mirrors`.
        s3_buckets: How `s3` URLs of single buckets are reached.
        headers: Fields that go with every `http` request. Where a server redirects to another one
            only those go along that cannot be secrets, such as `Accept` and `User-Agent`.
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
        token_places: Sequence[str] = (),
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
        self._credentials = credentials
        self._authorisation = Authorisation(
            credentials, transport=self._schemes, clock=clock, token_places=token_places
        )
        self._attempts = Attempts(
            Redirects(self._schemes, self._authorisation),
            self._mirrors,
            retry=self._retry,
            clock=clock,
            jitter=jitter,
        )

    @property
    def offline(self) -> bool:
        """Whether every URL that is not a `file` URL is refused."""
        return self._schemes.offline

    @property
    def cancellation(self) -> Cancellation:
        """What ends the fetching of this client, and of those that were made from it."""
        return self._cancellation

    def cancelled_by(self, cancellation: Cancellation) -> Client:
        """Return a client that can be stopped; it shares all it has with this one.

        While that is cancelled, or what stops this client is, what it fetches ends with
        `FetchCancelledError` at once: also while a name is looked up, a connection is opened, or a
        server is slow or silent. Only the renewal of an access token has five seconds more, because
        its server may take a refresh token once.
        """
        twin = copy.copy(self)
        twin._cancellation = Cancellation(self._cancellation, cancellation)
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
        self._raise_for_status(response, url, target)
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

    def local_path(self, url: str) -> str | None:
        """Return the path of the file that `open` reads for a URL, for who reads it differently.

        None where that is no regular file or cannot be read, and where there are several mirrors:
        then `open` says what it is, or what is wrong.
        """
        targets = self._mirrors.targets(url)
        is_file = len(targets) == 1 and targets[0].startswith("file:")
        return readable_path(targets[0]) if is_file else None

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
        return self.fetch(
            url, lambda response: _read_whole(response, url, max_size), headers=headers
        )

    def fetch(
        self,
        url: str,
        receive: Callable[[Response], T],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Return what a function makes of a document.

        Where the body breaks off and cannot be taken up, or what the function raises says that
        asking again may help, the document is asked for anew, of another mirror where there is
        one, and the function begins again with the new response. It must not keep what it read
        before.

        Args:
            url: As for `open`.
            receive: Reads the response; it does not close it.
            headers: As for `open`.

        Raises:
            NotFoundError: The status is 404 or 410.
            OfflineError: The URL needs the network and the client is offline.
            InvalidUrlError: The URL cannot be used.
            NetworkError: Anything else, and what the function raises.
        """
        attempt = 0
        while True:
            with self.open(url, headers=headers) as response:
                try:
                    return receive(response)
                except NetworkError as error:
                    # Only here can a body that cannot be taken up be asked for from its start.
                    delay = self._retry.delay_after(attempt, random=self._jitter)
                    if not error.is_transient or delay is None:
                        raise
                    reason = error.message
            attempt += 1
            log_pause(reason, delay, attempt=attempt, attempts=self._retry.max_attempts)
            self._pause(delay)

    def send(self, request: Request, /) -> Response:
        """Send one request as it is: no retries, no redirects, no secrets, any status an answer.

        For what is not the reading of a document, such as a form. The client is a `Transport`.

        Raises:
            OfflineError: The URL needs the network and the client is offline.
            InvalidUrlError: The URL has another scheme, or cannot be used.
            NetworkError: There was no answer.
        """
        if request.cancellation is None:
            request = msgspec.structs.replace(request, cancellation=self._cancellation)
        return self._schemes.send(request)

    def close(self) -> None:
        """Close the connections that are kept for later."""
        self._schemes.close()

    def _pause(self, seconds: float) -> None:
        (self._sleep or self._cancellation.wait)(seconds)

    def _ask_until_answered(self, url: str, headers: Mapping[str, str]) -> tuple[Response, str]:
        return self._attempts.ask(url, headers, cancellation=self._cancellation, sleep=self._pause)

    def _raise_for_status(self, response: Response, url: str, target: str) -> None:
        if response.status >= 400:
            response.close()
            raise describe_status(
                response, url, target, login_hint=self._login_hint, now=self._clock()
            )

    def _login_hint(self, url: str) -> str:
        hint = self._authorisation.hint_for(url) or _LOGIN_HINT
        find = getattr(self._credentials, "problems", None)
        problems = find() if find is not None else ()
        return "; ".join((hint, *problems))


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
