"""What libraries and the operating system say when a request fails, in words for people."""

from __future__ import annotations

from hognose.errors import NetworkError
from hognose.net.redaction import redact

__all__ = ("describe_failure", "describe_urllib3_failure")

_TRUST_HINT = (
    "where a proxy inspects TLS, its certificate belongs into the system's trust store or the "
    "file that `SSL_CERT_FILE` names"
)
_LINE_HINT = "is the machine on line? `--offline` uses only what is on the disk"
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


def describe_urllib3_failure(url: str, error: Exception) -> NetworkError:
    """Say the same of what went wrong on the way through a proxy."""
    from urllib3 import exceptions

    inner: object = error
    while isinstance(inner, exceptions.ProxyError):
        inner = inner.original_error
    where = " through the proxy" if isinstance(error, exceptions.ProxyError) else ""
    match inner:
        case exceptions.NameResolutionError():
            return _failure(url, "the host name cannot be resolved", where=where, hint=_LINE_HINT)
        case exceptions.NewConnectionError():
            # To urllib3 it is a kind of the next one.
            return _failure(url, f"no connection ({_cause_of(inner)})", where=where)
        case exceptions.ConnectTimeoutError():
            return _failure(url, "no connection within the time-out", where=where)
        case exceptions.ReadTimeoutError():
            return _failure(url, "the server fell silent", where=where)
        case exceptions.SSLError():
            return _tls_failure(url, str(inner), where=where)
        case OSError() if "Tunnel connection failed" in str(inner):
            # What `http.client` makes of a proxy's answer to CONNECT.
            reason = f"the proxy refused ({str(inner).partition(': ')[2]})"
            is_final = any(status in reason for status in ("401", "403", "407"))
            wants_login = "407" in reason or "401" in reason
            hint = "the proxy wants a login: `http://USER:PASSWORD@HOST:PORT`"
            return _failure(
                url,
                reason,
                where=where,
                hint=hint if wants_login else None,
                is_transient=not is_final,
            )
        case exceptions.ProtocolError() if "IncompleteRead" in repr(inner):
            return _failure(url, _TOO_EARLY, where=where)
        case exceptions.ProtocolError():
            return _failure(url, f"the connection broke ({_cause_of(inner)})", where=where)
        case _:
            reason = redact(str(inner)) or type(inner).__name__
            return _failure(url, reason, where=where)


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
