"""A small channel, a home of its own, and the command as a function."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import pytest

from hognose.channel import index_channel
from hognose.cli import main
from support.package_maker import File, Link, make_package

if TYPE_CHECKING:
    from pathlib import Path


class Result(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture(scope="session")
def channel(tmp_path_factory) -> Path:
    """Return a channel: `app` needs `lib >=1`, `lib` comes in two versions, `old` needs `lib <2`."""
    directory = tmp_path_factory.mktemp("channel")
    program = '#!/bin/sh\nprintf "%s\\n" "$CONDA_PREFIX" "$@"\nexit 7\n'
    make_package(
        directory,
        "app",
        "1.0",
        depends=["lib >=1"],
        files={"bin/app": File(program, executable=True), "share/app/name": Link("../app.txt")},
    )
    for version in ("1.0", "2.0"):
        make_package(directory, "lib", version, files={"lib/lib.txt": f"lib {version}\n"})
    make_package(directory, "old", "1.0", depends=["lib <2"], files={"share/old.txt": "old\n"})
    make_package(directory, "gpu", "1.0", depends=["__cuda >=12"], files={"share/gpu": "x"})
    index_channel(directory)
    return directory


@pytest.fixture(autouse=True)
def private_home(tmp_path, monkeypatch) -> Path:
    """Keep the user's caches and settings out of the tests, and the tests out of them."""
    home = tmp_path / "home"
    home.mkdir()
    for name in list(os.environ):
        if name.startswith(("CONDA", "MAMBA", "CX_", "HOGNOSE", "RATTLER", "XDG", "NETRC")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "")
    return home


@pytest.fixture
def hognose(capfd):
    """Run the command in this process."""

    def run(*words: object) -> Result:
        capfd.readouterr()
        status = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Result(status, out, err)

    return run
