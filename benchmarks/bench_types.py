"""Parsing, sorting and matching versions and specs, beside py-rattler and conda.

Input: the distinct versions of `../shared/data/versions.txt.zst` (28,490) and the distinct
dependency strings of conda-forge/linux-64 there, in a shuffled order; for masks the 2,000 versions
in the middle of them. What is remembered is forgotten before each turn, but for the cases that say
`again`. conda takes part if it can be imported: put a source tree of it on PYTHONPATH.

Decoding and importing are measured in a new process for each turn, where no memory is warm; the
import without whatever else is installed beside the package, as on a user's machine.

Bars: versions parsed at 0.35 of py-rattler's rate, sorted at 0.5; match specs parsed at 0.15 of
py-rattler's rate and 6 times conda's; `matches` 3 times conda's; a mask of 2,000 versions faster
than py-rattler's loop; records decoded in half the time of `json.loads` and in less memory than
its dictionaries; imported in 35 ms.
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
        match_spec_parser._PLAIN_VERSIONS,
        package_name._INTERNED,
        string_matcher._INTERNED,
    ):
        table.clear()


def forget_conda():
    VersionOrder._cache_.clear()
    conda_match_spec._PARSE_CACHE.clear()
    CondaMatchSpec._MATCHER_CACHE.clear()
    CondaVersionSpec._cache_.clear()


def fresh(function):
    def run():
        forget()
        return function()

    return run


def read(path):
    return zstd.decompress((ROOT / path).read_bytes())


DECODING = """
import json, os, sys, time
from hognose.types import RepoData
RepoData.decode(b'{"packages": {}}')
data = open(sys.argv[1], "rb").read()
pages = lambda: int(open("/proc/self/statm").read().split()[1])
before = pages()
start = time.perf_counter()
decoded = RepoData.decode(data) if sys.argv[2] == "hognose" else json.loads(data)
seconds = time.perf_counter() - start
print(seconds, (pages() - before) * os.sysconf("SC_PAGE_SIZE") / 1e6, flush=True)
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
    for name, (seconds, megabytes) in medians.items():
        ratio = f"x {seconds / ours[0]:.2f}"
        print(f"  {name:14} {seconds * 1000:10.2f} ms  {megabytes:6.1f} MB  {ratio}")


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

    measure_import()
    measure_decoding(data, len(tree["packages"]) + len(tree["packages.conda"]))
    del tree, data
    gc.collect()
    gc.freeze()  # what was imported and read is nobody's cost
    parsing = {
        "hognose": fresh(lambda: [Version(text) for text in versions]),
        "py-rattler": lambda: [rattler.Version(text) for text in versions],
    }
    if CondaMatchSpec is not None:

        def parse_conda():
            forget_conda()
            return [VersionOrder(text) for text in versions]

        parsing["conda"] = parse_conda
    compare(parsing, title="parse distinct versions", per=count, unit="versions", repeat=7)
    ours = [Version(text) for text in versions]
    theirs = [rattler.Version(text) for text in versions]
    sorting = {"hognose": lambda: sorted(ours), "py-rattler": lambda: sorted(theirs)}
    spec_parsing = {
        "hognose": fresh(lambda: [MatchSpec(text, exact_names_only=False) for text in specs]),
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

        def parse_conda_specs():
            forget_conda()
            return [CondaMatchSpec(text) for text in specs]

        sorting["conda"] = lambda: sorted(conda)
        spec_parsing["conda"] = parse_conda_specs
        matching["conda"] = lambda: [conda_spec.match(text) for text in versions]
    again = {"hognose": lambda: [Version(text) for text in versions]}
    compare(again, title="parse versions again", per=count, unit="versions", repeat=7)
    compare(sorting, title="sort versions", per=count, unit="versions", repeat=7)
    compare(
        spec_parsing, title="parse distinct match specs", per=spec_count, unit="specs", repeat=5
    )
    compare(matching, title="spec.matches(version)", per=count, unit="tests", repeat=7)

    table = sorted(set(ours))
    middle = table[len(table) // 2 - 1000 : len(table) // 2 + 1000]
    their_middle = [rattler.Version(str(v)) for v in middle]
    low, high = middle[500], middle[1500]
    our_range, their_range = (
        VersionSpec(f">={low},<{high}"),
        rattler.VersionSpec(f">={low},<{high}"),
    )
    assert our_range.mask(middle).bit_count() == 1000
    compare(
        {
            "hognose": lambda: our_range.mask(middle),
            "py-rattler": lambda: [their_range.matches(v) for v in their_middle],
        },
        title="all matches of a spec among 2,000 versions",
        repeat=31,
    )


if __name__ == "__main__":
    main()
