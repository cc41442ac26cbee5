"""Making, changing and emptying environments, against py-rattler's `install`.

The input is made on the spot: about 6,400 files of what is installed beside this interpreter and of
its library, 150 to 300 MB, dealt into 60 packages; one file in 25 with a prefix to replace as text
and one in 200 as binary, plus 10 packages of `noarch: python`. Channel, caches and prefixes lie in
memory where `/dev/shm` exists, each contestant with a cache of its own; `--directory` chooses
another place and `--ext4 SIZE` mounts a fresh ext4 file system for the run, which root may. Disk
figures from a file system with a past say more about that past than about who uses it. py-rattler
runs in a process of its own and reports its own time; runs take turns.

    cold          empty cache: read from the channel's folder, verify, extract, link
    cold, first   the same by a process that has not installed anything before, so that it starts
                  its workers, and py-rattler its threads
    cold, http    from a server on loopback, which is a process of its own
    warm          everything is in the cache: link
    no change     the environment is as wanted
    update        half of the packages have a new build with the same paths
    remove        the environment is emptied

The last two scenarios are of another environment, in which the packages of `noarch: python` hold
the standard library, and with byte-code: hognose's own, against py-rattler's `install` followed by
`python -m compileall -q -j 0` for the environment's modules.
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
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import msgspec

from hognose.cache import PackageCache
from hognose.install import LinkOptions, install
from hognose.net import Client
from hognose.types import Platform, RepoDataRecord, wire
from support.package_maker import PLACEHOLDER, Content, File, make_package, make_python
from support.rattler_installer import RattlerInstaller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGES = 60
FILES = 6400
LARGEST = 40_000_000
SHORT_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
WITHOUT = ("site-packages", "test", "idlelib", "lib2to3")

# Run in processes of their own: one to be watched, one to be asked.
OURS = """
import sys
sys.path[:0] = sys.argv[1:3]
from bench_install import Bench
print(Bench.load(sys.argv[3]).create_ours(sys.argv[4]))
"""
SERVER = """
import sys
from hognose.channel import ChannelServer
with ChannelServer(sys.argv[1]) as server:
    print(server.url, flush=True)
    sys.stdin.read()
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


