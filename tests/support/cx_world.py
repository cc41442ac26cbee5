"""A channel with a conda in it that is a few lines of shell, and an empty home to install into."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hognose.types import Platform, RepoDataRecord
from support.package_maker import File, make_package, write_repodata

if TYPE_CHECKING:
    from collections.abc import Sequence

_SOURCE = str(Path(__file__).resolve().parents[2] / "src")

# Says how it was called; `create` gives conda's advice, `fail` fails.
_CONDA = """#!/bin/sh
if [ "$1" = fail ]; then exit 3; fi
if [ "$1" = create ]; then
    echo "creating"
    printf '#\\n# To activate this environment, use\\n#\\n'
    printf '#     $ conda activate "my env"\\n#\\n'
    printf '# To deactivate an active environment, use\\n#\\n#     $ conda deactivate\\n\\n'
    printf 'bytes \\377 stay\\n'
    exit 0
fi
echo "conda root=$CONDA_ROOT_PREFIX args=$*"
"""


class World(msgspec.Struct, frozen=True):
    """Where everything is.

    Attributes:
        channel: The channel's directory.
        records: What is in it.
        home: The home directory, where `.cx` goes.
        environ: The variables of every command.
        config: A configuration with that channel.
    """

    channel: Path
    records: tuple[RepoDataRecord, ...]
    home: Path
    environ: dict[str, str]
    config: Path

    @property
    def prefix(self) -> Path:
        return self.home / ".cx"

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `cx` in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "hognose.express", *words],
            env=self.environ,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
            cwd=self.home,
        )

    def write_config(self, text: str) -> None:
        self.config.write_text(f"[tool.cx]\n{text}")

    def lock(self, names: Sequence[str] | None = None) -> Path:
        """Write a lock file with packages of the channel."""
        from hognose.lock import LockFile

        lock_file = LockFile([Platform.current()])
        lock_file.set_channels("default", [self.channel.as_uri()])
        for record in self.records:
            if names is None or record.name in names:
                lock_file.add_conda_package("default", Platform.current(), record)
        path = self.home / "cx.lock"
        lock_file.write(path)
        return path


def make_world(tmp_path: Path) -> World:
    """Make a channel, a configuration that names it, and an empty home."""
    channel, home = tmp_path / "channel", tmp_path / "home"
    home.mkdir()
    subdir = str(Platform.current())
    package = [
        make_package(
            channel,
            "conda",
            "25.1",
            depends=["conda-libmamba-solver", "zlib"],
            files={"bin/conda": File(_CONDA, executable=True)},
            subdir=subdir,
        ),
        make_package(
            channel,
            "hognose",
            "0.1",
            files={
                "bin/hognose": File(_CONDA.replace("conda root", "hognose root"), executable=True)
            },
            subdir=subdir,
        ),
        make_package(channel, "conda-libmamba-solver", "1.0", depends=["libmamba"], subdir=subdir),
        make_package(channel, "libmamba", "2.0", depends=["zlib"], subdir=subdir),
        make_package(channel, "zlib", "1.3", files={"lib/libz.txt": "z"}, subdir=subdir),
    ]
    write_repodata(channel, package)
    config = tmp_path / "cx.toml"
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "RATTLER_CACHE_DIR": str(tmp_path / "cache"),
        "CX_CONFIG": str(config),
        "CONDA_OVERRIDE_CUDA": "",
        "CONDA_OVERRIDE_ARCHSPEC": "x86_64",
        "PYTHONPATH": _SOURCE,
    }
    made = World(channel, tuple(package), home, environ, config)
    made.write_config(
        f'channels = ["{channel.as_uri()}"]\npackages = ["conda >=25"]\n'
        'exclude = ["conda-libmamba-solver"]\n'
    )
    return made
