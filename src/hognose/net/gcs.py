"""`gs://BUCKET/OBJECT` (or `gcs://`): channels in buckets of Google Cloud Storage.

Requests go to the XML interface, which is a plain GET, with the application's default credentials
(a service account's key, a user's, or those of the machine), as the library `google-auth` finds
them. Without that library, or without credentials, a bucket has to be public.
"""

from __future__ import annotations

import threading
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import msgspec

from hognose.errors import NetworkError
from hognose.net.redaction import redact
from hognose.net.transport import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hognose.net.cancellation import Cancellation

__all__ = ("GcsAccess",)

_ENDPOINT = "https://storage.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
_MAX_ANSWER = 1 << 20


class GcsAccess:
    """Turns `gs` URLs into authorised requests; safe in several threads.

    `STORAGE_EMULATOR_HOST` names another server, which is asked without credentials, as Google's
    own libraries do; `CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE` one that is asked with them.

    Args:
        send: Sends an HTTP request.
        environ: Where the server may be named.
    """

    def __init__(self, send: Callable[[Request], Response], *, environ: Mapping[str, str]) -> None:
        """Keep the means; no credentials are looked for yet."""
        self._send = send
        emulator = environ.get("STORAGE_EMULATOR_HOST")
        override = environ.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE")
        endpoint = emulator or override or _ENDPOINT
        self._endpoint = (endpoint if "://" in endpoint else f"http://{endpoint}").rstrip("/")
        self._is_anonymous = bool(emulator)
        self._lock = threading.Lock()
        self._credentials: Any = None

    def send(self, request: Request, /) -> Response:
        """Ask for an object.

        Raises:
            NetworkError: There was no answer, or the credentials are of no use.
        """
        parts = urlsplit(request.url)
        path = quote(unquote(parts.path), safe="/-_.~")
        target = f"{self._endpoint}/{parts.netloc}{path}"
        headers = {**request.headers, **self._authorise(target, request.cancellation)}
        return self._send(msgspec.structs.replace(request, url=target, headers=headers))

    def _authorise(self, url: str, cancellation: Cancellation | None) -> dict[str, str]:
        with self._lock:
            if self._is_anonymous:
                return {}
            if self._credentials is None:
                self._credentials = _find_credentials()
                self._is_anonymous = self._credentials is None
            if self._credentials is None:
                return {}
            headers: dict[str, str] = {}
            errors: Any = import_module("google.auth.exceptions")
            try:
                # It renews the token when that is near its end.
                ask = partial(self._exchange, cancellation=cancellation)
                self._credentials.before_request(ask, "GET", url, headers)
            except errors.GoogleAuthError as error:
                message = f"{redact(url)}: Google's credentials are of no use"
                hint = "`gcloud auth application-default login` makes new ones"
                raise NetworkError(
                    message, hint=hint, url=redact(url), status=None, is_transient=False
                ) from error
            # Its names are in lower case, and it adds fields that only its own servers need.
            return {"Authorization": headers["authorization"]} if "authorization" in headers else {}

    def _exchange(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002  # the client's own holds
        *,
        cancellation: Cancellation | None = None,
        **_: object,
    ) -> _Answer:
        """What `google-auth` calls a transport, over ours: same proxies, same trust."""
        data = body.encode() if isinstance(body, str) else body
        request = Request(
            url=url, method=method, headers=headers or {}, body=data, cancellation=cancellation
        )
        with self._send(request) as response:
            content = response.read_start(_MAX_ANSWER)
            return _Answer(response.status, dict(response.headers), content)


class _Answer:
    """An answer as `google-auth` wants it."""

    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self.status = status
        self.headers = headers
        self.data = data


def _find_credentials() -> Any:
    try:
        auth: Any = import_module("google.auth")
    except ImportError:
        return None
    try:
        return auth.default(scopes=[_SCOPE])[0]
    except auth.exceptions.DefaultCredentialsError:
        return None
