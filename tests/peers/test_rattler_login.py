"""A login that we keep is one that rattler renews, and what it wrote is one that we use."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from hognose.net import Client, CredentialFile, OAuthToken
from support.oauth_server import OAuthTestServer

DOCUMENT = b'{"info":{"subdir":"noarch"},"packages":{},"packages.conda":{}}'


def test_a_login_is_shared_with_rattler(tmp_path, monkeypatch):
    rattler = pytest.importorskip("rattler", reason="py-rattler is not installed")
    path = tmp_path / "credentials.json"
    monkeypatch.setenv("RATTLER_AUTH_FILE", str(path))
    with OAuthTestServer(document=DOCUMENT) as server:
        granted = server.grant()
        token = OAuthToken(
            access_token=granted["access_token"],
            refresh_token=granted["refresh_token"],
            expires_at=1,
            token_endpoint=f"{server.url}/token",
            client_id="rattler",
        )
        # rattler's keys are hosts without ports.
        CredentialFile(path).store("127.0.0.1", token.to_entry())

        async def query():
            gateway = rattler.Gateway(
                client=rattler.networking.Client.authenticated_client(),
                cache_dir=tmp_path / "cache",
            )
            channels = [rattler.Channel(server.url)]
            platforms = [rattler.Subdir("noarch")]
            return await gateway.query(channels, platforms, ["x"], recursive=False)

        assert [[]] == asyncio.run(query())
        assert ["refresh-1"] == [form["refresh_token"] for form in server.forms]

        entry = json.loads(path.read_text())["127.0.0.1"]
        renewed = OAuthToken.from_entry(entry)
        assert "refresh-2" == renewed.refresh_token
        assert renewed.expires_at > time.time()
        server.access_tokens.clear()
        with Client(environ={}, credentials=CredentialFile(path)) as client:
            assert DOCUMENT == client.get(f"{server.url}/noarch/repodata.json")
        assert [] == server.refusals
