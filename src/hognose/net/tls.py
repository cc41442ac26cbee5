"""Trust and identity: what a TLS connection is checked against, and what it shows of us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec

from hognose.errors import NetworkError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

__all__ = ("TlsSettings", "make_tls_context")

_TRUST_HINT = (
    "the setting `ssl-verify` names it, or a variable: `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE`, "
    "`CURL_CA_BUNDLE` or `SSL_CERT_DIR`"
)
_CLIENT_HINT = "the setting `client-ssl-cert` names it"
_KEY_HINT = "the settings `client-ssl-cert` and `client-ssl-cert-key` name the certificate and it"


class TlsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to trust, and how to introduce oneself.

    Attributes:
        ca_bundle: A file of certificates, or a folder of them as `c_rehash` leaves it, to trust in
            place of the operating system's store.
        client_certificate: A file with a certificate, and its key unless that has its own file.
        client_key: The file of the key.
        is_verified: False switches the checking of certificates off.
    """

    ca_bundle: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    is_verified: bool = True

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read `SSL_CERT_FILE`, or else the names that other tools have for it.

        `REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE` are what people set for conda and curl, and
        `SSL_CERT_DIR` is OpenSSL's folder.
        """
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"):
            if environ.get(name):
                return cls(ca_bundle=environ[name])
        return cls()


def make_tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """Make what connections to servers, and to proxies that speak TLS, are opened with.

    Raises:
        NetworkError: A file of certificates, or of a key, cannot be used; names that one, and
            chains the `OSError`.
    """
    context = _trust(tls)
    if tls.client_certificate is not None:
        _introduce(context, tls.client_certificate, tls.client_key)
    return context


def _trust(tls: TlsSettings) -> ssl.SSLContext:
    import os
    import ssl

    if not tls.is_verified:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    bundle = tls.ca_bundle
    if bundle is None:
        import truststore

        trusting: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return trusting
    try:
        if os.path.isdir(bundle):
            return ssl.create_default_context(capath=bundle)
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        message = f"the certificates in {bundle} cannot be used: {_reason_of(error)}"
        raise _unusable(message, _TRUST_HINT) from error


def _introduce(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    """Load our own certificate and its key, each of which may have a file of its own."""
    import ssl

    where = f"the client certificate in {certificate}"
    key_where = f"the key in {key or certificate}"
    try:
        text = _read(certificate)
    except OSError as error:
        raise _unusable(f"{where} cannot be used: {_reason_of(error)}", _CLIENT_HINT) from error
    if b"-----BEGIN CERTIFICATE-----" not in text:
        raise _unusable(f"{where} cannot be used: the file has none in PEM form", _CLIENT_HINT)
    try:
        if b"PRIVATE KEY-----" not in (text if key is None else _read(key)):
            message = f"{key_where} cannot be used: the file has none in PEM form"
            raise _unusable(message, _KEY_HINT)
        context.load_cert_chain(certificate, key, password=_refuse_password)
    except OSError as error:
        reason = _reason_of(error)
        if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
            reason = f"it does not belong to the certificate in {certificate}"
        elif isinstance(error, ssl.SSLError) and not _is_certificate(text):
            raise _unusable(f"{where} cannot be used: {reason}", _CLIENT_HINT) from error
        raise _unusable(f"{key_where} cannot be used: {reason}", _KEY_HINT) from error


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _is_certificate(text: bytes) -> bool:
    """Whether OpenSSL can read the certificates of a file."""
    import ssl

    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=text.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        return False
    return True


def _reason_of(error: OSError) -> str:
    return (error.strerror or str(error)).strip()


def _unusable(message: str, hint: str) -> NetworkError:
    return NetworkError(message, hint=hint, url=None, status=None, is_transient=False)


def _refuse_password() -> str:
    """Keep OpenSSL from asking on a terminal that may not be there."""
    raise PermissionError("the key has a password")
