"""What we index, py-rattler reads; what it indexes from the same packages is the same.

Accepted differences of `repodata.json`, each with its reason:

* `indexed_timestamp`: py-rattler notes when it ran. We note a time only when given one, so that
  the same packages give the same index (CEP 47 makes it optional).
* `run_exports`: py-rattler puts them into `repodata.json` as well. Ours are where CEP 12 and CEP 21
  have them, in `run_exports.json` and in the shards.
* an empty `v3` map: py-rattler writes it always, we write it if there is something in it.
* `constrains: []`, `removed: []`: py-rattler leaves them out, readers treat them alike.
"""

import asyncio
import hashlib
import json
import shutil

import pytest

from hognose.channel import index_channel
from support.channel_server import ChannelServer
from support.package_maker import make_package

rattler = pytest.importorskip("rattler")


@pytest.fixture
def channel(tmp_path):
    root = tmp_path / "channel"
    exports = {"run_exports.json": b'{"weak": ["a >=1,<2"], "strong": ["c"]}'}
    make_package(root, "a", "1.0", "h1_0", depends=["b >=1", "__glibc >=2.17"], extra_info=exports)
    make_package(root, "a", "1.1rc1", "h2_3", build_number=3, constrains=["c <2"])
    make_package(root, "b", "2!1.0+local.1", noarch="python", entry_points=["b = b:main"])
    make_package(root, "b", "0.9_1", noarch="generic", archive="tar.bz2")
    make_package(root, "python", "3.11.7", python_site_packages_path="lib/python3.11/site-packages")
    make_package(root, "Upper_Case.Name", "1", archive="tar.bz2")
    return root


def normalised(document):
    for section in ("packages", "packages.conda"):
        for record in document[section].values():
            record.pop("indexed_timestamp", None)
            record.pop("run_exports", None)
            if not record.get("constrains"):
                record.pop("constrains", None)
    if document.get("v3") == {}:
        del document["v3"]
    if not document.get("removed"):
        document.pop("removed", None)
    return document


def test_py_rattler_writes_the_same_records(channel, tmp_path):
    theirs = tmp_path / "theirs"
    shutil.copytree(channel, theirs)
    index_channel(channel)
    asyncio.run(rattler.index.index_fs(theirs))
    for subdir in ("linux-64", "noarch"):
        documents = [
            normalised(json.loads((root / subdir / "repodata.json").read_bytes()))
            for root in (theirs, channel)
        ]
        assert documents[0] == documents[1]


def test_py_rattler_applies_a_patch_package_alike(channel, tmp_path):
    patches = {"packages": {"b-0.9_1-0.tar.bz2": {"depends": ["c <3"], "license": "MIT"}}}
    make_package(
        channel,
        "patches",
        "1",
        noarch="generic",
        files={"noarch/patch_instructions.json": json.dumps(patches)},
    )
    theirs = tmp_path / "theirs"
    shutil.copytree(channel, theirs)
    index_channel(channel, repodata_patch="patches-1-0.conda")
    asyncio.run(rattler.index.index_fs(theirs, repodata_patch="patches-1-0.conda"))

    for name in ("repodata.json", "repodata_from_packages.json"):
        documents = [
            normalised(json.loads((root / "noarch" / name).read_bytes()))
            for root in (theirs, channel)
        ]
        assert documents[0] == documents[1]


def test_py_rattler_finds_nothing_to_do_after_us(channel):
    index_channel(channel)
    before = json.loads((channel / "linux-64/repodata.json").read_bytes())
    asyncio.run(rattler.index.index_fs(channel))
    after = json.loads((channel / "linux-64/repodata.json").read_bytes())
    assert normalised(before) == normalised(after)


