"""Changes of a real environment that are killed at random moments.

An environment of some sixty packages, made of PyPI's wheels and the running interpreter, is
created, updated and emptied over HTTP by processes that are killed. The next command must leave it
exactly as it was or exactly as it was to become: every file's content, mode and time, every link,
every record. `HOGNOSE_KILL_RUNS` says how many processes are killed, 300 by default.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from hognose.channel import build_channel
from hognose.errors import ChannelBuildError
from hognose.install import recover
from hognose.net import Client
from hognose.repodata import Gateway
from hognose.solve import solve
from hognose.types import Platform, RepoDataRecord, wire
from hognose.virtual_packages import detect
from support.channel_server import ChannelServer
from support.exact_state import exact_state

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="repackages an interpreter on Linux"),
]

RUNS = int(os.environ.get("HOGNOSE_KILL_RUNS", "300"))

NEW = ("sphinx", "pydantic", "httpx", "flask", "rich", "pytest", "jsonschema", "aiohttp", "black")
NEW += ("numpy", "pyyaml", "tqdm")
OLD = ("sphinx<9", "pydantic<2.12", "flask<3.1", "rich<14", "pytest<8.4", "jsonschema<4.25")
OLD += ("aiohttp<3.13", "black<25.9", "numpy<2.4", "jinja2<3.1.6", "requests<2.32.4", "httpx")
OLD += ("attrs<25", "certifi<2025.8", "sqlalchemy<2.0.44", "lxml<6")

# Kept apart from the interpreter's start, which would take most of the time.
CHANGE = """
import json, sys
from hognose.cache import PackageCache
from hognose.install import LinkOptions, install
from hognose.net import Client
from hognose.types import RepoDataRecord, wire

job = json.loads(sys.argv[1])
records = wire.decode_json(open(job["records"], "rb").read(), list[RepoDataRecord])
with Client() as client:
    cache = PackageCache(job["cache"])
    print("ready", flush=True)
    sys.stdin.readline()
    install(
        records,
        job["prefix"],
        cache=cache,
        client=client,
        compile_byte_code=job["compile"],
        link_options=LinkOptions(clobber="ignore"),
    )
    print("done", flush=True)
