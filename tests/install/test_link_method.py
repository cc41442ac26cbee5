"""Which way a file gets into a prefix, and what is done where that way does not work."""

import errno
import os

import pytest

from hognose.install import LinkOptions
from hognose.install.link_method import LinkMethods, clone_or_copy, detect_link_methods
from hognose.types import PrefixPathsEntry
from support.mounts import bound, in_memory

ENTRY = PrefixPathsEntry(relative_path="x")
HARD = LinkMethods(hard_links=True, ref_links=False, symbolic_links=True)


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "cache/a-1-0"
    (folder / "info").mkdir(parents=True)
    (folder / "info/paths.json").touch()
    return folder


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "prefix").mkdir()
    return tmp_path / "prefix"


def detect(package, scratch, **options):
    return detect_link_methods(str(package), LinkOptions(**options), scratch=str(scratch))


def test_hard_links_work_on_one_file_system(package, scratch):
    assert detect(package, scratch).hard_links


def test_what_is_forbidden_is_not_tried(package, scratch):
    methods = detect(
        package, scratch, allow_hard_links=False, allow_ref_links=False, allow_symbolic_links=False
    )
    assert LinkMethods(hard_links=False, ref_links=False, symbolic_links=False) == methods


@pytest.mark.skipif(os.name == "nt", reason="mounts")
def test_hard_links_do_not_work_between_two_file_systems(package, tmp_path):
    with in_memory(tmp_path / "disk", "size=1m") as disk:
        assert not detect(package, disk).hard_links


@pytest.mark.skipif(os.name == "nt", reason="mounts")
def test_hard_links_do_not_work_between_two_mounts_of_one_file_system(package, scratch, tmp_path):
    with bound(scratch, tmp_path / "mounted") as mounted:
        assert package.stat().st_dev == mounted.stat().st_dev
        assert not detect(package, mounted).hard_links


def test_a_package_from_before_lists_of_paths_tells_as_well(package, scratch):
    (package / "info/paths.json").rename(package / "info/files")
    assert detect(package, scratch).hard_links


def test_nothing_is_left_of_the_trials(package, scratch):
    detect(package, scratch)
    assert [] == os.listdir(scratch)


@pytest.mark.parametrize(
    ("hard", "ref", "number"), [(True, False, 1), (True, True, 3), (False, True, 3)]
)
def test_a_record_tells_links_from_copies(hard, ref, number):
    methods = LinkMethods(hard_links=hard, ref_links=ref, symbolic_links=True)
    assert number == methods.link_type


@pytest.mark.parametrize("code", ["EXDEV", "EMLINK", "EPERM", "ENOSYS", "EINVAL"])
def test_a_file_that_cannot_be_linked_is_copied(package, scratch, code, monkeypatch):
    (package / "x").write_text("x")

    def refuse(*_paths):
        raise OSError(getattr(errno, code), "no link")

    # No file system at hand answers all of these.
    monkeypatch.setattr(os, "link", refuse)
    clone_or_copy(str(package / "x"), str(scratch / "x"), ENTRY, HARD)
    assert "x" == (scratch / "x").read_text()
