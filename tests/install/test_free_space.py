"""What a transaction needs on the disk, asked before anything is fetched or linked."""

import json
import os

import pytest

from hognose.errors import TransactionError
from hognose.install import LinkOptions
from hognose.install.free_space import require_free_space, required_bytes, shares_files
from hognose.types import RepoDataRecord
from support.mounts import in_memory
from support.package_maker import PLACEHOLDER, File

COPIES = LinkOptions(allow_hard_links=False, allow_ref_links=False)


def record(size):
    return RepoDataRecord.create(name="a", version="1", build="0", size=size)


def unpacked(folder, *entries):
    """Make a package's folder of which only the list of files is there."""
    (folder / "info").mkdir(parents=True)
    (folder / "info/paths.json").write_text(json.dumps({"paths": entries, "paths_version": 1}))
    return str(folder)


def needs(*, missing=(), present=None, shares=False, free=0):
    return required_bytes(
        missing, present or {}, cache="/cache", prefix="/prefix", shares=shares, free=lambda _: free
    )


def test_space_is_added_up_by_file_system():
    needed = {"/cache": 600, "/prefix": 600}

    require_free_space(needed, disk_usage=lambda _: (10_000, 0, 1200), device=lambda _: 1)
    with pytest.raises(TransactionError, match="not enough space") as caught:
        require_free_space(needed, disk_usage=lambda _: (10_000, 0, 1199), device=lambda _: 1)

    assert (1200, 1199) == (caught.value.needed, caught.value.free)


def test_a_file_system_that_knows_no_sizes_is_no_obstacle():
    require_free_space({"/cache": 600}, disk_usage=lambda _: (0, 0, 0), device=lambda _: 1)


def test_what_is_fetched_needs_its_size_in_the_cache_and_again_where_it_is_copied():
    assert {"/cache": 600, "/prefix": 600} == needs(missing=[record(600)])
    assert {"/cache": 600, "/prefix": 0} == needs(missing=[record(600)], shares=True)


def test_files_that_are_copied_out_of_the_cache_need_their_size_and_a_record(tmp_path):
    entry = {"_path": "x", "path_type": "hardlink", "size_in_bytes": 5000}
    folder = unpacked(tmp_path, entry, {"_path": "y", "path_type": "softlink", "size_in_bytes": 9})

    assert 5400 == needs(present={folder: record(1000)}, free=2000)["/prefix"]


def test_of_files_that_are_shared_only_those_with_the_prefix_need_room(tmp_path):
    entry = {"path_type": "hardlink", "size_in_bytes": 5000}
    bound = {"file_mode": "text", "prefix_placeholder": PLACEHOLDER}
    folder = unpacked(tmp_path, {**entry, "_path": "x"}, {**entry, **bound, "_path": "y"})

    assert 5400 == needs(present={folder: record(1000)}, shares=True, free=2000)["/prefix"]


def test_lists_of_files_are_not_read_where_there_is_plenty_of_room():
    assert 1000 == needs(present={"/nowhere": record(1000)}, free=10**9)["/prefix"]


def test_a_package_that_cannot_be_read_is_left_to_who_links_it():
    assert 10 == needs(present={"/nowhere": record(10)}, free=20)["/prefix"]


def test_one_file_system_shares_files_unless_all_are_to_be_copied(tmp_path):
    assert shares_files(str(tmp_path / "cache"), str(tmp_path / "prefix"), LinkOptions())
    assert not shares_files(str(tmp_path / "cache"), str(tmp_path / "prefix"), COPIES)


@pytest.mark.parametrize("is_cached", [True, False])
def test_a_prefix_on_a_small_file_system_is_refused_before_anything_is_there(
    is_cached, environment, tmp_path
):
    big = environment.package("big", files={"share/data": os.urandom(3_000_000)})
    if is_cached:
        environment.install(big)
    with in_memory(tmp_path / "small", "size=2m") as small:
        environment.prefix = small / "environment"

        with pytest.raises(TransactionError, match="not enough space on the file system of"):
            environment.install(big)

        assert [] == os.listdir(small)
    assert is_cached == (tmp_path / "cache" / "big-1-0").exists()


def test_files_with_the_prefix_count_where_the_others_are_linked(environment, tmp_path):
    with in_memory(tmp_path / "small", "size=5m") as small:
        environment.prefix = small / "environment"
        environment.cache = type(environment.cache)(small / "cache")
        content = PLACEHOLDER.encode() + os.urandom(2_000_000)
        package = environment.package(
            "big", files={"lib/x": File(b"\0" + content, prefix="binary")}
        )
        environment.install(package)
        environment.prefix = small / "second"
        before = sorted(os.listdir(small))

        with pytest.raises(TransactionError, match="not enough space"):
            environment.install(package)

        assert before == sorted(os.listdir(small))
