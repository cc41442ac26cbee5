"""Parsing, sorting and matching versions and specs, beside py-rattler and conda.

Input: the distinct versions of `../shared/data/versions.txt.zst` (28,490) and the distinct
dependency strings of conda-forge/linux-64 there, in a shuffled order; for masks the 2,000 versions
in the middle of them. What is remembered is forgotten before each turn, but for the cases that say
`again`. conda takes part if it can be imported: put a source tree of it, and a folder with its
dependencies (`pip install --target`), on PYTHONPATH.

Decoding and importing are measured in a new process for each turn, where no memory is warm; the
import without whatever else is installed beside the package, as on a user's machine.

The last lines set what was measured beside what was aimed at: rates relative to a peer's, and for
decoding and importing the times themselves. Records are to be decoded in half the time of
`json.loads` and in less memory than its dictionaries.
"""

from __future__ import annotations

import gc
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import msgspec
import rattler
from backports import zstd

import hognose
from hognose.types import (
    MatchSpec,
    Version,
    VersionSpec,
    match_spec,
    match_spec_parser,
    package_name,
    string_matcher,
    version,
    version_parser,
    version_spec,
    version_spec_parser,
)
from measure import compare

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))
from support.shared_data import ROOT

try:
    from conda.models import match_spec as conda_match_spec
    from conda.models.match_spec import MatchSpec as CondaMatchSpec
    from conda.models.version import VersionOrder
    from conda.models.version import VersionSpec as CondaVersionSpec
except ImportError:
    CondaMatchSpec = None


def forget():
    for table in (
        version._INTERNED,
        version_parser.SEGMENT_CODES,
        version_spec._INTERNED,
        version_spec_parser._CLAUSES,
        match_spec._INTERNED,
        match_spec_parser._NAMES,
        match_spec_parser._PLAIN_NAMES,
        match_spec_parser._PLAIN_PARTS,
        match_spec_parser._PLAIN_VERSIONS,
        package_name._INTERNED,
        string_matcher._INTERNED,
    ):
        table.clear()


def forget_conda():
    if CondaMatchSpec is None:
        return
    VersionOrder._cache_.clear()
    conda_match_spec._PARSE_CACHE.clear()
    CondaMatchSpec._MATCHER_CACHE.clear()
    CondaVersionSpec._cache_.clear()


def read(path):
    return zstd.decompress((ROOT / path).read_bytes())


class Bar(NamedTuple):
    """What was measured, and the least or the most that it should be."""

    title: str
    value: float
    least: float | None = None
    most: float | None = None

    def __str__(self) -> str:
        aim = f"at least {self.least}" if self.most is None else f"at most {self.most}"
        is_met = self.value >= self.least if self.most is None else self.value <= self.most
        return f"  {self.title:44} {self.value:8.2f}  {aim:14}  {'' if is_met else 'MISSED'}"


def bars(title, medians, **least):
    """Turn medians into our rate relative to each peer's, beside the least that it should be."""
    return [
        Bar(f"{title}: times {peer}'s rate", medians[peer] / medians["hognose"], least=aim)
        for peer, aim in {name.replace("_", "-"): aim for name, aim in least.items()}.items()
        if peer in medians
    ]


DECODING = """
import gc, json, os, sys, time
from hognose.types import RepoData
RepoData.decode(b'{"packages": {}}')
data = open(sys.argv[1], "rb").read()
pages = lambda: int(open("/proc/self/statm").read().split()[1])
before = pages()
def decode():
    start = time.perf_counter()
    decoded = RepoData.decode(data) if sys.argv[2] == "hognose" else json.loads(data)
    return time.perf_counter() - start, decoded
seconds, decoded = decode()
megabytes = (pages() - before) * os.sysconf("SC_PAGE_SIZE") / 1e6
again = []
for _ in range(3):
    del decoded
    gc.collect()
    next_seconds, decoded = decode()
    again.append(next_seconds)
print(seconds, megabytes, sorted(again)[1], flush=True)
os._exit(0)
"""
IMPORTING = """
import sys, time
sys.path.insert(0, sys.argv[1])
start = time.perf_counter()
{}
print(time.perf_counter() - start)
"""


