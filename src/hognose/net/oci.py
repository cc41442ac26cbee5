"""`oci://HOST/CHANNEL/SUBDIR/FILE`: channels in registries of container images.

A package is an image `CHANNEL/SUBDIR/NAME` with the tag `VERSION-BUILD`, repodata one with the tag
`latest`; the file itself is the layer of its media type. The mapping is that of the public mirror
of conda-forge at ghcr.io.
"""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import msgspec

from hognose.errors import InvalidUrlError, NetworkError
from hognose.net.credentials import Credentials
from hognose.net.redaction import redact
from hognose.net.transport import Headers, NoBody, Request, Response
from hognose.net.urls import origin_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hognose.net.cancellation import Cancellation
    from hognose.net.credentials import CredentialStore

__all__ = ("OciImage", "OciTransport")

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_MEDIA_TYPES = {
    ".conda": "application/vnd.conda.package.v2",
    ".tar.bz2": "application/vnd.conda.package.v1",
}
_REPODATA_TYPES = {
    "repodata.json": "application/vnd.conda.repodata.v1+json",
    "repodata.json.zst": "application/vnd.conda.repodata.v1+json+zst",
    "repodata.json.bz2": "application/vnd.conda.repodata.v1+json+bz2",
}
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_THIS_MACHINE = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d*)?", re.IGNORECASE)
_MAX_ANSWER = 1 << 20
# For how many seconds the manifest of repodata tells of the formats that were not asked for yet.
_RECENT = 10.0


