"""One whole run with secrets of every kind, and then a search for them in all that it left.

Five servers: a channel behind a login, one behind a conda token, one behind a bearer token that is
reached as the mirror of another address, one in a bucket, and a stranger to whom all of them
redirect their archives. Every library logs at its lowest level.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from urllib.parse import quote

import pytest

from hognose.channel import index_channel
from support.channel_server import ChannelServer
from support.package_maker import make_package

# Each is as a person might choose it: with what has to be escaped in a URL.
PASSWORD, TOKEN, BEARER = "pa@ss/wörd-1", "to-token-2", "be.bearer-3"
S3_ID, S3_KEY, PROXY = "AKIAFOUR", "s3/secret+key-5", "proxy-pass-6"
BASIC = b64encode(f"me:{PASSWORD}".encode()).decode()
SECRETS = (
    *(PASSWORD, quote(PASSWORD, safe=""), BASIC, TOKEN, BEARER, S3_KEY, PROXY),
    b64encode(f"me:{PROXY}".encode()).decode(),
)

RUN = """
import logging, sys
logging.basicConfig(level=1, stream=sys.stderr, format="%(name)s %(message)s")
from hognose.cli import main
sys.exit(main(sys.argv[1:]))
"""


def write_channel(folder, name):
    make_package(folder, name, "1.0", noarch="generic", files={f"share/{name}.txt": name})
    index_channel(folder)


class World:
    """The servers, and a home with everything that a person would have set."""

    def __init__(self, tmp_path, stack):
        self.tmp_path = tmp_path
        self.outputs = []
        self.stranger = self.start(stack)
        basic = self.start(stack, {"Authorization": f"Basic {BASIC}"})
        bearer = self.start(stack, {"Authorization": f"Bearer {BEARER}"})
        token, s3 = self.start(stack), self.start(stack)
        for server, folder, name in (
            (basic, "mine", "behind-login"),
            (token, f"t/{TOKEN}/mine", "behind-token"),
            (bearer, "mine", "behind-bearer"),
            (s3, "bucket/mine", "in-bucket"),
        ):
            write_channel(server.root / folder, name)
            (package,) = (server.root / folder / "noarch").glob("*.conda")
            self.stranger.serve(f"elsewhere/{package.name}", package.read_bytes())
            target = f"{self.stranger.url}elsewhere/{package.name}"
            server.redirect(f"{folder}/noarch/{package.name}", target)
        self.servers = {"basic": basic, "token": token, "bearer": bearer, "s3": s3}
        self.channels = (
            f"http://me:{quote(PASSWORD, safe='')}@{basic.host}/mine",
            f"http://{token.host}/t/{TOKEN}/mine",
            "https://conda.example.org/bear",
            "s3://bucket/mine",
        )
        home = tmp_path / "home"
        (home / ".rattler").mkdir(parents=True)
        # What holds secrets on purpose lies apart from what is searched.
        kept = tmp_path / "kept"
        kept.mkdir()
        (kept / "c.json").write_text(json.dumps({bearer.host: {"BearerToken": BEARER}}))
        (kept / "config.toml").write_text(
            f'[mirrors]\n"https://conda.example.org/bear" = ["{bearer.url}mine"]\n'
            f'[proxy-config]\nhttps = "http://me:{PROXY}@127.0.0.1:9"\n'
            f'[s3-options.bucket]\nendpoint-url = "{s3.url}"\nforce-path-style = true\n'
        )
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "RATTLER_CACHE_DIR": str(tmp_path / "searched/cache"),
            "RATTLER_AUTH_FILE": str(kept / "c.json"),
            "HOGNOSE_CONFIG": str(kept / "config.toml"),
            "AWS_ACCESS_KEY_ID": S3_ID,
            "AWS_SECRET_ACCESS_KEY": S3_KEY,
            "PYTHONUTF8": "1",
        }
        (tmp_path / "searched").mkdir()

    def start(self, stack, required=None):
        folder = self.tmp_path / f"server-{len(list(self.tmp_path.iterdir()))}"
        folder.mkdir()
        return stack.enter_context(ChannelServer(folder, required_headers=required))

    def run(self, *words, channels=None, **environ):
        options = [each for url in channels or self.channels for each in ("-c", url)]
        command = [sys.executable, "-c", RUN, *map(str, words)]
        if words[0] not in ("list", "history", "auth", "config"):
            command += options
        answer = subprocess.run(
            command,
            env=self.environ | environ,
            cwd=self.tmp_path / "searched",
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        self.outputs.append(answer.stdout + answer.stderr)
        return answer


@pytest.fixture
def world(tmp_path):
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield World(tmp_path, stack)


def found_secrets(content):
    return [secret for secret in SECRETS if secret.encode() in content]


@pytest.mark.timeout(120)
def test_no_secret_is_in_anything_that_a_run_leaves(world):
    names = ("behind-login", "behind-token", "behind-bearer", "in-bucket")
    prefix = world.tmp_path / "searched/env"

    created = world.run("create", "-p", prefix, "-y", "-v", *names)
    assert 0 == created.returncode, created.stderr
    assert all((prefix / f"share/{name}.txt").is_file() for name in names)

    for words in (
        ("list", "-p", prefix, "--json"),
        ("list", "-p", prefix, "--explicit"),
        ("history", "-p", prefix, "--json"),
        ("search", "*", "--json", "-v"),
        ("info", "--json"),
        ("config", "list", "--show-source"),
        ("auth", "status", "--json"),
        ("lock", "-v", "-o", "conda-lock.lock", *names),
        ("update", "-p", prefix, "-y", "-v", "--all"),
    ):
        answer = world.run(*words)
        assert 0 == answer.returncode, (words, answer.stderr)

    # Everything that goes wrong says so.
    assert 0 != world.run("create", "-p", prefix / "x", "-y", "no-such-package").returncode
    for server in world.servers.values():
        server.fail(status=403, times=None)
    cold = {"RATTLER_CACHE_DIR": str(world.tmp_path / "searched/cold")}
    for channel in world.channels:
        answer = world.run("search", "x", "-v", channels=[channel], **cold)
        assert 0 != answer.returncode
        answer = world.run("search", "x", "--json", channels=[channel], **cold)
        assert 0 != answer.returncode
    for server in world.servers.values():
        server.heal()
        server.drop(times=None)
    for channel in world.channels:
        environ = cold | {"HOGNOSE_MAX_RETRIES": "0"}
        answer = world.run("search", "x", "-v", channels=[channel], **environ)
        assert 0 != answer.returncode
    through = {"http_proxy": f"http://me:{PROXY}@{world.stranger.host}", **cold}
    assert 0 != world.run("search", "x", "-v", channels=world.channels[:2], **through).returncode

    for output in world.outputs:
        assert [] == found_secrets(output.encode())
    assert any("urllib3" in output for output in world.outputs)
    searched = [path for path in (world.tmp_path / "searched").rglob("*") if path.is_file()]
    assert any(path.name == "history" for path in searched)
    assert any(path.name == "conda-lock.lock" for path in searched)
    for path in searched:
        assert [] == found_secrets(path.read_bytes()), path


def test_a_stranger_receives_no_secret(world):
    names = ("behind-login", "behind-token", "behind-bearer", "in-bucket")
    prefix = world.tmp_path / "searched/env"
    assert 0 == world.run("create", "-p", prefix, "-y", *names).returncode

    assert set(names) == {
        request.path.rpartition("/")[2].rsplit("-", 2)[0] for request in world.stranger.requests
    }
    for request in world.stranger.requests:
        assert [] == found_secrets(str(request).encode())
        assert "authorization" not in request.headers
        assert not [name for name in request.headers if name.startswith("x-amz")]


def test_no_server_receives_the_secret_of_another(world):
    names = ("behind-login", "behind-token", "behind-bearer", "in-bucket")
    prefix = world.tmp_path / "searched/env"
    assert 0 == world.run("create", "-p", prefix, "-y", *names).returncode

    allowed = {"basic": {BASIC}, "token": {TOKEN}, "bearer": {BEARER}, "s3": set()}
    for name, server in world.servers.items():
        for request in server.requests:
            assert set(found_secrets(str(request).encode())) <= allowed[name], (name, request)
