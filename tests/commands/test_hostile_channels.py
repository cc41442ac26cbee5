"""A channel whose records lie: nothing is written outside the environment and the caches."""

import json

import pytest

from hognose.channel import index_channel
from support.package_maker import make_package
from support.trees import snapshot

LIES = {
    "name": "../../evil",
    "version": "../../../evil",
    "build": "../../evil",
    "subdir": "../../evil",
    "url": "file:///etc/passwd",
    "channel": "../../evil",
    "python_site_packages_path": "../../../evil",
}


def make_lying_channel(directory, field):
    make_package(directory, "lib", "1.0", files={"lib/lib.txt": "lib\n"})
    index_channel(directory)
    folder = directory / "linux-64"
    document = json.loads((folder / "repodata.json").read_bytes())
    if field == "file name":
        packages = document["packages.conda"]
        packages["../../../evil-1.0-0.conda"] = packages.pop("lib-1.0-0.conda")
    else:
        document["packages.conda"]["lib-1.0-0.conda"][field] = LIES[field]
    for name in ("repodata.json.zst", "repodata_shards.msgpack.zst"):
        (folder / name).unlink()
    (folder / "repodata.json").write_text(json.dumps(document))


@pytest.mark.parametrize("field", [*LIES, "file name"])
def test_a_lying_record_writes_nothing_elsewhere(hognose, tmp_path, field):
    world = tmp_path / "a" / "b" / "c"
    make_lying_channel(world / "channel", field)
    before = snapshot(tmp_path)

    result = hognose("create", "-p", world / "env", "-c", world / "channel", "lib")

    assert "Traceback" not in result.err
    own = (str((world / "env").relative_to(tmp_path)), "cache", "home/.conda")
    after = {
        name: content for name, content in snapshot(tmp_path).items() if not name.startswith(own)
    }
    assert before == after
    if result.status == 0:
        assert "lib\n" == (world / "env/lib/lib.txt").read_text()
        assert [] == list((world / "env").rglob("*evil*"))
