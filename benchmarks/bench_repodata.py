"""Loading records: ours and py-rattler's, in turns in one process.

Input: real conda-forge metadata (README beside the data), 24,087 records for linux-64 and 9,174 for
noarch, and its python=3.9 subchannel (2,914 records), as plain files and over a loopback server (a
process of its own); and a file of 300,000 records made by repeating the former under varied build
strings, so its sizes and shapes are real and its dependencies are not. Memory is the peak of a
process of its own for each contestant.

Every ratio is ours over py-rattler's, below 1 where hognose is ahead, with its bar beside it.

    python benchmarks/bench_repodata.py [local] [http] [memory] [large] [later]
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import rattler
from backports import zstd

from hognose.net import Client
from hognose.repodata import Gateway, SourceConfig, SparseRepoData
from hognose.types import Channel
from measure import compare

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support import shared_data
from support.repodata_files import write_shards

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TESTS = str(Path(shared_data.__file__).parents[1])
SUBDIRS = ("linux-64", "noarch")
# The largest acceptable ratios: of any query over loopback; of seconds and of memory.
HTTP_BAR = 1.0
MEMORY_BAR = 0.7
# Milliseconds; not a ratio.
LATER_BAR = 100
LARGE_BARS = {
    "one name": (1.2, 0.8),
    "all behind python": (0.7, 0.8),
    "every record": (0.4, 0.8),
}
BIG_QUESTION = ("jupyterlab", "pandas", "scikit-learn")


def print_ratio(medians: dict[str, float], bar: float = HTTP_BAR) -> None:
    ratio = medians["hognose"] / medians["py-rattler"]
    print(f"  hognose / py-rattler: {ratio:.2f} (bar {bar})")


def unpack(channel: str, target: Path) -> dict[str, Path]:
    paths = {}
    for subdir in SUBDIRS:
        folder = target / subdir
        folder.mkdir(parents=True)
        paths[subdir] = folder / "repodata.json"
        source = shared_data.ROOT / "channels" / channel / subdir / "repodata.json.zst"
        paths[subdir].write_bytes(zstd.decompress(source.read_bytes()))
        shutil.copyfile(source, folder / "repodata.json.zst")
    return paths


def load_ours(channel: str, paths: dict[str, Path], names: Sequence[str]) -> int:
    opened = [SparseRepoData(Channel(channel), subdir, path) for subdir, path in paths.items()]
    return sum(map(len, SparseRepoData.load_records_recursive(opened, names)))


def load_theirs(channel: str, paths: dict[str, Path], names: Sequence[str]) -> int:
    opened = [
        rattler.SparseRepoData(rattler.Channel(channel), subdir, path)
        for subdir, path in paths.items()
    ]
    wanted = [rattler.PackageName(name) for name in names]
    return sum(map(len, rattler.SparseRepoData.load_records_recursive(opened, wanted)))


def local(work: Path) -> None:
    for channel, names in (
        ("conda-forge-python39", ("python", "pip")),
        ("conda-forge", BIG_QUESTION),
    ):
        paths = unpack(channel, work / "local" / channel)
        ours = partial(load_ours, channel, paths, names)
        theirs = partial(load_theirs, channel, paths, names)
        assert ours() == theirs()
        medians = compare(
            {"hognose": ours, "py-rattler": theirs},
            title=f"open two files of {channel}, load all behind {' '.join(names)} ({ours()})",
        )
        print_ratio(medians)


@contextmanager
def serve(root: Path) -> Iterator[str]:
    """A server in a process of its own, so that it takes no turns from the clients."""
    script = (
        f"import sys; sys.path.insert(0, {TESTS!r}); from support.channel_server import *; "
        f"server = ChannelServer({str(root)!r}); print(server.url, flush=True); "
        "sys.stdin.read(); server.close()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


Answer = tuple[object, Any]
"""The gateway, which lives as long as its answer, and a list of records for each source."""


def count(answer: Answer) -> int:
    return sum(map(len, answer[1]))


class Question(NamedTuple):
    """What both are asked.

    Attributes:
        url: The channel's.
        is_sharded: Whether they may look for shards.
        is_cold: Whether nothing is on the disk.
        names: The packages.
        is_recursive: Whether to follow dependencies.
    """

    url: str
    is_sharded: bool
    is_cold: bool
    names: Sequence[str] = BIG_QUESTION
    is_recursive: bool = True

    def ask_ours(self, client: Client, cache: Path) -> Answer:
        config = SourceConfig(sharded_enabled=self.is_sharded)
        gateway = Gateway(client, cache_dir=self._prepared(cache), default_config=config)
        return gateway, gateway.query([self.url], SUBDIRS, self.names, recursive=self.is_recursive)

    def ask_theirs(self, cache: Path) -> Answer:
        config = rattler.SourceConfig(sharded_enabled=self.is_sharded)
        gateway = rattler.Gateway(cache_dir=self._prepared(cache), default_config=config)
        query = gateway.query(
            [rattler.Channel(self.url)], SUBDIRS, self.names, recursive=self.is_recursive
        )
        return gateway, asyncio.run(query)

    def _prepared(self, cache: Path) -> Path:
        if self.is_cold:
            shutil.rmtree(cache, ignore_errors=True)
        return cache


def http(work: Path) -> None:
    root = work / "http"
    for path in unpack("conda-forge", root).values():
        write_shards(path.parent, json.loads(path.read_bytes()))
    with serve(root) as url, Client(environ={}) as client:
        for sharded in (True, False):
            for cold in (True, False):
                question = Question(url, is_sharded=sharded, is_cold=cold)
                ours = partial(question.ask_ours, client, work / "ours")
                theirs = partial(question.ask_theirs, work / "theirs")
                assert count(ours()) == count(theirs())
                title = ("sharded" if sharded else "plain .zst", "cold" if cold else "warm")
                medians = compare(
                    {"hognose": ours, "py-rattler": theirs},
                    title=f"query over loopback, {', '.join(title)} ({count(ours())} records)",
                    repeat=9,
                )
                print_ratio(medians)


def make_large(path: Path) -> None:
    """300,000 real records, most of them several times with another build string."""
    source = shared_data.read_zst("channels/conda-forge/linux-64/repodata.json.zst")
    document = json.loads(source)
    records: dict[str, Any] = {}
    turn = 0
    while len(records) < 300_000:
        for file_name, record in document["packages.conda"].items():
            build = record["build"] if turn == 0 else f"v{turn}_{record['build']}"
            name = file_name if turn == 0 else f"{file_name.rsplit('-', 1)[0]}-{build}.conda"
            records[name] = {**record, "build": build}
        turn += 1
    records = dict(sorted(records.items())[:300_000])
    path.write_text(json.dumps({**document, "packages": {}, "packages.conda": records}))


ALONE = """
import time
{imports}
start = time.perf_counter()
{work}
elapsed = time.perf_counter() - start
# Not ru_maxrss, which a child inherits from the process that started it.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(elapsed, int(peak.split()[1]) / 1024)
"""
IMPORTS = {
    "hognose": "from hognose.repodata import SparseRepoData; from hognose.types import Channel",
    "py-rattler": "from rattler import Channel, PackageName, SparseRepoData",
}
OPEN = "data = SparseRepoData(Channel('c'), 'linux-64', {path!r}); records = "
WORK = {
    "one name": ("data.load_records('numpy')", "data.load_records('numpy')"),
    "all behind python": (
        "SparseRepoData.load_records_recursive([data], ['python'])",
        "SparseRepoData.load_records_recursive([data], [PackageName('python')])",
    ),
    "every record": ("data.load_all_records()", "data.load_all_records()"),
}


def measure_alone(imports: str, work: str) -> tuple[float, float]:
    script = ALONE.format(imports=imports, work=work)
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    seconds, peak = map(float, answer.stdout.split())
    return seconds, peak


def large(work: Path) -> None:
    path = work / "large.json"
    make_large(path)
    print(f"\na file of 300,000 records, {path.stat().st_size / 1e6:.0f} MB: seconds, peak MiB")
    start = OPEN.format(path=str(path))
    for title, scripts in WORK.items():
        results: dict[str, list[tuple[float, float]]] = {name: [] for name in IMPORTS}
        for _ in range(7):
            for (name, imports), script in zip(IMPORTS.items(), scripts, strict=True):
                results[name].append(measure_alone(imports, start + script))
        medians = {
            name: [sorted(column)[len(column) // 2] for column in zip(*values, strict=True)]
            for name, values in results.items()
        }
        for name, (seconds, peak) in medians.items():
            print(f"  {title:18} {name:10} {seconds:7.3f} s {peak:7.0f} MiB")
        (time_ratio, peak_ratio), bars = (
            [mine / peers for mine, peers in zip(*medians.values(), strict=True)],
            LARGE_BARS[title],
        )
        print(
            f"  {title:18} hognose / py-rattler: {time_ratio:.2f} (bar {bars[0]}) of the time, "
            f"{peak_ratio:.2f} (bar {bars[1]}) of the memory"
        )


COLD_IMPORTS = {
    "hognose": "from hognose.net import Client; from hognose.repodata import Gateway, SourceConfig",
    "py-rattler": "import asyncio; from rattler import Channel, Gateway, SourceConfig",
}
COLD_WORK = {
    "hognose": """
