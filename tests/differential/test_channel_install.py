"""Channels that we make are installed by py-rattler, and what it installs works anywhere."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hognose.channel import build_channel
from support.channel_server import ChannelServer
from support.wheel_maker import make_wheel

pytest.importorskip("rattler")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or sys.implementation.name != "cpython", reason="needs CPython on Linux"
)

VERSION = "{}.{}".format(*sys.version_info)
ABI = "cp" + VERSION.replace(".", "")
PREFIXES = ["env", "with space/é ünï 環境", "l" * 100 + "/" + "m" * 120]
MODULE = "import sys\n\ndef main():\n    print(sys.prefix, *sys.argv[1:])\n"


@pytest.fixture(scope="module")
def channel(tmp_path_factory):
    """A channel of Python, a noarch package, a compiled one and one for the stable ABI."""
    root = tmp_path_factory.mktemp("channel")
    extension = next(
        path for path in Path(sys.base_prefix).rglob("lib-dynload/_statistics*.so")
    ).read_bytes()
    commands = "[console_scripts]\n{0} = {0}:main\n".format
    wheels = [
        make_wheel(
            root / "wheels",
            "pure",
            files={
                "pure.py": MODULE,
                "pure-1.0.data/scripts/pure-script": "#!python\nimport pure; pure.main()\n",
                "pure-1.0.data/data/share/pure.txt": "text",
            },
            requires=["compiled"],
            entry_points=commands("pure"),
        ),
        make_wheel(
            root / "wheels",
            "compiled",
            tag=f"{ABI}-{ABI}-manylinux_2_17_x86_64",
            files={"compiled.py": MODULE, f"_compiled.{ABI}.so": extension},
            entry_points=commands("compiled"),
        ),
        make_wheel(
            root / "wheels",
            "stable",
            tag="cp38-abi3-manylinux_2_17_x86_64",
            files={"stable.py": MODULE},
            entry_points=commands("stable"),
        ),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        return build_channel(root / "channel", wheels=wheels, level=1).directory


# py-rattler 0.28 can crash the interpreter that it was used in when that exits, so it gets one of
# its own, which leaves without tidying up.
SOLVE_AND_INSTALL = """
import asyncio, json, os, rattler, sys
async def main(url, prefix, cache, *specs):
    records = await rattler.solve(
        [rattler.Channel(url)],
        specs,
        platforms=[str(rattler.Subdir.current()), "noarch"],
        virtual_packages=rattler.VirtualPackage.detect(),
    )
    rattler.PackageRecord.validate(records)
    await rattler.install(records, prefix, cache_dir=cache, show_progress=False)
    print(json.dumps([record.name.normalized for record in records]), flush=True)
asyncio.run(main(*sys.argv[1:]))
os._exit(0)
"""


def install(url, prefix, cache, specs):
    command = [sys.executable, "-c", SOLVE_AND_INSTALL, url, prefix, cache, *specs]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


@pytest.fixture(scope="module", params=PREFIXES, ids=["plain", "odd", "long"])
def environment(request, channel, tmp_path_factory):
    root = tmp_path_factory.mktemp("environment")
    prefix = root / request.param
    if request.param == PREFIXES[0]:
        with ChannelServer(channel) as server:
            install(server.url, prefix, root / "cache", ["pure", "stable"])
    else:
        install(channel.as_uri(), prefix, root / "cache", ["pure", "stable"])
    return prefix


def run(*command):
    process = subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


def test_python_finds_itself_and_its_libraries(environment):
    code = (
        "import bz2, ctypes, lzma, sqlite3, ssl, sys, sysconfig; print(sys.prefix);"
        "print(sysconfig.get_config_var('INCLUDEPY')); print(open('/proc/self/maps').read())"
    )
    prefix, include, *maps = run(environment / "bin/python", "-c", code).splitlines()
    assert (prefix, include) == (str(environment), f"{environment}/include/python{VERSION}")
    if sys.base_prefix not in ("/usr", "/usr/local"):
        assert not any(sys.base_prefix in line for line in maps)


@pytest.mark.parametrize("command", ["pure", "compiled", "stable", "pure-script"])
def test_commands_run(environment, command):
    said = run(environment / "bin" / command, "1", "two words")
    assert said == f"{environment} 1 two words"


def test_packages_know_who_installed_them(environment):
    code = (
        "from importlib.metadata import distribution as d;"
        "print(*(d(n).read_text('INSTALLER').strip() for n in ('pure', 'compiled', 'stable')));"
        "print(all(f.locate().exists() for n in ('pure', 'compiled') for f in d(n).files))"
    )
    assert run(environment / "bin/python", "-c", code).split() == ["conda"] * 3 + ["True"]


def test_no_installed_file_holds_the_placeholder(environment):
    for path in environment.rglob("*"):
        if path.is_file() and "conda-meta" not in path.parts:
            assert b"hognose_prefix_placeholder" not in path.read_bytes(), path


def test_scripts_of_python_itself_run(environment):
    assert "json" in run(environment / "bin/pydoc3", "json")


def test_py_rattler_solves_and_validates_the_records(channel, tmp_path):
    records = install(channel.as_uri(), tmp_path / "e", tmp_path / "c", ["pure"])
    assert sorted(records) == ["compiled", "pure", "python", "python_abi"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_channel_of_real_wheels_works(tmp_path):
    """The same with wheels from PyPI, in a mount namespace that hides the original Python."""
    unshare = shutil.which("unshare")
    wheels = ["rich", "numpy", "msgspec", "backports.zstd", "urllib3", "pyyaml", "coverage[toml]"]
    made = build_channel(tmp_path / "channel", wheels=wheels)
    prefix = tmp_path / PREFIXES[1]
    names = [package.name for package in made.packages]
    install(made.directory.as_uri(), prefix, tmp_path / "cache", names)
    code = (
        "import backports.zstd, coverage, msgspec, numpy, rich, ssl, sys, urllib3, yaml;"
        "assert numpy.linalg.det(numpy.eye(3)) == 1; print(sys.prefix)"
    )
    command = [prefix / "bin/python", "-c", code]
    if unshare and os.geteuid() == 0 and sys.base_prefix not in ("/usr", "/usr/local"):
        hide = 'mount -t tmpfs none "$0" && exec "$@"'
        command = [unshare, "-m", "/bin/sh", "-c", hide, sys.base_prefix, *command]
    assert run(*command) == str(prefix)
