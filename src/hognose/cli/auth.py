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
from contextlib import suppress
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.cli.auth_host import host_key, host_url, kept_keys
from hognose.errors import ConfigError, InvalidChannelError, NetworkError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from typing import Any

    from hognose.config import Config
    from hognose.console import Console
    from hognose.net import CredentialChain, Credentials, SecretStore


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
    which.add_argument(
        "--all",
        action="store_true",
        help="forget every secret that `status` lists, but for those in `.netrc` and variables",
    )
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

    config = load_config()
    chain = credential_chain(config)
    stores = writable_stores(chain)
    if arguments.all:
        found = [
            (store, key)
            for store, entries in known_entries(chain, config)
            if store in stores
            for key in entries
        ]
    else:
        found = _find_kept(arguments.host, stores)
    for store, key in found:
        _end_login(store.find(key) or {}, key, config, console, offline=arguments.offline)
        store.store(key, None)
        console.success(f"{store.name} has no secret for {key} any more")
    if not found:
        console.hint("there are no secrets")
    return 0


def _find_kept(host: str, stores: Sequence[SecretStore]) -> list[tuple[SecretStore, str]]:
    """Find what stores have for a host, also under keys that `login` does not make any more.

    Raises:
        ConfigError: There is nothing.
        UsageError: There is nothing, and it is no host.
    """
    keys = [host, host.rstrip("/")]
    wrong: UsageError | None = None
    try:
        keys += kept_keys(host)
    except UsageError as error:
        wrong = error
    keys = list(dict.fromkeys(keys))
    found = [(store, key) for store in stores for key in keys if store.find(key) is not None]
    if not found:
        raise wrong or ConfigError(
            f"no store has a secret for {host_key(host)}",
            hint="`hognose auth status` lists the hosts",
        )
    return found


def _end_login(
    entry: Mapping[str, Any], key: str, config: Config, console: Console, *, offline: bool
) -> None:
    """End an OAuth login at its server; that it cannot be reached keeps no secret here."""
    from hognose.cli.console_log import show_pauses
    from hognose.configured import client_from_config
    from hognose.net import OAuthToken

    token = OAuthToken.from_entry(entry)
    if token is None or token.revocation_endpoint is None:
        return
    show_pauses(console)
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
    from hognose.cli.console_log import show_pauses
    from hognose.cli.settings import load_config
    from hognose.configured import client_from_config, client_settings

    config = load_config()
    chain, url = client_settings(config)["credentials"], host_url(arguments.host)
    found: Credentials | None = chain.get(url)
    ends_at = None if found is None else found.expires_at
    if found is not None and found.is_renewable and ends_at is not None and not arguments.offline:
        now = time.time()
        if ends_at - now < 300:
            show_pauses(console)
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


def known_entries(
    chain: CredentialChain, config: Config
) -> list[tuple[SecretStore, dict[str, Mapping[str, Any]]]]:
    """Return what can be listed of the stores in rattler's format: the entries by their keys.

    A key ring can only be asked. It is asked for what `login` put there, for what the other stores
    have, and for the servers of the channels.

    Raises:
        ConfigError: A store cannot be read.
    """
    from hognose.net import CredentialFile, KeyringStore

    listed: dict[SecretStore, dict[str, Mapping[str, Any]]] = {
        store: store.entries() for store in chain.stores if isinstance(store, CredentialFile)
    }
    keys = [key for entries in listed.values() for key in entries]
    for store in chain.stores:
        if isinstance(store, KeyringStore):
            listed[store] = store.entries(keys)
            for url in _server_urls(config):
                key, entry = store.look_up(url)
                if entry is not None:
                    listed[store][key] = entry
    return [
        (store, listed[store])
        for store in chain.stores
        if isinstance(store, CredentialFile | KeyringStore)
    ]


def _server_urls(config: Config) -> list[str]:
    """Where the channels of a configuration are, and where most people who log in do so.

    What is no channel has no server; `status` tells of it.
    """
    from hognose.cli.channels import DEFAULT_CHANNELS
    from hognose.types import Channel

    names = (*(config.default_channels or ()), *DEFAULT_CHANNELS, "https://repo.prefix.dev/")
    aliases = config.channel_config
    urls: list[str] = []
    for name in names:
        with suppress(InvalidChannelError):
            urls += [channel.base_url for channel in Channel.expand(name, aliases)]
    urls += [mirror for mirrors in config.mirrors.values() for mirror in mirrors]
    return list(dict.fromkeys(urls))
