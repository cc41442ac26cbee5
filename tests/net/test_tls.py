"""HTTPS with a certificate that only we know."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from hognose.errors import NetworkError
from hognose.net import Client, TlsSettings
from support.channel_server import ChannelServer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no `openssl` to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    command = [
        *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-nodes", "-keyout", "key.pem", "-out", "certificate.pem", "-days", "2"),
        *("-subj", "/CN=loopback", "-addext", "subjectAltName=IP:127.0.0.1"),
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "certificate.pem").read_bytes())
    return both


@pytest.fixture
def server(certificate):
    with ChannelServer(certificate=certificate) as server:
        server.serve("a", b"secret")
        yield server


def test_a_bundle_makes_a_certificate_trusted(server, certificate):
    with Client(environ={}, tls=TlsSettings(ca_bundle=str(certificate))) as client:
        assert client.get(server.url + "a") == b"secret"


def test_the_file_that_a_variable_names_makes_it_trusted(server, certificate):
    with Client(environ={"SSL_CERT_FILE": str(certificate)}) as client:
        assert client.get(server.url + "a") == b"secret"


def test_an_unknown_certificate_is_refused_at_once(server):
    pauses = []
    with (
        Client(environ={}, sleep=pauses.append) as client,
        pytest.raises(NetworkError, match="TLS does not work") as caught,
    ):
        client.get(server.url + "a")
    assert "SSL_CERT_FILE" in caught.value.hint
    assert pauses == []


def test_without_verification_everything_is_believed(server):
    with (
        pytest.warns(UserWarning, match="certificates is off"),
        Client(environ={}, tls=TlsSettings(is_verified=False)) as client,
    ):
        assert client.get(server.url + "a") == b"secret"


def test_a_bundle_that_is_not_there_is_named():
    with (
        Client(environ={}, tls=TlsSettings(ca_bundle="/no/such.pem")) as client,
        pytest.raises(NetworkError, match=r"/no/such\.pem"),
    ):
        client.get("https://127.0.0.1:1/a")


def test_a_proxy_that_speaks_tls_is_checked_like_a_server(server, certificate):
    server.serve("noarch/repodata.json", b"{}")
    proxy = f"https://me:hunter2@{server.host}"
    environ = {"http_proxy": proxy, "SSL_CERT_FILE": str(certificate)}
    with Client(environ=environ) as client:
        assert b"{}" == client.get("http://channel.invalid/noarch/repodata.json")
    assert "proxy-authorization" in server.requests[-1].headers
    with (
        Client(environ={"http_proxy": proxy}, sleep=lambda _: None) as client,
        pytest.raises(
            NetworkError, match=r"through the proxy https:.*: TLS does not work"
        ) as caught,
    ):
        client.get("http://channel.invalid/noarch/repodata.json")
    assert "hunter2" not in str(caught.value)


def test_a_key_with_a_password_is_told_of_and_not_asked_for(server, certificate, tmp_path):
    openssl = shutil.which("openssl")
    key = tmp_path / "locked.pem"
    command = [openssl, "ec", "-in", certificate, "-aes256", "-passout", "pass:x", "-out", key]
    subprocess.run(command, check=True, capture_output=True)
    tls = TlsSettings(
        ca_bundle=str(certificate), client_certificate=str(certificate), client_key=str(key)
    )
    with (
        Client(environ={}, tls=tls) as client,
        pytest.raises(NetworkError, match="the key has a password"),
    ):
        client.get(server.url + "a")


def write(folder, name, content):
    path = folder / name
    path.write_text(content)
    return str(path)


def split(certificate):
    """The key and the certificate of a file that has both."""
    key, mark, rest = certificate.read_text().partition("-----BEGIN CERTIFICATE-----")
    return key, mark + rest


def test_a_client_certificate_that_is_not_there_is_named_and_not_the_trust(server, certificate):
    tls = TlsSettings(ca_bundle=str(certificate), client_certificate="/no/such.pem")
    with Client(environ={}, tls=tls) as client, pytest.raises(NetworkError) as caught:
        client.get(server.url + "a")
    assert (
        "the client certificate in /no/such.pem cannot be used: No such file or directory"
        == caught.value.message
    )
    assert "client-ssl-cert" in caught.value.hint


@pytest.mark.parametrize("content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nx\n"])
def test_a_client_certificate_that_is_none_is_named(server, certificate, tmp_path, content):
    key, _ = split(certificate)
    mine = write(tmp_path, "mine.pem", content)
    tls = TlsSettings(
        ca_bundle=str(certificate),
        client_certificate=mine,
        client_key=write(tmp_path, "key.pem", key),
    )
    with Client(environ={}, tls=tls) as client, pytest.raises(NetworkError) as caught:
        client.get(server.url + "a")
    assert f"the client certificate in {mine} cannot be used: " in caught.value.message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        ("", "the file has none in PEM form"),
        ("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n", ""),
    ],
)
def test_a_key_that_is_none_is_named(server, certificate, tmp_path, content, reason):
    _, public = split(certificate)
    key = str(tmp_path / "key.pem") if content is None else write(tmp_path, "key.pem", content)
    tls = TlsSettings(
        ca_bundle=str(certificate),
        client_certificate=write(tmp_path, "mine.pem", public),
        client_key=key,
    )
    with Client(environ={}, tls=tls) as client, pytest.raises(NetworkError) as caught:
        client.get(server.url + "a")
    assert f"the key in {key} cannot be used: {reason}" in caught.value.message


def test_a_key_of_another_certificate_is_named(server, certificate, tmp_path):
    openssl = shutil.which("openssl")
    key = tmp_path / "other.pem"
    curve = ("-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    subprocess.run([openssl, "genpkey", *curve, "-out", key], check=True, capture_output=True)
    tls = TlsSettings(
        ca_bundle=str(certificate), client_certificate=str(certificate), client_key=str(key)
    )
    with Client(environ={}, tls=tls) as client, pytest.raises(NetworkError) as caught:
        client.get(server.url + "a")
    assert (
        f"the key in {key} cannot be used: it does not belong to the certificate in {certificate}"
        == caught.value.message
    )


def test_a_file_of_trust_without_a_certificate_is_named_with_what_may_name_it(tmp_path):
    bundle = write(tmp_path, "ca.pem", "no certificate")
    with Client(environ={"SSL_CERT_FILE": bundle}) as client, pytest.raises(NetworkError) as caught:
        client.get("https://127.0.0.1:1/a")
    assert f"the certificates in {bundle} cannot be used: " in caught.value.message
    assert "SSL_CERT_FILE" in caught.value.hint


def test_a_server_without_tls_is_told_of_at_once():
    pauses = []
    with (
        ChannelServer() as server,
        Client(environ={}, sleep=pauses.append) as client,
        pytest.raises(NetworkError, match="does not speak TLS at this port"),
    ):
        client.get(f"https://{server.host}/a")
    assert pauses == []
