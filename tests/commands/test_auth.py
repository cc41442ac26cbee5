"""`auth`: secrets go into the file, to their host, and nowhere else."""

import io
import json
import os
import sys
import threading

import pytest

from hognose.net.credential_variables import variable_suffix
from support.channel_server import ChannelServer
from support.oauth_server import OAuthTestServer
from support.repodata_files import entry, repodata, write_repodata


@pytest.fixture
def path(private_home):
    return private_home / ".rattler/credentials.json"


def test_login_keeps_a_secret_in_the_format_of_rattler(hognose, path):
    assert 0 == hognose("auth", "login", "a.org", "--token", "t1").status
    assert 0 == hognose("auth", "login", "*.b.org", "--conda-token", "t2").status
    words = ("--username", "me", "--password", "pw")
    assert 0 == hognose("auth", "login", "https://c.org:8080/x", *words).status
    pair = ("--s3-access-key-id", "id", "--s3-secret-access-key", "key")
    assert 0 == hognose("auth", "login", "s3://bucket", *pair).status
    assert {
        "a.org": {"BearerToken": "t1"},
        "*.b.org": {"CondaToken": "t2"},
        "c.org:8080": {"BasicHTTP": {"username": "me", "password": "pw"}},
        "bucket": {
            "S3Credentials": {
                "access_key_id": "id",
                "secret_access_key": "key",
                "session_token": None,
            }
        },
    } == json.loads(path.read_text())


@pytest.mark.skipif(os.name == "nt", reason="permissions are lists of users there")
def test_nobody_else_can_read_the_file(hognose, path):
    hognose("auth", "login", "a.org", "--token", "t1")
    assert 0o600 == path.stat().st_mode & 0o777
    path.chmod(0o644)
    hognose("auth", "login", "b.org", "--token", "t1")
    assert 0o600 == path.stat().st_mode & 0o777


def test_a_secret_can_come_from_the_input(hognose, path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("typed\n"))
    hognose("auth", "login", "a.org")
    assert {"a.org": {"BearerToken": "typed"}} == json.loads(path.read_text())
    assert 2 == hognose("auth", "login", "a.org").status


def test_status_shows_hosts_and_no_secrets(hognose, path):
    hognose("auth", "login", "a.org", "--token", "hunter2")
    hognose("auth", "login", "*.b.org", "--username", "me", "--password", "hunter2")
    for words in ((), ("--json",), ("https://x.b.org/c",)):
        result = hognose("auth", "status", *words)
        assert 0 == result.status
        assert "hunter2" not in result.out + result.err
    assert f"{path}\n" == hognose("auth", "status", "https://x.b.org/c").out
    assert "no store" in hognose("auth", "status", "https://c.org").out


def test_token_prints_what_goes_with_requests(hognose):
    hognose("auth", "login", "a.org", "--token", "t1")
    assert "t1\n" == hognose("auth", "token", "https://a.org/x").out
    assert 1 == hognose("auth", "token", "b.org").status


def test_logout_forgets_one_host(hognose, path):
    hognose("auth", "login", "a.org", "--token", "t1")
    hognose("auth", "login", "b.org", "--token", "t2")
    assert 0 == hognose("auth", "logout", "a.org").status
    assert {"b.org": {"BearerToken": "t2"}} == json.loads(path.read_text())
    assert 1 == hognose("auth", "logout", "a.org").status


