"""What the largest channels cost, in a process of its own (asked for by people in containers)."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support import shared_data
from support.channel_server import ChannelServer
from support.repodata_files import zstd

if TYPE_CHECKING:
    from pathlib import Path

# As many records as the largest subdir that there is.
RECORD_COUNT = 300_000
PEAK = """
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status")
           if line.startswith("VmHWM")))
"""
FROM_A_FILE = """
import sys
from hognose.repodata import SparseRepoData
from hognose.types import Channel
data = SparseRepoData(Channel("c"), "linux-64", sys.argv[1] + "/linux-64/repodata.json")
assert len(SparseRepoData.load_records_recursive([data], ["python"])[0]) > 1000
"""
FROM_A_SERVER = """
import sys
from hognose.net import Client
from hognose.repodata import Gateway
with Client(environ={}) as client:
    gateway = Gateway(client, cache_dir=sys.argv[3])
    assert gateway.query([sys.argv[2]], ["linux-64", "noarch"], ["python"]).record_count > 1000
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel of real records, most of them several times under other build strings."""
    root = tmp_path_factory.mktemp("huge")
    document = json.loads(shared_data.read_zst("channels/conda-forge/linux-64/repodata.json.zst"))
    originals = document["packages.conda"]
    records: dict[str, Any] = {}
    turn = 0
    while len(records) < RECORD_COUNT:
        for file_name, record in originals.items():
            build = f"v{turn}_{record['build']}"
            stem = file_name.rsplit("-", 1)[0]
            records[f"{stem}-{build}.conda"] = {**record, "build": build}
        turn += 1
    records = dict(sorted(records.items())[:RECORD_COUNT])
    text = json.dumps({**document, "packages": {}, "packages.conda": records}).encode()
    for subdir, content in (("linux-64", text), ("noarch", b"{}")):
        (root / subdir).mkdir()
        (root / subdir / "repodata.json").write_bytes(content)
        (root / subdir / "repodata.json.zst").write_bytes(zstd.compress(content, 1))
    return root


@pytest.mark.parametrize(("script", "limit"), [(FROM_A_FILE, 128), (FROM_A_SERVER, 512)])
def test_a_huge_channel_fits_into_a_small_container(
    huge: Path, tmp_path: Path, script: str, limit: int
) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells the peak")
    with ChannelServer(huge) as server:
        command = [sys.executable, "-c", script + PEAK, str(huge), server.url, str(tmp_path)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(answer.stdout) < limit
