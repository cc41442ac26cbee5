"""Buckets."""

import json
from datetime import UTC, datetime

import pytest

from hognose.net import Client, CredentialFile, S3Bucket, S3Credentials
from hognose.net.s3 import sign
from hognose.repodata import Gateway
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hunter2"}


@pytest.mark.parametrize(
    ("host", "path", "token", "signature"),
    [
        (
            "examplebucket.s3.amazonaws.com",
            "/test.txt",
            None,
            "df548e2ce037944d03f3e68682813b093763996d597cf890ca3d9037fd231eb4",
        ),
        (
            "s3.eu",
            "/b/c/a%20b%2Bc.txt",
            "tok",
            "de8a6c14d94ab0e2456a3acbed5a3fe43210d41eeb6bb6d3f0cb67afb37402ab",
        ),
    ],
)
def test_a_signature_is_the_one_that_botocore_makes(host, path, token, signature):
    pair = S3Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", token)
    moment = datetime(2013, 5, 24, tzinfo=UTC)
    fields = sign(host, path, region="us-east-1", credentials=pair, moment=moment)
    assert signature == fields["Authorization"].rpartition("Signature=")[2]


@pytest.fixture
def server(tmp_path):
    with ChannelServer(tmp_path / "served") as server:
        yield server


def bucket(server, **options):
    return {"b": S3Bucket(endpoint_url=server.url, force_path_style=True, **options)}


def test_a_request_is_signed_for_its_region(server):
    server.serve("b/c/a b+c.txt", b"x")
    with Client(environ=KEYS, s3_buckets=bucket(server, region="eu")) as client:
        assert b"x" == client.get("s3://b/c/a%20b+c.txt")
    (request,) = server.requests
    assert "/b/c/a%20b%2Bc.txt" == request.target
    assert "/eu/s3/aws4_request" in request.headers["authorization"]
    assert "AKIDEXAMPLE" in request.headers["authorization"]
    assert "hunter2" not in str(request)


def test_a_public_bucket_needs_no_keys(server):
    server.serve("b/x", b"x")
    with Client(environ={}, s3_buckets=bucket(server)) as client:
        assert b"x" == client.get("s3://b/x")
    assert "authorization" not in server.requests[0].headers


def test_an_endpoint_can_come_from_the_environment(server):
    server.serve("other/x", b"x")
    environ = {**KEYS, "AWS_ENDPOINT_URL": server.url, "AWS_SESSION_TOKEN": "session"}
    with Client(environ=environ) as client:
        assert b"x" == client.get("s3://other/x")
    assert "session" == server.requests[0].headers["x-amz-security-token"]


def test_the_credentials_file_comes_before_the_environment(server, tmp_path):
    pair = {"access_key_id": "FROMFILE", "secret_access_key": "x", "session_token": None}
    (tmp_path / "c.json").write_text(json.dumps({"b": {"S3Credentials": pair}}))
    server.serve("b/x", b"x")
    store = CredentialFile(tmp_path / "c.json")
    with Client(environ=KEYS, credentials=store, s3_buckets=bucket(server)) as client:
        client.get("s3://b/x")
    assert "FROMFILE" in server.requests[0].headers["authorization"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[default]\naws_access_key_id = ID\naws_secret_access_key = K%Y\n", True),
        ("[other]\naws_access_key_id = ID\n", False),
        ("no such thing", False),
    ],
)
def test_amazons_own_file_is_read(server, tmp_path, text, expected):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text(text)
    server.serve("b/x", b"x")
    with Client(environ={"HOME": str(tmp_path)}, s3_buckets=bucket(server)) as client:
        client.get("s3://b/x")
    assert expected is ("authorization" in server.requests[0].headers)


@pytest.mark.parametrize("form", ["json", "shards"])
def test_a_channel_can_be_in_a_bucket(server, tmp_path, form):
    write_repodata(tmp_path / "served/b/c", repodata(entry("a")), formats=(form,))
    with Client(environ=KEYS, s3_buckets=bucket(server)) as client:
        ((record,),) = Gateway(client).query(["s3://b/c"], ["noarch"], ["a"])
    assert "s3://b/c/noarch/a-1-0.conda" == record.url


def test_a_bucket_in_another_region_is_asked_there(server):
    server.serve("b/x", b"x")
    server.fail("b/x", status=301, headers={"x-amz-bucket-region": "eu-west-3"})
    with Client(environ=KEYS, s3_buckets=bucket(server)) as client:
        assert b"x" == client.get("s3://b/x")
        assert b"x" == client.get("s3://b/x")
    scopes = [request.headers["authorization"].split("/")[2] for request in server.requests]
    assert ["us-east-1", "eu-west-3", "eu-west-3"] == scopes
