"""A real OCI registry (Debian's `docker-registry`), open and behind a login."""

from __future__ import annotations

import hashlib
import json
import subprocess

import pytest

from hognose.channel import index_channel
from hognose.errors import NetworkError, NotFoundError
from hognose.net import Client, CredentialFile, Request
from hognose.repodata import Gateway
from support.package_maker import make_package
from support.peer_process import find_program, free_port, running

pytestmark = pytest.mark.slow

CONDA = "application/vnd.conda.package.v2"
REPODATA = "application/vnd.conda.repodata.v1+json"


@pytest.fixture(params=["open", "login"])
def registry(request, tmp_path):
    program = find_program("docker-registry", "Debian's `docker-registry`")
    port = free_port()
    config = (
        f"version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/data}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}', secret: x}}\n"
    )
    login = None
    if request.param == "login":
        htpasswd = find_program("htpasswd", "Debian's `apache2-utils`")
        line = subprocess.run(
            [htpasswd, "-nbB", "me", "hunter2"], capture_output=True, text=True, check=True
        ).stdout
        (tmp_path / "passwords").write_text(line.strip() + "\n")
        config += f"auth: {{htpasswd: {{realm: here, path: {tmp_path}/passwords}}}}\n"
        login = {"BasicHTTP": {"username": "me", "password": "hunter2"}}
    (tmp_path / "config.yml").write_text(config)
    with running(
        [program, "serve", str(tmp_path / "config.yml")], port, log=tmp_path / "output.log"
    ):
        yield f"127.0.0.1:{port}", login


def push(client, host, login, name, tag, content, media_type):
    """Put a file into the registry as the public mirrors of channels do."""
    from hognose.net import Credentials

    headers = {}
    if login is not None:
        headers["Authorization"] = Credentials.basic("me", "hunter2").authorization

    def send(method, url, body=b"", **fields):
        request = Request(url=url, method=method, body=body, headers={**headers, **fields})
        with client.send(request) as response:
            assert response.status < 300, (response.status, response.read())
            return response.headers

    def push_blob(data):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        place = send("POST", f"http://{host}/v2/{name}/blobs/uploads/")["location"]
        mark = "&" if "?" in place else "?"
        send("PUT", f"{place}{mark}digest={digest}", data)
        return {"digest": digest, "size": len(data)}

    config = push_blob(b"{}")
    layer = push_blob(content)
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.unknown.config.v1+json", **config},
        "layers": [{"mediaType": media_type, **layer}],
    }
    send(
        "PUT",
        f"http://{host}/v2/{name}/manifests/{tag}",
        json.dumps(manifest).encode(),
        **{"Content-Type": manifest["mediaType"]},
    )


@pytest.fixture
def channel(registry, tmp_path):
    host, login = registry
    folder = tmp_path / "channel"
    make_package(folder, "_a", "1.0+x", noarch="generic", files={"share/a.txt": "a\n"})
    index_channel(folder)
    (package,) = (folder / "noarch").glob("*.conda")
    tag = package.name.removeprefix("_a-").removesuffix(".conda").replace("+", "__p__")
    with Client(environ={}) as client:
        content = (folder / "noarch/repodata.json").read_bytes()
        push(client, host, login, "mine/noarch/repodata.json", "latest", content, REPODATA)
        push(client, host, login, "mine/noarch/zzz_a", tag, package.read_bytes(), CONDA)
    (tmp_path / "credentials.json").write_text(json.dumps({host: login} if login else {}))
    return host, package, CredentialFile(tmp_path / "credentials.json")


def test_a_channel_is_read_from_a_registry(channel):
    host, package, credentials = channel
    with Client(environ={}, credentials=credentials) as client:
        ((record,),) = Gateway(client).query([f"oci://{host}/mine"], ["noarch"], ["_a"])
        assert package.read_bytes() == client.get(record.url)
        with client.open(record.url, offset=10) as response:
            assert package.read_bytes()[10:] == response.read()


def test_a_registry_can_be_the_mirror_of_a_channel(channel):
    host, package, credentials = channel
    mirrors = {"https://conda.example.org/mine": [f"oci://{host}/mine"]}
    with Client(environ={}, credentials=credentials, mirrors=mirrors) as client:
        ((record,),) = Gateway(client).query(["https://conda.example.org/mine"], ["noarch"], ["_a"])
        assert f"https://conda.example.org/mine/noarch/{package.name}" == record.url
        assert package.read_bytes() == client.get(record.url)


def test_what_a_registry_does_not_have_is_missing(channel):
    host, _, credentials = channel
    with Client(environ={}, credentials=credentials) as client, pytest.raises(NotFoundError):
        client.get(f"oci://{host}/mine/noarch/b-1-0.conda")


def test_a_login_that_is_missing_is_told_of(registry, channel):
    host, login = registry
    if login is None:
        pytest.skip("this registry is open")
    with Client(environ={}) as client, pytest.raises(NetworkError, match="status 401"):
        client.get(f"oci://{host}/mine/noarch/repodata.json")