def test_a_login_opens_a_channel_and_appears_nowhere(hognose, tmp_path):
    write_repodata(tmp_path / "channel", repodata(entry("a")))
    required = {"Authorization": "Bearer hunter2"}
    with ChannelServer(tmp_path / "channel", required_headers=required) as server:
        refused = hognose("search", "a", "-c", server.url)
        assert 1 == refused.status
        hognose("auth", "login", server.url, "--token", "hunter2")
        result = hognose("search", "a", "-c", server.url, "-v")
    assert 0 == result.status, result.err
    assert "hunter2" not in result.out + result.err
    kept = [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    assert kept
    assert not [file for file in kept if b"hunter2" in file.read_bytes()]


def test_a_login_by_code_is_kept_used_and_ended(hognose, path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    record = json.dumps(repodata(entry("a"))).encode()
    with OAuthTestServer(answers=("authorization_pending",), document=record) as server:
        refused = hognose("search", "a", "-c", server.url)
        assert 1 == refused.status
        login = hognose("auth", "login", server.url, "--oauth", "--oauth-scope", "channel:read")
        assert 0 == login.status, login.err
        assert "type the code ABCD-EFGH" in login.err
        assert "logged in as ada@example.org" in login.err
        assert "channel:read" == server.forms[0]["scope"]
        assert "refresh-1" == json.loads(path.read_text())[server.host]["OAuth"]["refresh_token"]
        assert 0 == hognose("search", "a", "-c", server.url).status

        ended = hognose("auth", "logout", server.url)
        assert 0 == ended.status
        assert 2 == len(server.revoked)
        assert {} == json.loads(path.read_text())
        for result in (refused, login, ended):
            assert "refresh-1" not in result.out + result.err
            assert "access-1" not in result.out + result.err


def test_a_browser_can_be_asked_for_and_done_without(hognose, path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    with OAuthTestServer() as server:
        words = ("auth", "login", server.url, "--oauth", "--oauth-flow")
        assert 1 == hognose(*words, "auth-code").status
        assert 0 == hognose(*words, "auto").status
    assert server.host in json.loads(path.read_text())


def test_a_browser_that_comes_back_logs_in(hognose, path, monkeypatch):
    from urllib.request import urlopen

    def visit(url):
        thread = threading.Thread(target=lambda: urlopen(url).close())
        thread.start()
        return True

    monkeypatch.setattr("webbrowser.open", visit)
    with OAuthTestServer() as server:
        words = ("auth", "login", server.url, "--oauth", "--oauth-flow", "auth-code")
        assert 0 == hognose(*words).status
    assert server.host in json.loads(path.read_text())


def test_status_shows_who_and_until_when(hognose, path):
    with OAuthTestServer() as server:
        keep_login(path, server, expires_at=4102444800)
        result = hognose("auth", "status", "--details")
    assert "ada@example.org" in result.out
    assert "until 2100-01-01 00:00 UTC" in result.out
    assert f"token endpoint {server.url}/token" in result.out
    assert "access-1" not in result.out
    assert "refresh-1" not in result.out


def test_token_renews_what_has_ended(hognose, path):
    with OAuthTestServer() as server:
        keep_login(path, server, expires_at=1)
        stale = hognose("auth", "token", server.url, "--offline").out
        fresh = hognose("auth", "token", server.url).out
        assert fresh.strip() in server.access_tokens
    assert stale != fresh


def test_logout_without_the_network_forgets_all_the_same(hognose, path):
    with OAuthTestServer() as server:
        keep_login(path, server)
        assert "not ended" in hognose("auth", "logout", server.url, "--offline").err
        assert [] == server.revoked
        keep_login(path, server, revocation_endpoint=f"{server.url}/nowhere")
        server.overrides = {}
        assert 0 == hognose("auth", "logout", "--all").status
    assert {} == json.loads(path.read_text())
    assert 0 == hognose("auth", "logout", "--all").status


def keep_login(path, server, **fields):
    granted = server.grant()
    entry = {
        "access_token": granted["access_token"],
        "refresh_token": granted["refresh_token"],
        "expires_at": None,
        "token_endpoint": f"{server.url}/token",
        "revocation_endpoint": f"{server.url}/revoke",
        "client_id": "rattler",
        **fields,
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({server.host: {"OAuth": entry}}))


def test_a_variable_opens_a_channel(hognose, tmp_path, monkeypatch):
    write_repodata(tmp_path / "channel", repodata(entry("a")))
    required = {"Authorization": "Bearer hunter2"}
    with ChannelServer(tmp_path / "channel", required_headers=required) as server:
        monkeypatch.setenv("HOGNOSE_TOKEN_" + server.host.replace(".", "_"), "hunter2")
        assert 1 == hognose("search", "a", "-c", server.url).status
        monkeypatch.setenv("HOGNOSE_TOKEN_" + variable_suffix(server.host), "hunter2")
        assert 0 == hognose("search", "a", "-c", server.url).status
        assert "environment\n" == hognose("auth", "status", server.url).out
