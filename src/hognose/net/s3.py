"""`s3://BUCKET/KEY` as signed requests over HTTPS (AWS Signature Version 4).

Only reading is needed, so this is the signing of a GET and no more; no library of Amazon's is.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hognose.net.credentials import CredentialStore
    from hognose.net.transport import Request, Response

__all__ = ("S3Access", "S3Bucket", "S3Credentials", "aws_credentials_source", "sign")

_EMPTY = hashlib.sha256(b"").hexdigest()


class S3Credentials(msgspec.Struct, frozen=True, gc=False):
    """A key pair, and the token of a session that has one."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def __repr__(self) -> str:
        """Show nothing of the secret."""
        return "<S3Credentials>"


class S3Bucket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a bucket is reached.

    Attributes:
        endpoint_url: The server; Amazon's for the region by default.
        region: The region that requests are signed for.
        force_path_style: Whether the bucket is a part of the path rather than of the host.
    """

    endpoint_url: str | None = None
    region: str = "us-east-1"
    force_path_style: bool = False


class S3Access:
    """Turns `s3` URLs into signed requests; safe in several threads.

    The key pair is that of the credential store for the bucket, else that of `AWS_ACCESS_KEY_ID`
    and `AWS_SECRET_ACCESS_KEY`, else that of `~/.aws/credentials`; without one the bucket has to
    be public.

    Args:
        buckets: How single buckets are reached.
        send: Sends an HTTP request.
        credentials: Where key pairs may be.
        environ: The environment, for everything else.
        clock: Tells the seconds since the epoch.
    """

    def __init__(
        self,
        buckets: Mapping[str, S3Bucket],
        *,
        send: Callable[[Request], Response],
        credentials: CredentialStore | None,
        environ: Mapping[str, str],
        clock: Callable[[], float],
    ) -> None:
        """Keep the settings; nothing is read yet."""
        self._configured = buckets
        self._buckets: dict[str, S3Bucket] = {}
        self._send = send
        self._credentials = credentials
        self._environ = environ
        self._clock = clock

    def send(self, request: Request, /) -> Response:
        """Ask for an object; a bucket that says that it is in another region is asked there.

        Raises:
            NetworkError: There was no answer.
        """
        response = self._send(self._sign(request))
        region = response.headers.get("x-amz-bucket-region")
        name = urlsplit(request.url).netloc
        bucket = self._bucket(name)
        if response.status not in (301, 307, 400) or region in (None, bucket.region):
            return response
        response.close()
        self._buckets[name] = msgspec.structs.replace(bucket, region=region)
        return self._send(self._sign(request))

    def _sign(self, request: Request) -> Request:
        """Return the HTTP request for that of an `s3` URL."""
        parts = urlsplit(request.url)
        bucket = self._bucket(parts.netloc)
        endpoint = bucket.endpoint_url or f"https://s3.{bucket.region}.amazonaws.com"
        base = urlsplit(endpoint)
        path = quote(unquote(parts.path), safe="/-_.~")
        host = base.netloc
        if bucket.force_path_style:
            path = f"{base.path.rstrip('/')}/{parts.netloc}{path}"
        else:
            host = f"{parts.netloc}.{host}"
            path = f"{base.path.rstrip('/')}{path}"
        target = f"{base.scheme}://{host}{path}"
        headers = dict(request.headers)
        pair = self._key_pair(request.url)
        if pair is not None:
            moment = datetime.fromtimestamp(self._clock(), UTC)
            headers |= sign(host, path, region=bucket.region, credentials=pair, moment=moment)
        return msgspec.structs.replace(request, url=target, headers=headers)

    def _bucket(self, name: str) -> S3Bucket:
        # Only the bucket that is asked for: the options of another one may be wrong.
        found = self._buckets.get(name) or self._configured.get(name)
        if found is not None:
            return found
        environ = self._environ
        region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
        # Servers other than Amazon's seldom have a host name for each bucket.
        return S3Bucket(
            endpoint_url=endpoint or None, region=region, force_path_style=bool(endpoint)
        )

    def _key_pair(self, url: str) -> S3Credentials | None:
        lookup = getattr(self._credentials, "get_s3", None)
        found: S3Credentials | None = lookup(url) if lookup is not None else None
        if found is not None:
            return found
        environ = self._environ
        if environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
            return S3Credentials(
                environ["AWS_ACCESS_KEY_ID"],
                environ["AWS_SECRET_ACCESS_KEY"],
                environ.get("AWS_SESSION_TOKEN") or None,
            )
        return _read_shared_file(environ)


def aws_credentials_source(environ: Mapping[str, str]) -> str | None:
    """Say where the key pair is from that buckets get for which no store has one; or None."""
    if environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
        return "environment"
    return None if _read_shared_file(environ) is None else _shared_file(environ)


def _shared_file(environ: Mapping[str, str]) -> str | None:
    home = environ.get("HOME") or environ.get("USERPROFILE")
    named = environ.get("AWS_SHARED_CREDENTIALS_FILE")
    return named or (os.path.join(home, ".aws", "credentials") if home else None)


def _read_shared_file(environ: Mapping[str, str]) -> S3Credentials | None:
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(_shared_file(environ) or (), encoding="utf-8")
        profile = parser[environ.get("AWS_PROFILE") or "default"]
        return S3Credentials(
            profile["aws_access_key_id"],
            profile["aws_secret_access_key"],
            profile.get("aws_session_token"),
        )
    except (configparser.Error, KeyError, OSError, UnicodeDecodeError):
        # Another program's file: what is wrong with it must not keep us from public buckets.
        return None


def sign(
    host: str, path: str, *, region: str, credentials: S3Credentials, moment: datetime
) -> dict[str, str]:
    """Return the fields that sign a GET of a path (without query) at a host."""
    stamp = moment.strftime("%Y%m%dT%H%M%SZ")
    day = stamp[:8]
    fields = {"host": host, "x-amz-content-sha256": _EMPTY, "x-amz-date": stamp}
    if credentials.session_token:
        fields["x-amz-security-token"] = credentials.session_token
    names = ";".join(sorted(fields))
    lines = "".join(f"{name}:{fields[name]}\n" for name in sorted(fields))
    request = f"GET\n{path}\n\n{lines}\n{names}\n{_EMPTY}"
    scope = f"{day}/{region}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    del fields["host"]
    fields["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key_id}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return fields
