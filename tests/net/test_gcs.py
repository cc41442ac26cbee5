"""Google Cloud Storage against a server on loopback that wants what Google would give."""

from __future__ import annotations

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from hognose.errors import NetworkError
from hognose.net import Client
from hognose.repodata import Gateway
from support.channel_server import ChannelServer
from support.peer_process import find_program
from support.repodata_files import entry, repodata, write_repodata


def test_an_emulator_is_asked_without_credentials(tmp_path):
    write_repodata(tmp_path / "served/bucket/c", repodata(entry("a")))
    with ChannelServer(tmp_path / "served") as server:
        for endpoint in (server.url, server.host):
            with Client(environ={"STORAGE_EMULATOR_HOST": endpoint}) as client:
                ((record,),) = Gateway(client).query(["gs://bucket/c"], ["noarch"], ["a"])
            assert "gs://bucket/c/noarch/a-1-0.conda" == record.url
        assert not [one for one in server.requests if "authorization" in one.headers]


@pytest.mark.parametrize("scheme", ["gs", "gcs"])
def test_names_of_objects_are_escaped(scheme):
    with ChannelServer() as server:
        server.serve("bucket/a b+c", b"x")
        with Client(environ={"STORAGE_EMULATOR_HOST": server.url}) as client:
            assert b"x" == client.get(f"{scheme}://bucket/a%20b+c")
        assert "/bucket/a%20b%2Bc" == server.requests[0].target


class TokenServer:
    """Exchanges what a service account signed for an access token."""

    def __init__(self):
        self.grants = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                owner.grants.append(form)
                answer = {"access_token": "ya29.hush", "expires_in": 3600, "token_type": "Bearer"}
                data = json.dumps(answer).encode()
                is_good = form["assertion"].count(".") == 2 and owner.is_willing
                self.send_response(200 if is_good else 400)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data if is_good else b" " * len(data))

            def log_message(self, *_):
                pass

        self.is_willing = True
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/token"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def account(tmp_path, monkeypatch):
    """A service account's key, and the server that believes it."""
    pytest.importorskip("google.auth", reason="the extra `gs` is not installed")
    openssl = find_program("openssl", "Debian's `openssl`")
    command = [openssl, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    key = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    with TokenServer() as server:
        document = {
            "type": "service_account",
            "client_email": "robot@project.iam.gserviceaccount.com",
            "private_key_id": "1",
            "private_key": key,
            "project_id": "project",
            "token_uri": server.url,
        }
        (tmp_path / "key.json").write_text(json.dumps(document))
        # The library reads the process's own environment.
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
        yield server


def test_a_service_account_reads_a_bucket(account):
    required = {"Authorization": "Bearer ya29.hush"}
    with ChannelServer(required_headers=required) as server:
        server.serve("bucket/a", b"x")
        environ = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": server.url}
        with Client(environ=environ) as client:
            assert b"x" == client.get("gs://bucket/a")
            assert b"x" == client.get("gs://bucket/a")
    assert 1 == len(account.grants)


def test_credentials_that_are_refused_are_told_of_without_them(account):
    account.is_willing = False
    with ChannelServer() as server:
        environ = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": server.url}
        with (
            Client(environ=environ, sleep=lambda _: None) as client,
            pytest.raises(NetworkError, match="of no use") as caught,
        ):
            client.get("gs://bucket/a")
        assert 0 == server.count()
    assert "assertion" not in str(caught.value)
