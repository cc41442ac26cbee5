"""Channels in registries of container images."""

import hashlib
import json

import pytest

from hognose.errors import FetchRepoDataError, InvalidUrlError, NetworkError, NotFoundError
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


@pytest.mark.parametrize("url", ["oci:///x/repodata.json", "oci://me:pw@/x/repodata.json"])
def test_a_url_without_a_host_is_refused(url):
    with pytest.raises(InvalidUrlError):
        OciImage.parse(url)


@pytest.mark.parametrize(
    ("host", "scheme"),
    [
        ("localhost:5000", "http"),
        ("127.0.0.1", "http"),
        ("[::1]", "http"),
        ("[::1]:5000", "http"),
        ("localhost.example.org", "https"),
        ("127.0.0.1.example.org:5000", "https"),
    ],
)
@pytest.mark.parametrize("login", ["", "me:hush@"])
def test_only_this_machine_is_asked_in_plain_text(host, scheme, login):
    image = OciImage.parse(f"oci://{login}{host}/c/noarch/repodata.json")
    assert f"{scheme}://{host}/v2/c/noarch/repodata.json" == image.base


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


def test_a_login_in_the_url_counts_for_what_else_the_registry_has(server, client):
    put(server, "c/noarch/a", "1-0", PACKAGE, b"x")
    server.required_headers["Authorization"] = "Basic bWU6aHUgc2g="
    assert b"x" == client.get(f"oci://me:hu%20sh@{server.host}/c/noarch/a-1-0.conda")
    assert b"x" == client.get(f"oci://{server.host}/c/noarch/a-1-0.conda")


def test_a_key_of_the_client_does_not_go_to_a_token_server_elsewhere(server):
    put(server, "c/noarch/a", "1-0", PACKAGE, b"x")
    with ChannelServer() as elsewhere:
        challenge = f'Bearer realm="{elsewhere.url}token"'
        headers = {"WWW-Authenticate": challenge}
        server.fail("v2/c/noarch/a/manifests/1-0", status=401, headers=headers, times=1)
        elsewhere.serve("token", b'{"token": "granted"}')
        with Client(environ={}, headers={"X-Api-Key": "hush"}) as client:
            assert b"x" == client.get(f"oci://{server.host}/c/noarch/a-1-0.conda")
        assert all("x-api-key" in request.headers for request in server.requests)
        assert ["token"] == [request.path for request in elsewhere.requests]
        assert "x-api-key" not in elsewhere.requests[0].headers


def test_the_manifest_of_repodata_is_asked_for_once_for_all_formats(server, client):
    manifest = "v2/c/noarch/repodata.json/manifests/latest"
    media_type = "application/vnd.conda.repodata.v1+json"
    put(server, "c/noarch/repodata.json", "latest", media_type, b"{}")
    for name in ("repodata.json.zst", "repodata.json.bz2"):
        with pytest.raises(NotFoundError):
            client.get(f"oci://{server.host}/c/noarch/{name}")
    assert b"{}" == client.get(f"oci://{server.host}/c/noarch/repodata.json")
    assert 1 == server.count(manifest)
    put(server, "c/noarch/repodata.json", "latest", media_type, b'{"packages": {}}')
    assert b'{"packages": {}}' == client.get(f"oci://{server.host}/c/noarch/repodata.json")
    assert 2 == server.count(manifest)


def test_a_missing_manifest_of_repodata_is_asked_for_once(server, client):
    gateway = Gateway(client)
    with pytest.raises(FetchRepoDataError, match="is not a channel"):
        gateway.query([f"oci://{server.host}/c"], ["noarch"], ["a"])
    assert 1 == server.count("v2/c/noarch/repodata.json/manifests/latest")


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
