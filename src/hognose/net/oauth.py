"""OAuth 2.0: the endpoints of a server, and the life of a token after the login.

How a token is got in the first place is in `oauth_login`. RFC 6749 (refreshing), RFC 7009
(revoking), RFC 8414 and OpenID Connect Discovery (finding the endpoints). Tokens are kept in the
form of rattler's `credentials.json`, with the client's secret added where there is one: without it
a confidential client cannot refresh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode, urlsplit

import msgspec

from hognose.errors import NetworkError
from hognose.net.redaction import redact
from hognose.net.transport import Request, Response
from hognose.net.urls import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hognose.net.transport import Transport

__all__ = ("OAuthServer", "OAuthToken", "ask_server", "claims_of", "require_safe")

_MAX_ANSWER = 1 << 20


class OAuthServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server takes which questions; an endpoint that it does not have is None."""

    token_endpoint: str
    authorization_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    revocation_endpoint: str | None = None

    @classmethod
    def discover(cls, issuer: str, transport: Transport) -> Self:
        """Ask an issuer for its endpoints: OpenID Connect Discovery, or else RFC 8414.

        Raises:
            NetworkError: There is no such document, or it is another issuer's.
        """
        require_safe(issuer, "issuer")
        base = issuer.rstrip("/")
        parts = urlsplit(base)
        documents = (
            f"{base}/.well-known/openid-configuration",
            # RFC 8414 puts the name in front of the issuer's path.
            f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}",
        )
        for url in documents:
            with transport.send(Request(url=url, headers={"Accept": "application/json"})) as answer:
                status, document = answer.status, _decode(answer)
            if status == 200 and isinstance(document.get("token_endpoint"), str):
                break
        else:
            message = f"{redact(issuer)} does not say how to log in: status {status} for {url}"
            hint = "`--oauth-issuer-url` names the server that logs in"
            raise NetworkError(message, hint=hint, url=url, status=status, is_transient=False)
        if str(document.get("issuer", "")).rstrip("/") != base:
            # OpenID Connect Discovery, section 4.3: else anybody could answer for anybody.
            message = f"{url} describes another issuer than {redact(issuer)}"
            raise NetworkError(message, url=url, status=status, is_transient=False)
        endpoints = {
            name: value
            for name in cls.__struct_fields__
            if isinstance(value := document.get(name), str)
        }
        for name, value in endpoints.items():
            require_safe(value, name)
        return cls(**endpoints)


class OAuthToken(msgspec.Struct, frozen=True, kw_only=True):
    """What a login gave, and what is needed to renew and to end it.

    Attributes:
        access_token: What goes with requests.
        refresh_token: What is exchanged for another access token, if the server gave one.
        expires_at: When the access token ends, in seconds since the epoch, if the server said so.
        token_endpoint: Where to exchange.
        revocation_endpoint: Where to end it.
        client_id: Who we are to the server.
        client_secret: The secret of a confidential client.
    """

    access_token: str
    token_endpoint: str
    client_id: str
    refresh_token: str | None = None
    expires_at: int | None = None
    revocation_endpoint: str | None = None
    client_secret: str | None = None

    def __repr__(self) -> str:
        """Show nothing of the secrets."""
        return f"<OAuthToken of {self.client_id}>"

    @property
    def authorization(self) -> str:
        """The value of the `Authorization` field."""
        return f"Bearer {self.access_token}"

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> Self | None:
        """Read the entry of a store; None if it is of another kind, or lacks the token."""
        fields = entry.get("OAuth")
        if not isinstance(fields, dict):
            return None
        try:
            return msgspec.convert({"token_endpoint": "", "client_id": "", **fields}, cls)
        except msgspec.ValidationError:
            return None

    def to_entry(self) -> dict[str, Any]:
        """Return the entry for a store."""
        fields = msgspec.to_builtins(self)
        if self.client_secret is None:
            del fields["client_secret"]
        return {"OAuth": fields}

    @classmethod
    def from_answer(
        cls,
        answer: Mapping[str, Any],
        *,
        token_endpoint: str,
        client_id: str,
        now: float,
        refresh_token: str | None = None,
        revocation_endpoint: str | None = None,
        client_secret: str | None = None,
    ) -> Self:
        """Read what a token endpoint gave.

        Args:
            answer: The decoded answer.
            token_endpoint: Where it is from.
            client_id: Who asked.
            now: The time in seconds since the epoch.
            refresh_token: The one that stays in use if the answer has none.
            revocation_endpoint: Where the token can be ended.
            client_secret: The secret of a confidential client.

        Raises:
            NetworkError: There is no bearer token in it.
        """
        access, lifetime = answer.get("access_token"), answer.get("expires_in")
        kind = str(answer.get("token_type", "bearer")).lower()
        if not isinstance(access, str) or not access or kind != "bearer":
            message = f"{redact(token_endpoint)} gave no bearer token"
            raise NetworkError(message, url=redact(token_endpoint), status=200, is_transient=False)
        # Some servers write the number as text.
        seconds = int(str(lifetime)) if str(lifetime).isdecimal() else None
        renewed = answer.get("refresh_token")
        return cls(
            access_token=access,
            refresh_token=renewed if isinstance(renewed, str) and renewed else refresh_token,
            expires_at=None if seconds is None else int(now) + seconds,
            token_endpoint=token_endpoint,
            revocation_endpoint=revocation_endpoint,
            client_id=client_id,
            client_secret=client_secret,
        )

    def refresh(self, transport: Transport, *, now: float) -> Self:
        """Exchange the refresh token; the old one may be of no use afterwards.

        Raises:
            NetworkError: The server refuses, with its reason as `code` (`invalid_grant` says that
                a new login is needed), or cannot be asked.
        """
        fields = {"grant_type": "refresh_token", "refresh_token": self.refresh_token or ""}
        answer = ask_server(
            self.token_endpoint,
            fields,
            transport,
            client_id=self.client_id,
            client_secret=self.client_secret,
        )
        return self.from_answer(
            answer,
            token_endpoint=self.token_endpoint,
            client_id=self.client_id,
            now=now,
            refresh_token=self.refresh_token,
            revocation_endpoint=self.revocation_endpoint,
            client_secret=self.client_secret,
        )

    def revoke(self, transport: Transport) -> None:
        """End both tokens at the server (RFC 7009), the refresh token first.

        Raises:
            NetworkError: The server refuses, or cannot be asked. The other token has been tried.
        """
        if self.revocation_endpoint is None:
            return
        failure = None
        for token, kind in (
            (self.refresh_token, "refresh_token"),
            (self.access_token, "access_token"),
        ):
            if token is None:
                continue
            try:
                ask_server(
                    self.revocation_endpoint,
                    {"token": token, "token_type_hint": kind},
                    transport,
                    client_id=self.client_id,
                    client_secret=self.client_secret,
                )
            except NetworkError as error:
                failure = failure or error
        if failure is not None:
            raise failure


