from __future__ import annotations

import json

import pytest

from hognose.errors import ConfigError, NetworkError
from hognose.net import (
    Client,
    CredentialChain,
    CredentialFile,
    Credentials,
    CredentialVariables,
    NetrcFile,
    default_credentials,
)
from hognose.net.urls import origin_of
from support.channel_server import ChannelServer

CONTENT = {
    "prefix.dev": {"BearerToken": "exact"},
    "*.prefix.dev": {"BearerToken": "below"},
    "*.dev": {"BearerToken": "far"},
    "conda.example.org": {"CondaToken": "token"},
    "basic.example.org": {"BasicHTTP": {"username": "me", "password": "pass"}},
    "ported.example.org:8080": {"BearerToken": "ported"},
    "s3.example.org": {"S3Credentials": {"access_key_id": "a", "secret_access_key": "b"}},
    "oauth.example.org": {"OAuth": {"access_token": "access", "token_endpoint": "x"}},
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(CONTENT))
    return path


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://prefix.dev/a", Credentials.bearer("exact")),
        ("https://repo.prefix.dev/a", Credentials.bearer("below")),
        ("https://a.b.prefix.dev/a", Credentials.bearer("below")),
        ("https://other.dev/a", Credentials.bearer("far")),
        ("https://evilprefix.dev.com/a", None),
        ("https://conda.example.org/a", Credentials(conda_token="token")),
        ("https://basic.example.org/a", Credentials(authorization="Basic bWU6cGFzcw==")),
        ("https://ported.example.org:8080/a", Credentials.bearer("ported")),
        ("https://ported.example.org/a", None),
        ("https://s3.example.org/a", None),
        ("https://oauth.example.org/a", Credentials.bearer("access")),
        ("https://example.org/a", None),
    ],
)
def test_a_host_finds_its_own_or_its_domains_secret(path, url, expected):
    assert expected == CredentialFile(path).get(url)


def test_a_file_that_is_missing_or_empty_has_no_secrets(tmp_path):
    assert CredentialFile(tmp_path / "none").get("https://a.org") is None
    (tmp_path / "empty").touch()
    assert CredentialFile(tmp_path / "empty").get("https://a.org") is None


def test_a_broken_file_is_named_without_its_content(tmp_path):
    (tmp_path / "broken").write_text('{"a.org": "hush')
    with pytest.raises(ConfigError) as caught:
        CredentialFile(tmp_path / "broken").get("https://a.org")
    assert str(tmp_path / "broken") in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"{hush", "(byte 1)"),
        (b'{"a.org": {"BearerToken": "\xff"}}', "it is not UTF-8"),
        (b"[1]", "Expected `object`"),
    ],
)
def test_a_broken_file_that_nobody_named_is_warned_of_once(tmp_path, content, fault):
    path = tmp_path / ".rattler/credentials.json"
    path.parent.mkdir()
    path.write_bytes(content)
    environ = {"HOME": str(tmp_path), "HOGNOSE_TOKEN_B_ORG": "t"}
    chain = default_credentials(environ)

    with pytest.warns(UserWarning, match="cannot be used") as caught:
        found = [chain.get(f"https://{host}") for host in ("a.org", "b.org")]

    assert found == [None, Credentials.bearer("t")]
    (warning,) = caught
    assert str(path) in str(warning.message)
    assert fault in str(warning.message)
    assert "hush" not in str(warning.message)
    (problem,) = chain.problems()
    assert str(path) in problem


def test_a_broken_file_that_somebody_named_is_an_error(tmp_path):
    path = tmp_path / "c.json"
    path.write_bytes(b'{"a.org": {"BearerToken": "\xff"}}')
    environ = {"HOME": str(tmp_path)}
    for chain in (
        default_credentials({**environ, "RATTLER_AUTH_FILE": str(path)}),
        default_credentials(environ, path=path),
    ):
        with pytest.raises(ConfigError, match="it is not UTF-8"):
            chain.get("https://a.org")


def test_a_refusal_tells_of_the_shared_file_that_is_broken(tmp_path):
    path = tmp_path / ".rattler/credentials.json"
    path.parent.mkdir()
    path.write_text("{broken")
    credentials = default_credentials({"HOME": str(tmp_path)})
    with (
        ChannelServer(required_headers={"Authorization": "x"}) as server,
        Client(environ={}, credentials=credentials) as client,
        pytest.warns(UserWarning, match="requests go without them"),
        pytest.raises(NetworkError) as caught,
    ):
        client.get(server.url + "a")
    assert f"the credentials in {path} cannot be used" in caught.value.hint


