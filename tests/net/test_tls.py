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
    with pytest.warns(UserWarning, match="certificates is off"):
        client = Client(environ={}, tls=TlsSettings(is_verified=False))
    with client:
        assert client.get(server.url + "a") == b"secret"


def test_a_bundle_that_is_not_there_is_named():
    with (
        Client(environ={}, tls=TlsSettings(ca_bundle="/no/such.pem")) as client,
        pytest.raises(NetworkError, match=r"/no/such\.pem"),
    ):
        client.get("https://127.0.0.1:1/a")