plain = SourceConfig(sharded_enabled=False)
with Client(environ={{}}) as client:
    gateway = Gateway(client, cache_dir={cache!r}, default_config=plain)
    found = gateway.query([{url!r}], {subdirs}, {names})
""",
    "py-rattler": """
gateway = Gateway(cache_dir={cache!r}, default_config=SourceConfig(sharded_enabled=False))
found = asyncio.run(gateway.query([Channel({url!r})], {subdirs}, {names}))
""",
}


def memory(work: Path) -> None:
    root, cache = work / "memory", work / "cache"
    unpack("conda-forge", root)
    peaks: dict[str, list[float]] = {name: [] for name in COLD_IMPORTS}
    with serve(root) as url:
        facts = {"url": url, "cache": str(cache), "subdirs": SUBDIRS, "names": BIG_QUESTION}
        for _ in range(7):
            for name, imports in COLD_IMPORTS.items():
                shutil.rmtree(cache, ignore_errors=True)
                _, peak = measure_alone(imports, COLD_WORK[name].format(**facts))
                peaks[name].append(peak)
    medians = {name: sorted(values)[len(values) // 2] for name, values in peaks.items()}
    print("\npeak memory of a query over loopback, plain .zst, cold")
    for name, peak in medians.items():
        print(f"  {name:10} {peak:7.0f} MiB")
    print_ratio(medians, MEMORY_BAR)


def later(work: Path) -> None:
    """A few hundred names of a large channel, when its repodata is on the disk."""
    root = work / "later"
    for subdir in SUBDIRS:
        (root / subdir).mkdir(parents=True)
    path = root / "linux-64" / "repodata.json"
    make_large(path)
    data = path.read_bytes()
    known = sorted({record["name"] for record in json.loads(data)["packages.conda"].values()})
    # The server reads a file to tell whether it has changed, so it had better be small.
    path.unlink()
    path.with_suffix(".json.zst").write_bytes(zstd.compress(data))
    (root / "noarch" / "repodata.json").write_text("{}")
    names = random.Random(1).sample(known, 200)
    with serve(root) as url, Client(environ={}) as client:
        question = Question(url, is_sharded=False, is_cold=False, names=names, is_recursive=False)
        ours = partial(question.ask_ours, client, work / "later-ours")
        theirs = partial(question.ask_theirs, work / "later-theirs")
        found = count(ours())
        assert found == count(theirs())
        medians = compare(
            {"hognose": ours, "py-rattler": theirs},
            title=f"200 names of 300,000 records, again ({found} records)",
            repeat=9,
        )
    print(f"  hognose: {medians['hognose'] * 1000:.0f} ms (bar {LATER_BAR} ms)")


PARTS = {"local": local, "http": http, "memory": memory, "large": large, "later": later}

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(PARTS)
    with tempfile.TemporaryDirectory() as directory:
        for part in chosen:
            PARTS[part](Path(directory))
