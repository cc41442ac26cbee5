"""`auth` knows what requests will find: hosts in their one form, and every store."""

from __future__ import annotations

import json

import pytest

from hognose.net import CredentialFile


@pytest.fixture
def path(private_home):
    return private_home / ".rattler/credentials.json"


@pytest.fixture
def key_ring():
    """Keep a key ring in memory, and return its entries by service and user."""
    keyring = pytest.importorskip("keyring", reason="the extra `keyring` is not installed")
    from keyring.backend import KeyringBackend

    class Memory(KeyringBackend):
        priority = 1

        def __init__(self):
            super().__init__()
            self.entries = {}

        def get_password(self, service, username):
            return self.entries.get((service, username))

        def set_password(self, service, username, password):
            self.entries[service, username] = password

        def delete_password(self, service, username):
            del self.entries[service, username]

    before = keyring.get_keyring()
    backend = Memory()
    keyring.set_keyring(backend)
    yield backend.entries
    keyring.set_keyring(before)


@pytest.mark.parametrize(
    ("typed", "key", "url"),
    [
        ("prefix.dev", "prefix.dev", "https://prefix.dev/channel"),
        ("Prefix.DEV/channel", "prefix.dev", "https://prefix.dev/channel"),
        ("https://prefix.dev:443/x", "prefix.dev", "https://prefix.dev/channel"),
        ("prefix.dev:443", "prefix.dev", "https://prefix.dev/channel"),
        ("http://prefix.dev:80/x", "prefix.dev", "http://prefix.dev/channel"),
        ("https://prefix.dev:8443/x", "prefix.dev:8443", "https://prefix.dev:8443/channel"),
        ("http://prefix.dev:443", "prefix.dev:443", "http://prefix.dev:443/channel"),
        ("https://prefix.dev/x?y#z", "prefix.dev", "https://prefix.dev/channel"),
        ("*.prefix.dev", "*.prefix.dev", "https://repo.prefix.dev/channel"),
        ("https://*.prefix.dev/x", "*.prefix.dev", "https://repo.prefix.dev/channel"),
        ("localhost", "localhost", "http://localhost/channel"),
        ("my_host:8080", "my_host:8080", "http://my_host:8080/channel"),
        ("[::1]:8080", "[::1]:8080", "http://[::1]:8080/channel"),
        ("oci://ghcr.io/org", "ghcr.io", "https://ghcr.io/v2/org"),
        ("bücher.example", "bücher.example", "https://bücher.example/channel"),
    ],
)
def test_what_login_keeps_is_what_a_request_finds(hognose, path, typed, key, url):
    assert 0 == hognose("auth", "login", typed, "--token", "t1").status

    assert {key: {"BearerToken": "t1"}} == json.loads(path.read_text())
    assert "Bearer t1" == CredentialFile(path).get(url).authorization
    assert f"{path}\n" == hognose("auth", "status", url).out
    assert 0 == hognose("auth", "logout", typed).status
    assert {} == json.loads(path.read_text())


def test_a_secret_for_a_folder_of_a_bucket_is_for_that_folder(hognose, path):
    pair = ("--s3-access-key-id", "id", "--s3-secret-access-key", "key")
    assert 0 == hognose("auth", "login", "s3://bucket/one/", *pair).status

    assert ["s3://bucket/one"] == list(json.loads(path.read_text()))
    assert f"{path}\n" == hognose("auth", "status", "s3://bucket/one/channel").out
    assert "no store" in hognose("auth", "status", "s3://bucket/two").out
    assert 0 == hognose("auth", "logout", "s3://bucket/one").status


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "a b", "*", "*.", "*.*.dev", "a.*.dev", "prefix.dev..", ".dev", "-a.dev"),
        *(
            "ftp://x",
            "file:///x",
            "https://",
            "a.org:x",
            "a.org:99999",
            "*.a.org:8080",
            "[::1",
            "a\tb",
        ),
    ],
)
def test_what_is_no_host_is_refused(hognose, path, typed):
    result = hognose("auth", "login", typed, "--token", "t1")

    assert 2 == result.status
    assert "hint: " in result.err
    assert not path.exists()


def test_a_host_with_a_user_is_refused_without_showing_the_password(hognose, path):
    result = hognose("auth", "login", "https://me:hunter2@a.org/x", "--token", "t1")

    assert 2 == result.status
    assert "--username" in result.err
    assert "hunter2" not in result.err
    assert not path.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--token", "hunter2\nX-Other: 1"),
        ("--token", "hunter2\x00"),
        ("--token", "hunter2\x85x"),
        ("--conda-token", "hunter2/../.."),
        ("--conda-token", "hunter2?x"),
        ("--conda-token", "hunter2 x"),
        ("--conda-token", ".."),
        ("--username", "me:hunter2", "--password", "pw"),
        ("--username", "me", "--password", "hunter2\x1b[31m"),
        ("--s3-access-key-id", "id\n", "--s3-secret-access-key", "hunter2"),
    ],
)
def test_a_secret_that_no_request_could_carry_is_refused_unseen(hognose, path, words):
    result = hognose("auth", "login", "a.org", *words)

    assert 2 == result.status
    assert "in it" in result.err
    assert "hunter2" not in result.err
    assert not path.exists()


def test_what_was_kept_under_another_key_can_still_be_forgotten(hognose, path):
    path.parent.mkdir()
    kept = {"prefix.dev:443": {"BearerToken": "a"}, "a b": {"BearerToken": "b"}}
    path.write_text(json.dumps(kept))

    assert f"{path}\n" == hognose("auth", "status", "https://prefix.dev/x").out
    assert 0 == hognose("auth", "logout", "https://prefix.dev/x").status
    assert 0 == hognose("auth", "logout", "a b").status
    assert {} == json.loads(path.read_text())


