"""Installations that are killed, or run out of space, at every single step on the disk in turn.

The interpreter's audit events are the steps: each rename, link, removal, folder or opened file below
the prefix. A child made by `fork` is killed at the n-th of them, or the n-th of them fails with
"no space left"; then the environment must be in the state before or in the state after. This file
is also the program that runs the children, so that nothing of it stays in the test's process.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

STEPS = frozenset(
    [
        "open",
        "os.link",
        "os.symlink",
        "os.rename",
        "os.remove",
        "os.mkdir",
        "os.rmdir",
        "os.chmod",
        "os.utime",
        "os.truncate",
        "shutil.rmtree",
    ]
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("fault", ["kill", "no space"])
@pytest.mark.parametrize("scenario", ["create", "update", "remove"])
@pytest.mark.parametrize(
    "stride", [pytest.param(4, id="some"), pytest.param(1, id="every", marks=pytest.mark.slow)]
)
def test_an_environment_is_as_before_or_as_after(scenario, fault, stride):
    done = subprocess.run(
        [sys.executable, __file__, scenario, fault, str(stride)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert done.stderr == ""
    outcome = json.loads(done.stdout)
    assert outcome["broken"] == []
    # Both ends are reached, or the steps were not where they are supposed to be.
    assert outcome["before"] > 1
    assert outcome["after"] > 1


def make_scenarios(channel: Path):
    from support.package_maker import PLACEHOLDER, File, Link, make_package, make_python

    tool = make_package(
        channel,
        "tool",
        "1",
        noarch="python",
        files={"site-packages/tool/__init__.py": "def main(): pass\n"},
        entry_points=("tool = tool:main",),
        depends=("python",),
    )
    lib = make_package(
        channel,
        "lib",
        "1",
        files={
            "lib/lib.so.1": File(b"\0" + PLACEHOLDER.encode() + b"\0", prefix="binary"),
            "lib/lib.so": Link("lib.so.1"),
            "share/lib/text": File(f"{PLACEHOLDER}\n", prefix="text"),
            "share/both": "lib",
        },
    )
    newer = make_package(
        channel,
        "lib",
        "2",
        files={
            "lib/lib.so.2": "new",
            "lib/lib.so": Link("lib.so.2"),
            "share/lib": "a file where a folder was",
            "share/both": "newer",
        },
    )
    other = make_package(channel, "other", "1", files={"share/both": "other", "x/y/z": "other"})
    old, new = make_python(channel, "3.11.4"), make_python(channel, "3.12.0")
    return {
        "create": ([], [old, tool, lib, other]),
        "update": ([old, tool, lib, other], [new, tool, newer]),
        "remove": ([old, tool, lib, other], []),
    }


def snapshot(prefix: Path):
    found = {}
    for folder, folders, names in os.walk(prefix):
        for name in [*folders, *names]:
            path = Path(folder, name)
            key = str(path.relative_to(prefix))
            if path.is_symlink():
                found[key] = ("link", os.readlink(path))
            elif path.is_dir():
                found[key] = ("folder",)
            else:
                content = path.read_bytes()
                if name == "history":
                    content = b"\n".join(
                        line for line in content.splitlines() if not line.startswith(b"==>")
                    )
                found[key] = ("file", path.stat().st_mode, content)
    return found


class Runner:
    """Runs one change with one fault at a time."""

    def __init__(self, root: Path, scenario: str) -> None:
        from hognose.cache import PackageCache
        from hognose.net import Client

        self.root = root
        self.prefix = root / "environment"
        self.saved = root / "saved"
        self.cache, self.client = PackageCache(root / "cache"), Client()
        before, self.wanted = make_scenarios(root / "channel")[scenario]
        self.install(before or self.wanted)
        self.before = {}
        if before:
            shutil.copytree(self.prefix, self.saved, symlinks=True)
            self.before = snapshot(self.prefix)
            self.install(self.wanted)
        self.after = snapshot(self.prefix)

    def install(self, records) -> None:
        from hognose.install import LinkOptions, install
        from hognose.types import Platform

        install(
            records,
            self.prefix,
            cache=self.cache,
            client=self.client,
            platform=Platform("linux-64"),
            link_options=LinkOptions(clobber="ignore"),
        )

    def restore(self) -> None:
        shutil.rmtree(self.prefix, ignore_errors=True)
        if self.before:
            shutil.copytree(self.saved, self.prefix, symlinks=True)

    def run(self, number: int, fault: str) -> bool:
        """Run the change with a fault at one step; return whether there were so many steps."""
        self.restore()
        child = os.fork()
        if child == 0:
            trap = Fault(str(self.prefix), number, fault)
            sys.addaudithook(trap)
            try:
                self.install(self.wanted)
            except BaseException:
                os._exit(1)
            # Some steps may fail without harm, such as trying whether links work.
            os._exit(0 if trap.left > 0 else 1)
        status = os.waitpid(child, 0)[1]
        return os.WIFSIGNALED(status) or os.WEXITSTATUS(status) != 0

    def judge(self) -> str:
        """Let the next command tidy up, and say which state the environment is in."""
        from hognose.install import PrefixLock, recover

        recover(self.prefix)
        if os.path.isdir(self.prefix / "conda-meta"):
            with PrefixLock(self.prefix):
                pass
        now = snapshot(self.prefix)
        if now == self.after:
            return "after"
        # An empty shell is what is left of a prefix whose journal had not begun.
        if now == self.before or (not self.before and now in ({}, {"conda-meta": ("folder",)})):
            return "before"
        return "broken"


class Fault:
    def __init__(self, prefix: str, number: int, fault: str) -> None:
        self.prefix, self.left, self.fault = prefix, number, fault

    def __call__(self, event: str, arguments) -> None:
        if event not in STEPS or not isinstance(arguments[0], str):
            return
        if not any(str(item).startswith(self.prefix) for item in arguments[:2]):
            return
        if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            return
        self.left -= 1
        if self.left == 0:
            if self.fault == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def main(scenario: str, fault: str, stride: str) -> None:
    import logging

    logging.disable()
    counts = {"before": 0, "after": 0}
    broken = []
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        runner = Runner(Path(folder), scenario)
        number = 1
        while runner.run(number, fault):
            state = runner.judge()
            if state == "broken":
                broken.append(number)
            else:
                counts[state] += 1
            number += int(stride)
    sys.stdout.write(json.dumps({**counts, "broken": broken}))


if __name__ == "__main__":
    main(*sys.argv[1:])