def test_a_netrc_gives_a_login(tmp_path):
    (tmp_path / "netrc").write_text("machine a.org login me password pass\n")
    store = NetrcFile(tmp_path / "netrc")
    assert store.get("https://a.org/x") == Credentials.basic("me", "pass")
    assert store.get("https://b.org/x") is None


def test_a_netrc_that_nobody_can_read_is_passed_over(tmp_path):
    (tmp_path / "netrc").write_text("machine\nlogin what ever it is")
    assert NetrcFile(tmp_path / "netrc").get("https://a.org") is None
    assert NetrcFile(tmp_path / "none").get("https://a.org") is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"machine a.org login me password hush\nwhat hush\n", "line 2 breaks its rules"),
        (b"machine a.org\nlogin \xff\xfe", "it is not UTF-8"),
        (b"machine a.org login me password hush\n", None),
        (None, None),
    ],
)
def test_what_is_wrong_with_a_netrc_is_told_without_its_content(tmp_path, content, problem):
    path = tmp_path / "netrc"
    if content is not None:
        path.write_bytes(content)
    told = NetrcFile(path).problem()
    assert told == (None if problem is None else f"{path} cannot be used: {problem}")


def test_files_of_secrets_that_are_named_and_missing_are_told(tmp_path):
    names = {"RATTLER_AUTH_FILE": "a.json", "NETRC": "netrc"}
    environ = {name: str(tmp_path / value) for name, value in names.items()}
    chain = default_credentials({"HOME": str(tmp_path), **environ}, path=tmp_path / "b.json")
    assert [
        f"{tmp_path / 'a.json'} does not exist",
        f"{tmp_path / 'b.json'} does not exist",
        f"{tmp_path / 'netrc'} does not exist",
    ] == chain.problems()
    assert [] == default_credentials({"HOME": str(tmp_path)}).problems()


def test_a_refusal_tells_of_files_of_secrets_that_cannot_be_used(tmp_path):
    (tmp_path / ".netrc").write_text("what is it\n")
    environ = {"HOME": str(tmp_path), "RATTLER_AUTH_FILE": str(tmp_path / "none.json")}
    with (
        ChannelServer(required_headers={"Authorization": "x"}) as server,
        Client(environ={}, credentials=default_credentials(environ)) as client,
        pytest.raises(NetworkError) as caught,
    ):
        client.get(server.url + "a")
    assert f"{tmp_path / 'none.json'} does not exist" in caught.value.hint
    assert f"{tmp_path / '.netrc'} cannot be used: line 1" in caught.value.hint


def test_the_first_store_that_knows_decides_and_is_asked_once():
    asked = []

    class Store:
        def __init__(self, name, answer):
            self.name, self.answer = name, answer

        def get(self, url):
            asked.append((self.name, url))
            return self.answer

    chain = CredentialChain(
        [Store("a", None), Store("b", Credentials.bearer("b")), Store("c", None)]
    )
    for _ in range(3):
        assert chain.get("https://x.org/1") == Credentials.bearer("b")
    assert asked == [("a", "https://x.org/1"), ("b", "https://x.org/1")]
    nothing = CredentialChain([Store("d", None)])
    assert [nothing.get(f"https://y.org/{number}") for number in range(3)] == [None] * 3
    assert asked[2:] == [("d", "https://y.org/0")]


def test_the_default_stores_go_from_explicit_to_general(tmp_path, path):
    (tmp_path / ".netrc").write_text("machine netrc.org login me password pass\n")
    (tmp_path / ".rattler").mkdir()
    shared = {"shared.org": {"BearerToken": "s"}, "prefix.dev": {"BearerToken": "hidden"}}
    (tmp_path / ".rattler" / "credentials.json").write_text(json.dumps(shared))
    chain = default_credentials({"HOME": str(tmp_path), "RATTLER_AUTH_FILE": str(path)})
    assert chain.get("https://prefix.dev") == Credentials.bearer("exact")
    assert chain.get("https://shared.org") == Credentials.bearer("s")
    assert chain.get("https://netrc.org") == Credentials.basic("me", "pass")


def test_secrets_do_not_show():
    assert repr(Credentials.bearer("hush")) == "<Credentials: Bearer>"
    assert repr(Credentials(conda_token="hush")) == "<Credentials: conda token>"
    assert "hush" not in str(Credentials.basic("me", "hush"))


