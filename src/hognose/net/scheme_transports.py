"""One transport over all schemes: the disk, the web, registries and buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hognose.errors import InvalidUrlError, OfflineError
from hognose.net.file_transport import FileTransport
from hognose.net.redaction import redact
from hognose.net.redirects import harmless_fields
from hognose.net.request_log import send_logged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hognose.net.credentials import CredentialStore
    from hognose.net.gcs import GcsAccess
    from hognose.net.oci import OciTransport
    from hognose.net.s3 import S3Access, S3Bucket
    from hognose.net.transport import Request, Response, Transport

__all__ = ("SchemeTransports",)


class SchemeTransports:
    """Sends each request by the means of its scheme; safe in several threads.

    What a scheme needs is loaded with its first request.

    Args:
        http: What sends `http` and `https` requests; None is offline.
        headers: Fields that go with every one of them; of those to servers that another server
            named, only the ones that cannot be secrets.
        credentials: Where registries and buckets look for secrets.
        s3_buckets: How single buckets are reached.
        environ: Where the other settings of buckets are.
        clock: Tells the seconds since the epoch.
        offline: Whether everything but `file` URLs is refused.
    """

    def __init__(
        self,
        http: Transport | None,
        *,
        headers: Mapping[str, str],
        credentials: CredentialStore | None,
        s3_buckets: Mapping[str, S3Bucket],
        environ: Mapping[str, str],
        clock: Callable[[], float],
        offline: bool,
    ) -> None:
        """Keep the means; nothing is opened yet."""
        self.offline = offline or http is None
        self._http = http
        self._headers = headers
        self._harmless_headers = harmless_fields(headers)
        self._credentials = credentials
        self._s3_buckets = s3_buckets
        self._environ = environ
        self._clock = clock
        self._files = FileTransport()
        self._oci: OciTransport | None = None
        self._s3: S3Access | None = None
        self._gcs: GcsAccess | None = None

    def send(self, request: Request, /) -> Response:
        """Send one request and return the head of the answer, whatever its status is.

        Raises:
            OfflineError: The URL needs the network.
            InvalidUrlError: The URL has another scheme, or cannot be used.
            NetworkError: There was no answer.
        """
        url = request.url
        scheme = url.partition("://")[0].lower()
        if scheme == "file":
            return self._files.send(request)
        if scheme not in ("http", "https", "oci", "s3", "gs", "gcs"):
            rule = "it has a scheme other than `https`, `http`, `file`, `oci`, `s3` and `gs`"
            raise InvalidUrlError(redact(url), rule)
        if self.offline:
            message = f"{redact(url)} needs the network, which is switched off"
            raise OfflineError(
                message,
                hint="run again without `--offline`, or use a local channel",
                url=redact(url),
                status=None,
                is_transient=False,
            )
        if scheme == "oci":
            return self._open_oci().send(request)
        if scheme == "s3":
            return self._open_s3().send(request)
        if scheme in ("gs", "gcs"):
            return self._open_gcs().send(request)
        return self._send_http(request)

    def close(self) -> None:
        """Close the connections that are kept for later."""
        close = getattr(self._http, "close", None)
        if close is not None:
            close()

    def _send_http(self, request: Request) -> Response:
        assert self._http is not None
        ours = self._harmless_headers if request.is_redirected else self._headers
        headers = {**ours, **request.headers}
        return send_logged(msgspec.structs.replace(request, headers=headers), self._http.send)

    def _open_oci(self) -> OciTransport:
        if self._oci is None:
            from hognose.net.oci import OciTransport

            self._oci = OciTransport(self._send_http, self._credentials)
        return self._oci

    def _open_s3(self) -> S3Access:
        if self._s3 is None:
            from hognose.net.s3 import S3Access

            self._s3 = S3Access(
                self._s3_buckets,
                send=self._send_http,
                credentials=self._credentials,
                environ=self._environ,
                clock=self._clock,
            )
        return self._s3

    def _open_gcs(self) -> GcsAccess:
        if self._gcs is None:
            from hognose.net.gcs import GcsAccess

            self._gcs = GcsAccess(self._send_http, environ=self._environ)
        return self._gcs
