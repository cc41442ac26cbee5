"""Whatever the order in which packages come and go, the same packages make the same tree."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hognose.cache import PackageCache
from hognose.install import (
    ExecutionOptions,
    LinkOptions,
    execute_transaction,
    install,
    plan_transaction,
)
from hognose.net import Client
from hognose.types import Platform, PrefixRecord, RepoDataRecord
from support.package_maker import Link, make_package

FILES = {
    "base": {"a": "base", "b/1": "base", "d": Link("a")},
    "left": {"a": "left", "b/1": "left", "c": "left"},
    "right": {"a/x": "right", "c": "right", "d": "right"},
    "top": {"b": "top", "c": "top"},
}
DEPENDS = {"base": (), "left": ("base",), "right": ("base",), "top": ("left", "right")}
STATES = st.lists(st.sets(st.sampled_from(sorted(FILES))).map(sorted), min_size=1, max_size=5)


def snapshot(prefix):
    return {
        path.relative_to(prefix).as_posix(): path.readlink().as_posix()
        if path.is_symlink()
        else path.is_file() and path.read_text()
        for path in prefix.rglob("*")
        if path.name != "history"
    }


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    channel = tmp_path_factory.mktemp("channel")
    return {
        name: make_package(channel, name, "1", files=files, depends=DEPENDS[name], noarch="generic")
        for name, files in FILES.items()
    }


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return PackageCache(tmp_path_factory.mktemp("cache"))


@given(STATES)
@settings(max_examples=15, deadline=None)
def test_only_the_last_state_counts(packages, cache, states):
    with tempfile.TemporaryDirectory() as folder, Client() as client:

        def change(prefix, names):
            install(
                [packages[name] for name in names],
                prefix,
                cache=cache,
                client=client,
                platform=Platform("linux-64"),
                link_options=LinkOptions(clobber="ignore"),
            )
            return snapshot(prefix)

        for number, state in enumerate(states):
            reached = change(Path(folder, "walked"), state)
            assert change(Path(folder, f"direct{number}"), state) == reached


def _without_nesting(paths):
    """Leave out paths below another one: no package ships a file inside a file."""
    return [path for path in paths if not any(path.startswith(f"{other}/") for other in paths)]


# Few names, so that packages meet as files, as folders, and as one of each.
CONTENT = st.lists(
    st.sampled_from(["a", "b", "c", "a/a", "a/b", "b/a", "a/a/a", "a/a/b", "b/a/a"]), unique=True
).map(_without_nesting)
RELEASES = st.fixed_dictionaries(
    {(name, version): CONTENT for name in "pqrs" for version in ("1", "2")}
)
WALKS = st.lists(
    st.fixed_dictionaries({name: st.sampled_from([None, "1", "2"]) for name in "pqrs"}),
    min_size=2,
    max_size=5,
)


class Unpacked:
    """Packages that never were archives, each in a folder."""

    def __init__(self, root, releases, edges):
        self.root = root
        self.records = {}
        for (name, version), paths in releases.items():
            folder = root / f"{name}-{version}-0"
            for path in paths:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(f"{name} {version} {path}")
            (folder / "info").mkdir(parents=True)
            entries = [{"_path": path, "path_type": "hardlink"} for path in paths]
            (folder / "info/paths.json").write_text(json.dumps({"paths": entries}))
            self.records[name, version] = RepoDataRecord.create(
                name=name,
                version=version,
                build="0",
                subdir="linux-64",
                depends=[other for one, other in edges if one == name],
            )

    def change(self, prefix, state):
        wanted = [self.records[item] for item in state.items() if item[1] is not None]
        plan = plan_transaction(PrefixRecord.collect(prefix), wanted, platform=Platform("linux-64"))
        execute_transaction(
            plan,
            prefix,
            lambda record: self.root / record.file_stem,
            options=ExecutionOptions(link_options=LinkOptions(clobber="ignore")),
        )
        return snapshot(prefix)


# A disk would take most of the time of a long run.
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None


def check_a_walk(releases, edges, states):
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        packages = Unpacked(Path(folder, "unpacked"), releases, edges)
        for number, state in enumerate(states):
            reached = packages.change(Path(folder, "walked"), state)
            assert packages.change(Path(folder, f"direct{number}"), state) == reached


def test_a_loser_is_kept_where_its_older_version_kept_a_folder():
    check_a_walk(
        {("r", "1"): ["a"], ("s", "1"): ["a"], ("s", "2"): ["a/a"]},
        [],
        [{"r": "1", "s": "2"}, {"r": "1", "s": "1"}],
    )


EDGES = st.sets(st.sampled_from([("p", "q"), ("p", "s"), ("q", "r"), ("r", "s"), ("s", "q")]))


@given(RELEASES, EDGES, WALKS)
@settings(max_examples=15, deadline=None)
def test_whatever_packages_hold_only_the_last_state_counts(releases, edges, states):
    check_a_walk(releases, edges, states)


@pytest.mark.slow
@pytest.mark.timeout(600)
@given(RELEASES, EDGES, WALKS)
@settings(max_examples=500, deadline=None)
def test_whatever_many_packages_hold_only_the_last_state_counts(releases, edges, states):
    check_a_walk(releases, edges, states)
