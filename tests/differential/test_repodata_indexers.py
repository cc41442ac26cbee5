"""Channels that others indexed, read by us in every format: the same records as from our index.

What `conda-index` writes is read where `conda_index` is installed. It wants two things of conda, which is on no package index:
the order of versions and the names of the platforms. Where there is no conda, ours stand in.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hognose.channel import index_channel
from hognose.net import Client
from hognose.repodata import Gateway, SourceConfig
from hognose.types import MatchSpec
from support.channel_server import ChannelServer
from support.package_maker import make_package

if TYPE_CHECKING:
    from pathlib import Path

    from hognose.types import RepoDataRecord

PLATFORMS = ("linux-64", "noarch")
STAND_IN = {
    "models/version.py": "from hognose.types import Version as VersionOrder\n",
    "base/constants.py": "PLATFORM_DIRECTORIES = ('noarch', 'linux-64', 'osx-arm64', 'win-64')\n",
}
CONFIGS = {
    "plain": SourceConfig(sharded_enabled=False, zstd_enabled=False, bz2_enabled=False),
    "zst": SourceConfig(sharded_enabled=False, bz2_enabled=False),
    "sharded": SourceConfig(zstd_enabled=False, bz2_enabled=False),
}


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    root = tmp_path / "channel"
    exports = {"run_exports.json": b'{"weak": ["a >=1,<2"], "strong": ["c"]}'}
    make_package(root, "a", "1.0", "h1_0", depends=["b >=1", "__glibc >=2.17"], extra_info=exports)
    make_package(root, "a", "1.1rc1", "h2_3", build_number=3, constrains=["c <2"])
    make_package(root, "b", "2!1.0+local.1", noarch="python", entry_points=["b = b:main"])
    make_package(root, "b", "0.9_1", noarch="generic", archive="tar.bz2")
    return root


def run_conda_index(channel: Path, *words: str) -> None:
    if importlib.util.find_spec("conda_index") is None:
        pytest.skip("conda-index is not installed")
    search = [entry for entry in sys.path if entry]
    if importlib.util.find_spec("conda") is None:
        stand_in = channel.parent / "stand-in"
        for name, text in STAND_IN.items():
            path = stand_in / "conda" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        search.append(str(stand_in))
    command = [sys.executable, "-m", "conda_index", "--threads", "1", *words, str(channel)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(search)}
    finished = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


def read(channel: Path, config: SourceConfig) -> list[RepoDataRecord]:
    with ChannelServer(channel) as server, Client(environ={}) as client:
        gateway = Gateway(client, default_config=config)
        everything = MatchSpec("*", exact_names_only=False)
        found = gateway.query([server.url], PLATFORMS, [everything], recursive=False)
        return [without_place(record, server.url) for record in found[0]]


def without_place(record: RepoDataRecord, url: str) -> RepoDataRecord:
    """Leave out where it was served, and what CEP 36 leaves to the writer of an index."""
    record.arch = record.platform = None
    record.url = record.url.removeprefix(url)
    record.channel = ""
    record.indexed_timestamp_ms = None
    record.run_exports = None
    return record


def index_with_conda_index(channel: Path) -> None:
    run_conda_index(channel, "--zst", "--bz2", "--write-shards", "--run-exports")


def index_with_py_rattler(channel: Path) -> None:
    rattler = pytest.importorskip("rattler")
    asyncio.run(rattler.index.index_fs(channel))


INDEXERS = {"conda-index": index_with_conda_index, "py-rattler": index_with_py_rattler}


@pytest.mark.parametrize("indexer", INDEXERS)
def test_what_others_index_is_read_like_our_own(channel: Path, indexer: str) -> None:
    index_channel(channel)
    ours = read(channel, CONFIGS["plain"])
    assert len(ours) == 4
    for path in [*channel.rglob("*repodata*"), *channel.rglob("run_exports*")]:
        path.unlink()
    INDEXERS[indexer](channel)
    for form, config in CONFIGS.items():
        assert read(channel, config) == ours, form


@pytest.mark.parametrize("indexer", INDEXERS)
def test_run_exports_are_found_in_what_others_index(channel: Path, indexer: str) -> None:
    INDEXERS[indexer](channel)
    for config in CONFIGS.values():
        with ChannelServer(channel) as server, Client(environ={}) as client:
            gateway = Gateway(client, default_config=config)
            found = gateway.query([server.url], PLATFORMS, ["a =1.0"], recursive=False)
            (exports,) = gateway.run_exports(found[0])
        assert exports is not None
        assert exports.weak == ("a >=1,<2",)
        assert exports.strong == ("c",)


def test_the_newer_layout_of_conda_index_is_read(channel: Path) -> None:
    run_conda_index(channel, "--repodata-next", "--zst")
    found = {form: read(channel, CONFIGS[form]) for form in ("plain", "zst")}
    index_channel(channel, force=True)
    ours = read(channel, CONFIGS["plain"])
    assert found == {"plain": ours, "zst": ours}
