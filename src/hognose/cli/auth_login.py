"""`hognose auth login`: takes a secret, or gets one by OAuth, and keeps it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from hognose.errors import ConfigError, NetworkError, UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console
    from hognose.net import CredentialChain, DeviceCode, OAuthLogin, OAuthToken, SecretStore

# What servers of conda channels know us by, as they know rattler's other tools.
_CLIENT_ID = "rattler"
_SCOPES = ("openid", "profile", "offline_access")
_PREFIX_SCOPES = (*_SCOPES, "channel:read", "channel:upload")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("host", help="a host, `*.DOMAIN`, a URL, or `s3://BUCKET`")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--token", nargs="?", const="", help="a bearer token (the default)")
    kind.add_argument("--conda-token", nargs="?", const="", help="a token in the path, `/t/TOKEN`")
    kind.add_argument("--username", help="a user's name; the password is asked for")
    kind.add_argument("--s3-access-key-id", metavar="ID", help="a key pair for a bucket")
    kind.add_argument("--oauth", action="store_true", help="log in by OAuth, and stay logged in")
    parser.add_argument("--password", help="the password; better left out and typed")
    parser.add_argument("--s3-secret-access-key", metavar="KEY", help="as `--password`")
    parser.add_argument("--s3-session-token", metavar="TOKEN", help="the token of a session")
    parser.add_argument(
        "--store",
        choices=("file", "keyring"),
        default="file",
        help="where to keep it: a file that only you can read (the default), or the key ring",
    )
    oauth = parser.add_argument_group("OAuth")
    oauth.add_argument(
        "--oauth-issuer-url", metavar="URL", help="the server to log in at (default: the host)"
    )
    oauth.add_argument(
        "--oauth-client-id",
        metavar="ID",
        default=_CLIENT_ID,
        help=f"what the server knows us by (default: {_CLIENT_ID})",
    )
    oauth.add_argument(
        "--oauth-client-secret", metavar="SECRET", help="the secret of a confidential client"
    )
    oauth.add_argument(
        "--oauth-flow",
        choices=("device-code", "auth-code", "auto"),
        default="device-code",
        help="a code to type anywhere (the default), a browser here, or a browser if there is one",
    )
    oauth.add_argument(
        "--oauth-scope", metavar="SCOPE", action="append", help="what to ask for (repeatable)"
    )
    oauth.add_argument(
        "--oauth-redirect-uri", metavar="URL", help="where the browser is sent back to"
    )


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Keep a secret for a host."""
    from hognose.cli.auth import credential_chain
    from hognose.cli.auth_host import host_key
    from hognose.cli.settings import load_config

    config = load_config()
    host = host_key(arguments.host)
    store = _find_store(credential_chain(config), arguments.store)
    if arguments.oauth:
        entry = _log_in(arguments, host, console).to_entry()
    else:
        entry = _read_secret(arguments)
    store.store(host, entry)
    console.success(f"{store.name} has a secret for {host} now ({next(iter(entry))})")
    if host.count(".") == 1 and not host.startswith("*.") and "S3Credentials" not in entry:
        console.hint(f"it is for {host} alone; `*.{host}` is also for the hosts below it")
    return 0


def _find_store(chain: CredentialChain, wanted: str) -> SecretStore:
    from hognose.cli.auth import writable_stores
    from hognose.net import CredentialFile, KeyringStore

    kind = KeyringStore if wanted == "keyring" else CredentialFile
    for store in writable_stores(chain):
        if isinstance(store, kind):
            return store
    message = "there is no key ring: the package `keyring` is not installed"
    raise ConfigError(message, hint="run `pip install hognose[keyring]`")


def _read_secret(arguments: argparse.Namespace) -> dict[str, Any]:
    """The entry for a secret that the person has already."""
    from hognose.cli.auth_host import require_sendable

    if arguments.username is not None:
        password = _secret(arguments.password, "password")
        if ":" in require_sendable(arguments.username, "user's name"):
            raise UsageError("the user's name has a colon in it, which ends it")
        return {"BasicHTTP": {"username": arguments.username, "password": password}}
    if arguments.s3_access_key_id is not None:
        pair = {
            "access_key_id": require_sendable(arguments.s3_access_key_id, "key's ID"),
            "secret_access_key": _secret(arguments.s3_secret_access_key, "secret access key"),
            "session_token": arguments.s3_session_token
            and require_sendable(arguments.s3_session_token, "session token"),
        }
        return {"S3Credentials": pair}
    if arguments.conda_token is not None:
        return {"CondaToken": _secret(arguments.conda_token, "token", is_in_path=True)}
    return {"BearerToken": _secret(arguments.token, "token")}


def _secret(given: str | None, noun: str, *, is_in_path: bool = False) -> str:
    """The secret of the command line, or from the terminal, or the first line of the input."""
    from hognose.cli.auth_host import require_sendable

    secret = given
    if not secret and sys.stdin.isatty():
        import getpass

        secret = getpass.getpass(f"{noun}: ")
    elif not secret:
        secret = sys.stdin.readline()
    secret = secret.strip()
    if not secret:
        raise UsageError(f"no {noun} is given")
    return require_sendable(secret, noun, is_in_path=is_in_path)


def _log_in(arguments: argparse.Namespace, host: str, console: Console) -> OAuthToken:
    from hognose.cli.auth_host import host_url
    from hognose.cli.console_log import show_pauses
    from hognose.cli.settings import load_config
    from hognose.configured import client_from_config
    from hognose.net import OAuthLogin, OAuthServer

    if host.startswith("*."):
        issuer = arguments.oauth_issuer_url or f"https://{host[2:]}"
    else:
        issuer = arguments.oauth_issuer_url or host_url(arguments.host)
    is_prefix = host.removeprefix("*.") == "prefix.dev" or host.endswith(".prefix.dev")
    scopes = arguments.oauth_scope or (_PREFIX_SCOPES if is_prefix else _SCOPES)
    show_pauses(console)
    with client_from_config(load_config()) as client:
        login = OAuthLogin(
            OAuthServer.discover(issuer, client),
            client,
            client_id=arguments.oauth_client_id,
            client_secret=arguments.oauth_client_secret,
            scopes=tuple(scopes),
            clock=time.time,
            sleep=time.sleep,
        )
        token = _follow_flow(login, arguments, console)
    if login.account is not None:
        console.step(f"logged in as {login.account}")
    return token


def _follow_flow(login: OAuthLogin, arguments: argparse.Namespace, console: Console) -> OAuthToken:
    def show(code: DeviceCode) -> None:
        if code.verification_uri_complete:
            console.step(f"open {code.verification_uri_complete}")
        console.step(f"open {code.verification_uri} and type the code {code.user_code}")

    def open_browser(url: str) -> None:
        import webbrowser

        if not webbrowser.open(url):
            raise NoBrowserError
        console.step(f"a browser is open at {url}")

    if arguments.oauth_flow == "device-code":
        return login.with_device_code(show)
    try:
        return login.with_browser(open_browser, redirect_uri=arguments.oauth_redirect_uri)
    except NoBrowserError as error:
        if arguments.oauth_flow == "auto":
            return login.with_device_code(show)
        message = "there is no browser on this machine"
        hint = "`--oauth-flow device-code` works without one"
        raise NetworkError(message, hint=hint, url=None, status=None) from error


class NoBrowserError(Exception):
    """Nothing on this machine opens a web page."""
