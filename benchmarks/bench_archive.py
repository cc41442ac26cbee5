"""Extracting packages, against py-rattler, conda-package-streaming and conda-package-handling.

With `--channel DIRECTORY` (or `HOGNOSE_BENCH_CHANNEL`) the inputs are the ten largest packages of a
channel; real ones are made once, here of wheels from PyPI (145 to 3679 files, 3.9 to 28 MB):

    hognose channel build DIRECTORY --python --wheel numpy --wheel scipy --wheel sympy \\
        --wheel django --wheel babel --wheel botocore --wheel pillow --wheel plotly --wheel mypy

Without it, inputs are packed on the spot from what every machine with this repository has: the
running interpreter's standard library, the packages installed beside it, and made-up trees of 6000
tiny files, of one large file and of packages with a handful of files. All lie in memory where
`/dev/shm` exists. Every contestant hashes what it always hashes: hognose and py-rattler the whole
archive (SHA-256 and MD5), conda's two libraries nothing. Contestants take turns within each round.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import suppress
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from hognose.archive import create_package, extract, validate_package_directory
from measure import compare

if TYPE_CHECKING:
    from collections.abc import Callable

# `ru_maxrss` would be the larger parent's: it survives the exec.
MEMORY = """
import re, sys
from hognose.archive import extract
extract(sys.argv[1], sys.argv[2])
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


def main() -> None:
    """Get the inputs, and measure."""
    parser = argparse.ArgumentParser(description="Extract packages beside other programs.")
    parser.add_argument("--channel", default=os.environ.get("HOGNOSE_BENCH_CHANNEL"))
    parser.add_argument("--repeat", type=int, default=7)
    arguments = parser.parse_args()
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hognose-bench-", dir=base) as folder:
        root = Path(folder)
        if arguments.channel:
            archives = copy_channel(Path(arguments.channel), root)
        else:
            archives = pack_inputs(root)
        extractors = find_extractors(root)
        medians = [
            measure_one(root, name, archive, extractors, arguments.repeat)
            for name, archive in archives.items()
        ]
        print_total(medians)
        largest = max(archives.values(), key=lambda archive: archive.stat().st_size)
        measure_validation(root, largest, arguments.repeat)
        measure_remote(root)
        measure_memory(root, archives)


def copy_channel(channel: Path, root: Path) -> dict[str, Path]:
    """Copy the ten largest packages of a channel to where the measuring is done."""
    found = sorted(channel.glob("*/*.conda"), key=lambda path: path.stat().st_size)[-10:]
    return {path.stem: Path(shutil.copy(path, root)) for path in found}


def print_total(medians: list[dict[str, float]]) -> None:
    """Print the sums of the medians."""
    totals = {who: sum(median[who] for median in medians) for who in medians[0]}
    print("\nall of them, sums of the medians")
    for who, total in totals.items():
        print(f"  {who:14} {total * 1000:10.2f} ms  x{total / totals['hognose']:5.2f}")


def find_extractors(root: Path) -> dict[str, Callable[[Path], object]]:
    """Collect who can extract here; each call extracts to a new directory."""
    numbers = count()

    def fresh() -> Path:
        return root / "out" / str(next(numbers))

    found: dict[str, Callable[[Path], object]] = {"hognose": lambda path: extract(path, fresh())}
    with suppress(ImportError):
        from rattler.package_streaming import extract as extract_by_rattler

        found["py-rattler"] = lambda path: extract_by_rattler(path, fresh())
    with suppress(ImportError):
        extract_by_streaming = import_module("conda_package_streaming.extract").extract
        found["streaming"] = lambda path: extract_by_streaming(str(path), str(fresh()))
    with suppress(ImportError):
        extract_by_handling = import_module("conda_package_handling.api").extract
        found["cph"] = lambda path: extract_by_handling(str(path), str(fresh()))
    return found


def measure_one(
    root: Path,
    name: str,
    archive: Path,
    extractors: dict[str, Callable[[Path], object]],
    repeat: int,
) -> dict[str, float]:
    """Let all contestants extract one archive."""
    extract(archive, root / "count")
    files = sum(len(names) for _, _, names in os.walk(root / "count"))
    shutil.rmtree(root / "count")
    title = f"extract: {name}, {files} files, {archive.stat().st_size / 1e6:.1f} MB"

    def run(extractor: Callable[[Path], object]) -> Callable[[], object]:
        return lambda: extractor(archive)

    medians = compare(
        {who: run(extractor) for who, extractor in extractors.items()},
        title=title,
        repeat=repeat,
        per=files,
        unit="files",
    )
    shutil.rmtree(root / "out", ignore_errors=True)
    return medians


def measure_validation(root: Path, archive: Path, repeat: int) -> None:
    """Check every hash, against `sha256sum` on the same files over as many processes as cores."""
    tree = root / "validate"
    extract(archive, tree)
    listing = root / "sums"
    names = [path.relative_to(tree) for path in sorted(tree.rglob("*")) if path.is_file()]
    listing.write_bytes(b"\0".join(str(name).encode() for name in names))
    cores = str(os.cpu_count() or 1)
    command = f"xargs -0 -P {cores} -n 500 sha256sum < {listing} > /dev/null"
    contestants: dict[str, Callable[[], object]] = {
        "hognose": lambda: validate_package_directory(tree)
    }
    if shutil.which("sha256sum"):
        contestants["sha256sum"] = lambda: subprocess.run(
            command,
            shell=True,
            cwd=tree,
            check=True,
        )
    compare(contestants, title=f"validate {len(names)} files by hash", repeat=repeat)
    shutil.rmtree(tree)