"""


class Moments(NamedTuple):
    """Seconds from the start at which an undisturbed change reaches its stages."""

    journal: float
    commit: float
    end: float


class World:
    """A channel on loopback, an environment's two states, and the cache that goes with each."""

    def __init__(self, root: Path, old: Path, new: Path) -> None:
        self.root, self.prefix, self.cache = root, root / "environment", root / "cache"
        self.old, self.new = old, new

    def start(self, target: Path, *, compiles: bool) -> subprocess.Popen[bytes]:
        """Start a process that waits for the word to change the environment."""
        job = {"records": target, "prefix": self.prefix, "cache": self.cache, "compile": compiles}
        process = subprocess.Popen(
            [sys.executable, "-c", CHANGE, json.dumps(job, default=str)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return process

    def change(self, target: Path, *, compiles: bool) -> Moments:
        """Change the environment undisturbed."""
        with self.start(target, compiles=compiles) as process:
            begin = go(process)
            journal = self.wait_for("journal", process) - begin
            commit = self.wait_for("commit.json", process) - begin
            process.wait()
            end = time.monotonic() - begin
        assert process.returncode == 0
        return Moments(journal, commit, end)

    def wait_for(self, name: str, process: subprocess.Popen[bytes]) -> float:
        """Wait until a change has come so far, or is over; return when."""
        path = self.prefix / "conda-meta/.transaction" / name
        while not path.exists() and process.poll() is None:
            # A tenth of the shortest stage.
            time.sleep(0.0005)
        return time.monotonic()

    def kill(
        self, target: Path, stage: str, fraction: float, moments: Moments, *, compiles: bool
    ) -> None:
        """Start a change and kill it in a stage."""
        with self.start(target, compiles=compiles) as process:
            go(process)
            length = moments.end
            if stage == "journal":
                self.wait_for("journal", process)
                length = moments.commit - moments.journal
            elif stage == "commit":
                self.wait_for("commit.json", process)
                length = moments.end - moments.commit
            try:
                process.wait(fraction * length)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)


def go(process: subprocess.Popen[bytes]) -> float:
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    return time.monotonic()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Build the channel; in memory where possible, because everything is written many times."""
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="hognose-kill-") as folder:
        root = Path(folder)
        channel = root / "channel"
        try:
            for requirements in (OLD, NEW):
                build_channel(channel, wheels=requirements, level=1)
        except ChannelBuildError as error:
            if "pip" not in str(error):
                raise
            pytest.skip(f"PyPI cannot be reached: {error.message}")
        with ChannelServer(channel) as server, Client() as client:
            gateway = Gateway(client)
            for name, specs in (("old", OLD), ("new", NEW)):
                records = find_records(gateway, server.url, specs)
                (root / f"{name}.json").write_bytes(wire.encode_json(records))
            (root / "empty.json").write_text("[]")
            yield World(root, root / "old.json", root / "new.json")


def find_records(gateway: Gateway, url: str, specs: tuple[str, ...]) -> list[RepoDataRecord]:
    platforms = (Platform.current(), Platform("noarch"))
    names = [spec.partition("<")[0] for spec in specs]
    sources = gateway.query([url], platforms, names)
    return list(solve(specs, sources, virtual_packages=detect()))


def copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    if source.exists():
        shutil.copytree(source, target, symlinks=True)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("byte_code", ["plain", "compiled"])
@pytest.mark.parametrize("kind", ["create", "create from the cache", "update", "remove"])
def test_a_killed_change_leaves_one_of_two_states(world: World, kind: str, byte_code: str) -> None:
    compiles = byte_code == "compiled"
    saved, saved_cache = world.root / "saved", world.root / "saved-cache"
    for path in (world.prefix, world.cache, saved, saved_cache):
        shutil.rmtree(path, ignore_errors=True)
    target = {"update": world.new, "remove": world.root / "empty.json"}.get(kind, world.old)
    if kind != "create":
        world.change(world.old, compiles=compiles)
    if kind == "create from the cache":
        shutil.rmtree(world.prefix)
    copy(world.prefix, saved)
    copy(world.cache, saved_cache)
    before = exact_state(world.prefix)
    moments = world.change(target, compiles=compiles)
    after = exact_state(world.prefix)
    assert before != after

    generator = random.Random(f"{kind} {compiles}")
    counts = {"before": 0, "after": 0, "interrupted": 0}
    for number in range(max(1, RUNS // 8)):
        copy(saved, world.prefix)
        copy(saved_cache, world.cache)
        stage = ("start", "journal", "commit")[number % 3]
        world.kill(target, stage, generator.uniform(0, 1.05), moments, compiles=compiles)
        counts["interrupted"] += recover(world.prefix) is not None
        now = exact_state(world.prefix)
        what = f"run {number}, killed after {stage}"
        if now == after:
            counts["after"] += 1
        else:
            assert difference(now, before) == [], what
            counts["before"] += 1
        if number % 10 == 0:
            world.change(target, compiles=compiles)
            assert difference(exact_state(world.prefix), after) == [], what
    sys.stdout.write(f"{kind}: {counts} {moments}\n")
    # The moments must be spread over the whole of the work, or nothing was tested.
    if RUNS >= 60:
        assert counts["interrupted"] >= RUNS // 30
        assert counts["before"] >= RUNS // 50
        assert counts["after"] >= RUNS // 50


def difference(
    now: dict[str, object], state: dict[str, object]
) -> list[tuple[str, object, object]]:
    """Return what distinguishes two states, at most ten paths."""
    paths = sorted({*now, *state})
    found = ((path, now.get(path), state.get(path)) for path in paths)
    return [item for item in found if item[1] != item[2]][:10]
