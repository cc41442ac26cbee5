import os
import stat

import pytest

from hognose.archive import ExtractLimits
from hognose.cache import PackageCache
from hognose.errors import LinkError, UnsafeArchiveError
from hognose.install import LinkOptions
from hognose.types import PrefixRecord
from support.environment import bare
from support.package_maker import PLACEHOLDER, File, Link


def test_files_are_hard_links_unless_the_package_forbids(environment):
    environment.install(
        environment.package("a", files={"x": "x", "y": File("y", no_link=True)}),
        link_options=LinkOptions(allow_ref_links=False),
    )
    assert [(environment.prefix / name).stat().st_nlink for name in "xy"] == [2, 1]


def test_files_can_be_copies(environment):
    options = LinkOptions(allow_hard_links=False, allow_ref_links=False)
    environment.install(
        environment.package("a", files={"x": File("x", executable=True)}), link_options=options
    )
    status = (environment.prefix / "x").stat()
    assert (status.st_nlink, stat.S_IMODE(status.st_mode), status.st_mtime) == (
        1,
        0o755,
        1_700_000_000,
    )
    (record,) = PrefixRecord.collect(environment.prefix)
    assert record.link.type == 3


def test_links_become_copies_where_there_are_none(environment):
    environment.install(
        environment.package("a", files={"x": "content", "y": Link("x")}),
        link_options=LinkOptions(allow_symbolic_links=False),
    )
    assert not (environment.prefix / "y").is_symlink()
    assert environment.read("y") == "content"


def test_another_path_can_be_written_into_the_files(environment):
    text = File(f"{PLACEHOLDER}/x", prefix="text")
    environment.install(
        environment.package("a", files={"x": text}), target_prefix_override="/somewhere/else"
    )
    assert environment.read("x") == "/somewhere/else/x"


@pytest.mark.parametrize("path", ["../evil", "/evil", "a/../../evil"])
def test_a_path_that_leaves_the_environment_is_refused(environment, path):
    package = environment.package(
        "a", files={"x": "x"}, paths=[{"_path": path, "path_type": "hardlink"}]
    )
    with pytest.raises(UnsafeArchiveError):
        environment.install(package)
    assert not environment.prefix.exists()


@pytest.mark.parametrize("path", ["conda-meta/history", "conda-meta", "__clobbers__/b/x"])
def test_a_path_that_belongs_to_the_environment_is_refused(environment, path):
    with pytest.raises(LinkError, match="belongs to the environment"):
        environment.install_unpacked((bare("a"), {path: "x"}))
    assert not environment.prefix.exists()


def test_no_file_is_written_through_a_link_of_another_package(environment, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    link = (bare("a"), {"lib": Link(str(outside))})
    environment.install_unpacked(link, (bare("b", depends=["a"]), {"lib/x": "evil"}))
    assert os.listdir(outside) == []
    environment.install_unpacked(link)
    environment.install_unpacked(link, (bare("c"), {"lib/x": "evil"}))
    assert os.listdir(outside) == []


def test_a_folder_that_leads_out_of_the_environment_is_not_entered(environment, tmp_path):
    environment.install()
    outside = tmp_path / "outside"
    outside.mkdir()
    (environment.prefix / "lib").symlink_to(outside)
    with pytest.raises(LinkError, match="leads out of the environment"):
        environment.install(environment.package("a", files={"lib/x": "x"}))
    assert os.listdir(outside) == []


def test_a_link_out_of_the_environment_can_be_refused(environment):
    package = (bare("a"), {"x": Link("/etc/passwd")})
    result = environment.install_unpacked(package)
    assert result.outcome.warnings == ("the link x points out of the environment: /etc/passwd",)
    environment.install()
    with pytest.raises(LinkError, match="points out of the environment"):
        environment.install_unpacked(package, external_symlinks="deny")


def test_an_archive_with_a_link_out_of_the_environment_is_let_in_on_request(environment, tmp_path):
    package = environment.package("a", files={"x": Link("/etc/passwd")})
    with pytest.raises(UnsafeArchiveError, match="leads out, to '/etc/passwd'"):
        environment.install(package)

    limits = ExtractLimits(escaping_symlinks=True)
    environment.cache = PackageCache(tmp_path / "trusting", limits=limits)
    environment.install(package, link_options=LinkOptions(external_symlinks="allow"))

    assert "/etc/passwd" == os.readlink(environment.prefix / "x")


def test_a_package_asks_for_an_empty_folder(environment):
    package = environment.package(
        "a",
        files={"x": "x"},
        paths=[
            {"_path": "x", "path_type": "hardlink"},
            {"_path": "var/empty", "path_type": "directory"},
        ],
    )
    environment.install(package)
    assert (environment.prefix / "var/empty").is_dir()
    environment.install()
    assert not (environment.prefix / "var").exists()
