"""Environments made by us and by conda from the same packages, and what each does to the other's.

`support.conda_program` says how conda is found. Accepted differences are listed in `docs/reference/install-differences.md`.
"""

from __future__ import annotations

import json
import marshal
import os
import stat
import sys
from fnmatch import fnmatch
from types import CodeType
from typing import TYPE_CHECKING, Any

import pytest

from hognose.cache import PackageCache
from hognose.channel import build_channel
from hognose.errors import ChannelBuildError
from hognose.install import LinkOptions, diagnose, install
from hognose.install.conda_record import with_real_paths
from hognose.net import Client
from hognose.repodata import Gateway
from hognose.solve import solve
from hognose.types import Platform, PrefixRecord
from hognose.virtual_packages import detect
from support.channel_server import ChannelServer
from support.conda_program import CONDA, CondaProgram

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not CONDA, reason="there is no conda"),
    pytest.mark.skipif(sys.platform != "linux", reason="repackages an interpreter on Linux"),
]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hognose.types import RepoDataRecord

OLD, NEW = ("rich <14", "numpy <2.4"), ("rich", "numpy")

# Only one of the two writes them.
OWN_FILES = {"conda-meta/history", "conda-meta/created_at"}
# `requested_specs` goes by two names in conda; the others are channel facts that conda leaves out.
OWN_KEYS = {
    *("link", "extracted_package_dir", "package_tarball_full_path", "package_type", "channel"),
    *(
        "requested_spec",
        "requested_specs",
        "_requested_specs",
        "purls",
        "arch",
        "platform",
        "run_exports",
    ),
}


class World:
    """A channel on loopback, both installers, and an old and a new set of packages."""

    def __init__(self, root: Path, channel_url: str) -> None:
        self.root, self.url = root, channel_url
        self.ours, self.theirs = root / "ours/environment", root / "them/environment"
        self.client = Client()
        self.cache = PackageCache(root / "our-cache")
        gateway = Gateway(self.client)
        self.old, self.new = self._solve(gateway, OLD), self._solve(gateway, NEW)

    def _solve(self, gateway: Gateway, specs: tuple[str, ...]) -> list[RepoDataRecord]:
        platforms = (Platform.current(), Platform("noarch"))
        sources = gateway.query([self.url], platforms, [*specs])
        return list(solve(specs, sources, virtual_packages=detect()))

    def install(self, records: list[RepoDataRecord], prefix: Path) -> None:
        """Install with our library, as conda does: with byte-code."""
        install(
            records,
            prefix,
            cache=self.cache,
            client=self.client,
            compile_byte_code=True,
            link_options=LinkOptions(clobber="ignore"),
        )

    def conda(self, *words: object) -> Any:
        """Run conda in a home of its own, and return the document that it prints."""
        program = CondaProgram(
            self.root / "home", self.root / "their-cache", CONDA_CHANNELS=self.url
        )
        return program(*words)

    def install_with_conda(self, verb: str, records: list[RepoDataRecord], prefix: Path) -> None:
        """Install explicit URLs, so that nothing is solved."""
        lines = [f"{record.url}#{record.md5_hex}" for record in records]
        explicit = self.root / "explicit.txt"
        explicit.write_text("\n".join(["@EXPLICIT", *lines, ""]))
        self.conda(verb, "--yes", "--prefix", prefix, "--file", explicit)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root = tmp_path_factory.mktemp("conda")
    try:
        for requirements in (OLD, NEW):
            build_channel(root / "channel", wheels=requirements, level=1)
    except ChannelBuildError as error:
        if "pip" not in str(error):
            raise
        pytest.skip(f"PyPI cannot be reached: {error.message}")
    with ChannelServer(root / "channel") as server:
        world = World(root, server.url)
        yield world
        world.client.close()


@pytest.fixture
def fresh(world: World, tmp_path: Path) -> World:
    """Give two prefixes of equal length that do not exist yet."""
    world.ours, world.theirs = tmp_path / "ours/environment", tmp_path / "them/environment"
    return world


def tree(prefix: Path, shown: Path) -> dict[str, object]:
    """Return kind, mode and content of all paths, as if the prefix lay elsewhere."""
    here, there = os.fsencode(prefix), os.fsencode(shown)
    found: dict[str, object] = {}
    for folder, folders, names in os.walk(prefix):
        for name in [*folders, *names]:
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, prefix)
            if relative in OWN_FILES or fnmatch(relative, "conda-meta/*.json"):
                continue
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                found[relative] = ("link", os.readlink(path))
            elif stat.S_ISDIR(mode):
                found[relative] = ("folder", oct(mode))
            else:
                with open(path, "rb") as file:
                    content = file.read().replace(here, there)
                found[relative] = _describe(relative, mode, content)
    return found