def ask_server(
    endpoint: str,
    fields: Mapping[str, str],
    transport: Transport,
    *,
    client_id: str,
    client_secret: str | None = None,
) -> dict[str, Any]:
    """Send a form to an endpoint and return its decoded answer, which may be empty.

    Raises:
        NetworkError: The server refuses, with its reason as `code`, or cannot be asked, or does
            not speak TLS.
    """
    require_safe(endpoint, "endpoint")
    form = {**fields, "client_id": client_id}
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    if client_secret is not None:
        from urllib.parse import quote_plus

        from hognose.net.credentials import Credentials

        # RFC 6749, section 2.3.1: every server must take the secret of a client like this.
        login = Credentials.basic(quote_plus(client_id), quote_plus(client_secret))
        headers["Authorization"] = login.authorization or ""
    request = Request(url=endpoint, method="POST", headers=headers, body=urlencode(form).encode())
    with transport.send(request) as answer:
        status, document = answer.status, _decode(answer)
    if status < 300:
        return document
    code = document.get("error")
    code = code if isinstance(code, str) else ""
    said = document.get("error_description")
    reason = f": {said}" if isinstance(said, str) else ""
    shown = redact(endpoint)
    message = f"{shown} refused ({code or f'status {status}'}{reason})"
    # A redirect is a refusal, too: a form with secrets is not sent to wherever it points.
    is_transient = status >= 500 or status == 429
    raise NetworkError(message, url=shown, status=status, is_transient=is_transient, code=code)


def require_safe(url: str, what: str) -> None:
    """Refuse an address that secrets must not be sent to.

    Raises:
        NetworkError: It is no `https` URL, nor one of this machine.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
        return
    shown = redact(url)
    message = f"the {what.replace('_', ' ')} `{shown}` is not an `https` URL"
    raise NetworkError(message, url=shown, status=None, is_transient=False)


def claims_of(token: str) -> Mapping[str, Any]:
    """Return what a JSON Web Token says of itself, unchecked; nothing if it is none.

    Good for showing to the token's owner, and for no decision.
    """
    from base64 import urlsafe_b64decode

    pieces = token.split(".")
    if len(pieces) != 3:
        return {}
    try:
        claims: Any = msgspec.json.decode(urlsafe_b64decode(f"{pieces[1]}==="))
    except (ValueError, msgspec.MsgspecError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _decode(answer: Response) -> dict[str, Any]:
    data = answer.read_start(_MAX_ANSWER)
    try:
        document: Any = msgspec.json.decode(data) if data else {}
    except msgspec.MsgspecError:
        return {}
    return document if isinstance(document, dict) else {}
