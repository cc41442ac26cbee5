"""Environments on file systems that are full, read-only, without programs, or blind to case."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from hognose.cache import PackageCache
from hognose.errors import HognoseError, LinkError, TransactionError
from hognose.install import LinkOptions, diagnose
from hognose.types import PrefixRecord
from support.environment import Environment
from support.exact_state import exact_state
from support.mounts import case_insensitive, in_memory, remount
from support.package_maker import PLACEHOLDER, File, Link, make_python

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hognose.types import RepoDataRecord

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts file systems of Linux")

COPIES = LinkOptions(allow_hard_links=False, allow_ref_links=False, clobber="ignore")
LINKS = LinkOptions(clobber="ignore")
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
PAGE = 4096


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with in_memory(tmp_path / "disk", "size=16m") as disk:
        yield disk


def environment_on(disk: Path, channel: Path) -> Environment:
    environment = Environment(disk)
    environment.channel = channel
    return environment


def packages(environment: Environment) -> dict[str, list[RepoDataRecord]]:
    """Return the states of an environment that the changes below go through."""
    python = make_python(environment.channel, f"{VERSION}.0", runs=True)
    lib = environment.package(
        "lib",
        files={
            "lib/lib.so.1": File(b"\0" + PLACEHOLDER.encode() + b"\0" * 9000, prefix="binary"),
            "lib/lib.so": Link("lib.so.1"),
            "share/lib/text": File(f"{PLACEHOLDER}\n" * 40, prefix="text"),
            "share/both": "lib" * 2000,
        },
    )
    newer = environment.package(
        "lib", "2", files={"lib/lib.so": "new" * 3000, "share/lib": "a file", "share/both": "newer"}
    )
    tool = environment.package(
        "tool",
        noarch="python",
        files={f"site-packages/tool/m{n}.py": f"x = {n}\n" * 300 for n in range(5)},
        entry_points=["tool = tool.m1:main"],
    )
    other = environment.package("other", files={"share/both": "other", "x/y/z": "z" * 5000})
    return {
        "nothing": [],
        "old": [python, lib, tool, other],
        "new": [python, newer, tool],
    }


def fill(disk: Path, free: int) -> None:
    """Leave so many bytes of a file system."""
    status = os.statvfs(disk)
    with open(disk / "ballast", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, status.f_bavail * status.f_frsize - free)


@pytest.mark.parametrize("link_options", [LINKS, COPIES], ids=["links", "copies"])
@pytest.mark.parametrize("change", [("nothing", "old"), ("old", "new"), ("old", "nothing")])
@pytest.mark.parametrize(
    "pages", [pytest.param(7, id="some"), pytest.param(1, id="every", marks=pytest.mark.slow)]
)
@pytest.mark.timeout(300)
def test_a_full_disk_leaves_the_state_before_or_the_one_after(
    disk: Path, tmp_path: Path, change: tuple[str, str], link_options: LinkOptions, pages: int
) -> None:
    environment = environment_on(disk, tmp_path / "channel")
    states = packages(environment)
    start, end = (states[name] for name in change)
    options = {"link_options": link_options, "compile_byte_code": True}

    def begin() -> None:
        (disk / "ballast").unlink(missing_ok=True)
        for folder in (environment.prefix, disk / "cache"):
            shutil.rmtree(folder, ignore_errors=True)
        environment.install(*start, **options)

    begin()
    before = exact_state(environment.prefix)
    environment.install(*end, **options)
    after = exact_state(environment.prefix)
    free, messages = 0, []
    while True:
        begin()
        fill(disk, free)
        try:
            result = environment.install(*end, **options)
        except HognoseError as error:
            messages.append(str(error))
            assert exact_state(environment.prefix) == before
            (disk / "ballast").unlink()
            environment.install(*end, **options)
            assert exact_state(environment.prefix) == after
        else:
            # Byte-code that there is no space for is no failure.
            if not result.outcome.compile_failures:
                break
            assert diagnose(environment.prefix).is_healthy
        free += pages * PAGE
    assert exact_state(environment.prefix) == after
    assert messages
    assert [] == [text for text in messages if "space" not in text]


def test_how_much_room_is_missing_is_told_once_it_is_known(disk: Path, tmp_path: Path) -> None:
    environment = environment_on(disk, tmp_path / "channel")
    environment.cache = PackageCache(tmp_path / "cache")
    # Their archives are so small that nothing can be said before they are fetched.
    packages = [environment.package(name, files={name: "0" * 20_000_000}) for name in "ab"]

    with pytest.raises(LinkError) as caught:
        environment.install(*packages)

    missing = re.search(r"free at least (\d+)\.\d MB and try again", str(caught.value.hint))
    assert missing is not None
    assert 3 <= int(missing[1]) <= 25
    assert "the environment is as it was before" in str(caught.value.hint)


def test_a_read_only_environment_is_refused_and_named(disk: Path, tmp_path: Path) -> None:
    environment = environment_on(disk, tmp_path / "channel")
    environment.install(environment.package("a", files={"x": "old"}))
    newer = environment.package("a", "2", files={"x": "new"})
    environment.cache = PackageCache(tmp_path / "cache")
    before = exact_state(environment.prefix)
    remount(disk, "ro")
    for records in ([newer], []):
        with pytest.raises(HognoseError, match=r"not allowed to write|read-only"):
            environment.install(*records)
    assert before == exact_state(environment.prefix)


def test_packages_of_a_read_only_cache_are_installed(disk: Path, tmp_path: Path) -> None:
    environment = environment_on(disk, tmp_path / "channel")
    package = environment.package("a", files={"x": "x"})
    environment.install(package)
    remount(disk, "ro")
    environment.prefix = tmp_path / "environment"
    environment.install(package)
    assert "x" == environment.read("x")


def test_programs_that_may_not_run_make_no_byte_code(tmp_path: Path) -> None:
    with in_memory(tmp_path / "disk", "size=16m,noexec") as disk:
        environment = environment_on(disk, tmp_path / "channel")
        states = packages(environment)
        result = environment.install(*states["old"], compile_byte_code=True)
    (warning,) = result.outcome.warnings
    assert "does not run here" in warning


def test_a_link_script_runs_where_programs_may_not(tmp_path: Path) -> None:
    with in_memory(tmp_path / "disk", "size=16m,noexec") as disk:
        environment = environment_on(disk, tmp_path / "channel")
        script = File('touch "$PREFIX/here"', executable=True)
        package = environment.package("a", files={"bin/.a-post-link.sh": script})
        environment.install(package, execute_link_scripts=True)
        assert (environment.prefix / "here").exists()


@pytest.fixture
def blind(tmp_path: Path) -> Iterator[Environment]:
    with case_insensitive(tmp_path / "disk") as disk:
        yield environment_on(disk, tmp_path / "channel")


def test_paths_that_differ_in_case_only_are_one_where_the_file_system_says_so(
    blind: Environment,
) -> None:
    one = blind.package("one", files={"share/Readme": "one"})
    two = blind.package("two", files={"share/README": "two"})
    for records in ([one, two], [two], [one, two], [one]):
        blind.install(*records)
        assert diagnose(blind.prefix).faults == ()
        assert len(records) == len(PrefixRecord.collect(blind.prefix))
    assert "one" == blind.read("share/readme")
    blind.install()
    assert ["conda-meta"] == os.listdir(blind.prefix)


def test_names_are_one_only_where_the_file_system_says_so(blind: Environment) -> None:
    names = ["stra\u00dfe", "strasse", "caf\u00e9", "cafe\u0301"]
    blind.install(blind.package("a", files=dict.fromkeys(names, "x")))
    assert sorted(names) == blind.files()


def test_folders_that_differ_in_case_only_are_one(blind: Environment) -> None:
    one = blind.package("one", files={"Lib/one": "one"})
    two = blind.package("two", files={"lib/two": "two"})
    blind.install(one, two)
    assert ["one", "two"] == sorted(os.listdir(blind.prefix / "LIB"))
    blind.install(two)
    assert ["two"] == os.listdir(blind.prefix / "LIB")
    blind.install()
    assert ["conda-meta"] == os.listdir(blind.prefix)


def test_an_update_may_change_the_case_of_a_path(blind: Environment) -> None:
    blind.install(blind.package("a", files={"Share/Name": "old"}))
    blind.install(blind.package("a", "2", files={"share/name": "new"}))
    assert "new" == blind.read("share/name")
    assert diagnose(blind.prefix).faults == ()


def test_clobbering_by_case_can_be_an_error(blind: Environment) -> None:
    one = blind.package("one", files={"x": "one"})
    two = blind.package("two", files={"X": "two"})
    with pytest.raises(TransactionError, match="several packages ship"):
        blind.install(one, two, link_options=LinkOptions(clobber="error"))
    assert not blind.prefix.exists()
