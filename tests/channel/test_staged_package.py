import json

import pytest

from hognose.archive import PackageArchive, extract
from hognose.channel.staged_package import PackageFacts, place_file, write_package
from hognose.errors import ArchiveError
from hognose.types import AboutJson, RunExportsJson


def facts(**changes):
    values = {
        "name": "demo",
        "version": "1.0",
        "build": "h{hash}_2",
        "build_number": 2,
        "subdir": "linux-64",
        "about": AboutJson(summary="A demonstration", license="MIT"),
        **changes,
    }
    return PackageFacts(**values)


@pytest.fixture
def stage(tmp_path):
    root = tmp_path / "stage"
    place_file(root / "bin" / "tool", b"#!/bin/sh\n", is_executable=True)
    place_file(root / "lib" / "libdemo.so.1", b"library", is_executable=False)
    (root / "lib" / "libdemo.so").symlink_to("libdemo.so.1")
    return root


def test_the_name_of_the_archive_is_made_of_the_facts(stage, tmp_path):
    package = write_package(stage, facts(), tmp_path / "channel")
    assert package.path == tmp_path / "channel/linux-64" / f"demo-1.0-{package.build}.conda"
    assert (package.files, package.size) == (3, package.path.stat().st_size)


def test_links_are_packaged_as_links_and_described_by_what_they_point_to(stage, tmp_path):
    package = write_package(stage, facts(), tmp_path / "channel")
    tree = tmp_path / "tree"
    extract(package.path, tree)
    assert (tree / "lib/libdemo.so").readlink().name == "libdemo.so.1"
    paths = {e["_path"]: e for e in json.loads((tree / "info/paths.json").read_text())["paths"]}
    link, file = paths["lib/libdemo.so"], paths["lib/libdemo.so.1"]
    assert (link["path_type"], link["sha256"]) == ("softlink", file["sha256"])
    assert (tree / "info/files").read_text().split() == sorted(paths)
    assert (tree / "bin/tool").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    "change",
    [{"depends": ("python",)}, {"constrains": ("python",)}, {"entry_points": ("a = b:c",)}],
)
def test_the_hash_in_the_build_string_changes_with_what_is_needed(stage, tmp_path, change):
    one = write_package(stage, facts(), tmp_path / "one")
    assert one.build != write_package(stage, facts(**change), tmp_path / "two").build


def test_optional_files_are_there_if_there_is_something_to_say(stage, tmp_path):
    plain = write_package(stage, facts(name="plain"), tmp_path / "channel")
    with PackageArchive.open(plain.path) as archive:
        assert archive.list_files("info") == [
            "info/about.json",
            "info/files",
            "info/index.json",
            "info/paths.json",
        ]
    exports = RunExportsJson(weak=("demo >=1",))
    full = facts(is_noarch_python=True, entry_points=("a = b:c",), run_exports=exports)
    package = write_package(stage, full, tmp_path / "channel")
    with PackageArchive.open(package.path) as archive:
        assert archive.link_json().noarch.entry_point_texts == ("a = b:c",)
        assert archive.run_exports_json() == exports
        # CEP 20: noarch is a field, whatever the subdir.
        assert (str(archive.index_json().noarch), archive.index_json().subdir) == (
            "python",
            "linux-64",
        )


def test_nothing_is_left_of_a_package_that_cannot_be_packed(stage, tmp_path):
    (stage / "lib" / "out").symlink_to("../../../etc/passwd")
    with pytest.raises(ArchiveError):
        write_package(stage, facts(), tmp_path / "channel")
    assert [] == list((tmp_path / "channel/linux-64").iterdir())
