"""OAuth against a real server on loopback: logins, renewal, revocation."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

import pytest

from hognose.errors import NetworkError, UsageError
from hognose.net import (
    Client,
    CredentialChain,
    CredentialFile,
    OAuthLogin,
    OAuthServer,
    OAuthToken,
    Request,
)
from support.channel_server import ChannelServer
from support.oauth_server import OAuthTestServer


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self):
        self.now = 1000.0
        self.pauses = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(clock):
    with Client(environ={}, sleep=clock.sleep, clock=clock) as client:
        yield client


def login_at(server, client, clock, **options):
    endpoints = OAuthServer.discover(server.issuer, client)
    return OAuthLogin(
        endpoints, client, client_id="rattler", clock=clock, sleep=clock.sleep, **options
    )


# -- discovery ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/tenant"])
def test_a_server_tells_its_endpoints(client, path):
    with OAuthTestServer(issuer_path=path) as server:
        found = OAuthServer.discover(f"{server.issuer}/", client)
    assert f"{server.url}/token" == found.token_endpoint
    assert f"{server.url}/device" == found.device_authorization_endpoint
    assert f"{server.url}/revoke" == found.revocation_endpoint


def test_the_metadata_of_plain_oauth_are_found_too(client):
    with ChannelServer() as server:
        issuer = f"{server.url}tenant"
        document = {"issuer": issuer, "token_endpoint": f"{server.url}token"}
        server.serve(".well-known/oauth-authorization-server/tenant", json.dumps(document).encode())
        assert f"{server.url}token" == OAuthServer.discover(issuer, client).token_endpoint


def test_endpoints_of_another_issuer_are_not_believed(client):
    with OAuthTestServer() as server:
        server.overrides = {"issuer": "https://evil.example.org"}
        with pytest.raises(NetworkError, match="another issuer"):
            OAuthServer.discover(server.issuer, client)


def test_a_host_without_a_login_is_told_of(client):
    with ChannelServer() as server, pytest.raises(NetworkError, match="how to log in") as caught:
        OAuthServer.discover(server.url, client)
    assert "--oauth-issuer-url" in caught.value.hint


@pytest.mark.parametrize("field", ["token_endpoint", "device_authorization_endpoint"])
def test_secrets_are_not_sent_in_the_clear(client, field):
    with OAuthTestServer() as server:
        server.overrides = {field: "http://login.example.org/token"}
        with pytest.raises(NetworkError, match="not an `https` URL"):
            OAuthServer.discover(server.issuer, client)


# -- the device code ----------------------------------------------------------------------------


def test_a_code_is_waited_for_at_the_pace_that_the_server_wants(client, clock):
    shown = []
    pending = ("authorization_pending", "slow_down", "authorization_pending")
    with OAuthTestServer(answers=pending) as server:
        login = login_at(server, client, clock)
        token = login.with_device_code(shown.append)
    assert ["ABCD-EFGH"] == [each.user_code for each in shown]
    assert [5.0, 5.0, 10.0, 10.0] == clock.pauses
    assert token.access_token in server.access_tokens
    assert "refresh-1" == token.refresh_token
    assert 1000 + 30 + 3600 == token.expires_at
    assert "ada@example.org" == login.account
    assert "openid profile offline_access" == server.forms[0]["scope"]


@pytest.mark.parametrize("code", ["access_denied", "expired_token", "invalid_grant"])
def test_a_login_that_is_refused_ends_at_once(client, clock, code):
    with OAuthTestServer(answers=("authorization_pending", code)) as server:
        with pytest.raises(NetworkError, match=code) as caught:
            login_at(server, client, clock).with_device_code(lambda _: None)
        assert code == caught.value.code
        assert 2 == len(clock.pauses)


def test_a_code_that_nobody_types_is_given_up(client, clock):
    with OAuthTestServer(answers=("authorization_pending",) * 1000) as server:
        with pytest.raises(NetworkError, match="in time") as caught:
            login_at(server, client, clock).with_device_code(lambda _: None)
        assert "expired_token" == caught.value.code
        assert 1600.0 == clock.now


def test_a_server_without_codes_is_told_of(client, clock):
    with OAuthTestServer() as server:
        server.has_device_code = False
        with pytest.raises(NetworkError, match="no login with a code"):
            login_at(server, client, clock).with_device_code(lambda _: None)


def test_a_confidential_client_proves_itself_and_keeps_what_it_needs_for_that(client, clock):
    with OAuthTestServer(client_secret="hush") as server:
        token = login_at(server, client, clock, client_secret="hush").with_device_code(
            lambda _: None
        )
        kept = OAuthToken.from_entry(json.loads(json.dumps(token.to_entry())))
        assert kept.refresh(client, now=0).access_token in server.access_tokens


def test_an_answer_without_a_token_is_an_error(client, clock):
    with OAuthTestServer() as server:
        login = login_at(server, client, clock)
        server.overrides = {"access_token": ""}
        with pytest.raises(NetworkError, match="no bearer token"):
            login.with_device_code(lambda _: None)


# -- the browser --------------------------------------------------------------------------------


class Browser:
    """Follows the redirect of the server on a thread of its own, as a browser would."""

    def __init__(self, *first):
        self.first = first
        self.pages = []
        self.thread = None

    def __call__(self, url):
        self.thread = threading.Thread(target=self.visit, args=(url,))
        self.thread.start()

    def visit(self, url):
        from urllib.error import HTTPError
        from urllib.parse import parse_qs, urlsplit

        back = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        for path in self.first:
            try:
                urlopen(back.rstrip("/") + path)
            except HTTPError as error:
                self.pages.append(error.code)
        with urlopen(url) as page:
            self.pages.append(page.read().decode())


def test_a_browser_brings_the_code_that_its_proof_key_opens(client, clock):
    browser = Browser()
    with OAuthTestServer() as server:
        token = login_at(server, client, clock).with_browser(browser)
        browser.thread.join()
    assert token.access_token in server.access_tokens
    assert "You are logged in" in browser.pages[0]


def test_who_does_not_know_the_state_is_passed_over(client, clock):
    browser = Browser("/favicon.ico", "/?code=evil&state=guess", "/?error=access_denied")
    with OAuthTestServer() as server:
        token = login_at(server, client, clock).with_browser(browser)
        browser.thread.join()
    assert token.access_token in server.access_tokens
    assert [404, 404, 404] == browser.pages[:3]


def test_a_refusal_in_the_browser_is_told(client, clock):
    browser = Browser()
    with OAuthTestServer() as server:
        server.decision = "access_denied"
        with pytest.raises(NetworkError, match="access_denied"):
            login_at(server, client, clock).with_browser(browser)
        browser.thread.join()
    assert "did not work" in browser.pages[0]


def test_a_browser_that_never_comes_back_is_given_up(client, clock):
    with OAuthTestServer() as server, pytest.raises(NetworkError, match="in time"):
        login_at(server, client, clock).with_browser(lambda _: None, time_limit=0.02)


@pytest.mark.parametrize("uri", ["http://example.org:80/", "https://127.0.0.1:1/", "http://[::1]"])
def test_a_redirect_to_elsewhere_is_refused(client, clock, uri):
    with OAuthTestServer() as server, pytest.raises(UsageError, match="of this machine"):
        login_at(server, client, clock).with_browser(lambda _: None, redirect_uri=uri)


# -- renewal ------------------------------------------------------------------------------------


def kept_login(server, path, **fields):
    granted = server.grant()
    entry = {
        "access_token": granted["access_token"],
        "refresh_token": granted["refresh_token"],
        "expires_at": None,
        "token_endpoint": f"{server.url}/token",
        "revocation_endpoint": None,
        "client_id": "rattler",
        **fields,
    }
    path.write_text(json.dumps({server.host: {"OAuth": entry}}))
    return CredentialChain([CredentialFile(path)])


def repodata_url(server):
    return f"{server.url}/noarch/repodata.json"


def test_a_token_that_is_about_to_end_is_renewed_before_it_is_sent(tmp_path, clock):
    with OAuthTestServer() as server:
        store = kept_login(server, tmp_path / "c.json", expires_at=1200)
        with Client(environ={}, credentials=store, clock=clock) as client:
            assert b"{}" == client.get(repodata_url(server))
            assert b"{}" == client.get(repodata_url(server))
        assert ["refresh_token"] == [form["grant_type"] for form in server.forms]
        kept = json.loads((tmp_path / "c.json").read_text())[server.host]["OAuth"]
    assert "refresh-2" == kept["refresh_token"]
    assert 1000 + 3600 == kept["expires_at"]
    assert kept["access_token"].endswith("access-2")


def test_a_token_that_the_server_refuses_is_renewed(tmp_path):
    with OAuthTestServer() as server:
        store = kept_login(server, tmp_path / "c.json")
        server.access_tokens.clear()
        with Client(environ={}, credentials=store) as client:
            assert b"{}" == client.get(repodata_url(server))
        assert 1 == len(server.forms)


def test_a_refresh_token_that_is_not_replaced_stays_in_use(tmp_path):
    with OAuthTestServer(rotates=False) as server:
        store = kept_login(server, tmp_path / "c.json")
        with Client(environ={}, credentials=store) as client:
            for _ in range(2):
                server.access_tokens.clear()
                assert b"{}" == client.get(repodata_url(server))
        assert ["refresh-1", "refresh-1"] == [form["refresh_token"] for form in server.forms]


def test_many_threads_renew_a_token_once(tmp_path):
    with OAuthTestServer() as server:
        store = kept_login(server, tmp_path / "c.json", expires_at=1)
        with (
            Client(environ={}, credentials=store) as client,
            ThreadPoolExecutor(8) as threads,
        ):
            found = list(threads.map(client.get, [repodata_url(server)] * 24))
        assert [b"{}"] * 24 == found
        assert 1 == len(server.forms)


SCRIPT = """
import sys
from hognose.net import Client, CredentialFile
with Client(environ={}, credentials=CredentialFile(sys.argv[1])) as client:
    sys.stdout.buffer.write(client.get(sys.argv[2]))
