"""`hognose auth`.

Show and change the secrets for servers. A secret is looked for in the file that `RATTLER_AUTH_FILE`
names, the key ring, `~/.rattler/credentials.json`, `~/.netrc`, and variables such as
`HOGNOSE_TOKEN_CONDA_EXAMPLE_ORG`. The first three are those of rattler, pixi and other tools.

  login    keep a secret for a host; what is not given is asked for, unseen
  logout   forget the secret of a host, and end it at the server if it is an OAuth login
  status   show for which hosts there are secrets, or which store answers for a URL
  token    print the secret that goes with requests to a host, for scripts
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import ConfigError, NetworkError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Any

    from hognose.config import Config
    from hognose.console import Console
    from hognose.net import CredentialChain, SecretStore


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands."""
    from hognose.cli import auth_login, auth_status

    commands = parser.add_subparsers(dest="action", metavar="ACTION")
    login = commands.add_parser("login", help="keep a secret for a host")
    auth_login.configure(login)
    options.add_output_options(login, json=False)
    login.set_defaults(run=auth_login.execute)
    logout = commands.add_parser("logout", help="forget the secret of a host")
    which = logout.add_mutually_exclusive_group(required=True)
    which.add_argument("host", nargs="?", help="as for `login`")
    which.add_argument("--all", action="store_true", help="forget every secret in files of secrets")
    logout.add_argument("--offline", action="store_true", help="end no login at its server")
    options.add_output_options(logout, json=False)
    logout.set_defaults(run=_logout)
    status = commands.add_parser("status", help="show for which hosts there are secrets")
    auth_status.configure(status)
    options.add_output_options(status)
    status.set_defaults(run=auth_status.execute)
    token = commands.add_parser("token", help="print the secret for a host")
    token.add_argument("host", help="a host or URL")
    token.add_argument("--offline", action="store_true", help="do not renew an OAuth token")
    options.add_output_options(token)
    token.set_defaults(run=_token)


def execute(arguments: argparse.Namespace, console: Console) -> int:  # noqa: ARG001  # the seam's signature
    """Say that an action is missing."""
    raise UsageError(
        "no action is named", hint="`hognose auth login`, `logout`, `status` or `token`"
    )


def _logout(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.cli.settings import load_config
    from hognose.net import CredentialFile

    config = load_config()
    stores = writable_stores(credential_chain(config))
    if arguments.all:
        files = [store for store in stores if isinstance(store, CredentialFile)]
        found: list[tuple[SecretStore, str]] = [
            (file, key) for file in files for key in file.entries()
        ]
    else:
        key = host_key(arguments.host)
        keys = dict.fromkeys((key, f"*.{key}", f"s3://{key}", arguments.host.rstrip("/")))
        found = [(store, key) for store in stores for key in keys if store.find(key) is not None]
    if not found and not arguments.all:
        raise ConfigError(
            f"no store has a secret for {key}", hint="`hognose auth status` lists the hosts"
        )
    for store, key in found:
        _end_login(store.find(key) or {}, key, config, console, offline=arguments.offline)
        store.store(key, None)
        console.success(f"{store.name} has no secret for {key} any more")
    if not found:
        console.hint("there are no secrets")
    return 0


def _end_login(
    entry: Mapping[str, Any], key: str, config: Config, console: Console, *, offline: bool
) -> None:
    """End an OAuth login at its server; that it cannot be reached keeps no secret here."""
    from hognose.configured import client_from_config
    from hognose.net import OAuthToken

    token = OAuthToken.from_entry(entry)
    if token is None or token.revocation_endpoint is None:
        return
    with client_from_config(config, offline=offline) as client:
        if client.offline:
            console.warn(f"the login at {key} is not ended at its server, which needs the network")
            return
        try:
            token.revoke(client)
        except NetworkError as error:
            console.warn(f"the login at {key} could not be ended at its server: {error.message}")
        else:
            console.detail(f"the login at {key} is ended at its server")


def _token(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.cli.settings import load_config
    from hognose.configured import client_from_config

    config = load_config()
    chain, url = credential_chain(config), host_url(arguments.host)
    found = chain.get(url)
    ends_at = None if found is None else found.expires_at
    if found is not None and found.is_renewable and ends_at is not None and not arguments.offline:
        now = time.time()
        if ends_at - now < 300:
            with client_from_config(config) as client:
                found = chain.renew(url, found.authorization, transport=client, now=now)
    secret = None if found is None else found.conda_token or found.authorization
    if secret is None:
        raise ConfigError(
            f"no store has a token for {host_key(arguments.host)}",
            hint="`hognose auth status` lists the hosts",
        )
    secret = secret.removeprefix("Bearer ")
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json({"success": True, "token": secret}, console)
    else:
        console.result(secret)
    return 0


def credential_chain(config: Config) -> CredentialChain:
    """Return the stores that requests would be authorised from."""
    from hognose.net import default_credentials

    return default_credentials(os.environ, path=config.authentication_override_file)


def writable_stores(chain: CredentialChain) -> list[SecretStore]:
    """Return the stores of a chain that can be changed."""
    from hognose.net import CredentialVariables, SecretStore

    return [
        store
        for store in chain.stores
        if isinstance(store, SecretStore) and not isinstance(store, CredentialVariables)
    ]


def host_key(text: str) -> str:
    """Return what stores call a host, from a host, `*.DOMAIN` or URL.

    Raises:
        UsageError: It names no host.
    """
    from urllib.parse import urlsplit

    if "://" not in text:
        return text.strip("/").lower()
    parts = urlsplit(text)
    if not parts.hostname:
        raise UsageError(f"`{text}` names no host")
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname


def host_url(text: str) -> str:
    """Return a URL at a host."""
    return text if "://" in text else f"https://{text}/"
