"""A real little OAuth 2.0 server on loopback, strict about what the standards ask of clients.

It knows discovery, the device code (RFC 8628), the authorization code with its proof key (RFC
7636), refresh tokens that are good for one use, revocation (RFC 7009), and one channel document
that wants an access token. What it noticed is in `forms`, `refusals` and `revoked`.
"""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("OAuthTestServer",)


class OAuthTestServer:
    """Serves until it is closed; a context manager.

    Args:
        answers: What the token endpoint says while the person types the code, one after another:
            error codes of RFC 8628; when they are used up, the login is done.
        rotates: Whether a refresh token is good for one use.
        issuer_path: The path of the issuer.
        lifetime: How long access tokens are said to live, in seconds; None says nothing.
        document: What the protected channel document holds.
    """

    def __init__(
        self,
        *,
        answers: tuple[str, ...] = (),
        rotates: bool = True,
        issuer_path: str = "",
        lifetime: int | None = 3600,
        client_secret: str | None = None,
        document: bytes = b"{}",
    ) -> None:
        self.answers = list(answers)
        self.rotates = rotates
        self.lifetime = lifetime
        self.client_secret = client_secret
        self.document = document
        self.has_device_code = True
        self.decision = "grant"
        self.forms: list[dict[str, str]] = []
        self.refusals: list[str] = []
        self.revoked: list[str] = []
        self.access_tokens: set[str] = set()
        self.refresh_tokens: set[str] = set()
        self.overrides: dict[str, Any] = {}
        self.delay = threading.Event()
        self.delay.set()
        self._codes: dict[str, dict[str, str]] = {}
        self._count = 0
        self.lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"
        self.issuer = self.url + issuer_path
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.delay.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def grant(self) -> dict[str, Any]:
        """Make a pair of tokens."""
        self._count += 1
        claims = {"email": "ada@example.org", "exp": 4102444800, "scope": "channel:read"}
        body = urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        access, refresh = f"head.{body}.access-{self._count}", f"refresh-{self._count}"
        self.access_tokens.add(access)
        self.refresh_tokens.add(refresh)
        answer: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "refresh_token": refresh,
        }
        if self.lifetime is not None:
            answer["expires_in"] = self.lifetime
        answer["id_token"] = access
        return answer | self.overrides

    # -- the endpoints --------------------------------------------------------------------------

    def discover(self) -> dict[str, Any]:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "revocation_endpoint": f"{self.url}/revoke",
        }
        if self.has_device_code:
            found["device_authorization_endpoint"] = f"{self.url}/device"
        return found | self.overrides

    def authorize(self, query: dict[str, str]) -> str:
        """Return where the browser is sent back to."""
        answer = {"state": query["state"]}
        if self.decision == "grant":
            code = f"code-{len(self._codes)}"
            self._codes[code] = query
            answer["code"] = code
        else:
            answer["error"] = self.decision
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        match form.get("grant_type"):
            case "urn:ietf:params:oauth:grant-type:device_code":
                if form.get("device_code") != "device-1":
                    return 400, {"error": "invalid_grant"}
                if self.answers:
                    return 400, {"error": self.answers.pop(0)}
                return 200, self.grant()
            case "authorization_code":
                query = self._codes.pop(form.get("code", ""), None)
                proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
                proof_text = urlsafe_b64encode(proof).rstrip(b"=").decode()
                if (
                    query is None
                    or query["code_challenge"] != proof_text
                    or query["redirect_uri"] != form.get("redirect_uri")
                ):
                    return 400, {"error": "invalid_grant"}
                return 200, self.grant()
            case "refresh_token":
                given = form.get("refresh_token", "")
                if given not in self.refresh_tokens:
                    return 400, {"error": "invalid_grant", "error_description": "used before"}
                if self.rotates:
                    self.refresh_tokens.discard(given)
                    return 200, self.grant()
                answer = self.grant()
                del answer["refresh_token"]
                return 200, answer
            case _:
                return 400, {"error": "unsupported_grant_type"}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: OAuthTestServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One segment for the head and the body: without it, each small answer waits for an ACK.
    wbufsize = 65536
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, form: str, *arguments: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        owner = self.server.owner
        parts = urlsplit(self.path)
        well_known = f"{urlsplit(owner.issuer).path}/.well-known/openid-configuration"
        if parts.path == well_known:
            self._send(200, owner.discover())
        elif parts.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self._send(302, {}, location=owner.authorize(query))
        elif parts.path == "/noarch/repodata.json":
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            with owner.lock:
                is_good = token in owner.access_tokens
            self._send(200 if is_good else 401, owner.document if is_good else {})
        else:
            self._send(404, {})

    def do_POST(self) -> None:
        owner = self.server.owner
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        owner.delay.wait(20)
        with owner.lock:
            owner.forms.append({"path": self.path, **form})
            login = self.headers.get("Authorization")
            status, answer = self._answer(form, login)
            if status >= 400:
                owner.refusals.append(answer.get("error", ""))
        self._send(status, answer)

    def _answer(self, form: dict[str, str], login: str | None) -> tuple[int, dict[str, Any]]:
        owner = self.server.owner
        if form.get("client_id") != "rattler":
            return 401, {"error": "invalid_client"}
        if (owner.client_secret is None) is not (login is None):
            return 401, {"error": "invalid_client"}
        if self.path == "/device":
            return 200, {
                "device_code": "device-1",
                "user_code": "ABCD-EFGH",
                "verification_uri": f"{owner.url}/activate",
                "expires_in": 600,
                "interval": 5,
            }
        if self.path == "/revoke":
            owner.revoked.append(form["token"])
            owner.access_tokens.discard(form["token"])
            owner.refresh_tokens.discard(form["token"])
            return 200, {}
        return owner.token(form)

    def _send(
        self, status: int, answer: dict[str, Any] | bytes, *, location: str | None = None
    ) -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        if location is not None:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
