"""The main job, for real: from nothing but PyPI to a bootstrapped environment of real packages.

Makes a conda channel out of the running Python and of wheels, solves and locks a base environment
from it, bootstraps that with `cx`, lets the bootstrapped program create a second environment, and
runs NumPy in it. Everything lies in one directory, `.demo` beside the checkout's files unless
another is named; it is made anew each time.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

CONFIGURATION = """\
[tool.cx]
channels = ["{channel}"]
packages = ["python", "hognose"]
exclude = []
delegate = "hognose"
"""


class Demo:
    """Runs commands as a user would, and remembers how long each step took."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.base = directory / "base"
        self.environment = directory / "envs of mine" / "números"
        self.steps: list[tuple[str, float]] = []
        self.variables = {
            **os.environ,
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
            # The user's own caches and settings stay as they are.
            "RATTLER_CACHE_DIR": str(directory / "cache"),
            "CX_PREFIX": str(self.base),
            "CX_CONFIG": str(directory / "cx.toml"),
        }

    def step(self, title: str, *commands: list[str]) -> None:
        """Show and run the commands of one step; stop the demonstration where one fails."""
        print(f"\n━━ {title}", flush=True)
        start = time.perf_counter()
        for command in commands:
            print(f"$ {shlex.join(command)}", flush=True)
            status = subprocess.run(
                command, env=self.variables, cwd=self.directory, check=False
            ).returncode
            if status:
                sys.exit(f"demo: `{shlex.join(command)}` ended with status {status}")
        self.steps.append((title, time.perf_counter() - start))

    def summarise(self) -> None:
        """Say what there is now, where, how long it took, and what to try next."""
        print("\n━━ Summary")
        for title, seconds in self.steps:
            print(f"   {seconds:6.1f} s  {title}")
        for name, prefix in (("base", self.base), ("environment", self.environment)):
            records = [json.loads(path.read_bytes()) for path in prefix.glob("conda-meta/*.json")]
            files = sum(len(record["files"]) for record in records)
            print(f"   {name}: {len(records)} packages, {files} files, in {prefix}")
        archives = [*self.directory.glob("channel/*/*.conda")]
        size = sum(path.stat().st_size for path in archives) / 1e6
        print(f"   channel: {len(archives)} packages, {size:.1f} MB, in {self.directory}/channel")
        program = shlex.quote(str(BIN / "hognose"))
        print("\n   What to try next:")
        print(f"   {program} list -p {shlex.quote(str(self.environment))}")
        print(f"   {program} spawn -p {shlex.quote(str(self.environment))}")
        print(f"   {program} create -p /tmp/tiny -c {self.directory}/channel python rich")
        print(f"   {program} solve -c {self.directory}/channel 'numpy <1'")


def main() -> None:
    """Run the whole path."""
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else CHECKOUT / ".demo").resolve()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    demo = Demo(directory)
    channel = directory / "channel"
    (directory / "cx.toml").write_text(CONFIGURATION.format(channel=channel), encoding="utf-8")
    wheels = [word for what in ("rich", "numpy", str(CHECKOUT)) for word in ("--wheel", what)]
    demo.step(
        "build a channel: python, rich, numpy, hognose and what they need",
        ["hognose", "channel", "build", str(channel), "--python", *wheels],
    )
    demo.step(
        "lock a base environment",
        ["hognose", "lock", "-c", str(channel), "-o", "cx.lock", "python", "hognose"],
    )
    demo.step(
        "bootstrap it with cx",
        ["cx", "bootstrap", "--lockfile", "cx.lock", "--prefix", str(demo.base)],
        ["cx", "status", "--prefix", str(demo.base)],
    )
    demo.step(
        "create an environment with what was bootstrapped",
        ["cx", "create", "-y", "-p", str(demo.environment), "python", "numpy", "rich"],
    )
    demo.step(
        "run NumPy in it",
        ["hognose", "run", "-p", str(demo.environment), "python", str(CHECKOUT / "demo/hello.py")],
    )
    demo.summarise()


if __name__ == "__main__":
    main()
