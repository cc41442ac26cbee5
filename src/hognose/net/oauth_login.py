"""How a person logs in with OAuth 2.0: with a code on any device, or in the browser here.

RFC 8628 (device code) needs nothing on this machine and is good for servers without a desktop. RFC
8252 (authorization code, over a listener on loopback, with the proof key of RFC 7636) spares the
person a code.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from hognose.errors import NetworkError
from hognose.net.oauth import OAuthServer, OAuthToken, ask_server, claims_of, require_safe
from hognose.net.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hognose.net.transport import Transport

__all__ = ("DeviceCode", "OAuthLogin")

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_DEFAULT_INTERVAL = 5.0
_LONGEST_WAIT = 1800.0


class DeviceCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has to do: open an address, and type a code unless the address has it."""

    verification_uri: str
    user_code: str
    verification_uri_complete: str | None = None


class OAuthLogin:
    """One login of one person at a server.

    Args:
        server: Its endpoints.
        transport: What sends the questions.
        client_id: Who we are to the server.
        client_secret: The secret of a confidential client.
        scopes: What to ask for.
        clock: Tells the seconds since the epoch.
        sleep: Waits for a number of seconds.

    Attributes:
        account: Who logged in, as far as the server told; set by a login.
    """

    def __init__(
        self,
        server: OAuthServer,
        transport: Transport,
        *,
        client_id: str,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        client_secret: str | None = None,
        scopes: tuple[str, ...] = ("openid", "profile", "offline_access"),
    ) -> None:
        """Keep the means; nothing is asked yet."""
        self._server = server
        self._transport = transport
        self._client_id = client_id
        self._client_secret = client_secret
        self._scope = " ".join(scopes)
        self._clock = clock
        self._sleep = sleep
        self.account: str | None = None

    def with_device_code(self, show: Callable[[DeviceCode], None]) -> OAuthToken:
        """Let the person type a code somewhere, and ask until they have (RFC 8628).

        Args:
            show: Tells the person what to do.

        Raises:
            NetworkError: The server has no such login, the person refused (`access_denied`), or
                the time for it is over (`expired_token`).
        """
        endpoint = self._server.device_authorization_endpoint
        if endpoint is None:
            raise _refusal("has no login with a code", self._server.token_endpoint)
        answer = self._ask(endpoint, {"scope": self._scope})
        try:
            code = str(answer["device_code"])
            shown = DeviceCode(
                verification_uri=str(answer.get("verification_uri") or answer["verification_url"]),
                user_code=str(answer["user_code"]),
                verification_uri_complete=answer.get("verification_uri_complete"),
            )
        except KeyError as error:
            raise _refusal(f"gave no {error.args[0]}", endpoint) from error
        ends_at = self._clock() + _seconds(answer.get("expires_in"), _LONGEST_WAIT)
        interval = _seconds(answer.get("interval"), _DEFAULT_INTERVAL)
        show(shown)
        while self._clock() < ends_at:
            self._sleep(interval)
            try:
                return self._exchange({"grant_type": _DEVICE_GRANT, "device_code": code})
            except NetworkError as error:
                match getattr(error, "code", ""):
                    case "authorization_pending":
                        continue
                    case "slow_down":
                        interval += 5.0
                    case "" if error.is_transient:
                        # Section 3.5: after a time-out of the connection wait longer and longer.
                        interval *= 2
                    case _:
                        raise
        message = "nobody typed the code in time"
        raise NetworkError(
            message, url=redact(endpoint), status=None, is_transient=False, code="expired_token"
        )

    def with_browser(
        self,
        open_browser: Callable[[str], object],
        *,
        redirect_uri: str | None = None,
        time_limit: float = 300.0,
    ) -> OAuthToken:
        """Let the person log in with a browser on this machine, and wait for it (RFC 8252).

        Args:
            open_browser: Opens an address.
            redirect_uri: Where the server sends the browser back to, if it knows only one; with a
                port of this machine. By default any free port.
            time_limit: How long to wait, in seconds.

        Raises:
            NetworkError: The server has no such login, the person refused, or nobody came back.
            UsageError: `redirect_uri` is no address of this machine.
        """
        from hognose.net.oauth_redirect import RedirectListener

        endpoint = self._server.authorization_endpoint
        if endpoint is None:
            raise _refusal("has no login in a browser", self._server.token_endpoint)
        require_safe(endpoint, "authorization endpoint")
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        digest = hashlib.sha256(verifier.encode()).digest()
        with RedirectListener(redirect_uri) as listener:
            query = {
                "response_type": "code",
                "client_id": self._client_id,
                "redirect_uri": listener.uri,
                "scope": self._scope,
                "state": state,
                "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
            }
            separator = "&" if "?" in endpoint else "?"
            open_browser(f"{endpoint}{separator}{urlencode(query)}")
            with listener.wait(state, time_limit=time_limit) as visit:
                if visit.code is None:
                    raise NetworkError(
                        f"{redact(endpoint)} refused ({visit.reason})",
                        url=redact(endpoint),
                        status=None,
                        is_transient=False,
                        code=visit.reason,
                    )
                fields = {
                    "grant_type": "authorization_code",
                    "code": visit.code,
                    "redirect_uri": listener.uri,
                    "code_verifier": verifier,
                }
                return self._exchange(fields)

    def _exchange(self, fields: Mapping[str, str]) -> OAuthToken:
        endpoint = self._server.token_endpoint
        answer = self._ask(endpoint, fields)
        token = OAuthToken.from_answer(
            answer,
            token_endpoint=endpoint,
            client_id=self._client_id,
            client_secret=self._client_secret,
            revocation_endpoint=self._server.revocation_endpoint,
            now=self._clock(),
        )
        # It comes from the token endpoint itself over TLS, so OpenID Connect (section 3.1.3.7)
        # does not ask for a check of its signature; and it is only shown.
        claims = claims_of(str(answer.get("id_token", "")))
        names = (claims.get(key) for key in ("email", "preferred_username", "name", "sub"))
        self.account = next((name for name in names if isinstance(name, str)), None)
        return token

    def _ask(self, endpoint: str, fields: Mapping[str, str]) -> dict[str, Any]:
        return ask_server(
            endpoint,
            fields,
            self._transport,
            client_id=self._client_id,
            client_secret=self._client_secret,
        )


def _refusal(what: str, url: str) -> NetworkError:
    message = f"{redact(url)} {what}"
    return NetworkError(message, url=redact(url), status=None, is_transient=False)


def _seconds(value: object, default: float) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        return default
    return min(max(seconds, 0.0), _LONGEST_WAIT)
