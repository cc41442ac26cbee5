"""Solving: hognose and py-rattler, record loading included, on real channels.

Input: the python=3.9 subchannel of conda-forge (2,914 records for linux-64), and every 8th of the
shared solve cases; `python -m benchmarks.solve` takes all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import rattler

from hognose.repodata import SparseRepoData
from hognose.types import Channel
from measure import compare
from solve import DATA, Files, bench_cases, bench_memory, bench_platforms, solve_ours, solve_theirs

SPECS = ["python 3.9.*", "pip"]
VIRTUAL = ["__unix=0=0", "__linux=6.0=0", "__glibc=2.35=0", "__archspec=1=x86_64_v3"]


OUR_PROCESS = f"""
import sys
from hognose.repodata import SparseRepoData
from hognose.solve import solve
from hognose.types import Channel
channel = Channel("conda-forge")
sources = [SparseRepoData(channel, s, p) for s, p in zip(("linux-64", "noarch"), sys.argv[1:])]
solve({SPECS!r}, sources, virtual_packages={VIRTUAL!r})
"""
# It leaves at once because py-rattler 0.28 crashes now and then when the interpreter shuts down.
THEIR_PROCESS = f"""
import asyncio, os, sys
from rattler import Channel, GenericVirtualPackage, MatchSpec, PackageName, SparseRepoData, Version
from rattler import solve_with_sparse_repodata
from rattler.package.build_string import BuildString
channel = Channel("conda-forge")
sources = [SparseRepoData(channel, s, p) for s, p in zip(("linux-64", "noarch"), sys.argv[1:])]
virtual = [
    GenericVirtualPackage(PackageName(n), Version(v), BuildString(b))
    for n, v, b in (text.split("=") for text in {VIRTUAL!r})
]
specs = [MatchSpec(text) for text in {SPECS!r}]
asyncio.run(solve_with_sparse_repodata(specs, sources, virtual_packages=virtual))
os._exit(0)
"""


def bench_python(files):
    channel = "conda-forge-python39"
    subdirs = ["linux-64", "noarch"]
    fresh = iter([[files.ours(channel, s) for s in subdirs] for _ in range(26)])
    theirs = [files.theirs(channel, s) for s in subdirs]
    compare(
        {
            "hognose": lambda: solve_ours(SPECS, next(fresh), VIRTUAL),
            "py-rattler": lambda: solve_theirs(SPECS, theirs, VIRTUAL),
        },
        title="python 3.9.* pip on conda-forge-python39: load records and solve",
        repeat=25,
    )
    paths = {s: files.path(channel, s) for s in subdirs}
    compare(
        {
            "hognose": lambda: solve_ours(
                SPECS, [SparseRepoData(Channel(channel), s, paths[s]) for s in subdirs], VIRTUAL
            ),
            "py-rattler": lambda: solve_theirs(
                SPECS,
                [rattler.SparseRepoData(rattler.Channel(channel), s, paths[s]) for s in subdirs],
                VIRTUAL,
            ),
        },
        title="the same, opening the files too",
        repeat=15,
    )
    arguments = [str(paths[subdir]) for subdir in subdirs]
    compare(
        {
            side: lambda code=code: subprocess.run(
                [sys.executable, "-c", code, *arguments], check=True
            )
            for side, code in (("hognose", OUR_PROCESS), ("py-rattler", THEIR_PROCESS))
        },
        title="the same in a process of its own, imports included",
        repeat=7,
    )


def main():
    if not DATA.exists():
        print(f"no shared data at {DATA}: nothing to solve")
        return
    with tempfile.TemporaryDirectory() as folder:
        files = Files(folder)
        bench_python(files)
        bench_memory(files)
        bench_platforms(files)
        bench_cases(files, step=8)


if __name__ == "__main__":
    main()
    # py-rattler 0.28 crashes now and then when the interpreter shuts down.
    sys.stdout.flush()
    os._exit(0)
