"""Making, changing and emptying environments, against py-rattler's `install`.

The input is made on the spot: about 6,400 files of what is installed beside this interpreter and of
its library, 150 to 300 MB, dealt into 60 packages; one file in 25 with a prefix to replace as text
and one in 200 as binary, plus 10 packages of `noarch: python`. The channel is a folder, so no
network is in the figures. Channel, caches and prefixes lie in memory where `/dev/shm` exists
(`--directory` chooses another place), each with a cache of its own. py-rattler runs in a process of
its own and reports its own time; runs take turns.

    cold      empty cache: read, verify, extract, link
    warm      everything is in the cache: link
    no change the environment is as wanted
    update    half of the packages have a new build with the same paths
    remove    the environment is emptied
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from hognose.cache import PackageCache
from hognose.install import LinkOptions, install
from hognose.net import Client
from hognose.types import Platform
from support.package_maker import PLACEHOLDER, Content, File, make_package, make_python
from support.rattler_installer import RattlerInstaller

if TYPE_CHECKING:
    from collections.abc import Callable

    from hognose.types import RepoDataRecord

PACKAGES = 60
FILES = 6400
LARGEST = 40_000_000
# Not `ru_maxrss`: a child begins with its parent's.
MEMORY = """
import sys
sys.path[:0] = sys.argv[1:3]
from bench_install import Bench
Bench.load(sys.argv[3]).create_ours("memory")
print(*[line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")])
"""


def library_files() -> list[tuple[str, bytes]]:
    """Return paths and contents of installed packages and the library, in a fixed order."""
    found: list[tuple[str, bytes]] = []
    for root in (Path(sysconfig.get_path("platlib")), Path(sysconfig.get_path("stdlib"))):
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.stat().st_size < LARGEST:
                found.append((path.relative_to(root).as_posix(), path.read_bytes()))
            if len(found) == FILES:
                return found
    return found


def make_packages(channel: Path) -> tuple[list[RepoDataRecord], list[RepoDataRecord]]:
    """Write the channel; return the records of an environment, and those after an update."""
    files = library_files()
    share = -(-len(files) // PACKAGES)
    first: list[RepoDataRecord] = [make_python(channel)]
    second: list[RepoDataRecord] = list(first)
    for number in range(PACKAGES):
        content: dict[str, Content] = {}
        for index, (path, data) in enumerate(files[number * share : (number + 1) * share]):
            target = f"lib/part{number}/{path}"
            if index % 200 == 7 and len(data) < 1 << 20:
                placeholder = f"{PLACEHOLDER}/lib:{PLACEHOLDER}".encode()
                content[target] = File(data + b"\0" + placeholder + b"\0" + data, prefix="binary")
            elif index % 25 == 3 and b"\0" not in data:
                content[target] = File(data + f"\n# {PLACEHOLDER}\n".encode(), prefix="text")
            else:
                content[target] = data
        first.append(make_package(channel, f"part{number}", "1.0", files=content))
        if number % 2:
            second.append(first[-1])
        else:
            content[f"lib/part{number}/new"] = "new in this build\n"
            second.append(make_package(channel, f"part{number}", "1.0", "1", files=content))
    for number in range(10):
        modules: dict[str, Content] = {
            f"site-packages/module{number}/part{index}.py": f"value = {index}\n"
            for index in range(20)
        }
        record = make_package(
            channel,
            f"module{number}",
            "1.0",
            files=modules,
            noarch="python",
            depends=("python",),
            entry_points=(f"run{number} = module{number}.part0:main",),
        )
        first.append(record)
        second.append(record)
    return first, second


class Bench:
    """One input, and both installers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ours, self.theirs = root / "our-prefix", root / "old-prefix"
        self.our_cache, self.their_cache = root / "our-cache", root / "their-cache"
        self.client = Client()

    @classmethod
    def make(cls, root: Path) -> Bench:
        bench = cls(root)
        bench.first, bench.second = make_packages(root / "channel")
        fields = [[json.loads(record.to_json()) for record in bench.first]]
        (root / "records.json").write_text(json.dumps(fields))
        return bench

    @classmethod
    def load(cls, root: str) -> Bench:
        from hognose.types import RepoDataRecord, wire

        bench = cls(Path(root))
        (bench.first,) = wire.decode_json(
            (bench.root / "records.json").read_bytes(), list[list[RepoDataRecord]]
        )
        return bench

    def install_ours(self, records: list[RepoDataRecord], prefix: Path) -> float:
        started = time.perf_counter()
        install(
            records,
            prefix,
            cache=PackageCache(self.our_cache),
            client=self.client,
            platform=Platform("linux-64"),
            link_options=LinkOptions(clobber="ignore"),
        )
        return time.perf_counter() - started

    def create_ours(self, name: str) -> float:
        return self.install_ours(self.first, self.root / name)


def report(title: str, ours: list[float], theirs: list[float]) -> None:
    """Print medians and their ratio, and append them to `$HOGNOSE_BENCH_JSON`."""
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(
        f"  {title:10} hognose {mine * 1000:8.1f} ms   py-rattler {other * 1000:8.1f} ms   "
        f"ratio {mine / other:5.2f}   [{min(ours) * 1000:.0f}..{max(ours) * 1000:.0f} | "
        f"{min(theirs) * 1000:.0f}..{max(theirs) * 1000:.0f}]",
        flush=True,
    )
    if target := os.environ.get("HOGNOSE_BENCH_JSON"):
        with open(target, "a", encoding="utf-8") as stream:
            medians = {"hognose": mine, "py-rattler": other}
            stream.write(json.dumps({"title": f"install, {title}", "medians": medians}) + "\n")


def main() -> None:
    """Make the input and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", default="/dev/shm" if os.path.isdir("/dev/shm") else None)
    parser.add_argument("--repeat", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as folder, RattlerInstaller() as peer:
        bench = Bench.make(Path(folder))
        sizes = [len(data) for _, data in library_files()]
        megabytes = sum(sizes) / 1e6
        files = len(sizes) + 200
        print(f"{len(bench.first)} packages, {files} files, {megabytes:.0f} MB, in {folder}")
        measure(bench, peer, options.repeat)
        report_memory(bench)


def measure(bench: Bench, peer: RattlerInstaller, repeat: int) -> None:
    """Run all scenarios in turns."""
    times: dict[str, tuple[list[float], list[float]]] = {}

    def turn(title: str, ours: Callable[[], float], theirs: Callable[[], float]) -> None:
        mine, other = times.setdefault(title, ([], []))
        mine.append(ours())
        other.append(theirs())

    def both(title: str, records: list[RepoDataRecord]) -> None:
        turn(
            title,
            lambda: bench.install_ours(records, bench.ours),
            lambda: peer.install(records, bench.theirs, bench.their_cache),
        )

    # Both caches get the packages of the update, outside the figures.
    bench.install_ours(bench.second, bench.ours)
    peer.install(bench.second, bench.theirs, bench.their_cache)
    for _ in range(repeat):
        clear(bench.ours, bench.theirs)
        both("warm", bench.first)
        both("no change", bench.first)
        both("update", bench.second)
        both("remove", [])
    for _ in range(max(3, repeat // 3)):
        clear(bench.ours, bench.theirs, bench.our_cache, bench.their_cache)
        both("cold", bench.first)
    for title, (mine, other) in times.items():
        report(title, mine, other)


def clear(*paths: Path) -> None:
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)


def report_memory(bench: Bench) -> None:
    """Print the peak of a fresh process that makes one environment from a full cache."""
    if sys.platform != "linux":
        return
    here = Path(__file__).parent
    arguments = [str(here), str(here.parent / "tests"), str(bench.root)]
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, *arguments], capture_output=True, text=True, check=True
    )
    print(f"  peak memory of a process that links them: {int(done.stdout) / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