def _describe(path: str, mode: int, content: bytes) -> tuple[object, ...]:
    if path.endswith(".pyc"):
        # The header has the time and size of the source, which both have to keep.
        return ("byte-code", content[:16], _without_names(marshal.loads(content[16:])))
    if path.startswith("bin/") and b"\nimport re\nimport sys\n" in content:
        # An entry point: written by the installer, with an indentation of its own.
        return ("entry point", bool(mode & 0o111), content.replace(b"\t", b"    "))
    return ("file", oct(mode), content)


def _without_names(code: CodeType) -> CodeType:
    """Leave out the name of the source: conda compiles with relative ones."""
    constants = (
        _without_names(item) if isinstance(item, CodeType) else item for item in code.co_consts
    )
    return code.replace(co_filename="", co_consts=tuple(constants))


def records(prefix: Path) -> dict[str, dict[str, Any]]:
    """Read `conda-meta` without what the two say differently."""
    found = {}
    for record in PrefixRecord.collect(prefix):
        document = json.loads(record.encode())
        document = {key: value for key, value in document.items() if key not in OWN_KEYS}
        document["files"].sort()
        entries = with_real_paths(record).paths_data.paths
        document["paths_data"] = sorted(
            (entry.relative_path, entry.path_type, entry.prefix_placeholder, entry.file_mode)
            for entry in entries
        )
        found[record.record_file_name] = document
    return found


def assert_equal(world: World) -> None:
    ours, theirs = tree(world.ours, world.ours), tree(world.theirs, world.ours)
    assert sorted(theirs) == sorted(ours)
    assert [] == [path for path in ours if ours[path] != theirs[path]]
    our_records, their_records = records(world.ours), records(world.theirs)
    assert sorted(their_records) == sorted(our_records)
    for name, record in our_records.items():
        other = their_records[name]
        assert {} == {
            key: (record.get(key), other.get(key))
            for key in {*record, *other}
            if record.get(key) != other.get(key)
        }, name


def names(found: list[RepoDataRecord]) -> list[str]:
    return sorted(record.name for record in found)


def test_both_make_the_same_environment(fresh: World) -> None:
    fresh.install(fresh.new, fresh.ours)
    fresh.install_with_conda("create", fresh.new, fresh.theirs)
    assert_equal(fresh)
    assert diagnose(fresh.theirs).faults == ()


def test_conda_lists_updates_and_empties_what_we_made(fresh: World) -> None:
    fresh.install(fresh.old, fresh.theirs)
    listed = fresh.conda("list", "--prefix", fresh.theirs)
    assert names(fresh.old) == sorted(package["name"] for package in listed)

    fresh.install_with_conda("install", fresh.new, fresh.theirs)
    fresh.install(fresh.new, fresh.ours)
    assert_equal(fresh)

    fresh.conda("remove", "--yes", "--force", "--prefix", fresh.theirs, *names(fresh.new))
    assert ["conda-meta"] == os.listdir(fresh.theirs)


def test_we_update_and_empty_what_conda_made(fresh: World) -> None:
    fresh.install_with_conda("create", fresh.old, fresh.theirs)
    fresh.install(fresh.new, fresh.theirs)
    fresh.install(fresh.new, fresh.ours)
    assert_equal(fresh)

    fresh.install([], fresh.theirs)
    assert ["conda-meta"] == os.listdir(fresh.theirs)
    assert [] == fresh.conda("list", "--prefix", fresh.theirs)


def test_conda_knows_the_specs_that_we_recorded(fresh: World) -> None:
    install(
        fresh.old,
        fresh.ours,
        cache=fresh.cache,
        client=fresh.client,
        requested_specs=["rich", "numpy <2.4"],
    )
    exported = fresh.conda("env", "export", "--from-history", "--prefix", fresh.ours)
    assert ["numpy[version='<2.4']", "rich"] == sorted(exported["dependencies"])


def test_conda_reads_our_history(fresh: World) -> None:
    fresh.install(fresh.old, fresh.ours)
    fresh.install(fresh.new, fresh.ours)
    first, second = fresh.conda("list", "--revisions", "--prefix", fresh.ours)
    assert [0, 1] == [first["rev"], second["rev"]]
    assert len(fresh.old) == len(first["install"])
    assert 2 == len(second["upgrade"])
