"""Real repodata read by us and by py-rattler gives the same records."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from hognose.net import Client
from hognose.repodata import Gateway, PackageFormatSelection, SparseRepoData
from hognose.types import Channel
from hognose.virtual_packages import detect
from support import shared_data
from support.channel_server import ChannelServer

if TYPE_CHECKING:
    from pathlib import Path

rattler = pytest.importorskip("rattler")

FILES = [
    "conda-forge-python39/linux-64",
    "conda-forge-python39/noarch",
    "anaconda-r/linux-64",
    "bioconda/linux-64",
    "robostack-staging/win-64",
]
SELECTIONS = [
    (PackageFormatSelection.PREFER_CONDA, "PREFER_CONDA"),
    (PackageFormatSelection.ONLY_CONDA, "ONLY_CONDA"),
    (PackageFormatSelection.ONLY_TAR_BZ2, "ONLY_TAR_BZ2"),
    (PackageFormatSelection.BOTH, "BOTH"),
]


def facts(record):
    return (
        record.file_name,
        str(record.url),
        (record.channel or "").rstrip("/"),
        record.name.normalized,
        str(record.version),
        str(record.build),
        record.build_number,
        record.subdir,
        tuple(record.depends),
        tuple(record.constrains),
        record.sha256,
        record.md5,
        record.size,
        record.timestamp,
        record.license,
        sorted(record.track_features),
        record.features,
        (record.noarch.python, record.noarch.generic),
    )


def write_plain(tmp_path: Path, name: str) -> Path:
    path = tmp_path / "repodata.json"
    path.write_bytes(shared_data.read_zst(f"channels/{name}/repodata.json.zst"))
    return path


@pytest.mark.parametrize("name", FILES)
def test_every_record_of_a_real_file_is_the_same(tmp_path, name):
    path = write_plain(tmp_path, name)
    channel, subdir = name.split("/")
    url = f"https://conda.anaconda.org/{channel}"
    ours = SparseRepoData(Channel(url), subdir, path)
    theirs = rattler.SparseRepoData(rattler.Channel(url), subdir, path)
    assert theirs.package_names() == ours.package_names()
    for package in ours.package_names():
        expected = sorted(map(facts, theirs.load_records(package)))
        assert expected == sorted(map(facts, ours.load_records(package)))


@pytest.mark.parametrize(("selection", "theirs_name"), SELECTIONS)
def test_the_formats_are_selected_alike(tmp_path, selection, theirs_name):
    path = write_plain(tmp_path, "robostack-staging/win-64")
    theirs_selection = getattr(rattler.PackageFormatSelection, theirs_name)
    ours = SparseRepoData(Channel("r"), "win-64", path)
    theirs = rattler.SparseRepoData(rattler.Channel("r"), "win-64", path)
    assert theirs.record_count(theirs_selection) == ours.record_count(selection)
    assert sorted(
        record.file_name for record in theirs.load_all_records(theirs_selection)
    ) == sorted(record.file_name for record in ours.load_all_records(selection))


def test_the_recursive_records_are_the_same(tmp_path):
    ours, theirs = [], []
    for subdir in ("linux-64", "noarch"):
        (tmp_path / subdir).mkdir()
        path = write_plain(tmp_path / subdir, f"conda-forge-python39/{subdir}")
        ours.append(SparseRepoData(Channel("c"), subdir, path))
        theirs.append(rattler.SparseRepoData(rattler.Channel("c"), subdir, path))
    expected = rattler.SparseRepoData.load_records_recursive(
        theirs, [rattler.PackageName("python"), rattler.PackageName("pip")]
    )
    found = SparseRepoData.load_records_recursive(ours, ["python", "pip"])
    for one, other in zip(expected, found, strict=True):
        assert sorted(record.file_name for record in one) == sorted(
            record.file_name for record in other
        )


def test_a_gateway_finds_the_same_over_http(tmp_path):
    for subdir in ("linux-64", "noarch"):
        folder = tmp_path / "channel" / subdir
        folder.mkdir(parents=True)
        packed = shared_data.require(f"channels/bioconda/{subdir}/repodata.json.zst").read_bytes()
        (folder / "repodata.json.zst").write_bytes(packed)
        (folder / "repodata.json").write_bytes(
            shared_data.read_zst(f"channels/bioconda/{subdir}/repodata.json.zst")
        )
    with ChannelServer(tmp_path / "channel") as server, Client(environ={}) as client:
        gateway = rattler.Gateway(cache_dir=tmp_path / "theirs")
        specs = ["samtools", "multiqc", "bwa"]
        expected = asyncio.run(
            gateway.query([rattler.Channel(server.url)], ["linux-64", "noarch"], specs)
        )
        (found,) = Gateway(client, cache_dir=tmp_path / "ours").query(
            [server.url], ["linux-64", "noarch"], specs
        )
    theirs = sorted(record.file_name for records in expected for record in records)
    assert theirs
    assert theirs == sorted(record.file_name for record in found)


def test_the_own_virtual_packages_are_the_same():
    """Build strings of `__archspec` come from archspec's database, of which versions differ."""
    expected = {str(each.into_generic()) for each in rattler.VirtualPackage.detect()}
    found = {str(each) for each in detect(environ={})}
    assert {each for each in expected if "archspec" not in each} == {
        each for each in found if "archspec" not in each
    }
