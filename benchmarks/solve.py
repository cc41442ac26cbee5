"""The shared solve cases, hognose and py-rattler side by side: `python -m benchmarks.solve`.

Input: 376 questions about real environments of up to 880 packages, on channels of up to 105,000
records in all. Both sides have the files open and the index of names made; records are decoded
inside the measured time in both, so each hognose solve gets a source that has decoded nothing yet.
`load` is what our sources took of it.

Before that, peak memory: each side in a process of its own, which opens the 105,000 records of
conda-forge and solves for three platforms; and one question for five platforms, in one call and
one by one.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rattler
from backports import zstd
from rattler.exceptions import SolverError
from rattler.package.build_string import BuildString

from hognose.errors import UnsolvableError
from hognose.repodata import SparseRepoData
from hognose.solve import HognoseBackend, solve, solve_many
from hognose.types import Channel, Platform

DATA = Path(
    os.environ.get("HOGNOSE_SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
)
MEMORY_SPECS = ["python 3.12.*", "numpy", "pandas", "matplotlib-base", "jupyterlab"]
MEMORY_SUBDIRS = ["linux-64", "osx-arm64", "win-64"]
MEMORY_VIRTUAL = {
    "linux-64": ["__unix=0=0", "__linux=6.0=0", "__glibc=2.35=0"],
    "osx-arm64": ["__unix=0=0", "__osx=14.0=0"],
    "win-64": ["__win=10.0=0"],
}
PLATFORMS = {
    **MEMORY_VIRTUAL,
    "linux-aarch64": ["__unix=0=0", "__linux=6.0=0", "__glibc=2.35=0"],
    "osx-64": ["__unix=0=0", "__osx=14.0=0"],
}
# In KiB. Not `ru_maxrss`, which a child inherits from the process that started it.
PRINT_PEAK = """
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak.split()[1], flush=True)
"""
OUR_MEMORY = f"""
import json, sys
from hognose.errors import UnsolvableError
from hognose.repodata import SparseRepoData
from hognose.solve import solve
from hognose.types import Channel
specs, virtual, paths, options = json.loads(sys.argv[1])
channel = Channel("conda-forge")
opened = {{s: SparseRepoData(channel, s, p, **options) for s, p in paths.items()}}
for subdir, packages in virtual.items():
    found = solve(specs, [opened[subdir], opened["noarch"]], virtual_packages=packages)
    print(len(found), file=sys.stderr)
{PRINT_PEAK}
"""
# It leaves at once because py-rattler 0.28 crashes now and then when the interpreter shuts down.
THEIR_MEMORY = f"""
import asyncio, json, os, sys
from rattler import Channel, GenericVirtualPackage, MatchSpec, PackageName, SparseRepoData, Version
from rattler import solve_with_sparse_repodata
from rattler.package.build_string import BuildString
specs, virtual, paths, _ = json.loads(sys.argv[1])
channel = Channel("conda-forge")
opened = {{s: SparseRepoData(channel, s, p) for s, p in paths.items()}}
for subdir, packages in virtual.items():
    packages = [
        GenericVirtualPackage(PackageName(n), Version(v), BuildString(b))
        for n, v, b in (text.split("=") for text in packages)
    ]
    found = asyncio.run(solve_with_sparse_repodata(
        [MatchSpec(spec) for spec in specs], [opened[subdir], opened["noarch"]],
        virtual_packages=packages,
    ))
    print(len(found), file=sys.stderr)
{PRINT_PEAK}
os._exit(0)
"""


class Timed:
    """A source that notes how long it takes."""

    def __init__(self, source):
        self.source = source
        self.channel = source.channel
        self.seconds = 0.0

    def load_records(self, name):
        start = time.perf_counter()
        records = self.source.load_records(name)
        self.seconds += time.perf_counter() - start
        return records


class Files:
    """Decompressed repodata, as both sides want it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.texts = {}
        self.opened = {}

    def has(self, channel, subdir):
        return (DATA / "channels" / channel / subdir / "repodata.json.zst").exists()

    def path(self, channel, subdir):
        path = self.folder / channel / subdir / "repodata.json"
        if not path.exists():
            packed = DATA / "channels" / channel / subdir / "repodata.json.zst"
            path.parent.mkdir(parents=True)
            path.write_bytes(zstd.decompress(packed.read_bytes()))
        return path

    def ours(self, channel, subdir):
        """A source that has not decoded any record."""
        key = channel, subdir
        if key not in self.texts:
            self.texts[key] = self.path(channel, subdir).read_bytes()
        source = SparseRepoData.from_bytes(Channel(channel), subdir, self.texts[key])
        # py-rattler makes its index of names when it opens a file, ours is made at first use.
        source.load_records("no-such-package")
        return source

    def theirs(self, channel, subdir):
        key = channel, subdir
        if key not in self.opened:
            path = self.path(channel, subdir)
            self.opened[key] = rattler.SparseRepoData(rattler.Channel(channel), subdir, path)
        return self.opened[key]


