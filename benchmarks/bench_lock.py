"""Reading and writing lock files, beside py-rattler.

Input: a lock file with one environment of real conda-forge packages (the first 2000 `.conda`
packages of `linux-64` whose build number the file name does not tell wrong), about 1.5 MB, in
version 6; both sides write version 7, which is all that py-rattler writes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import rattler
from backports import zstd

from hognose.lock import LockFile
from hognose.lock.yaml_document import _load, _loader, load_raw_yaml
from hognose.types import RepoDataRecord, wire
from measure import compare

DATA = Path(__file__).resolve().parents[2] / "shared/data/channels"
BASE = "https://conda.anaconda.org/conda-forge"


def make(count: int) -> LockFile:
    lock_file = LockFile(["linux-64"])
    lock_file.set_channels("default", [f"{BASE}/"])
    folder = DATA / "conda-forge" / "linux-64"
    data = json.loads(zstd.decompress((folder / "repodata.json.zst").read_bytes()))
    for file_name, entry in list(data["packages.conda"].items())[:count]:
        entry |= {"fn": file_name, "url": f"{BASE}/linux-64/{file_name}", "channel": f"{BASE}/"}
        record = wire.decode_json(json.dumps(entry), RepoDataRecord)
        lock_file.add_conda_package("default", "linux-64", record)
    return lock_file


def main() -> None:
    directory = Path(tempfile.mkdtemp())
    for count in (2000, 100):
        ours = make(count)
        path = directory / "input.lock"
        ours.write(path, version=6)
        theirs = rattler.LockFile.from_path(path)
        size = path.stat().st_size / 1000
        text = path.read_text()
        compare(
            {
                "hognose": lambda path=path: LockFile.read(path),
                "py-rattler": lambda path=path: rattler.LockFile.from_path(path),
            },
            title=f"read {count} packages, {size:.0f} kB",
        )
        compare(
            {
                "hognose": lambda ours=ours: ours.write(directory / "a.lock", version=7),
                "py-rattler": lambda theirs=theirs: theirs.to_path(directory / "b.lock"),
            },
            title=f"write {count} packages",
        )
        compare(
            {
                "block reader": lambda text=text: load_raw_yaml(text),
                "PyYAML C": lambda text=text: _load(text, _loader(core=False)),
            },
            title=f"the YAML of {count} packages",
            repeat=5,
        )


if __name__ == "__main__":
    sys.exit(main())
