import ntpath
import os
import stat

import pytest

from hognose.archive import ExtractLimits
from hognose.cache import PackageCache
from hognose.errors import LinkError, UnsafeArchiveError
from hognose.install import LinkOptions, diagnose
from hognose.install.long_paths import require_short_paths
from hognose.install.prefix_places import Bounds
from hognose.types import PrefixRecord
from support.environment import bare
from support.mounts import bound
from support.package_maker import PLACEHOLDER, File, Link, make_python


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


@pytest.mark.skipif(os.name == "nt", reason="mounts")
def test_what_could_only_be_copied_is_recorded_as_copies(environment, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    with bound(tmp_path / "elsewhere", tmp_path / "cache"):
        environment.install(environment.package("a", files={"x": "x"}))
    (record,) = PrefixRecord.collect(environment.prefix)
    assert (1, 3) == ((environment.prefix / "x").stat().st_nlink, record.link.type)


@pytest.mark.parametrize("mode", [{}, {"file_mode": "text"}, {"file_mode": "binary"}])
def test_an_empty_placeholder_is_none(environment, mode):
    entry = {"_path": "x", "path_type": "hardlink", "prefix_placeholder": "", **mode}
    environment.install(environment.package("a", files={"x": "abc"}, paths=[entry]))
    assert "abc" == environment.read("x")
    (record,) = PrefixRecord.collect(environment.prefix)
    assert [None] == [entry.prefix_placeholder for entry in record.paths_data.paths]


def commands(environment, *entry_points, name="a", files=(), **options):
    """Return a package with commands, and a Python for it."""
    files = {"site-packages/m.py": "", **dict(files)}
    package = environment.package(
        name, noarch="python", entry_points=entry_points, files=files, **options
    )
    return make_python(environment.channel), package


@pytest.mark.parametrize("script", ["python-scripts/cmd", "bin/cmd"])
def test_an_entry_point_goes_over_a_script_of_its_name(environment, script):
    python, package = commands(environment, "cmd = m:f", files={script: "shipped"})
    environment.install(python, package)
    assert "from m import f" in environment.read("bin/cmd")
    assert diagnose(environment.prefix).is_healthy
    (record,) = (one for one in PrefixRecord.collect(environment.prefix) if one.name == "a")
    assert 1 == record.files.count("bin/cmd")


def test_an_entry_point_that_is_listed_twice_is_what_the_last_line_says(environment):
    environment.install(*commands(environment, "cmd = m:f", "cmd = m:g"))
    assert "from m import g" in environment.read("bin/cmd")
    assert diagnose(environment.prefix).is_healthy


def test_an_entry_point_over_a_script_gets_its_place_from_another_package(environment):
    other = environment.package("z", files={"bin/cmd": "z"})
    python, package = commands(
        environment, "cmd = m:f", files={"python-scripts/cmd": "x"}, depends=("z",)
    )
    environment.install(python, other)
    environment.install(python, other, package)
    assert "from m import f" in environment.read("bin/cmd")
    assert diagnose(environment.prefix).is_healthy
    environment.install(python, other)
    assert "z" == environment.read("bin/cmd")


@pytest.mark.parametrize("path", ["pkgs/b-1-0/info/index.json", "pkgs/b-1-0", "pkgs"])
def test_a_package_may_not_ship_what_belongs_to_the_cache_around_it(environment, path):
    environment.cache = PackageCache(environment.prefix / "pkgs")
    with pytest.raises(LinkError, match="belongs to the cache"):
        environment.install(environment.package("a", files={path: "evil", "x": "x"}))
    assert not (environment.prefix / "pkgs/b-1-0").exists()


def test_a_package_may_have_files_beside_the_cache(environment):
    environment.cache = PackageCache(environment.prefix / "var/pkgs")
    environment.install(environment.package("a", files={"var/pkgs.txt": "x"}))
    assert "x" == environment.read("var/pkgs.txt")


def test_a_link_is_inside_on_windows_whatever_the_slashes_and_the_case():
    bounds = Bounds("C:/env", flavour=ntpath)
    assert bounds.hold_end("C:/env/Library/x", "y")
    assert bounds.hold_end("C:/env/Library/x", "..\\bin\\y")
    assert bounds.hold_end("C:/env/x", "c:\\ENV\\y")
    assert not bounds.hold_end("C:/env/x", "..\\y")
    assert not bounds.hold_end("C:/env/x", "C:\\environment\\y")
    assert not bounds.hold_end("C:/env/x", "D:\\env\\y")


def test_everything_is_inside_the_root():
    assert Bounds("/").hold("/etc/passwd")


def test_a_path_that_windows_would_not_find_is_told_of_as_too_long():
    root = "C:/env/"
    folder = "d" * (247 - len(root)) + "/"
    fits = folder + "f" * (259 - len(root + folder))
    require_short_paths("a-1-0", root, [fits])
    with pytest.raises(LinkError, match="would have 260 characters") as caught:
        require_short_paths("a-1-0", root, [fits + "f"])
    assert (fits + "f", "a-1-0") == (caught.value.path, caught.value.package)
    assert "LongPathsEnabled" in str(caught.value)
    with pytest.raises(LinkError, match="would have 250 characters"):
        require_short_paths("a-1-0", root, [f"d{folder}f"])


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