def solve_theirs(specs, sources, virtual):
    packages = []
    for text in virtual:
        name, version, build = text.split("=")
        packages.append(
            rattler.GenericVirtualPackage(
                rattler.PackageName(name), rattler.Version(version), BuildString(build)
            )
        )
    coroutine = rattler.solve_with_sparse_repodata(
        [rattler.MatchSpec(spec) for spec in specs], sources, virtual_packages=packages
    )
    try:
        return asyncio.run(coroutine)
    except SolverError:
        return None


def solve_ours(specs, sources, virtual, backend="hognose"):
    try:
        return solve(specs, sources, virtual_packages=virtual, backend=backend)
    except UnsolvableError:
        return None


def bench_cases(files, *, step=4, repeat=2, rows=False):
    lines = zstd.decompress((DATA / "solve-cases" / "public.jsonl.zst").read_bytes()).splitlines()
    results = []
    if rows:
        print(f"{'case':40} {'load':>8} {'solve':>8} {'ratio':>6} same conflicts decisions")
    for case in [json.loads(line) for line in lines[::step]]:
        results.append(_bench_case(files, case, repeat))
        if rows:
            _print_row(results[-1])
    for kind, solvable in (("solvable", True), ("unsolvable", False)):
        chosen = [result for result in results if result["solvable"] is solvable]
        if chosen:
            _print_table(kind, chosen)


def _bench_case(files, case, repeat):
    keys = [(c, s) for c in case["channels"] for s in case["subdirs"] if files.has(c, s)]
    theirs = [files.theirs(*key) for key in keys]
    virtual = case["virtual_packages"]
    ours_times, theirs_times = [], []
    backend = HognoseBackend()
    for _ in range(repeat):
        ours = [Timed(files.ours(*key)) for key in keys]
        gc.collect()
        start = time.perf_counter()
        answer = solve_ours(case["specs"], ours, virtual, backend)
        elapsed = time.perf_counter() - start
        ours_times.append((elapsed, sum(source.seconds for source in ours)))
        gc.collect()
        start = time.perf_counter()
        other = solve_theirs(case["specs"], theirs, virtual)
        theirs_times.append(time.perf_counter() - start)
    total, load = min(ours_times)
    return {
        "id": case["id"],
        "ours": total,
        "load": load,
        "theirs": min(theirs_times),
        "solvable": answer is not None,
        "same": {r.file_name for r in answer or ()} == {str(r.file_name) for r in other or ()},
        "statistics": backend.statistics,
    }


def _print_row(row):
    counts = row["statistics"]
    print(
        f"{row['id'][:40]:40} {row['load'] * 1e3:8.1f} {(row['ours'] - row['load']) * 1e3:8.1f}"
        f" {row['ours'] / row['theirs']:6.2f} {'yes' if row['same'] else 'no':4}"
        f" {counts.conflicts:9} {counts.decisions:9}"
    )


def _print_table(kind, rows):
    ours = [row["ours"] for row in rows]
    theirs = [row["theirs"] for row in rows]
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    worst = max(range(len(rows)), key=ratios.__getitem__)
    print(f"\n{len(rows)} {kind} shared cases: load records and solve, best of the turns")
    for name, times in (("hognose", ours), ("py-rattler", theirs)):
        high = sorted(times)[int(len(times) * 0.9)]
        print(
            f"  {name:12} total {sum(times):7.2f} s"
            f"  median {statistics.median(times) * 1e3:7.1f} ms"
            f"  90th percentile {high * 1e3:7.1f} ms  worst {max(times) * 1e3:7.1f} ms"
        )
    print(
        f"  ratio        total {sum(ours) / sum(theirs):7.2f}    median "
        f"{statistics.median(ratios):7.2f}     worst {ratios[worst]:.2f} ({rows[worst]['id']})"
    )
    loads = sum(row["load"] for row in rows)
    print(f"  of hognose's time, loading takes {loads / sum(ours):.0%}")
    same = sum(row["same"] for row in rows)
    print(f"  the same answer: {same} of {len(rows)} ({same / len(rows):.1%})")
    counts = [row["statistics"] for row in rows]
    print(
        f"  conflicts: {sum(c.conflicts for c in counts)}, most {max(c.conflicts for c in counts)};"
        f" decisions: {sum(c.decisions for c in counts)}"
    )


