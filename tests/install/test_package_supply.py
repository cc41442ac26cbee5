"""Many packages are fetched with processes that extract them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from hognose.cache import PackageCache
from hognose.errors import TransactionError
from hognose.install import install
from hognose.net import Client
from hognose.types import Platform, RepoDataRecord
from support.channel_server import ChannelServer
from support.package_maker import make_package
from support.trees import describe_tree

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("channel")


@pytest.fixture(scope="module")
def records(channel: Path) -> tuple[RepoDataRecord, ...]:
    """16 MB of packages, which is enough for processes."""
    return tuple(
        make_package(
            channel,
            f"p{number}",
            "1",
            files={
                f"lib/p{number}/data": os.urandom(2_000_000),
                **{f"share/p{number}/f{n}": f"{n}\n" for n in range(30)},
            },
        )
        for number in range(8)
    )


def moved(records: Iterable[RepoDataRecord], url: str) -> list[RepoDataRecord]:
    """The records of the same channel elsewhere."""
    return [
        msgspec.structs.replace(record, url=f"{url}linux-64/{record.file_name}")
        for record in records
    ]


def make(
    records: Iterable[RepoDataRecord], prefix: Path, cache: PackageCache, reporter: object = None
) -> None:
    with Client() as client:
        install(
            records,
            prefix,
            cache=cache,
            client=client,
            platform=Platform("linux-64"),
            reporter=reporter,
        )


@pytest.mark.parametrize("from_server", [True, False])
def test_the_cache_and_the_environment_are_those_that_threads_make(
    channel: Path,
    records: tuple[RepoDataRecord, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    from_server: bool,
) -> None:
    with ChannelServer(channel) as server:
        wanted = moved(records, server.url) if from_server else records
        make(wanted, tmp_path / "a", PackageCache(tmp_path / "cache-a"))
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
        make(wanted, tmp_path / "b", PackageCache(tmp_path / "cache-b"))
    for record in records:
        first, second = (
            describe_tree(tmp_path / cache / record.file_stem) for cache in ("cache-a", "cache-b")
        )
        assert first.keys() == second.keys()
        first.pop("info/repodata_record.json")
        second.pop("info/repodata_record.json")
        assert first == second
    assert {"conda-meta", "lib", "share"} == set(os.listdir(tmp_path / "a"))
    assert describe_tree(tmp_path / "a/lib") == describe_tree(tmp_path / "b/lib")


def test_every_byte_is_reported(records: tuple[RepoDataRecord, ...], tmp_path: Path) -> None:
    class Reporter:
        def __init__(self) -> None:
            self.seen: dict[int, int] = {}

        def on_populate_cache_start(self, operation: int, _name: str) -> int:
            return operation

        def on_download_start(self, entry: int) -> int:
            return entry

        def on_download_progress(self, download: int, progress: int, _total: int | None) -> None:
            self.seen[download] = progress

    reporter = Reporter()
    make(records, tmp_path / "a", PackageCache(tmp_path / "cache"), reporter)
    assert sorted(record.size or 0 for record in records) == sorted(reporter.seen.values())


def test_a_damaged_package_is_named_and_leaves_nothing(
    channel: Path, records: tuple[RepoDataRecord, ...], tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(channel, tmp_path / "channel"))
    damaged = copy / "linux-64/p3-1-0.conda"
    damaged.write_bytes(damaged.read_bytes()[:-200_000])
    cache = tmp_path / "cache"
    with pytest.raises(Exception, match="p3-1-0") as caught:
        make(moved(records, f"{copy.as_uri()}/"), tmp_path / "a", PackageCache(cache))
    assert not isinstance(caught.value, TransactionError)
    assert not (tmp_path / "a").exists()
    assert [] == [name for name in os.listdir(cache) if name.endswith(".partial")]
    assert "p3-1-0" not in os.listdir(cache)
