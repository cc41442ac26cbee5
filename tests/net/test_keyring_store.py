"""The key ring, through the real `keyring` library with a back end in memory, and one in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from hognose.errors import ConfigError
from hognose.net import Credentials, KeyringStore, OAuthToken
from support.channel_server import ChannelServer
from support.oauth_server import OAuthTestServer

keyring = pytest.importorskip("keyring", reason="the extra `keyring` is not installed")


def make_backend():
    from keyring.backend import KeyringBackend
    from keyring.errors import KeyringLocked, PasswordDeleteError

    class Memory(KeyringBackend):
        priority = 1

        def __init__(self):
            super().__init__()
            self.entries = {}
            self.questions = 0
            self.is_locked = False

        def get_password(self, service, username):
            self.questions += 1
            if self.is_locked:
                raise KeyringLocked
            return self.entries.get((service, username))

        def set_password(self, service, username, password):
            if self.is_locked:
                raise KeyringLocked
            self.entries[service, username] = password

        def delete_password(self, service, username):
            if (service, username) not in self.entries:
                raise PasswordDeleteError
            del self.entries[service, username]

    return Memory()


@pytest.fixture
def backend():
    before = keyring.get_keyring()
    backend = make_backend()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def test_what_rattler_keeps_is_found(backend):
    backend.entries["rattler", "a.org"] = '{"BearerToken":"exact"}'
    backend.entries["rattler", "*.b.org"] = '{"CondaToken":"below"}'
    store = KeyringStore()
    assert Credentials.bearer("exact") == store.get("https://a.org/c")
    assert Credentials(conda_token="below") == store.get("https://x.y.b.org/c")
    assert store.get("https://c.org") is None


def test_an_entry_is_kept_and_removed(backend):
    store = KeyringStore()
    assert store.store("a.org", {"BearerToken": "t"}) is False
    assert '{"BearerToken":"t"}' == backend.entries["rattler", "a.org"]
    assert store.store("a.org", None) is True
    assert {} == backend.entries
    assert store.store("a.org", None) is False


def test_what_was_kept_can_be_listed(backend):
    store = KeyringStore()
    store.store("a.org", {"BearerToken": "t"})
    store.store("b.org", {"CondaToken": "u"})
    store.store("a.org", {"BearerToken": "v"})
    backend.entries["rattler", "c.org"] = '{"BearerToken":"w"}'
    assert {"a.org": {"BearerToken": "v"}, "b.org": {"CondaToken": "u"}} == store.entries()
    assert ["a.org", "b.org", "c.org"] == sorted(store.entries(["c.org", "d.org", "a.org"]))
    del backend.entries["rattler", "a.org"]  # by another tool
    assert ["b.org"] == list(KeyringStore().entries())


def test_a_locked_key_ring_is_asked_once_and_has_nothing(backend):
    backend.is_locked = True
    store = KeyringStore()
    assert store.get("https://a.org") is None
    assert store.get("https://b.org") is None
    assert 1 == backend.questions
    assert store.problem() == "the key ring cannot be used: KeyringLocked"
    with pytest.raises(ConfigError, match="cannot be changed") as caught:
        store.store("a.org", {"BearerToken": "hush"})
    assert "hush" not in str(caught.value)


def test_a_broken_entry_is_passed_over(backend):
    backend.entries["rattler", "a.org"] = "no json"
    assert KeyringStore().get("https://a.org") is None


def test_a_renewed_token_goes_back_into_the_key_ring(backend):
    from hognose.net import Client

    with OAuthTestServer() as server:
        granted = server.grant()
        token = OAuthToken(
            access_token="stale",
            refresh_token=granted["refresh_token"],
            expires_at=1,
            token_endpoint=f"{server.url}/token",
            client_id="rattler",
        )
        store = KeyringStore()
        store.store(server.host, token.to_entry())
        with Client(environ={}, credentials=store) as client:
            assert b"{}" == client.get(f"{server.url}/noarch/repodata.json")
        kept = json.loads(backend.entries["rattler", server.host])
    assert "refresh-2" == kept["OAuth"]["refresh_token"]


def test_the_command_keeps_and_finds_a_secret_in_a_file_of_the_library(tmp_path):
    pytest.importorskip("keyrings.alt.file", reason="`keyrings.alt` is not installed")
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "HOME": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
        "RATTLER_CACHE_DIR": str(tmp_path / "cache"),
    }

    def run(*words):
        return subprocess.run(
            [sys.executable, "-m", "hognose.cli", *words],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    with ChannelServer(required_headers={"Authorization": "Bearer hunter2"}) as server:
        server.serve("noarch/repodata.json", b'{"packages": {}}')
        assert (
            0
            == run(
                "auth", "login", server.url, "--token", "hunter2", "--store", "keyring"
            ).returncode
        )
        assert "key ring\n" == run("auth", "status", server.url).stdout
        assert "hunter2\n" == run("auth", "token", server.url).stdout
        assert 0 == run("auth", "logout", server.url).returncode
        assert 1 == run("auth", "token", server.url).returncode
    assert not (tmp_path / ".rattler/credentials.json").exists()
