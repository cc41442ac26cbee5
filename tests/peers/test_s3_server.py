"""A real S3 server (moto) that checks who asks and what was signed."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, urlencode

import pytest

from hognose.channel import index_channel
from hognose.errors import NetworkError
from hognose.net import Client, Request, S3Bucket
from hognose.repodata import Gateway
from support.package_maker import make_package
from support.peer_process import find_program, free_port, running

pytestmark = pytest.mark.slow

# While the tests prepare the server, nobody is asked who they are.
_FREE_ACTIONS = 6


@pytest.fixture
def bucket(tmp_path):
    """A server with a channel in the bucket `conda`, and a key pair that may read it."""
    moto = find_program("moto_server", "PyPI's `moto[server]`")
    port = free_port()
    folder = tmp_path / "channel"
    make_package(folder, "a", "1.0", noarch="generic", files={"share/a.txt": "a\n"})
    index_channel(folder)
    (package,) = (folder / "noarch").glob("*.conda")
    environ = {"INITIAL_NO_AUTH_ACTION_COUNT": str(_FREE_ACTIONS)}
    command = [moto, "-H", "127.0.0.1", "-p", str(port)]
    with (
        running(command, port, log=tmp_path / "output.log", environ=environ),
        Client(environ={}) as client,
    ):
        endpoint = f"http://127.0.0.1:{port}"
        send = _sender(client, endpoint)
        send("iam", "POST", "/", b"Action=CreateUser&UserName=me")
        answer = send("iam", "POST", "/", b"Action=CreateAccessKey&UserName=me")
        policy = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
        }
        form = {
            "Action": "PutUserPolicy",
            "UserName": "me",
            "PolicyName": "read",
            "PolicyDocument": json.dumps(policy),
        }
        send("iam", "POST", "/", urlencode(form).encode())
        send("s3", "PUT", "/conda", b"")
        content = (folder / "noarch/repodata.json").read_bytes()
        send("s3", "PUT", "/conda/team/noarch/repodata.json", content)
        send("s3", "PUT", f"/conda/team/noarch/{quote(package.name)}", package.read_bytes())
        name, key = (
            re.search(f"<{tag}>(.*?)</{tag}>", answer)[1]
            for tag in ("AccessKeyId", "SecretAccessKey")
        )
        yield endpoint, package, {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": key}


def _sender(client, endpoint):
    def send(service, method, path, body):
        # The server finds the service in the scope of a signature, which it does not check yet.
        scope = (
            f"AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/{service}/aws4_request, Signature=x"
        )
        headers = {"Authorization": scope}
        if service == "iam":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        request = Request(url=endpoint + path, method=method, body=body, headers=headers)
        with client.send(request) as response:
            answer = response.read().decode()
            assert response.status < 300, answer
            return answer

    return send


def reader(endpoint, environ):
    buckets = {"conda": S3Bucket(endpoint_url=endpoint, force_path_style=True)}
    return Client(environ=environ, s3_buckets=buckets)


def test_a_channel_is_read_from_a_bucket_that_checks_signatures(bucket):
    endpoint, package, keys = bucket
    with reader(endpoint, keys) as client:
        ((record,),) = Gateway(client).query(["s3://conda/team"], ["noarch"], ["a"])
        assert f"s3://conda/team/noarch/{package.name}" == record.url
        assert package.read_bytes() == client.get(record.url)
        with client.open(record.url, offset=10) as response:
            assert package.read_bytes()[10:] == response.read()


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_wrong_key_is_refused_by_the_server(bucket, name):
    endpoint, _, keys = bucket
    wrong = keys | {name: keys[name][:-1] + "_"}
    with (
        reader(endpoint, wrong) as client,
        pytest.raises(NetworkError, match="status 403") as caught,
    ):
        client.get("s3://conda/team/noarch/repodata.json")
    assert keys["AWS_SECRET_ACCESS_KEY"] not in str(caught.value)


def test_the_server_refuses_who_does_not_sign(bucket):
    endpoint, _, _ = bucket
    with reader(endpoint, {}) as client, pytest.raises(NetworkError, match="status 403"):
        client.get("s3://conda/team/noarch/repodata.json")
