"""Channels in registries of container images."""

import hashlib
import json

import pytest

from hognose.errors import InvalidUrlError, NetworkError, NotFoundError
from hognose.net import Client, CredentialFile
from hognose.net.oci import OciImage
from hognose.repodata import Gateway
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, zstd

PACKAGE = "application/vnd.conda.package.v2"


@pytest.mark.parametrize(
    ("path", "name", "tag", "media_type"),
    [
        ("linux-64/a-b-1.0-h1_0.conda", "linux-64/a-b", "1.0-h1_0", PACKAGE),
        ("noarch/_x-1!2+3-0.conda", "noarch/zzz_x", "1__e__2__p__3-0", PACKAGE),
        ("noarch/a-1-0.tar.bz2", "noarch/a", "1-0", "application/vnd.conda.package.v1"),
        (
            "noarch/repodata.json.zst",
            "noarch/repodata.json",
            "latest",
            "application/vnd.conda.repodata.v1+json+zst",
        ),
    ],
)
def test_a_file_is_a_layer_of_an_image(path, name, tag, media_type):
    image = OciImage.parse(f"oci://ghcr.io/channel-mirrors/forge/{path}")
    assert ("ghcr.io", f"channel-mirrors/forge/{name}") == (image.host, image.name)
    assert (tag, media_type) == (image.tag, image.media_type)
    assert f"https://ghcr.io/v2/{image.name}" == image.base


def test_a_url_without_a_host_is_refused():
    with pytest.raises(InvalidUrlError):
        OciImage.parse("oci:///x/repodata.json")


def put(server, name, tag, media_type, body):
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    manifest = {"schemaVersion": 2, "layers": [{"mediaType": media_type, "digest": digest}]}
    server.serve(f"v2/{name}/manifests/{tag}", json.dumps(manifest).encode())
    server.serve(f"v2/{name}/blobs/{digest}", body)
    return f"v2/{name}/blobs/{digest}"


@pytest.fixture
def server():
    with ChannelServer() as server:
        yield server


@pytest.fixture
def client():
    with Client(environ={}, sleep=lambda seconds: None) as client:
        yield client


def test_a_package_is_fetched_and_resumed(server, client):
    blob = put(server, "c/noarch/a", "1-0", PACKAGE, bytes(5000))
    server.truncate(blob, after=100)
    assert bytes(5000) == client.get(f"oci://{server.host}/c/noarch/a-1-0.conda")


def test_what_a_registry_does_not_have_does_not_exist(server, client):
    put(server, "c/noarch/a", "1-0", "text/plain", b"x")
    for name in ("a-1-0.conda", "b-1-0.conda", "repodata_shards.msgpack.zst"):
        with pytest.raises(NotFoundError):
            client.get(f"oci://{server.host}/c/noarch/{name}")


@pytest.mark.parametrize(
    "body", [b"no json", b"[]", b"{}", b'{"layers": [{"mediaType": "%s"}]}' % PACKAGE.encode()]
)
def test_a_broken_manifest_is_an_error(server, client, body):
    server.serve("v2/c/noarch/a/manifests/1-0", body)
    with pytest.raises(NetworkError, match="is broken"):
        client.get(f"oci://{server.host}/c/noarch/a-1-0.conda")


@pytest.mark.parametrize("login", [None, "Basic bWU6cHc="])
def test_a_token_is_fetched_where_the_registry_wants_one(server, tmp_path, login):
    put(server, "c/noarch/a", "1-0", PACKAGE, b"x")
    server.required_headers["Authorization"] = "Bearer granted"
    challenge = f'Bearer realm="{server.url}token",service="here"'
    headers = {"WWW-Authenticate": challenge}
    server.fail("v2/c/noarch/a/manifests/1-0", status=401, headers=headers, times=1)
    server.fail("token", status=200, body=b'{"token": "granted"}', times=None)
    entry_ = {"BasicHTTP": {"username": "me", "password": "pw"}} if login else {}
    (tmp_path / "c.json").write_text(json.dumps({"127.0.0.1": entry_}))
    with Client(environ={}, credentials=CredentialFile(tmp_path / "c.json")) as client:
        assert b"x" == client.get(f"oci://{server.host}/c/noarch/a-1-0.conda")
        assert b"x" == client.get(f"oci://{server.host}/c/noarch/a-1-0.conda")
    (asked,) = [request for request in server.requests if request.path == "token"]
    assert login == asked.headers.get("authorization")
    assert "scope=repository:c/noarch/a:pull&service=here" in asked.target


def test_a_channel_can_be_in_a_registry(server, client, tmp_path):
    text = zstd.compress(json.dumps(repodata(entry("a"))).encode())
    media_type = "application/vnd.conda.repodata.v1+json+zst"
    blob = put(server, "c/noarch/repodata.json", "latest", media_type, text)
    channel = f"oci://{server.host}/c"
    for _ in range(2):
        gateway = Gateway(client, cache_dir=tmp_path)
        ((record,),) = gateway.query([channel], ["noarch"], ["a"])
        assert f"{channel}/noarch/a-1-0.conda" == record.url
    # The second time the manifest tells that the blob is the one on the disk.
    assert 1 == server.count(blob)
