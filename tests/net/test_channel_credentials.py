"""Secrets of single channels, where conda's plug-in `conda-auth` keeps them in the key ring."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hognose.config import Config
from hognose.configured import client_from_config
from hognose.errors import NetworkError
from hognose.net import ChannelCredentials, ChannelLogin, Credentials
from support.channel_server import ChannelServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hognose.net import Client

keyring = pytest.importorskip("keyring", reason="the extra `keyring` is not installed")

from keyring.backend import KeyringBackend  # noqa: E402

# `user:pass`, as it goes over the wire.
BASIC = "Basic dXNlcjpwYXNz"


class Memory(KeyringBackend):  # type: ignore[misc]  # keyring has no types
    """A key ring that forgets."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.is_broken = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_broken:
            raise RuntimeError("no desktop")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password


@pytest.fixture
def ring() -> Iterator[Memory]:
    before = keyring.get_keyring()
    ring = Memory()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def server() -> Iterator[ChannelServer]:
    with ChannelServer(required_headers={"Authorization": BASIC}) as server:
        server.serve("mine/noarch/repodata.json", b"{}")
        server.serve("other/noarch/repodata.json", b"{}")
        yield server


def make_client(tmp_path: Path, settings: str) -> Client:
    path = tmp_path / ".condarc"
    path.write_text(f"channel_settings:\n  - {settings}\n")
    environ = {"HOME": str(tmp_path)}
    return client_from_config(Config.load_from_files([path]), environ=environ)


def store(ring: Memory, target: str, **record: str) -> None:
    entry = json.dumps({"target": target, **record})
    ring.set_password(f"conda-auth::credential::{target}", "credential", entry)


@pytest.mark.parametrize("form", ["before 0.3", "now"])
def test_a_login_goes_to_its_channel_and_nowhere_else(
    ring: Memory, server: ChannelServer, tmp_path: Path, form: str
) -> None:
    channel = f"{server.url}mine"
    if form == "now":
        store(ring, channel, auth_type="http-basic", username="user", password="pass")
    else:
        ring.set_password(f"conda-auth::http-basic::{channel}", "user", "pass")
    user = "" if form == "now" else ", username: user"
    with make_client(tmp_path, f"{{channel: '{channel}', auth: http-basic{user}}}") as client:
        assert b"{}" == client.get(f"{channel}/noarch/repodata.json")
        with pytest.raises(NetworkError, match="401"):
            client.get(f"{server.url}other/noarch/repodata.json")
    assert [BASIC, None] == [each.headers.get("authorization") for each in server.requests]


def test_a_stored_token_stands_behind_the_channel_alias(tmp_path: Path) -> None:
    path = tmp_path / ".condarc"
    with ChannelServer() as server:
        server.serve("conda/t/tk-1/mine/noarch/repodata.json", b"{}")
        path.write_text(f"channel_alias: {server.url}conda\n")
        secrets = json.dumps({server.url.split("/")[2]: {"CondaToken": "tk-1"}})
        environ = {"HOME": str(tmp_path), "HOGNOSE_CREDENTIALS": secrets}
        with client_from_config(Config.load_from_files([path]), environ=environ) as client:
            assert b"{}" == client.get(f"{server.url}conda/mine/noarch/repodata.json")


def test_a_pattern_covers_what_is_below_it(
    ring: Memory, server: ChannelServer, tmp_path: Path
) -> None:
    pattern = f"{server.url}*"
    store(ring, pattern.rstrip("/"), auth_type="http-basic", username="user", password="pass")
    with make_client(tmp_path, f"{{channel: '{pattern}', auth: http-basic}}") as client:
        for channel in ("mine", "other"):
            assert b"{}" == client.get(f"{server.url}{channel}/noarch/repodata.json")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/c/noarch/x", Credentials.bearer("T")),
        ("https://conda.anaconda.org/c/noarch/x", Credentials(authorization="token T")),
        ("http://example.com/c/noarch/x", None),
        ("http://127.0.0.1/c/noarch/x", Credentials.bearer("T")),
    ],
)
def test_a_token_is_sent_as_the_host_wants_it_and_not_in_plain_text(
    ring: Memory, url: str, expected: Credentials | None
) -> None:
    store(ring, "mine", auth_type="token", token="T")
    login = ChannelLogin(pattern=r"https?://[^/]*/c/", kind="token", targets=("x", "mine"))
    assert expected == ChannelCredentials([login], Nothing()).get(url)


class Nothing:
    """A store without secrets."""

    def get(self, url: str, /) -> Credentials | None:
        return None


class Everything:
    """A store with one secret for all."""

    def get(self, url: str, /) -> Credentials | None:
        return Credentials.bearer("other")


@pytest.mark.parametrize("is_broken", [False, True], ids=["empty", "broken"])
def test_a_channel_without_a_secret_of_its_own_is_looked_for_by_its_host(
    ring: Memory, *, is_broken: bool
) -> None:
    ring.is_broken = is_broken
    login = ChannelLogin(pattern="https://example.com/c/", kind="token", targets=("c",))
    store = ChannelCredentials([login], Everything())
    assert Credentials.bearer("other") == store.get("https://example.com/c/noarch/x")


def test_the_last_setting_for_a_channel_counts(ring: Memory) -> None:
    store(ring, "a", auth_type="token", token="A")
    store(ring, "b", auth_type="token", token="B")
    logins = [
        ChannelLogin(pattern="https://example.com/", kind="token", targets=(name,))
        for name in ("a", "b")
    ]
    found = ChannelCredentials(logins, Nothing()).get("https://example.com/x")
    assert Credentials.bearer("B") == found