def bench_platforms(files, *, repeat=7):
    """One question for five platforms, the sources new each time."""
    channel = "conda-forge"
    noarch = files.theirs(channel, "noarch")

    def together():
        shared = files.ours(channel, "noarch")
        sources = {Platform(s): [files.ours(channel, s), shared] for s in PLATFORMS}
        virtual = {Platform(s): packages for s, packages in PLATFORMS.items()}
        return lambda: solve_many(MEMORY_SPECS, sources, virtual_packages=virtual)

    def one_by_one():
        sources = {s: [files.ours(channel, s), files.ours(channel, "noarch")] for s in PLATFORMS}
        return lambda: [solve_ours(MEMORY_SPECS, sources[s], v) for s, v in PLATFORMS.items()]

    def theirs():
        sources = {s: [files.theirs(channel, s), noarch] for s in PLATFORMS}
        return lambda: [solve_theirs(MEMORY_SPECS, sources[s], v) for s, v in PLATFORMS.items()]

    sides = {
        "solve_many": together,
        "solve one by one": one_by_one,
        "py-rattler one by one": theirs,
    }
    times = {side: [] for side in sides}
    for _ in range(repeat):
        for side, prepare in sides.items():
            run = prepare()
            gc.collect()
            start = time.perf_counter()
            run()
            times[side].append(time.perf_counter() - start)
    print(f"\n{len(PLATFORMS)} platforms, load records and solve; median of {repeat}")
    first = statistics.median(times["solve_many"])
    for side, found in times.items():
        median = statistics.median(found)
        print(f"  {side:22} {median * 1e3:7.1f} ms  solve_many takes {first / median:.2f} of it")


def bench_memory(files):
    channel = "conda-forge"
    subdirs = sorted(p.name for p in (DATA / "channels" / channel).iterdir())
    paths = {subdir: str(files.path(channel, subdir)) for subdir in subdirs}
    sides = {
        "hognose": (OUR_MEMORY, {}),
        "hognose, files left on disk": (OUR_MEMORY, {"in_memory_up_to": 0}),
        "py-rattler": (THEIR_MEMORY, {}),
    }
    peaks = {side: [] for side in sides}
    for _ in range(3):
        for side, (code, options) in sides.items():
            argument = json.dumps([MEMORY_SPECS, MEMORY_VIRTUAL, paths, options])
            done = subprocess.run(
                [sys.executable, "-c", code, argument], check=True, capture_output=True, text=True
            )
            peaks[side].append(int(done.stdout) / 1024)
    print("\npeak memory: open all of conda-forge, solve for three platforms; median of 3")
    theirs = statistics.median(peaks["py-rattler"])
    for side, found in peaks.items():
        peak = statistics.median(found)
        print(
            f"  {side:28} {peak:7.1f} MiB  ratio {peak / theirs:5.2f}"
            f"  [{min(found):.1f}..{max(found):.1f}]"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=1, help="every how-manieth case")
    parser.add_argument("--repeat", type=int, default=2, help="turns per case")
    parser.add_argument("--rows", action="store_true", help="a line for each case")
    arguments = parser.parse_args()
    if not DATA.exists():
        print(f"no shared data at {DATA}: nothing to solve")
        return
    with tempfile.TemporaryDirectory() as folder:
        files = Files(folder)
        bench_memory(files)
        bench_platforms(files)
        bench_cases(files, step=arguments.step, repeat=arguments.repeat, rows=arguments.rows)


if __name__ == "__main__":
    main()
    # py-rattler 0.28 crashes now and then when the interpreter shuts down.
    sys.stdout.flush()
    os._exit(0)
