"""Redirects: where secrets go with them, and where they do not."""

from __future__ import annotations

from base64 import b64encode

import pytest

from hognose.errors import NetworkError, NotFoundError
from hognose.net import Client, CredentialFile, Headers, NetrcFile, Response, TlsSettings
from hognose.net.transport import NoBody
from support.channel_server import ChannelServer
from support.peer_process import make_certificates

SECRETS = ("authorization", "cookie", "x-jfrog-art-api", "private-token", "x-api-key")


@pytest.fixture
def named():
    with ChannelServer() as server:
        yield server


@pytest.fixture
def other():
    with ChannelServer() as server:
        server.serve("b", b"open")
        yield server


@pytest.fixture
def store(tmp_path):
    (tmp_path / "c.json").write_text('{"127.0.0.1": {"BearerToken": "hush"}}')
    return CredentialFile(tmp_path / "c.json")


def secrets_in(server):
    return [
        (name, value)
        for request in server.requests
        for name, value in request.headers.items()
        if name in SECRETS or "hush" in value
    ]


def test_a_stored_secret_does_not_follow_to_another_port(named, other, store):
    named.redirect("a", other.url + "b")
    with Client(environ={}, credentials=store) as client:
        assert b"open" == client.get(named.url + "a")
    assert [("authorization", "Bearer hush")] == secrets_in(named)
    assert [] == secrets_in(other)


def test_a_stored_secret_does_not_follow_from_tls_to_plain_text(tmp_path, other, store):
    make_certificates(tmp_path)
    tls = TlsSettings(ca_bundle=str(tmp_path / "ca.pem"))
    with (
        ChannelServer(certificate=tmp_path / "server.pem") as named,
        Client(environ={}, credentials=store, tls=tls) as client,
    ):
        named.redirect("a", other.url + "b")
        assert b"open" == client.get(named.url + "a")
        assert [("authorization", "Bearer hush")] == secrets_in(named)
    assert [] == secrets_in(other)


def test_the_default_login_of_a_netrc_is_for_the_host_that_was_named(tmp_path, named, other):
    (tmp_path / "netrc").write_text("default login me password hush\n")
    login = "Basic " + b64encode(b"me:hush").decode()
    named.redirect("a", f"http://localhost:{other.port}/b")
    with Client(environ={}, credentials=NetrcFile(tmp_path / "netrc")) as client:
        assert b"open" == client.get(named.url + "a")
    assert [("authorization", login)] == secrets_in(named)
    assert [] == secrets_in(other)


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-JFrog-Art-Api", "PRIVATE-TOKEN"])
@pytest.mark.parametrize("whose", ["client", "request"])
def test_a_key_in_a_field_does_not_follow_to_another_server(named, other, name, whose):
    named.redirect("a", other.url + "b")
    fields = {name: "hush"}
    with Client(environ={}, headers=fields if whose == "client" else {}) as client:
        client.get(named.url + "a", headers=fields if whose == "request" else {})
    assert [(name.lower(), "hush")] == secrets_in(named)
    assert [] == secrets_in(other)


def test_what_says_how_to_answer_follows_to_another_server(named, other):
    named.redirect("a", other.url + "b")
    fields = {"Range": "bytes=1-2", "If-None-Match": '"x"', "Accept": "text/plain"}
    with (
        Client(environ={}, user_agent="cx/1") as client,
        client.open(named.url + "a", headers=fields) as response,
    ):
        assert b"pe" == response.read()
    (request,) = other.requests
    assert {"user-agent": "cx/1", **{k.lower(): v for k, v in fields.items()}} == {
        name: request.headers.get(name)
        for name in ("user-agent", "range", "if-none-match", "accept")
    }


def test_everything_follows_to_another_address_of_the_same_server(named, store):
    named.serve("b", b"guarded")
    named.redirect("a", "/b")
    with Client(environ={}, credentials=store, headers={"X-Api-Key": "hush"}) as client:
        assert b"guarded" == client.get(named.url + "a")
    both = [("x-api-key", "hush"), ("authorization", "Bearer hush")]
    assert sorted(both * 2) == sorted(secrets_in(named))


def test_a_server_that_sends_back_to_the_named_one_gets_nothing_itself(named, other, store):
    named.serve("b", b"guarded")
    named.redirect("a", other.url + "through")
    other.redirect("through", named.url + "b")
    with Client(environ={}, credentials=store) as client:
        assert b"guarded" == client.get(named.url + "a")
    assert [("authorization", "Bearer hush")] * 2 == secrets_in(named)
    assert [] == secrets_in(other)


def test_a_login_in_the_address_of_a_redirect_is_not_used(named, other):
    named.redirect("a", f"http://me:hush@{other.host}/b")
    with Client(environ={}) as client, client.open(named.url + "a") as response:
        assert other.url + "b" == response.url
    assert [] == secrets_in(other)


class Recorded:
    """A transport that redirects as it is told; the ports that schemes have are not ours."""

    def __init__(self, redirects):
        self.redirects = redirects
        self.asked = []

    def send(self, request):
        self.asked.append((request.url, request.headers.get("Authorization")))
        target = self.redirects.get(request.url)
        return Response(
            url=request.url,
            status=200 if target is None else 301,
            headers=Headers({} if target is None else {"Location": target}),
            body=NoBody(),
        )


def test_a_login_follows_from_plain_text_to_tls_at_the_same_host_and_not_back():
    login = "Basic " + b64encode(b"me:hush").decode()
    transport = Recorded(
        {
            "http://a.org/1": "https://a.org/2",
            "https://a.org/2": "https://a.org/3",
            "https://a.org/3": "http://a.org/4",
        }
    )
    with Client(environ={}, transport=transport) as client:
        client.get("http://me:hush@a.org/1")
    assert [
        ("http://a.org/1", login),
        ("https://a.org/2", login),
        ("https://a.org/3", login),
        ("http://a.org/4", None),
    ] == transport.asked


@pytest.mark.parametrize("target", ["https://b.org/2", "https://a.org:8443/2", "https://a.org.b/2"])
def test_a_login_does_not_follow_to_tls_elsewhere(target):
    transport = Recorded({"http://a.org/1": target})
    with Client(environ={}, transport=transport) as client:
        client.get("http://me:hush@a.org/1")
    assert (target, None) == transport.asked[-1]


@pytest.mark.parametrize(("status", "kind"), [(401, NetworkError), (404, NotFoundError)])
def test_a_failure_behind_a_redirect_names_both_addresses(named, other, status, kind):
    named.redirect("a", other.url + "secret?signature=hush")
    other.fail("secret", status=status)
    with Client(environ={}) as client, pytest.raises(kind) as caught:
        client.get(named.url + "a")
    assert named.url + "a" == caught.value.url
    assert f"{named.url}a, which redirects to {other.url}secret, " in caught.value.message
    assert "hush" not in str(caught.value)


def test_a_refusal_behind_a_redirect_says_that_no_secret_went_there(named, other):
    named.redirect("a", other.url + "secret")
    other.fail("secret", status=401)
    with Client(environ={}) as client, pytest.raises(NetworkError) as caught:
        client.get(named.url + "a")
    assert "no secret goes along" in caught.value.hint


def test_a_connection_that_fails_behind_a_redirect_names_both_addresses(named, other):
    named.redirect("a", other.url + "b")
    other.drop("b", times=None)
    with (
        Client(environ={}, sleep=lambda _: None, max_retries=1) as client,
        pytest.raises(NetworkError) as caught,
    ):
        client.get(named.url + "a")
    assert named.url + "a" == caught.value.url
    assert f"{named.url}a cannot be fetched from {other.url}b: " in caught.value.message
