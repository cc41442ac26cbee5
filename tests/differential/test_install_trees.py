"""Environments made by us and by py-rattler from the same packages, compared file by file.

Accepted differences are listed in `docs/reference/install-differences.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.install import diagnose
from support.installer_pair import Pair
from support.package_maker import PLACEHOLDER, File, Link, make_package, make_python
from support.rattler_installer import RattlerInstaller

pytest.importorskip("rattler")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hognose.types import RepoDataRecord


@pytest.fixture(scope="module")
def installer() -> Iterator[RattlerInstaller]:
    with RattlerInstaller() as running:
        yield running


@pytest.fixture
def pair(tmp_path: Path, installer: RattlerInstaller) -> Pair:
    return Pair(tmp_path, installer)


def plain_packages(channel: Path) -> list[RepoDataRecord]:
    return [
        make_package(
            channel,
            "libzoo",
            "1.2",
            files={
                "lib/libzoo.so.1.2": File(b"\x7fELF library", executable=True),
                "lib/libzoo.so": Link("libzoo.so.1.2"),
                "include/zoo/zoo.h": "int zoo(void);\n",
                "share/doc/zoo/README.md": "# zoo\n",
                "etc/zoo.conf": File("dir = /somewhere\n", no_link=True),
                "lib/dangling": Link("../nowhere"),
            },
        ),
        make_package(
            channel,
            "zoo",
            "2.0",
            "h1_3",
            build_number=3,
            depends=("libzoo >=1.2",),
            files={
                "bin/zoo": File(
                    f"#!{PLACEHOLDER}/bin/perl -w\nprint '{PLACEHOLDER}/lib'\n",
                    executable=True,
                    prefix="text",
                ),
                "bin/zoo-py": File(
                    f"#!{PLACEHOLDER}/bin/python3.11 -E\nprint('{PLACEHOLDER}')\n",
                    executable=True,
                    prefix="text",
                ),
                "lib/zoo.so": File(
                    b"\0\1"
                    + f"{PLACEHOLDER}/lib:{PLACEHOLDER}/lib64:/usr".encode()
                    + b"\0"
                    + b"end"
                    + f"{PLACEHOLDER}".encode()
                    + b"\0\0\0",
                    executable=True,
                    prefix="binary",
                ),
                "lib/pkgconfig/zoo.pc": File(
                    f"prefix={PLACEHOLDER}\nother={PLACEHOLDER}\n", prefix="text"
                ),
            },
            archive="tar.bz2",
        ),
    ]


def python_packages(channel: Path) -> list[RepoDataRecord]:
    return [
        make_python(channel, "3.11.4"),
        make_package(
            channel,
            "rich",
            "13.0",
            noarch="python",
            depends=("python >=3.8",),
            files={
                "site-packages/rich/__init__.py": "",
                "site-packages/rich/cli.py": "def main(): return 0\nclass App:\n    run = main\n",
                "site-packages/rich-13.0.dist-info/METADATA": "Name: rich\n",
                "python-scripts/rich-helper": File("#!python\n", executable=True),
                "share/man/rich.1": "manual\n",
            },
            entry_points=("rich = rich.cli:main", "rich-app = rich.cli:App.run"),
        ),
        make_package(channel, "data", "1", noarch="generic", files={"share/data.bin": b"\0\1\2"}),
    ]


def test_plain_packages_end_in_the_same_tree(pair: Pair) -> None:
    pair.install(plain_packages(pair.channel), specs=["zoo >=2", "libzoo"])
    pair.assert_equal()


def test_noarch_python_packages_end_in_the_same_tree(pair: Pair) -> None:
    pair.install(python_packages(pair.channel), specs=["rich"])
    pair.assert_equal()


def test_a_site_packages_path_of_the_python_record_is_followed_alike(pair: Pair) -> None:
    python = make_python(
        pair.channel, "3.13.0", python_site_packages_path="lib/python3.13t/site-packages"
    )
    pair.install([python, *python_packages(pair.channel)[1:]])
    pair.assert_equal()


def test_a_prefix_with_spaces_gets_the_same_scripts(pair: Pair) -> None:
    pair.ours, pair.theirs = pair.root / "our prefix", pair.root / "the prefix"
    pair.install([*plain_packages(pair.channel), *python_packages(pair.channel)])
    pair.assert_equal()


def test_a_prefix_too_long_for_a_shebang_gets_the_same_scripts(pair: Pair) -> None:
    room = 200 - len(str(pair.root))
    pair.ours, pair.theirs = pair.root / ("o" * room), pair.root / ("t" * room)
    pair.install([*plain_packages(pair.channel), *python_packages(pair.channel)])
    pair.assert_equal()


def test_a_prefix_with_other_letters_gets_the_same_scripts(pair: Pair) -> None:
    pair.ours, pair.theirs = pair.root / "наша", pair.root / "ваша"
    pair.install([*plain_packages(pair.channel), *python_packages(pair.channel)])
    pair.assert_equal()


def clobbering(channel: Path) -> list[RepoDataRecord]:
    return [
        make_package(channel, "base", "1", files={"share/a": "base", "share/b": "base"}),
        make_package(channel, "middle", "1", depends=("base",), files={"share/a": "middle"}),
        make_package(
            channel, "top", "1", depends=("middle",), files={"share/b": "top", "share/a": "top"}
        ),
    ]


def test_clobbered_files_have_the_same_winner_and_the_losers_are_kept_alike(pair: Pair) -> None:
    pair.install(clobbering(pair.channel))
    pair.assert_equal()


@pytest.mark.parametrize("gone", ["base", "middle", "top"])
def test_the_next_owner_gets_the_path_when_a_package_leaves(pair: Pair, gone: str) -> None:
    records = clobbering(pair.channel)
    pair.install(records)
    pair.install([record for record in records if record.name != gone])
    pair.assert_equal()


def test_a_clobbering_package_that_comes_later_ends_in_the_same_tree(pair: Pair) -> None:
    records = clobbering(pair.channel)
    pair.install(records[:1])
    pair.install(records)
    pair.assert_equal()


def test_an_update_and_a_removal_end_in_the_same_tree(pair: Pair) -> None:
    first, second = plain_packages(pair.channel)
    pair.install([first, second, *python_packages(pair.channel)], specs=["zoo"])
    newer = make_package(
        pair.channel,
        "libzoo",
        "1.3",
        files={
            "lib/libzoo.so.1.3": File(b"\x7fELF other", executable=True),
            "lib/libzoo.so": Link("libzoo.so.1.3"),
            "include/zoo/zoo.h": "int zoo(int);\n",
        },
    )
    pair.install([newer, *python_packages(pair.channel)], specs=["libzoo"])
    pair.assert_equal()


def test_a_new_minor_version_of_python_links_noarch_packages_again(pair: Pair) -> None:
    packages = python_packages(pair.channel)
    pair.install(packages)
    pair.install([make_python(pair.channel, "3.12.1"), *packages[1:]])
    pair.assert_equal()


def test_emptying_an_environment_leaves_the_same(pair: Pair) -> None:
    records = [*plain_packages(pair.channel), *python_packages(pair.channel)]
    pair.install(records)
    pair.install([])
    pair.assert_equal()


def test_one_updates_and_empties_what_the_other_made(pair: Pair) -> None:
    records = [
        *clobbering(pair.channel),
        *plain_packages(pair.channel),
        *python_packages(pair.channel),
    ]
    pair.install(records)
    fewer = records[1:]
    pair.install_ours(fewer, prefix=pair.theirs)
    pair.install_theirs(fewer, prefix=pair.ours)
    pair.assert_equal()
    pair.install_ours([], prefix=pair.theirs)
    pair.install_theirs([], prefix=pair.ours)
    pair.assert_equal()


def test_an_environment_made_by_the_other_is_healthy(
    tmp_path: Path, installer: RattlerInstaller
) -> None:
    prefix = tmp_path / "theirs"
    packages = plain_packages(tmp_path / "channel")
    installer.install(packages, prefix, tmp_path / "cache")
    assert diagnose(prefix).faults == ()
    (prefix / "share/doc/zoo/README.md").unlink()
    assert [fault.kind for fault in diagnose(prefix).faults] == ["missing"]
