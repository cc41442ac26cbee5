"""`hognose auth`.

Show and change the secrets for servers. They are kept in `~/.rattler/credentials.json`, which
rattler, pixi and other tools read too, or in the file that `RATTLER_AUTH_FILE` names.

  login    keep a secret for a host; what is not given is asked for, unseen
  logout   forget the secret of a host
  status   show for which hosts there are secrets, or which store answers for a URL
  token    print the secret that goes with requests to a host, for scripts
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from hognose.cli import options
from hognose.errors import ConfigError, UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console
    from hognose.net import CredentialChain, CredentialFile


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION")
    login = commands.add_parser("login", help="keep a secret for a host")
    login.add_argument("host", help="a host, `*.DOMAIN`, a URL, or `s3://BUCKET`")
    kind = login.add_mutually_exclusive_group()
    kind.add_argument("--token", nargs="?", const="", help="a bearer token (the default)")
    kind.add_argument("--conda-token", nargs="?", const="", help="a token in the path, `/t/TOKEN`")
    kind.add_argument("--username", help="a user's name; the password is asked for")
    kind.add_argument("--s3-access-key-id", metavar="ID", help="a key pair for a bucket")
    login.add_argument("--password", help="the password; better left out and typed")
    login.add_argument("--s3-secret-access-key", metavar="KEY", help="as `--password`")
    login.add_argument("--s3-session-token", metavar="TOKEN", help="the token of a session")
    options.add_output_options(login, json=False)
    login.set_defaults(run=_login)
    logout = commands.add_parser("logout", help="forget the secret of a host")
    logout.add_argument("host", help="as for `login`")
    options.add_output_options(logout, json=False)
    logout.set_defaults(run=_logout)
    status = commands.add_parser("status", help="show for which hosts there are secrets")
    status.add_argument("url", nargs="?", help="show which store answers for it")
    options.add_output_options(status)
    status.set_defaults(run=_status)
    token = commands.add_parser("token", help="print the secret for a host")
    token.add_argument("host", help="a host or URL")
    options.add_output_options(token)
    token.set_defaults(run=_token)


def execute(arguments: argparse.Namespace, console: Console) -> int:  # noqa: ARG001  # the seam's signature
    """Say that an action is missing."""
    raise UsageError(
        "no action is named", hint="`hognose auth login`, `logout`, `status` or `token`"
    )


def _login(arguments: argparse.Namespace, console: Console) -> int:
    host = _host(arguments.host)
    if arguments.username is not None:
        password = _secret(arguments.password, "password")
        entry: dict[str, Any] = {
            "BasicHTTP": {"username": arguments.username, "password": password}
        }
    elif arguments.s3_access_key_id is not None:
        pair = {
            "access_key_id": arguments.s3_access_key_id,
            "secret_access_key": _secret(arguments.s3_secret_access_key, "secret access key"),
            "session_token": arguments.s3_session_token,
        }
        entry = {"S3Credentials": pair}
    elif arguments.conda_token is not None:
        entry = {"CondaToken": _secret(arguments.conda_token, "token")}
    else:
        entry = {"BearerToken": _secret(arguments.token, "token")}
    file = _file()
    file.store(host, entry)
    console.success(f"{file.path} has a secret for {host} now ({next(iter(entry))})")
    return 0


def _logout(arguments: argparse.Namespace, console: Console) -> int:
    host, file = _host(arguments.host), _file()
    if file.store(host, None):
        console.success(f"{file.path} has no secret for {host} any more")
        return 0
    raise ConfigError(
        f"{file.path} has no secret for {host}", hint="`hognose auth status` lists the hosts"
    )


def _status(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.net import CredentialFile

    chain = _chain()
    rows = [
        {"host": host, "kind": kind, "store": store.path}
        for store in chain.stores
        if isinstance(store, CredentialFile)
        for host, kind in sorted(store.entries().items())
    ]
    answer = None
    if arguments.url:
        source = chain.source_of(_url(arguments.url))
        answer = None if source is None else getattr(source, "path", type(source).__name__)
    if arguments.json:
        from hognose.cli.json_output import print_json

        document = {"success": True, "hosts": rows}
        if arguments.url:
            document["answers"] = answer
        print_json(document, console)
    elif arguments.url:
        console.result(answer or "no store has a secret for it")
    elif rows:
        console.table(("host", "kind", "store"), [tuple(row.values()) for row in rows])
    else:
        console.hint("there are no secrets; `hognose auth login HOST` keeps one")
    return 0


def _token(arguments: argparse.Namespace, console: Console) -> int:
    url = _url(arguments.host)
    found = _chain().get(url)
    secret = None if found is None else found.conda_token or found.authorization
    if secret is None:
        raise ConfigError(f"no store has a secret for {_host(arguments.host)}")
    secret = secret.removeprefix("Bearer ")
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json({"success": True, "token": secret}, console)
    else:
        console.result(secret)
    return 0


def _file() -> CredentialFile:
    from hognose.net import CredentialFile

    files = [store for store in _chain().stores if isinstance(store, CredentialFile)]
    return files[0]


def _chain() -> CredentialChain:
    from hognose.cli.settings import load_config
    from hognose.net import default_credentials

    return default_credentials(os.environ, path=load_config().authentication_override_file)


def _host(text: str) -> str:
    from urllib.parse import urlsplit

    if "://" not in text:
        return text.strip("/").lower()
    parts = urlsplit(text)
    if not parts.hostname:
        raise UsageError(f"`{text}` names no host")
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname


def _url(text: str) -> str:
    return text if "://" in text else f"https://{text}/"


def _secret(given: str | None, noun: str) -> str:
    """The secret of the command line, or from the terminal, or the first line of the input."""
    secret = given
    if not secret and sys.stdin.isatty():
        import getpass

        secret = getpass.getpass(f"{noun}: ")
    elif not secret:
        secret = sys.stdin.readline()
    secret = secret.strip()
    if not secret:
        raise UsageError(f"no {noun} is given")
    return secret