"""


def test_many_processes_renew_a_token_once(tmp_path):
    with OAuthTestServer() as server:
        kept_login(server, tmp_path / "c.json", expires_at=1)
        command = [sys.executable, "-c", SCRIPT, str(tmp_path / "c.json"), repodata_url(server)]
        started = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(4)
        ]
        found = [process.communicate() for process in started]
        assert [(b"{}", b"")] * 4 == found
        assert [] == server.refusals
        assert 1 == len(server.forms)


def test_a_login_that_cannot_be_renewed_says_what_to_do(tmp_path):
    with OAuthTestServer() as server:
        store = kept_login(server, tmp_path / "c.json", expires_at=1)
        server.refresh_tokens.clear()
        with (
            Client(environ={}, credentials=store) as client,
            pytest.raises(NetworkError, match="status 401") as caught,
        ):
            client.get(repodata_url(server))
    assert f"hognose auth login {server.host} --oauth" in caught.value.hint
    assert "invalid_grant: used before" in caught.value.hint


def test_a_server_that_will_not_renew_is_not_asked_again(tmp_path):
    with OAuthTestServer() as server:
        store = kept_login(server, tmp_path / "c.json")
        server.access_tokens.clear()
        server.refresh_tokens.clear()
        with Client(environ={}, credentials=store) as client:
            for _ in range(3):
                with pytest.raises(NetworkError, match="status 401"):
                    client.get(repodata_url(server))
        assert 1 == len(server.forms)


def test_an_ended_login_does_not_hide_what_is_public(tmp_path):
    with OAuthTestServer() as server, ChannelServer() as channel:
        store = kept_login(server, tmp_path / "c.json", expires_at=1)
        entry = json.loads((tmp_path / "c.json").read_text())[server.host]
        (tmp_path / "c.json").write_text(json.dumps({channel.host: entry}))
        server.refresh_tokens.clear()
        channel.serve("a", b"public")
        with Client(environ={}, credentials=store) as client:
            assert b"public" == client.get(channel.url + "a")
            assert b"public" == client.get(channel.url + "a")
        assert "authorization" not in channel.requests[0].headers
        assert 1 == len(server.forms)


def test_a_token_without_a_refresh_token_is_sent_as_it_is(tmp_path):
    with OAuthTestServer() as server:
        store = kept_login(server, tmp_path / "c.json", refresh_token=None)
        with Client(environ={}, credentials=store) as client:
            assert b"{}" == client.get(repodata_url(server))
            server.access_tokens.clear()
            with pytest.raises(NetworkError, match="status 401"):
                client.get(repodata_url(server))
        assert [] == server.forms


def test_a_form_with_secrets_is_not_sent_after_a_redirect(client):
    with ChannelServer() as server, ChannelServer() as other:
        server.redirect("token", other.url + "token", status=307)
        token = OAuthToken(
            access_token="a",
            refresh_token="hush",
            token_endpoint=server.url + "token",
            client_id="rattler",
        )
        with pytest.raises(NetworkError) as caught:
            token.refresh(client, now=0)
        assert 0 == other.count()
    assert "hush" not in str(caught.value)


# -- the end ------------------------------------------------------------------------------------


def test_both_tokens_are_ended(client, clock):
    with OAuthTestServer() as server:
        token = login_at(server, client, clock).with_device_code(lambda _: None)
        token.revoke(client)
        assert [token.refresh_token, token.access_token] == server.revoked


def test_a_token_does_not_show():
    token = OAuthToken(access_token="hush", token_endpoint="x", client_id="rattler")
    assert "hush" not in repr(token)


def test_the_client_sends_a_form_as_it_is():
    with OAuthTestServer() as server, Client(environ={}) as client:
        request = Request(url=f"{server.url}/token", method="POST", body=b"client_id=rattler&x=1")
        with client.send(request) as answer:
            assert 400 == answer.status
        assert [{"path": "/token", "client_id": "rattler", "x": "1"}] == server.forms
