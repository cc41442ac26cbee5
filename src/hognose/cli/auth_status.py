"""`hognose auth status`: which secrets there are, of what kind and until when; never themselves."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from hognose.config import Config
    from hognose.console import Console
    from hognose.net import CredentialChain


class Row(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is shown of one secret."""

    host: str
    kind: str
    store: str
    account: str | None = None
    expires_at: int | None = None
    is_shadowed: bool = False
    client_id: str | None = None
    token_endpoint: str | None = None
    revocation_endpoint: str | None = None
    scopes: str | None = None


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("url", nargs="?", help="show which store answers for it")
    parser.add_argument(
        "--details", action="store_true", help="show the endpoints and scopes of OAuth logins, too"
    )


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Show the secrets, or the store that answers for a URL."""
    from hognose.cli.auth import credential_chain
    from hognose.cli.auth_host import host_url
    from hognose.cli.channels import faults_of_channels
    from hognose.cli.settings import load_config
    from hognose.net import KeyringStore

    config = load_config()
    chain = credential_chain(config)
    rows = list(_rows(chain, config))
    answer = None
    chain.problems()  # so that a file is not warned of while it is looked through, too
    if arguments.url:
        answer = _answering_store(host_url(arguments.url), chain, config)
    problems = [*faults_of_channels(config), *chain.problems()]
    key_rings = [store for store in chain.stores if isinstance(store, KeyringStore)]
    if arguments.json:
        from hognose.cli.json_output import print_json

        document: dict[str, Any] = {"success": True, "hosts": rows}
        document |= {
            "not_listed": [store.name for store in key_rings],
            "problems": problems,
        }
        if arguments.url:
            document["answers"] = answer
        print_json(document, console)
        return 0
    if arguments.url:
        console.result(answer or "no store has a secret for it")
    elif rows:
        _print(rows, console, with_details=arguments.details)
    else:
        console.hint("there are no secrets; `hognose auth login HOST` keeps one")
    for problem in problems:
        console.warn(problem)
    # Whoever finds nothing, or asks for details, wants to know where it could still be.
    if (
        not arguments.url
        and (console.verbose or not rows)
        and any(store.problem() is None for store in key_rings)
    ):
        console.hint(
            "a key ring cannot be listed: it was asked for what `hognose auth login` put there and "
            "for the servers of your channels; `hognose auth status URL` asks it for another one"
        )
    return 0


def _answering_store(url: str, chain: CredentialChain, config: Config) -> str | None:
    """The name of the store whose secret goes with a request, as the client finds it."""
    from hognose.configured import client_settings
    from hognose.net import ChannelCredentials, SecretStore, aws_credentials_source

    if not url.lower().startswith("s3://"):
        source = chain.source_of(url)
        before = client_settings(config)["credentials"]
        if isinstance(before, ChannelCredentials):
            found = before.get(url)
            if found is not None and (source is None or found != source.get(url)):
                return before.name
        return None if source is None else str(getattr(source, "name", type(source).__name__))
    for store in chain.stores:
        if isinstance(store, SecretStore) and store.get_s3(url) is not None:
            return store.name
    return aws_credentials_source(os.environ)


def _print(rows: list[Row], console: Console, *, with_details: bool) -> None:
    now = time.time()
    cells = [
        (
            f"{row.host} (shadowed)" if row.is_shadowed else row.host,
            row.kind,
            row.account or "",
            _describe_end(row.expires_at, now),
            row.store,
        )
        for row in rows
    ]
    console.table(("host", "kind", "account", "valid", "store"), cells)
    for row in rows if with_details else ():
        for name in ("client_id", "token_endpoint", "revocation_endpoint", "scopes"):
            value = getattr(row, name)
            if value is not None:
                console.result(f"{row.host}: {name.replace('_', ' ')} {value}")


def _rows(chain: CredentialChain, config: Config) -> Iterator[Row]:
    """Yield what can be listed, in the order of the stores."""
    from hognose.cli.auth import known_entries
    from hognose.net import NetrcFile, SecretStore

    seen: set[str] = set()
    known = dict(known_entries(chain, config))
    for store in chain.stores:
        if isinstance(store, SecretStore) and store in known:
            for host, entry in sorted(known[store].items()):
                yield _row(host, entry, store.name, is_shadowed=host in seen)
                seen.add(host)
        elif isinstance(store, NetrcFile):
            for host in store.hosts():
                yield Row(host=host, kind="login", store=store.name, is_shadowed=host in seen)
                seen.add(host)


def _row(host: str, entry: Mapping[str, Any], store: str, *, is_shadowed: bool) -> Row:
    from hognose.net import OAuthToken, claims_of

    row = Row(host=host, kind=next(iter(entry), "?"), store=store, is_shadowed=is_shadowed)
    match entry:
        case {"BasicHTTP": {"username": str(username)}}:
            row.account = username
        case {"BearerToken": str(bearer)} | {"CondaToken": str(bearer)}:
            _describe_claims(row, claims_of(bearer))
        case {"OAuth": _}:
            token = OAuthToken.from_entry(entry)
            if token is not None:
                _describe_claims(row, claims_of(token.access_token))
                row.expires_at = token.expires_at or row.expires_at
                row.client_id = token.client_id
                row.token_endpoint = token.token_endpoint
                row.revocation_endpoint = token.revocation_endpoint
    return row


def _describe_claims(row: Row, claims: Mapping[str, Any]) -> None:
    """Take over what a JSON Web Token says of itself."""
    names = (claims.get(key) for key in ("email", "preferred_username", "name", "sub"))
    row.account = next((name for name in names if isinstance(name, str)), None)
    if isinstance(claims.get("exp"), int):
        row.expires_at = claims["exp"]
    if isinstance(claims.get("scope"), str):
        row.scopes = claims["scope"]


def _describe_end(expires_at: int | None, now: float) -> str:
    if expires_at is None:
        return ""
    moment = time.strftime("%Y-%m-%d %H:%M", time.gmtime(expires_at))
    return f"until {moment} UTC" if expires_at > now else f"ended {moment} UTC"