def measure_remote(root: Path) -> None:
    """Count what reading `info/index.json` of a package of 100 MB on a server costs."""
    from hognose.cache import open_remote_archive
    from hognose.channel import ChannelServer
    from hognose.net import Client

    tree = root / "remote/tree"
    (tree / "info").mkdir(parents=True)
    (tree / "info/index.json").write_text(
        '{"name":"large","version":"1","build":"0","build_number":0}'
    )
    (tree / "info/licence").write_bytes(random.Random(4).randbytes(20_000))
    (tree / "data").write_bytes(random.Random(5).randbytes(100_000_000))
    write_paths_json(tree)
    create_package(tree, root / "remote/large-1-0.conda", level=1)
    shutil.rmtree(tree)
    asked: list[str] = []

    class Counting(Client):
        def open(self, url, *, offset=0, headers=None):
            response = super().open(url, offset=offset, headers=headers)
            asked.append(str(response.length))
            return response

    with ChannelServer(root / "remote") as server, Counting() as client:
        url = f"{server.url}large-1-0.conda"
        with open_remote_archive(url, client) as archive:
            archive.index_json()
    print("\n`info/index.json` of a package of 100 MB on a server")
    print(f"  {len(asked)} requests of {' + '.join(asked)} bytes")


def measure_memory(root: Path, archives: dict[str, Path]) -> None:
    """Print the peak memory of a process that extracts one package, where Linux tells it."""
    if sys.platform != "linux":
        return
    print("\npeak memory of a process that extracts one package")
    for number, (name, archive) in enumerate(archives.items()):
        command = [sys.executable, "-c", MEMORY, str(archive), str(root / f"memory-{number}")]
        done = subprocess.run(command, check=True, capture_output=True)
        print(f"  {name:24} {int(done.stdout) / 1024:7.1f} MiB")


def pack_inputs(root: Path) -> dict[str, Path]:
    """Make the packages."""
    paths = sysconfig.get_paths()
    standard_library = Path(paths["stdlib"])
    trees: dict[str, Callable[[Path], None]] = {
        "standard library": lambda tree: copy(standard_library, tree, ("site-packages", "test")),
        "tests of the library": lambda tree: copy(standard_library / "test", tree, ()),
        "installed packages": lambda tree: copy(Path(paths["purelib"]), tree, ("rattler",)),
        "one shared library": lambda tree: copy_shared_library(Path(paths["purelib"]), tree),
        "6000 tiny files": make_tiny_files,
        "one large file": make_large_file,
        "five files": make_five_files,
    }
    archives = {}
    for number, (name, fill) in enumerate(trees.items()):
        tree = root / "tree"
        (tree / "info").mkdir(parents=True)
        index = f'{{"name":"p{number}","version":"1","build":"0","build_number":0}}'
        (tree / "info/index.json").write_text(index)
        fill(tree / "lib")
        write_paths_json(tree)
        archives[name] = pack(tree, root / f"p{number}-1-0.conda")
        if name == "6000 tiny files":
            archives[f"{name}, bzip2"] = pack(tree, root / f"p{number}-1-0.tar.bz2")
        shutil.rmtree(tree)
    return archives


def pack(tree: Path, target: Path) -> Path:
    """Pack quickly: the level changes little in how long decompression takes."""
    create_package(tree, target, level=9 if target.suffix == ".bz2" else 6)
    return target


def write_paths_json(tree: Path) -> None:
    """List the files with their hashes, as packages do."""
    import hashlib
    import json

    entries = [
        {
            "_path": path.relative_to(tree).as_posix(),
            "path_type": "hardlink",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "size_in_bytes": path.stat().st_size,
        }
        for path in sorted((tree / "lib").rglob("*"))
        if path.is_file() and not path.is_symlink()
    ]
    (tree / "info/paths.json").write_text(json.dumps({"paths": entries, "paths_version": 1}))


def copy(source: Path, target: Path, without: tuple[str, ...]) -> None:
    """Copy a tree except for some names."""
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(*without))


def copy_shared_library(source: Path, target: Path) -> None:
    """Copy the largest file of a directory of installed packages."""
    largest = max((path for path in source.rglob("*.so")), key=lambda path: path.stat().st_size)
    target.mkdir()
    shutil.copy(largest, target)


def make_tiny_files(target: Path) -> None:
    """Make 6000 files of 100 to 3000 bytes in 60 directories."""
    generator = random.Random(1)
    for number in range(6000):
        folder = target / f"d{number % 60}"
        folder.mkdir(parents=True, exist_ok=True)
        line = f"line {generator.random()}\n"
        (folder / f"f{number}.txt").write_text(line * generator.randrange(5, 120))


def make_large_file(target: Path) -> None:
    """Make a file of 256 MiB that compresses to about a half."""
    generator = random.Random(2)
    target.mkdir()
    with (target / "data").open("wb") as stream:
        for _ in range(256):
            stream.write(generator.randbytes(1 << 19))
            stream.write(bytes(1 << 19))


def make_five_files(target: Path) -> None:
    """Make what most packages are like."""
    target.mkdir()
    for number in range(5):
        (target / f"f{number}").write_text("content\n" * 200)


if __name__ == "__main__":
    main()