def test_a_conda_token_goes_into_the_path(tmp_path):
    with ChannelServer() as server:
        (tmp_path / "c.json").write_text(json.dumps({"127.0.0.1": {"CondaToken": "xy-1"}}))
        server.serve("t/xy-1/mine/noarch/repodata.json", b"{}")
        with Client(environ={}, credentials=CredentialFile(tmp_path / "c.json")) as client:
            assert client.get(server.url + "mine/noarch/repodata.json") == b"{}"


# -- variables ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "url", "expected"),
    [
        ({"HOGNOSE_TOKEN_A_ORG": "t"}, "https://a.org/c", Credentials.bearer("t")),
        ({"HOGNOSE_TOKEN_A_ORG": "t"}, "https://x.a.org/c", None),
        ({"HOGNOSE_TOKEN_A_ORG": "t"}, "https://a-org/c", None),
        ({"HOGNOSE_TOKEN_MY__A_ORG": "t"}, "https://my-a.org/c", Credentials.bearer("t")),
        ({"HOGNOSE_TOKEN_A_ORG_8080": "t"}, "https://a.org:8080/c", Credentials.bearer("t")),
        ({"HOGNOSE_TOKEN_A_ORG_8080": "t"}, "https://a.org/c", None),
        ({"HOGNOSE_CONDA_TOKEN_A_ORG": "t"}, "https://a.org/c", Credentials(conda_token="t")),
        (
            {"HOGNOSE_USERNAME_A_ORG": "me", "HOGNOSE_PASSWORD_A_ORG": "pass"},
            "https://a.org/c",
            Credentials.basic("me", "pass"),
        ),
        (
            {"HOGNOSE_CREDENTIALS": '{"*.org": {"BearerToken": "all"}}'},
            "https://a.org/c",
            Credentials.bearer("all"),
        ),
        ({"HOGNOSE_CREDENTIALS": ""}, "https://a.org/c", None),
    ],
)
def test_variables_have_secrets_for_hosts(environ, url, expected):
    assert expected == CredentialVariables(environ).get(url)


def test_a_broken_variable_is_named_without_its_content():
    with pytest.raises(ConfigError, match="HOGNOSE_CREDENTIALS") as caught:
        CredentialVariables({"HOGNOSE_CREDENTIALS": '{"a.org": "hush'}).get("https://a.org")
    assert "hush" not in str(caught.value)


def test_variables_come_last(tmp_path):
    (tmp_path / ".netrc").write_text("machine netrc.org login me password pass\n")
    environ = {"HOGNOSE_TOKEN_NETRC_ORG": "t", "HOGNOSE_TOKEN_OTHER_ORG": "t"}
    chain = default_credentials({"HOME": str(tmp_path), **environ})
    assert Credentials.basic("me", "pass") == chain.get("https://netrc.org")
    assert Credentials.bearer("t") == chain.get("https://other.org")


def test_a_key_pair_can_belong_to_a_folder_of_a_bucket(tmp_path):
    pair = {"access_key_id": "ID", "secret_access_key": "hush", "session_token": None}
    (tmp_path / "c.json").write_text(json.dumps({"s3://b/team": {"S3Credentials": pair}}))
    store = CredentialFile(tmp_path / "c.json")
    assert "ID" == store.get_s3("s3://b/team/channel/noarch/repodata.json").access_key_id
    assert store.get_s3("s3://b/other/noarch/repodata.json") is None


def test_each_channel_of_a_host_keeps_its_own_token():
    with ChannelServer() as server:
        for token, channel in (("one", "a"), ("two", "b")):
            for name in ("repodata.json", "x.conda"):
                server.serve(f"t/{token}/{channel}/noarch/{name}", token.encode())
        with Client(environ={}) as client:
            client.get(f"{server.url}t/one/a/noarch/repodata.json")
            client.get(f"{server.url}t/two/b/noarch/repodata.json")
            assert b"one" == client.get(f"{server.url}a/noarch/x.conda")
            assert b"two" == client.get(f"{server.url}b/noarch/x.conda")


def test_a_login_counts_for_the_port_that_a_scheme_has_anyway():
    assert "https://a.org" == origin_of("https://me:pass@A.org:443/c?x=//b.org")
    assert "https://a.org:8443" == origin_of("https://a.org:8443")
    assert "http://[::1]:80" != origin_of("http://[::1]:80/")
    assert "" == origin_of("file:///etc/passwd")
