"""One client for URLs of every kind, with retries, resume, mirrors, proxies and offline.

The seam is `Transport`, one method wide. Caching is elsewhere, in the layers that know what a
document is: `hognose.cache` for archives, `hognose.repodata` for indexes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose._lazy import attach

if TYPE_CHECKING:
    from hognose.net.cancellation import Cancellation as Cancellation
    from hognose.net.channel_credentials import ChannelCredentials as ChannelCredentials
    from hognose.net.channel_credentials import ChannelLogin as ChannelLogin
    from hognose.net.channel_credentials import channel_pattern as channel_pattern
    from hognose.net.client import Client as Client
    from hognose.net.credential_file import CredentialFile as CredentialFile
    from hognose.net.credential_variables import CredentialVariables as CredentialVariables
    from hognose.net.credentials import CredentialChain as CredentialChain
    from hognose.net.credentials import Credentials as Credentials
    from hognose.net.credentials import CredentialStore as CredentialStore
    from hognose.net.credentials import default_credentials as default_credentials
    from hognose.net.file_transport import FileTransport as FileTransport
    from hognose.net.file_transport import path_of_file_url as path_of_file_url
    from hognose.net.http_transport import HttpTransport as HttpTransport
    from hognose.net.keyring_store import KeyringStore as KeyringStore
    from hognose.net.mirrors import Mirrors as Mirrors
    from hognose.net.netrc_file import NetrcFile as NetrcFile
    from hognose.net.oauth import OAuthServer as OAuthServer
    from hognose.net.oauth import OAuthToken as OAuthToken
    from hognose.net.oauth import claims_of as claims_of
    from hognose.net.oauth_login import DeviceCode as DeviceCode
    from hognose.net.oauth_login import OAuthLogin as OAuthLogin
    from hognose.net.proxy import ProxySettings as ProxySettings
    from hognose.net.redaction import redact as redact
    from hognose.net.redaction import without_secrets as without_secrets
    from hognose.net.retry import RetryPolicy as RetryPolicy
    from hognose.net.s3 import S3Bucket as S3Bucket
    from hognose.net.s3 import S3Credentials as S3Credentials
    from hognose.net.s3 import aws_credentials_source as aws_credentials_source
    from hognose.net.secret_store import SecretStore as SecretStore
    from hognose.net.tls import TlsSettings as TlsSettings
    from hognose.net.transport import Headers as Headers
    from hognose.net.transport import Request as Request
    from hognose.net.transport import Response as Response
    from hognose.net.transport import Transport as Transport
    from hognose.net.urls import join_url as join_url

__all__ = (
    "Cancellation",
    "ChannelCredentials",
    "ChannelLogin",
    "Client",
    "CredentialChain",
    "CredentialFile",
    "CredentialStore",
    "CredentialVariables",
    "Credentials",
    "DeviceCode",
    "FileTransport",
    "Headers",
    "HttpTransport",
    "KeyringStore",
    "Mirrors",
    "NetrcFile",
    "OAuthLogin",
    "OAuthServer",
    "OAuthToken",
    "ProxySettings",
    "Request",
    "Response",
    "RetryPolicy",
    "S3Bucket",
    "S3Credentials",
    "SecretStore",
    "TlsSettings",
    "Transport",
    "aws_credentials_source",
    "channel_pattern",
    "claims_of",
    "default_credentials",
    "join_url",
    "path_of_file_url",
    "redact",
    "without_secrets",
)

__getattr__, __dir__ = attach(
    __name__,
    {
        "cancellation": ("Cancellation",),
        "channel_credentials": ("ChannelCredentials", "ChannelLogin", "channel_pattern"),
        "client": ("Client",),
        "credential_file": ("CredentialFile",),
        "credential_variables": ("CredentialVariables",),
        "credentials": (
            "CredentialChain",
            "CredentialStore",
            "Credentials",
            "default_credentials",
        ),
        "file_transport": ("FileTransport", "path_of_file_url"),
        "http_transport": ("HttpTransport",),
        "keyring_store": ("KeyringStore",),
        "mirrors": ("Mirrors",),
        "netrc_file": ("NetrcFile",),
        "oauth": ("OAuthServer", "OAuthToken", "claims_of"),
        "oauth_login": ("DeviceCode", "OAuthLogin"),
        "proxy": ("ProxySettings",),
        "redaction": ("redact", "without_secrets"),
        "retry": ("RetryPolicy",),
        "s3": ("S3Bucket", "S3Credentials", "aws_credentials_source"),
        "secret_store": ("SecretStore",),
        "tls": ("TlsSettings",),
        "transport": ("Headers", "Request", "Response", "Transport"),
        "urls": ("join_url",),
    },
)
