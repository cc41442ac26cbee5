"""A channel's corrections, carried out when it is indexed."""

import json

import msgspec
import pytest
from backports import zstd

from hognose.channel import index_channel
from hognose.errors import ArchiveError, ChannelBuildError, InvalidPackageFileError
from support.package_maker import make_package

PATCHES = {"packages.conda": {"a-1-0.conda": {"depends": ["b >=2"]}}}
PATCH_PACKAGE = "patches-1-0.conda"


def read(path):
    return json.loads(path.read_bytes())


def write(path, instructions):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(instructions), encoding="utf-8")


def shard_of(directory, name):
    def load(path):
        return msgspec.msgpack.decode(zstd.decompress(path.read_bytes()))

    digest = load(directory / "repodata_shards.msgpack.zst")["shards"][name]
    return load(directory / "shards" / f"{digest.hex()}.msgpack.zst")


@pytest.fixture
def channel(tmp_path):
    root = tmp_path / "channel"
    exports = {"run_exports.json": b'{"weak": ["a"]}'}
    make_package(root, "a", "1", depends=["b"], extra_info=exports)
    make_package(root, "b", "1")
    return root


@pytest.fixture
def folder(channel):
    return channel / "linux-64"


def depends(folder, document="repodata.json"):
    return read(folder / document)["packages.conda"]["a-1-0.conda"]["depends"]


def test_instructions_beside_the_packages_are_carried_out(channel, folder):
    write(folder / "patch_instructions.json", PATCHES)
    index_channel(channel)

    assert ["b >=2"] == depends(folder)
    assert ["b >=2"] == shard_of(folder, "a")["packages.conda"]["a-1-0.conda"]["depends"]


def test_what_the_packages_say_is_in_a_document_of_its_own(channel, folder):
    index_channel(channel)
    before = (folder / "repodata.json").read_bytes()
    write(folder / "patch_instructions.json", PATCHES)
    index_channel(channel)

    assert before == (folder / "repodata_from_packages.json").read_bytes()
    assert before == zstd.decompress((folder / "repodata_from_packages.json.zst").read_bytes())


def test_without_instructions_there_is_one_document_only(channel, folder):
    write(folder / "patch_instructions.json", PATCHES)
    index_channel(channel)
    (folder / "patch_instructions.json").unlink()
    index_channel(channel)

    assert ["b"] == depends(folder)
    assert [] == list(folder.glob("repodata_from_packages*"))


def test_indexing_again_reads_and_writes_nothing(channel, folder):
    write(folder / "patch_instructions.json", PATCHES)
    index_channel(channel)
    again = index_channel(channel)

    assert [(0, 0), (0, 0)] == [(done.read, done.written) for done in again]
    assert ["b >=2"] == depends(folder)


@pytest.mark.parametrize("archive", ["conda", "tar.bz2"])
def test_a_package_can_hold_the_instructions_of_all_subdirs(channel, folder, tmp_path, archive):
    files = {"linux-64/patch_instructions.json": json.dumps(PATCHES)}
    make_package(tmp_path, "patches", "1", files=files, noarch="generic", archive=archive)
    index_channel(channel, repodata_patch=tmp_path / f"noarch/patches-1-0.{archive}")

    assert ["b >=2"] == depends(folder)
    assert not (channel / "noarch/repodata_from_packages.json").exists()


def test_a_bare_file_name_is_a_package_of_the_channel(channel, folder):
    files = {"linux-64/patch_instructions.json": json.dumps(PATCHES)}
    make_package(channel, "patches", "1", files=files, noarch="generic")
    index_channel(channel, repodata_patch=PATCH_PACKAGE)

    assert ["b >=2"] == depends(folder)
    assert [PATCH_PACKAGE] == list(read(channel / "noarch/repodata.json")["packages.conda"])


def test_a_directory_elsewhere_goes_before_the_channels_own_instructions(channel, folder, tmp_path):
    write(folder / "patch_instructions.json", PATCHES)
    write(
        tmp_path / "p/linux-64/patch_instructions.json",
        {"packages.conda": {"a-1-0.conda": {"depends": ["c"]}}},
    )
    index_channel(channel, repodata_patch=tmp_path / "p")

    assert ["c"] == depends(folder)


def test_a_removed_package_is_gone_until_the_instruction_is(channel, folder):
    write(folder / "patch_instructions.json", {"remove": ["a-1-0.conda"]})
    index_channel(channel)
    removed = read(folder / "repodata.json")
    write(folder / "patch_instructions.json", {})
    index_channel(channel)

    assert (["b-1-0.conda"], ["a-1-0.conda"]) == (
        list(removed["packages.conda"]),
        removed["removed"],
    )
    assert [] == read(folder / "repodata.json")["removed"]
    assert ["b"] == depends(folder)


def test_run_exports_of_packages_stay_and_those_of_shards_are_corrected(channel, folder):
    """CEP 12 wants what the packages hold, CEP 21 what the channel says."""
    patch = {"run_exports": {"weak": ["a >=1"]}}
    write(
        folder / "patch_instructions.json",
        {"patch_instructions_version": 2, "packages.conda": {"a-1-0.conda": patch}},
    )
    index_channel(channel)

    exported = read(folder / "run_exports.json")["packages.conda"]["a-1-0.conda"]
    assert {"weak": ["a"]} == exported["run_exports"]
    record = shard_of(folder, "a")["packages.conda"]["a-1-0.conda"]
    assert {"weak": ["a >=1"]} == record["run_exports"]


def test_revisions_count_the_records_that_are_left(channel, folder):
    make_package(channel, "c", "1", depends=["d[extras=[x]]"])
    make_package(channel, "e", "1", depends=["d[extras=[x]]"])
    write(folder / "patch_instructions.json", {"remove": ["c-1-0.conda"]})
    index_channel(channel)

    def count(document):
        return read(folder / document)["info"]["repodata_revisions"]["v3"]["n_packages"]

    assert (1, 2) == (count("repodata.json"), count("repodata_from_packages.json"))


def test_broken_instructions_are_an_error_and_the_index_stays(channel, folder):
    index_channel(channel)
    before = (folder / "repodata.json").read_bytes()
    write(folder / "patch_instructions.json", {"patch_instructions_version": 9})

    with pytest.raises(InvalidPackageFileError, match="version 9"):
        index_channel(channel)
    assert before == (folder / "repodata.json").read_bytes()


def test_patches_that_are_not_there_are_an_error(channel, tmp_path):
    with pytest.raises(ChannelBuildError, match="there are no patches"):
        index_channel(channel, repodata_patch=tmp_path / "none")
    with pytest.raises(ChannelBuildError, match="there are no patches"):
        index_channel(channel, repodata_patch=tmp_path)
    with pytest.raises(ArchiveError, match="cannot open"):
        index_channel(channel, repodata_patch=PATCH_PACKAGE)
