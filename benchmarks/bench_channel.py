"""Indexing a channel: hognose and py-rattler on the same packages, from nothing and again.

Inputs: 1,000 small packages of 200 names (metadata dominates), and 24 packages of 8 MiB each that
do not compress (hashing dominates). Both indexers write `repodata.json`, its `.zst` and shards;
ours also writes `run_exports.json` and its `.zst`. py-rattler compresses with level 19, we with 16,
which the last lines measure apart. Each run from nothing starts from a directory without an index.

Also: one run of repackaging the running interpreter and of converting a wheel, without a peer.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from backports import zstd
from rattler.index import index_fs

from hognose.channel import build_package_from_wheel, build_python_package, index_channel
from measure import compare
from support.package_maker import File, make_package
from support.wheel_maker import make_wheel

SMALL = 1000
LARGE = 24


def clear(channel):
    for subdir in channel.iterdir():
        for path in list(subdir.iterdir()):
            if path.is_dir():
                shutil.rmtree(path)
            elif path.suffix != ".conda":
                path.unlink()


def make_small(channel):
    for number in range(SMALL):
        make_package(
            channel,
            f"package{number // 5}",
            f"1.{number % 5}",
            files={"lib/a.txt": "x" * 1000},
            depends=["python >=3.9,<3.10.0a0", f"package{number * 7 % 200} >=1.0,<2.0a0"],
            subdir="linux-64",
        )


def make_large(channel):
    for number in range(LARGE):
        data = File(os.urandom(8 << 20))
        make_package(channel, f"large{number}", "1", files={"lib/data": data}, subdir="linux-64")


def measure_index(channel, title):
    def hognose():
        clear(channel)
        index_channel(channel)

    def rattler():
        clear(channel)
        asyncio.run(index_fs(channel))

    compare({"hognose": hognose, "py-rattler": rattler}, title=f"{title}, from nothing", repeat=5)
    index_channel(channel)
    compare(
        {
            "hognose": lambda: index_channel(channel),
            "py-rattler": lambda: asyncio.run(index_fs(channel)),
        },
        title=f"{title}, nothing new",
        repeat=5,
    )


def measure_levels(channel):
    clear(channel)
    index_channel(channel)
    data = (channel / "linux-64" / "repodata.json").read_bytes()
    print(f"\nrepodata.json of {len(data):,} bytes, compressed once")
    for level in (12, 16, 19):
        start = time.perf_counter()
        size = len(zstd.compress(data, level))
        print(f"  level {level}: {size:9,} bytes  {(time.perf_counter() - start) * 1000:8.1f} ms")


def measure_packages(directory):
    print("\nmaking packages, once each")
    start = time.perf_counter()
    package = build_python_package(directory / "made")
    print(f"  python: {time.perf_counter() - start:.2f} s, {package.size:,} bytes")
    files = {f"demo/module{number}.py": "x = 1\n" * 100 for number in range(200)}
    wheel = make_wheel(directory, files=files)
    start = time.perf_counter()
    build_package_from_wheel(wheel, directory / "made")
    print(f"  a wheel of {len(files)} modules: {time.perf_counter() - start:.2f} s")


def main():
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        small, large = directory / "small", directory / "large"
        make_small(small)
        make_large(large)
        measure_index(small, f"index {SMALL:,} small packages")
        measure_index(large, f"index {LARGE} packages of 8 MiB")
        measure_levels(small)
        measure_packages(directory)


if __name__ == "__main__":
    main()
