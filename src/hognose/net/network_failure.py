"""What servers, libraries and the operating system say when a request fails, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.errors import NetworkError, NotFoundError
from hognose.net.redaction import redact
from hognose.net.retry import is_transient_status, parse_retry_after
from hognose.net.urls import origin_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from hognose.net.transport import Response

__all__ = ("describe_failure", "describe_status", "describe_urllib3_failure", "name_url")

_TRUST_HINT = (
    "where a proxy inspects TLS, its certificate belongs into the system's trust store or the "
    "file that `SSL_CERT_FILE` names"
)
_LINE_HINT = "is the machine on line? `--offline` uses only what is on the disk"
_PROXY_HINT = (
    "the proxy is from a variable such as `HTTPS_PROXY` or `ALL_PROXY`, or from the configuration; "
    "`NO_PROXY` lists the hosts that are reached without one"
)
_PROXY_LOGIN_HINT = "the proxy wants a login: `http://USER:PASSWORD@HOST:PORT`"
_REDIRECT_HINT = (
    "no secret goes along to another server that one redirects to; if that one wants a login, use "
    "its own address"
)
_TOO_EARLY = "the connection ended too early"


def describe_failure(url: str, error: Exception, *, is_connecting: bool = False) -> NetworkError:
    """Say why a URL could not be fetched, what to do, and whether asking again may help."""
    import socket
    from http.client import HTTPException, IncompleteRead

    match error:
        case socket.gaierror():
            return _failure(url, "the host name cannot be resolved", hint=_LINE_HINT)
        case TimeoutError() if is_connecting:
            return _failure(url, "no connection within the time-out")
        case TimeoutError():
            return _failure(url, "the server fell silent")
        case OSError() if _is_of_tls(error):
            return _tls_failure(url, str(error))
        case OSError() if is_connecting:
            return _failure(url, f"no connection ({_reason_of(error)})")
        case EOFError() | IncompleteRead():
            return _failure(url, _TOO_EARLY)
        case HTTPException() | OSError():
            return _failure(url, f"the connection broke ({_reason_of(error)})")
        case _:
            return _failure(url, _reason_of(error))


def describe_urllib3_failure(url: str, error: Exception, *, proxy: str) -> NetworkError:
    """Say the same of what went wrong on the way through a proxy, and which proxy that is."""
    from urllib3 import exceptions

    inner: object = error
    while isinstance(inner, exceptions.ProxyError):
        inner = inner.original_error
    where = f" through the proxy {redact(proxy)}"
    # Who did not answer: what is behind it is the proxy's to look for.
    is_of_proxy = isinstance(error, exceptions.ProxyError)
    whose = "the proxy's name" if is_of_proxy else "the host name"
    hint = _PROXY_HINT if is_of_proxy else None
    match inner:
        case exceptions.NameResolutionError():
            reason = f"{whose} cannot be resolved"
            return _failure(url, reason, where=where, hint=hint or _LINE_HINT)
        case exceptions.NewConnectionError():
            # To urllib3 it is a kind of the next one.
            reason = f"no connection ({_cause_of(inner)})"
            return _failure(url, reason, where=where, hint=hint)
        case exceptions.ConnectTimeoutError():
            return _failure(url, "no connection within the time-out", where=where, hint=hint)
        case exceptions.ReadTimeoutError():
            return _failure(url, "the server fell silent", where=where)
        case exceptions.SSLError():
            return _tls_failure(url, str(inner), where=where)
        case OSError() if "Tunnel connection failed" in str(inner):
            # What `http.client` makes of a proxy's answer to CONNECT.
            reason = f"the proxy refused ({str(inner).partition(': ')[2]})"
            is_final = any(status in reason for status in ("401", "403", "407"))
            wants_login = "407" in reason or "401" in reason
            return _failure(
                url,
                reason,
                where=where,
                hint=_PROXY_LOGIN_HINT if wants_login else None,
                is_transient=not is_final,
            )
        case exceptions.ProtocolError() if "IncompleteRead" in repr(inner):
            return _failure(url, _TOO_EARLY, where=where)
        case exceptions.ProtocolError():
            return _failure(url, f"the connection broke ({_cause_of(inner)})", where=where)
        case _:
            reason = redact(str(inner)) or type(inner).__name__
            return _failure(url, reason, where=where)


def describe_status(
    response: Response,
    url: str,
    target: str,
    *,
    login_hint: Callable[[str], str],
    now: float,
) -> NetworkError:
    """Say what an answer means that is none, and who gave it.

    Args:
        response: The answer.
        url: What somebody asked for.
        target: What was asked in its place: the URL itself, or that of a mirror.
        login_hint: Says what to do where an address wants a login.
        now: The time, in seconds since the epoch.
    """
    status = response.status
    subject = shown = redact(url)
    mirror = "" if target == url else f"the mirror {redact(target)}"
    is_elsewhere = origin_of(target) not in ("", origin_of(response.url))
    if is_elsewhere:
        # What signs an address is of no use to a reader.
        hop = f", which redirects to {redact(response.url).partition('?')[0]}"
        subject, mirror = (shown, f"{mirror}{hop}") if mirror else (f"{shown}{hop},", "")
    if status in (404, 410):
        message = f"{subject} does not exist{f' at {mirror}' if mirror else ''}"
        return NotFoundError(message, url=shown, status=status, is_transient=False)
    is_transient = is_transient_status(status)
    hint = None
    if status in (401, 403):
        hint = _REDIRECT_HINT if is_elsewhere else login_hint(response.url)
    elif status == 407:
        hint = _PROXY_LOGIN_HINT
    elif is_transient:
        pause = parse_retry_after(response.headers.get("retry-after"), now=now)
        hint = f"the server asks for a pause of {pause:.0f} s" if pause else None
    where = f" from {mirror}" if mirror else ""
    who = "the server"
    if response.proxy is not None:
        where = f"{where} through the proxy {response.proxy}"
        who = "the server, or the proxy,"
    message = f"{subject} cannot be fetched{where}: {who} answered with status {status}"
    return NetworkError(message, hint=hint, url=shown, status=status, is_transient=is_transient)


def name_url(error: NetworkError, url: str) -> None:
    """Make a failure one of the URL that somebody asked for, in its message and its `url`.

    The message names the address too that really was asked: a mirror's, or where a redirect led.
    """
    shown = redact(url)
    asked, reason = error.url, getattr(error, "reason", None)
    if reason is None or asked is None or asked == shown:
        return
    where = getattr(error, "where", "")
    error.args = (f"{shown} cannot be fetched from {asked}{where}: {reason}", *error.args[1:])
    error.url = shown


def _failure(
    url: str,
    reason: str,
    *,
    where: str = "",
    hint: str | None = None,
    is_transient: bool = True,
) -> NetworkError:
    shown = redact(url)
    return NetworkError(
        f"{shown} cannot be fetched{where}: {reason}",
        hint=hint,
        url=shown,
        status=None,
        is_transient=is_transient,
        reason=reason,
        where=where,
    )


def _tls_failure(url: str, said: str, *, where: str = "") -> NetworkError:
    if "WRONG_VERSION_NUMBER" in said:
        reason = "the server does not speak TLS at this port"
        return _failure(url, reason, where=where, is_transient=False)
    # A certificate that is not good now is not good in a moment.
    is_final = "certificate" in said.lower()
    reason = f"TLS does not work ({redact(said)})"
    return _failure(url, reason, where=where, hint=_TRUST_HINT, is_transient=not is_final)


def _is_of_tls(error: OSError) -> bool:
    # By name: `ssl` takes 14 ms to load, and without it there is no such error.
    return any(kind.__name__ == "SSLError" for kind in type(error).__mro__)


def _cause_of(error: BaseException) -> str:
    """The innermost reason, which is what the operating system said."""
    cause = error.__cause__ or error.__context__
    while cause is not None and (cause.__cause__ or cause.__context__) is not None:
        cause = cause.__cause__ or cause.__context__
    return _reason_of(cause if cause is not None else error)


def _reason_of(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return redact(str(error)).strip() or type(error).__name__
