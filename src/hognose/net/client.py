"""The client: retries, redirects, resume, credentials and offline over a transport."""

from __future__ import annotations

import logging
import os
import random
import time
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urljoin, urlsplit

import msgspec

from hognose.errors import InvalidUrlError, NetworkError, NotFoundError, OfflineError
from hognose.net.credentials import Credentials
from hognose.net.file_transport import FileTransport
from hognose.net.mirrors import Mirrors
from hognose.net.redaction import redact, split_secrets
from hognose.net.retry import RetryPolicy, is_transient_status, parse_retry_after
from hognose.net.transport import NoBody, Request, Response
from hognose.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from hognose.net.credentials import CredentialStore
    from hognose.net.http_transport import TlsSettings
    from hognose.net.oci import OciTransport
    from hognose.net.proxy import ProxySettings
    from hognose.net.s3 import S3Access, S3Bucket
    from hognose.net.transport import Transport

__all__ = ("Client",)

_log = logging.getLogger("hognose.net")

_Origin = tuple[str, str | None, int | None]

# What a mirror answers that has only a part of what it mirrors.
_NOT_HERE = frozenset({401, 403, 404, 410})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 10
_PIECE = 1 << 20


class Client:
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
        environ: Where proxies and `SSL_CERT_FILE` are read, once.
        sleep: Waits for a number of seconds.
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
        environ: Mapping[str, str] = os.environ,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        self.offline = offline
        self._credentials = credentials
        self._retry = retry or RetryPolicy(max_retries=max_retries)
        self._headers = {"User-Agent": user_agent, **(headers or {})}
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter
        self._files = FileTransport()
        self._mirrors = Mirrors(mirrors or {})
        self._s3_buckets = s3_buckets or {}
        self._environ = environ
        self._oci: OciTransport | None = None
        self._s3: S3Access | None = None
        # By origin. Written by several threads, each entry at once and always with what a caller
        # gave, so there is nothing to lock.
        self._logins: dict[_Origin, str] = {}
        self._tokens: dict[_Origin, str] = {}
        self._http = transport
        if transport is None and not offline:
            self._http = _make_http_transport(connect_timeout, read_timeout, proxies, tls, environ)

    def open(
        self, url: str, *, offset: int = 0, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Ask for a document and return as soon as the head of the answer is there.

        Args:
            url: An `http`, `https`, `file`, `oci` or `s3` URL; user information logs in.
            offset: The number of bytes at the start of the document to leave out. They are read
                and thrown away where the server cannot leave them out.
            headers: Further fields, for example `If-None-Match`.

        Returns:
            The response, of status 200, 206, or 304 if the headers asked for that; the caller
            closes it.

        Raises:
            NotFoundError: The status is 404 or 410.
            OfflineError: The URL needs the network and the client is offline.
            InvalidUrlError: The URL has another scheme, or cannot be used.
            NetworkError: Anything else; has `url` and, where there was an answer, `status`.
        """
        fields = dict(headers or {})
        if offset:
            fields["Range"] = f"bytes={offset}-"
        response = self._ask_until_answered(url, fields)
        if offset and response.status == 416:
            return _check_end(response, url, offset)
        _raise_for_status(response, url)
        position = offset
        if offset and response.status == 200:
            position = 0
        body = _ResumingBody(self, url, response, position=position)
        length = response.length
        if position != offset:
            body.skip(offset)
            length = None if length is None else max(0, length - offset)
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
            self._sleep(delay)
            attempt += 1

    def close(self) -> None:
        """Close the connections that are kept for later."""
        close = getattr(self._http, "close", None)
        if close is not None:
            close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask_until_answered(self, url: str, headers: Mapping[str, str]) -> Response:
        """Repeat a request until the answer is final, whatever its status is.

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
                if response is not None:
                    response.close()
                    response = None
                try:
                    response = self._follow(target, headers)
                except NetworkError as caught:
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
                    return response
            delay = self._retry.delay_after(attempt, random=self._jitter, retry_after=retry_after)
            if delay is None or not is_worth_repeating:
                if response is not None:
                    return response
                assert error is not None
                raise error
            if response is not None:
                response.close()
            _log.debug("%s: attempt %d failed, waiting %.2f s", redact(url), attempt + 1, delay)
            self._sleep(delay)
            attempt += 1

    def _follow(self, url: str, headers: Mapping[str, str]) -> Response:
        """Send one request and follow redirects; user information never leaves its origin."""
        url, login = self._authorise(url)
        origin = _origin(url)
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._send(url, {**login, **headers})
            if response.status not in _REDIRECTS or "location" not in response.headers:
                return response
            response.close()
            target = urljoin(response.url, response.headers["location"])
            if urlsplit(target).scheme not in ("http", "https"):
                message = f"{redact(url)} redirects to {redact(target)}, which is not a web address"
                raise NetworkError(message, url=redact(url), status=response.status)
            url, login = self._authorise(target)
            if _origin(url) != origin:
                headers = {k: v for k, v in headers.items() if k.lower() != "authorization"}
                origin = _origin(url)
        message = f"{redact(url)} redirects more than {_MAX_REDIRECTS} times"
        raise NetworkError(message, url=redact(url), status=response.status)

    def _authorise(self, url: str) -> tuple[str, dict[str, str]]:
        """Apply the secrets that URLs of the same origin came with, or that the store knows.

        Records hold URLs without secrets, so the URL of a channel that has some is remembered
        for the archives that lie there.

        Returns:
            The URL to ask for, without user information, and the field that logs in.
        """
        bare, login, token = split_secrets(url)
        if not bare.startswith("http"):
            return url, {}
        origin = _origin(bare)
        if login:
            self._logins[origin] = _parse_login(login).authorization or ""
        if token:
            self._tokens[origin] = token
        authorization = self._logins.get(origin)
        token = self._tokens.get(origin, "")
        if self._credentials is not None and not authorization and not token:
            found = self._credentials.get(bare) or Credentials()
            authorization, token = found.authorization, found.conda_token or ""
        if token:
            parts = urlsplit(bare)
            bare = parts._replace(path=f"/t/{token}{parts.path}").geturl()
        return bare, {"Authorization": authorization} if authorization else {}

    def _send(self, url: str, headers: Mapping[str, str]) -> Response:
        scheme = urlsplit(url).scheme.lower()
        if scheme == "file":
            return self._files.send(Request(url=url, headers=headers))
        if scheme not in ("http", "https", "oci", "s3"):
            rule = "has a scheme other than `https`, `http`, `file`, `oci` and `s3`"
            raise InvalidUrlError(redact(url), rule)
        if self.offline or self._http is None:
            message = f"{redact(url)} needs the network, which is switched off"
            raise OfflineError(
                message,
                hint="run again without `--offline`, or use a local channel",
                url=redact(url),
                status=None,
                is_transient=False,
            )
        _log.debug("GET %s", redact(url))
        if scheme == "oci":
            return self._open_oci().send(Request(url=url, headers=headers))
        if scheme == "s3":
            url, headers = self._open_s3().prepare(url, headers, now=self._clock())
        return self._http.send(Request(url=url, headers={**self._headers, **headers}))

    def _open_oci(self) -> OciTransport:
        if self._oci is None:
            from hognose.net.oci import OciTransport

            def send(request: Request) -> Response:
                assert self._http is not None
                return self._http.send(
                    msgspec.structs.replace(request, headers={**self._headers, **request.headers})
                )

            self._oci = OciTransport(send, self._credentials)
        return self._oci

    def _open_s3(self) -> S3Access:
        if self._s3 is None:
            from hognose.net.s3 import S3Access

            self._s3 = S3Access(
                self._s3_buckets, credentials=self._credentials, environ=self._environ
            )
        return self._s3


class _ResumingBody:
    """Reads a body, and asks for the rest of it when the connection breaks."""

    __slots__ = ("_client", "_failures", "_position", "_response", "_safe_position", "_url")

    def __init__(self, client: Client, url: str, response: Response, *, position: int) -> None:
        self._client = client
        self._url = url
        self._response = response
        self._position = position
        self._safe_position = position
        self._failures = 0

    def read(self, size: int, /) -> bytes:
        while True:
            try:
                data = self._response.read(size)
            except NetworkError as error:
                self._resume(error)
            else:
                self._position += len(data)
                return data

    def skip(self, size: int) -> None:
        while size > 0 and (data := self.read(min(size, _PIECE))):
            size -= len(data)

    def close(self) -> None:
        self._response.close()

    def _resume(self, error: NetworkError) -> None:
        """Replace the response by one that goes on at the present position, or give up.

        A weak validator does not promise the same bytes, so it is no ground to go on. Only
        failures without a megabyte of progress between them count against the limit.
        """
        validator = self._response.headers.get("etag") or self._response.headers.get(
            "last-modified"
        )
        if not error.is_transient or not validator or validator[:2] == "W/":
            raise error
        if self._position - self._safe_position >= _PIECE:
            self._failures = 0
        self._safe_position = self._position
        client = self._client
        delay = client._retry.delay_after(self._failures, random=client._jitter)
        if delay is None:
            # Whoever sees it must not begin from the start: that was tried often enough.
            error.is_transient = False
            raise error
        self._failures += 1
        _log.debug("%s: broke at byte %d", redact(self._url), self._position)
        client._sleep(delay)
        wanted = {"Range": f"bytes={self._position}-", "If-Range": validator}
        response = client._ask_until_answered(self._url, wanted)
        start = response.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
        if response.status != 206 or start != str(self._position):
            response.close()
            raise error
        self._response.close()
        self._response = response


def _make_http_transport(
    connect_timeout: float,
    read_timeout: float,
    proxies: ProxySettings | None,
    tls: TlsSettings | None,
    environ: Mapping[str, str],
) -> Transport:
    from hognose.net.http_transport import HttpTransport, TlsSettings
    from hognose.net.proxy import ProxySettings

    if tls is None:
        tls = TlsSettings.from_environment(environ)
    return HttpTransport(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        proxies=ProxySettings.from_environment(environ) if proxies is None else proxies,
        tls=tls,
    )


def _origin(url: str) -> _Origin:
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or default


def _parse_login(login: str) -> Credentials:
    """Read `user:password`, or a user alone, as it stands in a URL."""
    username, _, password = login.partition(":")
    return Credentials.basic(unquote(username), unquote(password))


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


def _raise_for_status(response: Response, url: str) -> None:
    status = response.status
    if status < 400:
        return
    response.close()
    shown = redact(url)
    if status in (404, 410):
        message = f"{shown} does not exist"
        raise NotFoundError(message, url=shown, status=status, is_transient=False)
    hint = None
    if status in (401, 403, 407):
        hint = "the server wants credentials for this address, or refuses the ones it got"
    message = f"{shown} cannot be fetched: the server answered with status {status}"
    raise NetworkError(
        message, hint=hint, url=shown, status=status, is_transient=is_transient_status(status)
    )


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