class OciImage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where a registry has a file.

    Attributes:
        host: The registry, with its port.
        name: The image.
        tag: Its tag.
        media_type: The type of the layer that is the file.
        login: The user information of the URL, empty where there is none.
    """

    host: str
    name: str
    tag: str
    media_type: str
    login: str = ""

    @classmethod
    def parse(cls, url: str) -> OciImage | None:
        """Find the image for an `oci` URL; None for a file that registries do not have.

        Raises:
            InvalidUrlError: The URL names no host.
        """
        parts = urlsplit(url)
        if not parts.netloc.rpartition("@")[2]:
            raise InvalidUrlError(redact(url), "it names no registry")
        folder, _, file_name = unquote(parts.path).strip("/").rpartition("/")
        media_type = _REPODATA_TYPES.get(file_name)
        name, tag = "repodata.json", "latest"
        for suffix, package_type in _MEDIA_TYPES.items():
            pieces = file_name.removesuffix(suffix).rsplit("-", 2)
            if file_name.endswith(suffix) and len(pieces) == 3:
                name, media_type = pieces[0], package_type
                # Tags are not allowed to hold these characters.
                tag = f"{pieces[1]}-{pieces[2]}".replace("+", "__p__")
                tag = tag.replace("!", "__e__").replace("=", "__eq__")
        if media_type is None:
            return None
        # Nor may names of images start with an underscore.
        name = f"zzz{name}" if name.startswith("_") else name
        login, _, host = parts.netloc.rpartition("@")
        name = f"{folder}/{name}"
        return cls(host=host, name=name, tag=tag, media_type=media_type, login=login)

    @property
    def base(self) -> str:
        """The address of the image; on this machine itself registries speak plain HTTP."""
        is_here = _THIS_MACHINE.fullmatch(self.host) is not None
        scheme = "http" if is_here else "https"
        return f"{scheme}://{self.host}/v2/{self.name}"


class OciTransport:
    """Answers requests for `oci` URLs out of registries; safe in several threads.

    Args:
        send: Sends an HTTP request.
        credentials: Where logins for registries are.
    """

    def __init__(
        self, send: Callable[[Request], Response], credentials: CredentialStore | None
    ) -> None:
        """Keep the means; nothing is asked yet."""
        self._send = send
        self._credentials = credentials
        self._lock = threading.Lock()
        # By image: what the registry's token server gave.
        self._tokens: dict[str, str] = {}
        # By registry: what came in a URL. Those of records are without.
        self._logins: dict[str, str] = {}
        self._manifests: dict[str, _Manifest] = {}

    def send(self, request: Request, /) -> Response:
        """Ask for the layer that is the file.

        Raises:
            NetworkError: The registry's answer makes no sense.
            InvalidUrlError: The URL names no registry.
        """
        image = OciImage.parse(request.url)
        if image is None:
            return _not_found(request.url)
        if image.login:
            user, _, password = image.login.partition(":")
            login = Credentials.basic(unquote(user), unquote(password))
            self._logins[image.host] = login.authorization or ""
        manifest = self._find_manifest(request, image)
        if manifest.status != 200:
            return _answer(request.url, manifest.status, dict(manifest.headers))
        digest = _find_layer(manifest.data, image)
        if digest is None:
            return _not_found(request.url)
        headers = dict(request.headers)
        tag = f'"{digest}"'
        if headers.pop("If-None-Match", None) == tag:
            return _answer(request.url, 304, {"etag": tag})
        if headers.get("If-Range") == tag:
            # A blob is what its name says, so a range of it cannot be one of another document.
            del headers["If-Range"]
        response = self._ask(request, image, f"blobs/{digest}", headers)
        response.headers = Headers({**response.headers, "etag": tag})
        return response

    def _find_manifest(self, request: Request, image: OciImage) -> _Manifest:
        """Ask for the manifest of an image.

        One of repodata is of all formats, which are asked for one after another, so it is used
        once for each of them.
        """
        with self._lock:
            known = self._manifests.pop(image.base, None)
            if known is not None and known.is_news_of(image.media_type):
                known.told.add(image.media_type)
                self._manifests[image.base] = known
                return known
        with self._ask(request, image, f"manifests/{image.tag}", {"Accept": _MANIFEST}) as answer:
            data = answer.read_start(_MAX_ANSWER) if answer.status == 200 else b""
            manifest = _Manifest(
                answer.status, answer.headers, data, {image.media_type}, time.monotonic()
            )
        if image.media_type in _REPODATA_TYPES.values() and manifest.status in (200, 404):
            with self._lock:
                self._manifests[image.base] = manifest
        return manifest

    def _ask(
        self, request: Request, image: OciImage, what: str, headers: Mapping[str, str]
    ) -> Response:
        """Ask a registry, and log in as it wants if it refuses."""
        url = f"{image.base}/{what}"
        known = self._tokens.get(image.base) or self._login(image)
        login = {"Authorization": known} if known else {}
        question = Request(url=url, headers={**headers, **login}, cancellation=request.cancellation)
        response = self._send(question)
        challenge = response.headers.get("www-authenticate", "")
        if response.status != 401 or not challenge.lower().startswith("bearer"):
            return response
        token = self._fetch_token(image, challenge, request.cancellation)
        if token is None:
            return response
        response.close()
        with self._lock:
            self._tokens[image.base] = token
        fields = {**headers, "Authorization": token}
        return self._send(msgspec.structs.replace(question, headers=fields))

    def _login(self, image: OciImage) -> str | None:
        login = self._logins.get(image.host)
        if login is not None:
            return login
        found = self._credentials.get(image.base) if self._credentials is not None else None
        return found.authorization if found is not None else None

    def _fetch_token(
        self, image: OciImage, challenge: str, cancellation: Cancellation | None
    ) -> str | None:
        fields = dict(_PARAMETER.findall(challenge))
        realm = fields.get("realm", "")
        is_safe = realm.startswith("https://") or image.base.startswith("http://")
        if not realm.startswith("http") or not is_safe:
            return None
        scope = fields.get("scope") or f"repository:{image.name}:pull"
        query = f"scope={quote(scope, safe=':/,')}"
        if fields.get("service"):
            query += f"&service={quote(fields['service'])}"
        login = self._login(image)
        # As docker does: the login of the registry is what its token server wants to see.
        headers = {"Authorization": login} if login else {}
        separator = "&" if "?" in realm else "?"
        url = f"{realm}{separator}{query}"
        question = Request(
            url=url,
            headers=headers,
            cancellation=cancellation,
            is_redirected=origin_of(url) != origin_of(image.base),
        )
        with self._send(question) as answer:
            if answer.status != 200:
                return None
            try:
                tree: Any = msgspec.json.decode(answer.read_start(_MAX_ANSWER))
            except msgspec.MsgspecError:
                return None
        token = (tree.get("token") or tree.get("access_token")) if isinstance(tree, dict) else None
        return f"Bearer {token}" if isinstance(token, str) else None


class _Manifest(msgspec.Struct):
    """What a registry said of an image, and which types of layers it was looked at for."""

    status: int
    headers: Headers
    data: bytes
    told: set[str]
    came_at: float

    def is_news_of(self, media_type: str) -> bool:
        return media_type not in self.told and time.monotonic() - self.came_at < _RECENT


def _find_layer(data: bytes, image: OciImage) -> str | None:
    try:
        tree: Any = msgspec.json.decode(data)
        layers = [layer for layer in tree["layers"] if layer["mediaType"] == image.media_type]
        digest = str(layers[0]["digest"]) if layers else None
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        message = f"the manifest of {image.name}:{image.tag} at {image.host} is broken"
        raise NetworkError(message, url=image.base, status=200, is_transient=False) from error
    if digest is not None and not re.fullmatch(r"[a-z0-9]+:[0-9a-f]+", digest):
        message = f"the manifest of {image.name}:{image.tag} at {image.host} is broken"
        raise NetworkError(message, url=image.base, status=200, is_transient=False)
    return digest


def _not_found(url: str) -> Response:
    return _answer(url, 404, {})


def _answer(url: str, status: int, headers: dict[str, str]) -> Response:
    return Response(url=url, status=status, headers=Headers(headers), body=NoBody(), length=0)