def make_modules(channel: Path) -> list[RepoDataRecord]:
    """Write a Python that runs, and ten packages with the standard library in them."""
    library = Path(sysconfig.get_path("stdlib"))
    sources = [
        path
        for path in sorted(library.rglob("*.py"))
        if path.relative_to(library).parts[0] not in WITHOUT
    ]
    records = [make_python(channel, f"{SHORT_VERSION}.0", runs=True, build="1")]
    share = -(-len(sources) // 10)
    for number in range(10):
        content: dict[str, Content] = {
            f"site-packages/library{number}/{path.relative_to(library).as_posix()}": (
                path.read_bytes()
            )
            for path in sources[number * share : (number + 1) * share]
        }
        records.append(
            make_package(
                channel,
                f"library{number}",
                "1.0",
                files=content,
                noarch="python",
                depends=("python",),
            )
        )
    return records


class Bench:
    """One input, and both installers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.first: list[RepoDataRecord] = []
        self.second: list[RepoDataRecord] = []
        self.modules: list[RepoDataRecord] = []
        self.ours, self.theirs = root / "our-prefix", root / "old-prefix"
        self.our_cache, self.their_cache = root / "our-cache", root / "their-cache"
        self.client = Client()

    @classmethod
    def make(cls, root: Path) -> Self:
        """Write the channel."""
        bench = cls(root)
        bench.first, bench.second = make_packages(root / "channel")
        # Python is another one, and the small packages of modules give way to large ones.
        bench.modules = [*bench.first[1 : 1 + PACKAGES], *make_modules(root / "channel")]
        (root / "records.json").write_bytes(wire.encode_json(bench.first))
        return bench

    @classmethod
    def load(cls, root: str) -> Self:
        """Take up what another process has made, for `create_ours`."""
        bench = cls(Path(root))
        content = (bench.root / "records.json").read_bytes()
        bench.first = wire.decode_json(content, list[RepoDataRecord])
        return bench

    def install_ours(
        self, records: list[RepoDataRecord], prefix: Path, *, compiling: bool = False
    ) -> float:
        """Install with hognose; return seconds."""
        started = time.perf_counter()
        install(
            records,
            prefix,
            cache=PackageCache(self.our_cache),
            client=self.client,
            platform=Platform("linux-64"),
            link_options=LinkOptions(clobber="ignore"),
            compile_byte_code=compiling,
        )
        return time.perf_counter() - started

    def install_theirs(
        self, peer: RattlerInstaller, records: list[RepoDataRecord], *, compiling: bool = False
    ) -> float:
        """Install with py-rattler, and compile what it leaves uncompiled; return seconds."""
        seconds = peer.install(records, self.theirs, self.their_cache)
        if compiling:
            modules = self.theirs / f"lib/python{SHORT_VERSION}/site-packages"
            python = self.theirs / f"bin/python{SHORT_VERSION}"
            started = time.perf_counter()
            subprocess.run([python, "-m", "compileall", "-q", "-j", "0", modules], check=False)
            seconds += time.perf_counter() - started
        return seconds

    def create_ours(self, name: str) -> float:
        """Make one more environment."""
        return self.install_ours(self.first, self.root / name)

    def command_ours(self) -> list[str]:
        """Return a command that makes one more environment, and prints seconds."""
        here = Path(__file__).parent
        arguments = [str(here), str(here.parent / "tests"), str(self.root), self.ours.name]
        return [sys.executable, "-c", OURS, *arguments]

    def clear(self, *, caches: bool = False) -> None:
        """Remove the environments, and with `caches` all that was fetched."""
        shutil.rmtree(self.ours, ignore_errors=True)
        shutil.rmtree(self.theirs, ignore_errors=True)
        if caches:
            shutil.rmtree(self.our_cache, ignore_errors=True)
            shutil.rmtree(self.their_cache, ignore_errors=True)


def at(records: list[RepoDataRecord], old: str, new: str) -> list[RepoDataRecord]:
    """Return the records with another place of their channel."""
    return [
        msgspec.structs.replace(
            record,
            url=record.url.replace(old, new),
            channel=(record.channel or "").replace(old, new),
        )
        for record in records
    ]


@contextmanager
def served(channel: Path) -> Iterator[str]:
    """Serve a folder from a process of its own; yields its URL."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, channel],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def report(title: str, ours: list[float], theirs: list[float]) -> None:
    """Print medians and their ratio, and append them to `$HOGNOSE_BENCH_JSON`."""
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(
        f"  {title:15} hognose {mine * 1000:8.1f} ms   py-rattler {other * 1000:8.1f} ms   "
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
    parser.add_argument("--ext4", metavar="SIZE", help="mount a fresh ext4 of this size: 4G")
    parser.add_argument("--repeat", type=int, default=9)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(dir=options.directory) as folder,
        mounted(Path(folder), options.ext4) as root,
        RattlerInstaller() as peer,
    ):
        bench = Bench.make(root)
        sizes = [len(data) for _, data in library_files()]
        print(
            f"{len(bench.first)} packages, {len(sizes) + 200} files, "
            f"{sum(sizes) / 1e6:.0f} MB, on {file_system_of(root)}, "
            f"{len(os.sched_getaffinity(0))} processors"
        )
        measure(bench, peer, options.repeat)
        measure_first(bench, max(3, options.repeat // 2))
        measure_compiling(bench, peer, max(3, options.repeat // 3))
        report_memory(bench)


@contextmanager
def mounted(folder: Path, size: str | None) -> Iterator[Path]:
    """Yield the folder, or a fresh file system that is mounted in it."""
    if size is None:
        yield folder
        return
    # The image itself must not be on a disk.
    image, point = folder / "image", folder / "mounted"
    point.mkdir()
    subprocess.run(["truncate", "-s", size, image], check=True)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, point], check=True)
    try:
        yield point
    finally:
        subprocess.run(["umount", point], check=True)


def file_system_of(path: Path) -> str:
    """Return the kind of file system that a folder is on."""
    command = ["df", "--output=fstype", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.split()[-1] if done.stdout else "an unknown file system"


class Turns:
    """The times of both, by scenario."""

    def __init__(self) -> None:
        self.times: dict[str, tuple[list[float], list[float]]] = {}

    def take(self, title: str, ours: Callable[[], float], theirs: Callable[[], float]) -> None:
        """Let both have a turn; who begins changes, because what was before is not quite over."""
        mine, other = self.times.setdefault(title, ([], []))
        turns = [(mine, ours), (other, theirs)]
        for times, run in reversed(turns) if len(mine) % 2 else turns:
            times.append(run())

    def report(self) -> None:
        """Print all scenarios."""
        for title, (mine, other) in self.times.items():
            report(title, mine, other)


def measure(bench: Bench, peer: RattlerInstaller, repeat: int) -> None:
    """Run all scenarios without byte-code, in turns."""
    turns = Turns()

    def both(title: str, records: list[RepoDataRecord]) -> None:
        turns.take(
            title,
            lambda: bench.install_ours(records, bench.ours),
            lambda: bench.install_theirs(peer, records),
        )

    with served(bench.root / "channel") as url:
        remote = at(bench.first, (bench.root / "channel").as_uri() + "/", url)
        for turn in range(repeat + 1):
            for title, records in (("cold", bench.first), ("cold, http", remote)):
                bench.clear(caches=True)
                both(title, records)
            if not turn:
                # The first turn imports what is imported late.
                turns.times.clear()
    # Both caches get the packages of the update, outside the figures.
    bench.install_ours(bench.second, bench.ours)
    bench.install_theirs(peer, bench.second)
    for _ in range(repeat):
        bench.clear()
        both("warm", bench.first)
        both("no change", bench.first)
        both("update", bench.second)
        both("remove", [])
    turns.report()


def measure_compiling(bench: Bench, peer: RattlerInstaller, repeat: int) -> None:
    """Run the scenarios with byte-code."""
    turns = Turns()
    records = bench.modules
    for _ in range(repeat):
        bench.clear(caches=True)
        for title in ("cold, compiled", "warm, compiled"):
            turns.take(
                title,
                lambda: bench.install_ours(records, bench.ours, compiling=True),
                lambda: bench.install_theirs(peer, records, compiling=True),
            )
            bench.clear()
    turns.report()


def measure_first(bench: Bench, repeat: int) -> None:
    """Have processes of their own make one environment each."""
    turns = Turns()

    def ours() -> float:
        done = subprocess.run(bench.command_ours(), capture_output=True, text=True, check=True)
        return float(done.stdout)

    def theirs() -> float:
        with RattlerInstaller() as peer:
            return bench.install_theirs(peer, bench.first)

    for _ in range(repeat):
        bench.clear(caches=True)
        turns.take("cold, first", ours, theirs)
    turns.report()


def report_memory(bench: Bench) -> None:
    """Print the peaks of fresh processes that make one environment."""
    if sys.platform != "linux":
        return
    for title in ("cold", "warm"):
        bench.clear(caches=title == "cold")
        process = subprocess.Popen(bench.command_ours(), stdout=subprocess.DEVNULL)
        with Watch(process.pid) as ours, process:
            process.wait()
        with RattlerInstaller() as peer, Watch(peer._process.pid) as theirs:
            bench.install_theirs(peer, bench.first)
        print(
            f"  peak memory, {title}: hognose {ours.peak >> 20} MiB with the processes that it "
            f"starts, py-rattler {theirs.peak >> 20} MiB"
        )


class Watch:
    """Looks at the memory of a process and its descendants while the block runs.

    Memory that several of them share counts once (`Pss`).
    """

    def __init__(self, process: int) -> None:
        self.peak = 0
        self._process = process
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stopped.wait(0.002):
            self.peak = max(self.peak, sum(map(_memory, _family(self._process))))


def _family(process: int) -> list[int]:
    found = [process]
    for member in found:
        with suppress(OSError):
            for children in Path(f"/proc/{member}/task").glob("*/children"):
                found += map(int, children.read_text().split())
    return found


def _memory(process: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0


if __name__ == "__main__":
    main()
