"""`auth`: secrets go into the file, to their host, and nowhere else."""

import io
import json
import os
import sys

import pytest

from support.channel_server import ChannelServer
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
