"""The gateway beside py-rattler's: related channels, reverse dependencies, what was withdrawn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from hognose.channel import ChannelServer
from hognose.net import Client
from hognose.repodata import Gateway
from support.repodata_files import entry, repodata, write_repodata

if TYPE_CHECKING:
    from pathlib import Path

rattler = pytest.importorskip("rattler")

PLATFORMS = ["linux-64", "noarch"]


def write_channel(root: Path, name: str, **relations: str) -> None:
    info = {"channel_relations": relations} if relations else {}
    document = repodata(
        entry("a", build=name, depends=["b >=1"], constrains=["c <2"]),
        entry("b", "2", build=name),
        entry("c", build=name, depends=["b >=3"]),
        entry("b", "1", build=name),
        **info,
    )
    document["removed"] = [f"b-1-{name}.conda"]
    write_repodata(root / name, document, formats=("json", "zst", "shards"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_channel(tmp_path, "mine", base="../bio", overrides="../fixes")
    write_channel(tmp_path, "bio", base="../forge")
    for name in ("forge", "fixes", "other"):
        write_channel(tmp_path, name)
    return tmp_path


@pytest.mark.filterwarnings("ignore:CEP-42 relation")
@pytest.mark.parametrize(
    "given", [["mine"], ["bio"], ["other", "mine"], ["mine", "other"], ["bio", "forge"]]
)
def test_related_channels_come_in_the_same_order(root: Path, given: list[str]) -> None:
    with ChannelServer(root) as server, Client(environ={}) as client:
        urls = [f"{server.url}{name}" for name in given]
        ours = Gateway(client).query(urls, PLATFORMS, ["a"])
        gateway = rattler.Gateway(cache_dir=root / "cache")
        channels = [rattler.Channel(url) for url in urls]
        theirs = asyncio.run(gateway.query(channels, PLATFORMS, ["a"]))
    # py-rattler has a list for each subdir of some channels, so only the order is compared.
    order = dict.fromkeys(str(record.build) for records in theirs for record in records)
    assert list(order) == [records[0].build for records in ours]
    withdrawn = {package.file_name for packages in theirs.removed for package in packages}
    assert withdrawn == {package.file_name for packages in ours.removed for package in packages}


def test_reverse_dependencies_are_the_same(root: Path) -> None:
    with ChannelServer(root) as server, Client(environ={}) as client:
        url = f"{server.url}other"
        ours = Gateway(client).who_needs([url], PLATFORMS, "b")
        gateway = rattler.Gateway(cache_dir=root / "cache")
        theirs = asyncio.run(gateway.who_needs([rattler.Channel(url)], PLATFORMS, "b"))
    assert sorted((each.record.file_name, each.dependency) for each in theirs) == sorted(
        (each.record.file_name, each.dependency) for each in ours
    )
