"""Offline means that no socket is opened, whatever is asked for."""

from __future__ import annotations

import subprocess
import sys

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
