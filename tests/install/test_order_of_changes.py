"""Whatever the order in which packages come and go, the same packages make the same tree."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hognose.cache import PackageCache
from hognose.install import LinkOptions, install
from hognose.net import Client
from hognose.types import Platform
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
