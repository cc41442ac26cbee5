"""Sends a question and follows redirects; what could be a secret stays where it is for.

A secret belongs to the origin that somebody named: scheme, host and port. Where a server sends us
to another one, nothing is looked up for that, whoever it is, and of the fields of the request go
those alone that say nothing of us. curl, requests and httpx leave out `Authorization` and `Cookie`;
but keys are sent as `X-JFrog-Art-Api` and `PRIVATE-TOKEN` too, and a list of all such names would
never be whole.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from hognose.errors import NetworkError
from hognose.net.redaction import redact
from hognose.net.transport import Request
from hognose.net.urls import origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hognose.net.authorisation import Authorisation
    from hognose.net.cancellation import Cancellation
    from hognose.net.transport import Response, Transport

__all__ = ("Redirects", "harmless_fields")

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 10
# They say how to answer, and nothing of who asks.
_HARMLESS = frozenset(
    {
        *("accept", "accept-charset", "accept-encoding", "accept-language", "user-agent"),
        *("cache-control", "pragma", "range", "if-range", "if-match", "if-none-match"),
        *("if-modified-since", "if-unmodified-since"),
    }
)
_USER_INFORMATION = re.compile(r"(?<=://)[^/?#\\]*@")


def harmless_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the header fields that may go to a server that nobody named."""
    return {name: value for name, value in fields.items() if name.lower() in _HARMLESS}


class Redirects:
    """Asks with what authorises a request, up to the answer that is no redirect.

    Args:
        transport: What sends the questions.
        authorisation: What goes with them to the origins that were named.
    """

    def __init__(self, transport: Transport, authorisation: Authorisation) -> None:
        """Keep the means; nothing is asked yet."""
        self._transport = transport
        self._authorisation = authorisation

    def ask(self, url: str, headers: Mapping[str, str], cancellation: Cancellation) -> Response:
        """Return the answer to a question, whatever its status is.

        Raises:
            InvalidUrlError: The URL cannot be used.
            NetworkError: There was no answer, or the redirects make no sense.
        """
        response, login = self._ask_named(url, headers, cancellation)
        if not _is_redirect(response):
            return response
        # Of registries and buckets it is known only now which server it is.
        named = origin_of(url) or origin_of(response.url)
        for _ in range(_MAX_REDIRECTS):
            response.close()
            target = urljoin(response.url, response.headers["location"])
            origin = origin_of(target)
            if not origin:
                message = f"{redact(url)} redirects to {redact(target)}, which is not a web address"
                raise NetworkError(message, url=redact(url), status=response.status)
            if origin != named and _is_upgrade(named, origin):
                # From here on nothing goes back to plain HTTP.
                named = origin
            if origin == named:
                response, login = self._ask_named(target, headers, cancellation, login=login)
            else:
                request = Request(
                    url=_USER_INFORMATION.sub("", target, count=1),
                    headers=harmless_fields(headers),
                    cancellation=cancellation,
                    is_redirected=True,
                )
                response = self._transport.send(request)
            if not _is_redirect(response):
                return response
        response.close()
        message = f"{redact(url)} redirects more than {_MAX_REDIRECTS} times"
        raise NetworkError(message, url=redact(url), status=response.status)

    def _ask_named(
        self,
        url: str,
        headers: Mapping[str, str],
        cancellation: Cancellation,
        *,
        login: str | None = None,
    ) -> tuple[Response, str | None]:
        """Ask with what authorises it; a token that is refused is renewed once.

        Returns:
            The answer, and the `Authorization` that was sent.
        """
        bare, found = self._authorisation.apply(url, cancellation)
        login = found or login
        response = self._send(bare, login, headers, cancellation)
        if response.status == 401 and self._authorisation.renew(bare, login, cancellation):
            response.close()
            bare, login = self._authorisation.apply(url, cancellation)
            response = self._send(bare, login, headers, cancellation)
        return response, login

    def _send(
        self, url: str, login: str | None, headers: Mapping[str, str], cancellation: Cancellation
    ) -> Response:
        fields = {"Authorization": login, **headers} if login else headers
        return self._transport.send(Request(url=url, headers=fields, cancellation=cancellation))


def _is_redirect(response: Response) -> bool:
    return response.status in _REDIRECTS and "location" in response.headers


def _is_upgrade(named: str, origin: str) -> bool:
    """Whether an origin is the same host over TLS, at the ports that the schemes have anyway."""
    return named.startswith("http:") and origin == f"https{named[4:]}" and not _has_port(named)


def _has_port(origin: str) -> bool:
    return re.search(r":\d+\Z", origin) is not None