def test_we_can_index_after_py_rattler_and_keep_the_times_that_it_noted(channel, tmp_path):
    alone = tmp_path / "alone"
    shutil.copytree(channel, alone)
    index_channel(alone)
    asyncio.run(rattler.index.index_fs(channel))
    noted = indexed_timestamps(channel)
    index_channel(channel)

    assert noted == indexed_timestamps(channel)
    documents = [
        json.loads((root / "linux-64/repodata.json").read_bytes()) for root in (alone, channel)
    ]
    for records in (documents[1]["packages"], documents[1]["packages.conda"]):
        for record in records.values():
            del record["indexed_timestamp"]
    assert documents[0] == documents[1]
    # With nothing noted any more, the bytes are the same.
    for name in ("repodata.json", "repodata.json.zst", "repodata_shards.msgpack.zst"):
        (channel / "linux-64" / name).unlink()
    shutil.rmtree(channel / "linux-64/.cache", ignore_errors=True)
    index_channel(channel)
    for name in ("repodata.json", "repodata.json.zst", "repodata_shards.msgpack.zst"):
        assert (alone / "linux-64" / name).read_bytes() == (
            channel / "linux-64" / name
        ).read_bytes()


def indexed_timestamps(channel):
    document = json.loads((channel / "linux-64/repodata.json").read_bytes())
    records = {**document["packages"], **document["packages.conda"]}
    return {name: record["indexed_timestamp"] for name, record in records.items()}


def test_py_rattler_reads_the_plain_form(channel):
    index_channel(channel)
    found = {}
    for subdir in ("linux-64", "noarch"):
        path = channel / subdir / "repodata.json"
        with rattler.SparseRepoData(rattler.Channel(channel.as_uri()), subdir, path) as data:
            for record in data.load_all_records(rattler.PackageFormatSelection.BOTH):
                found[record.file_name] = record
    assert sorted(found) == [
        "Upper_Case.Name-1-0.tar.bz2",
        "a-1.0-h1_0.conda",
        "a-1.1rc1-h2_3.conda",
        "b-0.9_1-0.tar.bz2",
        "b-2!1.0+local.1-0.conda",
        "python-3.11.7-0.conda",
    ]
    assert found["a-1.0-h1_0.conda"].depends == ["b >=1", "__glibc >=2.17"]
    assert found["a-1.1rc1-h2_3.conda"].constrains == ["c <2"]
    assert found["b-2!1.0+local.1-0.conda"].noarch.python
    assert (
        found["python-3.11.7-0.conda"].python_site_packages_path == "lib/python3.11/site-packages"
    )


async def query(url, cache, *, sharded, zst):
    config = rattler.SourceConfig(sharded_enabled=sharded, zstd_enabled=zst, bz2_enabled=False)
    gateway = rattler.Gateway(cache_dir=cache, default_config=config)
    results = await gateway.query([rattler.Channel(url)], ["linux-64", "noarch"], ["a", "python"])
    return {
        record.file_name: (
            record.sha256,
            record.md5,
            record.size,
            record.url,
            tuple(record.depends),
            record.timestamp,
        )
        for records in results
        for record in records
    }


@pytest.mark.parametrize(
    ("sharded", "zst", "path"),
    [
        (True, True, "linux-64/repodata_shards.msgpack.zst"),
        (False, True, "linux-64/repodata.json.zst"),
        (False, False, "linux-64/repodata.json"),
    ],
)
def test_py_rattlers_gateway_reads_every_form_over_http(channel, tmp_path, sharded, zst, path):
    index_channel(channel)
    with ChannelServer(channel) as server:
        found = asyncio.run(query(server.url, tmp_path / "cache", sharded=sharded, zst=zst))
        assert server.count(path, method="GET") == 1
        url = f"{server.url}linux-64/a-1.0-h1_0.conda"
    assert len(found) == 5
    data = (channel / "linux-64/a-1.0-h1_0.conda").read_bytes()
    sha256, _, size, where, depends, _ = found["a-1.0-h1_0.conda"]
    assert (size, where, depends) == (len(data), url, ("b >=1", "__glibc >=2.17"))
    assert sha256 == hashlib.sha256(data).digest()