def test_the_key_ring_is_shown_with_the_other_stores(hognose, key_ring):
    hognose("auth", "login", "a.org", "--token", "hunter2", "--store", "keyring")
    hognose("auth", "login", "b.org", "--token", "hunter2")

    result = hognose("auth", "status")

    ring, file = result.out.splitlines()[1:]
    assert ring.startswith("a.org ")
    assert ring.endswith("key ring")
    assert file.startswith("b.org ")
    assert "hunter2" not in result.out + result.err
    document = json.loads(hognose("auth", "status", "--json").out)
    assert ["a.org", "b.org"] == [each["host"] for each in document["hosts"]]
    assert ["key ring"] == document["not_listed"]


def test_that_a_key_ring_cannot_be_listed_is_told_where_it_matters(hognose, key_ring):
    assert "cannot be listed" in hognose("auth", "status").err
    hognose("auth", "login", "a.org", "--token", "t", "--store", "keyring")

    assert "cannot be listed" not in hognose("auth", "status").err
    assert "cannot be listed" in hognose("auth", "status", "-v").err


@pytest.fixture
def bad_channel(private_home):
    """Configure a channel that is none, and return the file that names it."""
    path = private_home / ".condarc"
    path.write_text("channels: ['http://127.0.0.1:9701/ok/pk?token=hunter2', http://h/good]\n")
    return path


def test_a_channel_that_is_none_keeps_nobody_from_the_list_of_secrets(
    hognose, key_ring, bad_channel
):
    key_ring["rattler", "h"] = '{"BearerToken": "t"}'
    hognose("auth", "login", "a.org", "--token", "t")

    result = hognose("auth", "status")
    document = json.loads(hognose("auth", "status", "--json").out)

    assert 0 == result.status
    assert "a.org" in result.out
    assert ["h", "a.org"] == [each["host"] for each in document["hosts"]]
    assert "invalid channel" in result.err
    assert str(bad_channel) in result.err
    assert str(bad_channel) in "".join(document["problems"])
    assert "hunter2" not in result.out + result.err + str(document)


@pytest.mark.parametrize("words", [["info"], ["search", "x"]])
def test_the_error_for_a_channel_of_the_configuration_names_its_file(hognose, bad_channel, words):
    result = hognose(*words)

    assert 1 == result.status
    assert f"hint: it is from {bad_channel}" in result.err
    assert "hunter2" not in result.err


def test_a_broken_shared_file_is_told_once_and_left_as_it_is(hognose, path):
    path.parent.mkdir()
    path.write_text("{broken")

    for words in (["status"], ["status", "a.org"], ["token", "a.org"], ["logout", "a.org"]):
        assert 1 == hognose("auth", *words).err.count("cannot be used"), words
    assert 1 == hognose("auth", "login", "a.org", "--token", "t").status
    assert "{broken" == path.read_text()


def test_what_other_tools_put_into_the_key_ring_is_shown_for_the_channels(
    hognose, key_ring, private_home
):
    key_ring["rattler", "*.prefix.dev"] = '{"BearerToken": "t"}'
    key_ring["rattler", "conda.example.org"] = '{"BearerToken": "t"}'
    key_ring["rattler", "elsewhere.org"] = '{"BearerToken": "t"}'
    (private_home / ".condarc").write_text("channels: [https://conda.example.org/one]\n")

    out = hognose("auth", "status").out

    assert "*.prefix.dev" in out
    assert "conda.example.org" in out
    assert "elsewhere.org" not in out
    assert "key ring\n" == hognose("auth", "status", "https://elsewhere.org/x").out


def test_logging_out_everywhere_empties_the_key_ring_too(hognose, key_ring, path):
    hognose("auth", "login", "a.org", "--token", "t", "--store", "keyring")
    hognose("auth", "login", "b.org", "--token", "t")

    result = hognose("auth", "logout", "--all")

    assert 0 == result.status
    assert "key ring has no secret for a.org any more" in result.err
    assert ("rattler", "a.org") not in key_ring
    assert {} == json.loads(path.read_text())
    assert "there are no secrets" in hognose("auth", "status").err


def test_the_pair_of_a_bucket_is_found_for_its_addresses(hognose, path, monkeypatch, private_home):
    pair = ("--s3-access-key-id", "id", "--s3-secret-access-key", "key")
    hognose("auth", "login", "s3://bucket", *pair)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(private_home / "none"))

    assert f"{path}\n" == hognose("auth", "status", "s3://bucket/channel").out
    assert "no store" in hognose("auth", "status", "s3://other/channel").out

    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(private_home / "aws"))
    (private_home / "aws").write_text(
        "[default]\naws_access_key_id = a\naws_secret_access_key = b\n"
    )
    assert f"{private_home / 'aws'}\n" == hognose("auth", "status", "s3://other/channel").out
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    assert "environment\n" == hognose("auth", "status", "s3://other/channel").out


def test_the_login_of_a_single_channel_answers_for_it(hognose, key_ring, private_home):
    hognose("auth", "login", "conda.example.org", "--token", "for the host")
    url = "https://conda.example.org/one"
    (private_home / ".condarc").write_text(
        f"channel_settings:\n  - channel: {url}\n    auth: http-basic\n    username: me\n"
    )
    key_ring[f"conda-auth::credential::{url}", "credential"] = json.dumps(
        {"username": "me", "password": "hunter2"}
    )

    assert "key ring (conda-auth)\n" == hognose("auth", "status", f"{url}/noarch").out
    assert "credentials.json" in hognose("auth", "status", "https://conda.example.org/two").out
