"""Trust and identity: what a TLS connection is checked against, and what it shows of us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec

from hognose.errors import NetworkError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

__all__ = ("TlsSettings", "make_tls_context")


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
        NetworkError: A file of certificates cannot be used; chains the `OSError`.
    """
    try:
        return _try_to_make_tls_context(tls)
    except OSError as error:
        named = tls.ca_bundle or tls.client_certificate
        message = f"the certificates in {named} cannot be used: {error.strerror or error}"
        raise NetworkError(message, url=None, status=None, is_transient=False) from error


def _try_to_make_tls_context(tls: TlsSettings) -> ssl.SSLContext:
    import os
    import ssl

    context: ssl.SSLContext
    if not tls.is_verified:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca_bundle is not None:
        if os.path.isdir(tls.ca_bundle):
            context = ssl.create_default_context(capath=tls.ca_bundle)
        else:
            context = ssl.create_default_context(cafile=tls.ca_bundle)
    else:
        import truststore

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if tls.client_certificate is not None:
        context.load_cert_chain(tls.client_certificate, tls.client_key, password=_refuse_password)
    return context


def _refuse_password() -> str:
    """Keep OpenSSL from asking on a terminal that may not be there."""
    raise PermissionError("the key has a password")