def run_in_turns(commands, repeat):
    """Run each command in new processes, in turns; return the medians of the numbers printed."""
    printed = {name: [] for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            result = subprocess.run(command, capture_output=True, text=True, check=True)
            printed[name].append([float(number) for number in result.stdout.split()])
    return {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in printed.items()
    }


def measure_decoding(data, records):
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(data)
        file.flush()
        commands = {
            name: [sys.executable, "-c", DECODING, file.name, name]
            for name in ("hognose", "json.loads")
        }
        medians = run_in_turns(commands, 9)
    print(f"\ndecode {len(data) / 1e6:.1f} MB of repodata, {records} records")
    ours = medians["hognose"]
    for name, (seconds, megabytes, again) in medians.items():
        ratio = f"x {seconds / ours[0]:.2f}"
        later = f"again {again * 1000:.2f} ms  x {again / ours[2]:.2f}"
        print(f"  {name:14} {seconds * 1000:10.2f} ms  {megabytes:6.1f} MB  {ratio}  {later}")
    seconds, megabytes, again = zip(
        *(medians[name] for name in ("hognose", "json.loads")), strict=True
    )
    return [
        # The first time in a process, every version is new, and so is every page of memory.
        Bar("decode, first time: part of json.loads' time", seconds[0] / seconds[1], most=0.5),
        Bar("decode, later: part of json.loads' time", again[0] / again[1], most=0.5),
        Bar("decode: part of json.loads' memory", megabytes[0] / megabytes[1], most=1),
    ]


def measure_import():
    statements = {
        "import hognose.types": "import hognose.types",
        "three classes": "from hognose.types import MatchSpec, PackageRecord, Version",
        "import msgspec": "import msgspec",
    }
    with tempfile.TemporaryDirectory() as folder:
        for module in (hognose, msgspec):
            package = Path(module.__file__).parent
            Path(folder, package.name).symlink_to(package)
        commands = {
            name: [sys.executable, "-I", "-S", "-c", IMPORTING.format(statement), folder]
            for name, statement in statements.items()
        }
        medians = run_in_turns(commands, 15)
    print("\nimport, over a bare interpreter")
    for name, (seconds,) in medians.items():
        print(f"  {name:22} {seconds * 1000:8.2f} ms")
    return [Bar("import hognose.types: ms", medians["import hognose.types"][0] * 1000, most=35)]


def main():
    versions = sorted(set(read("versions.txt.zst").decode().splitlines()))
    random.Random(0).shuffle(versions)
    data = read("channels/conda-forge/linux-64/repodata.json.zst")
    tree = json.loads(data)
    specs = sorted(
        {
            text
            for key in ("packages", "packages.conda")
            for record in tree[key].values()
            for field in ("depends", "constrains")
            for text in record.get(field, ())
        }
    )
    random.Random(0).shuffle(specs)
    count, spec_count = len(versions), len(specs)
    print(f"{count} versions, {spec_count} match specs, conda: {CondaMatchSpec is not None}")

    results = measure_import()
    results += measure_decoding(data, len(tree["packages"]) + len(tree["packages.conda"]))
    del tree, data
    gc.collect()
    gc.freeze()  # what was imported and read is nobody's cost
    parsing = {
        "hognose": lambda: [Version(text) for text in versions],
        "py-rattler": lambda: [rattler.Version(text) for text in versions],
    }
    if CondaMatchSpec is not None:
        parsing["conda"] = lambda: [VersionOrder(text) for text in versions]
    forgetting = {"hognose": forget, "conda": forget_conda}
    medians = compare(
        parsing,
        title="parse distinct versions",
        per=count,
        unit="versions",
        repeat=7,
        before=forgetting,
    )
    results += bars("parse versions", medians, py_rattler=0.35)
    ours = [Version(text) for text in versions]
    theirs = [rattler.Version(text) for text in versions]
    sorting = {"hognose": lambda: sorted(ours), "py-rattler": lambda: sorted(theirs)}
    spec_parsing = {
        "hognose": lambda: [MatchSpec(text, exact_names_only=False) for text in specs],
        "py-rattler": lambda: [rattler.MatchSpec(text, exact_names_only=False) for text in specs],
    }
    our_spec, their_spec = VersionSpec(">=1.2,<3"), rattler.VersionSpec(">=1.2,<3")
    matching = {
        "hognose": lambda: [our_spec.matches(v) for v in ours],
        "py-rattler": lambda: [their_spec.matches(v) for v in theirs],
    }
    if CondaMatchSpec is not None:
        conda = [VersionOrder(text) for text in versions]
        conda_spec = CondaVersionSpec(">=1.2,<3")
        sorting["conda"] = lambda: sorted(conda)
        spec_parsing["conda"] = lambda: [CondaMatchSpec(text) for text in specs]
        matching["conda"] = lambda: [conda_spec.match(text) for text in versions]
    again = {"hognose": lambda: [Version(text) for text in versions]}
    compare(again, title="parse versions again", per=count, unit="versions", repeat=7)
    medians = compare(sorting, title="sort versions", per=count, unit="versions", repeat=7)
    results += bars("sort versions", medians, py_rattler=0.5)
    medians = compare(
        spec_parsing,
        title="parse distinct match specs",
        per=spec_count,
        unit="specs",
        repeat=7,
        before=forgetting,
    )
    results += bars("parse match specs", medians, py_rattler=0.15, conda=6)
    medians = compare(matching, title="spec.matches(version)", per=count, unit="tests", repeat=7)
    results += bars("matches", medians, conda=3)

    table = sorted(set(ours))
    middle = table[len(table) // 2 - 1000 : len(table) // 2 + 1000]
    their_middle = [rattler.Version(str(v)) for v in middle]
    low, high = middle[500], middle[1500]
    our_range, their_range = (
        VersionSpec(f">={low},<{high}"),
        rattler.VersionSpec(f">={low},<{high}"),
    )
    assert our_range.mask(middle).bit_count() == 1000
    medians = compare(
        {
            "hognose": lambda: our_range.mask(middle),
            "py-rattler": lambda: [their_range.matches(v) for v in their_middle],
        },
        title="all matches of a spec among 2,000 versions",
        repeat=31,
    )
    results += bars("all matches among 2,000", medians, py_rattler=1)
    print("\nbars")
    for bar in results:
        print(bar)


if __name__ == "__main__":
    main()
