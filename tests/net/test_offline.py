"""Offline means that no socket is opened, whatever is asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from hognose.channel import index_channel
from support.package_maker import make_package

SCRIPT = """
import sys

def guard(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"{event}{arguments}")

sys.addaudithook(guard)

from hognose.errors import OfflineError
from hognose.net import Client
from hognose.repodata import Gateway

client = Client(offline=True)
refused = 0
for ask in (
    lambda: client.get("https://conda.anaconda.org/conda-forge/noarch/repodata.json"),
    lambda: Gateway(client, cache_dir=sys.argv[2]).query(["conda-forge"], ["noarch"], ["python"]),
):
    try:
        ask()
    except OfflineError:
        refused += 1
found = Gateway(client).query([sys.argv[1]], ["noarch"], ["a"])
assert [len(records) for records in found] == [1]
assert refused == 2
assert not {"urllib3", "http.client", "truststore"} & sys.modules.keys(), sys.modules.keys()
print("quiet")
"""


def test_an_offline_process_opens_no_socket(tmp_path):
    from support.repodata_files import entry, repodata, write_repodata

    write_repodata(tmp_path / "channel", repodata(entry("a")))
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT, (tmp_path / "channel").as_uri(), str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.stdout, answer.stderr, answer.returncode) == ("quiet\n", "", 0)


COMMANDS = """
import sys

def guard(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto"):
        raise SystemExit(f"{event}{arguments}")

sys.addaudithook(guard)

from hognose.cli import main

channel, prefix = sys.argv[1:]
remote = "https://conda.example.org/c"
statuses = [
    main(["create", "-p", prefix, "-c", channel, "-y", "--offline", "a"]),
    main(["search", "a", "-c", channel, "--offline"]),
    main(["list", "-p", prefix]),
    main(["auth", "status"]),
    main(["auth", "logout", "a.org", "--offline"]),
    main(["auth", "token", "b.org", "--offline"]),
    main(["config", "list"]),
    main(["search", "a", "-c", remote, "--offline"]),
    main(["create", "-p", prefix + "2", "-c", remote, "-y", "--offline", "a"]),
    main(["lock", "-c", remote, "--offline", "a", "-o", prefix + ".lock"]),
]
print(statuses, file=sys.stderr)
"""


def test_commands_that_are_offline_open_no_socket(tmp_path):
    (tmp_path / "home/.rattler").mkdir(parents=True)
    login = {
        "access_token": "a",
        "refresh_token": "b",
        "expires_at": 1,
        "token_endpoint": "https://a.org/token",
        "revocation_endpoint": "https://a.org/revoke",
        "client_id": "rattler",
    }
    secrets = {"a.org": {"OAuth": login}, "b.org": {"BearerToken": "t"}}
    (tmp_path / "home/.rattler/credentials.json").write_text(json.dumps(secrets))
    make_package(tmp_path / "channel", "a", "1.0", noarch="generic", files={"share/a": "a"})
    index_channel(tmp_path / "channel")
    answer = subprocess.run(
        [sys.executable, "-c", COMMANDS, tmp_path / "channel", tmp_path / "env"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "RATTLER_CACHE_DIR": str(tmp_path / "cache"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    statuses = answer.stderr.splitlines()[-1]
    assert "[0, 0, 0, 0, 0, 0, 0, 1, 1, 1]" == statuses, answer.stderr
    assert answer.stderr.count("needs the network, which is switched off") == 3
    assert (tmp_path / "env/share/a").is_file()
