"""Scripts run whatever is in the path of the environment, and nothing in the path does."""

import os
import subprocess
import sys

import pytest

from hognose.install import PythonInfo
from hognose.install.entry_points import entry_point_script
from hognose.install.prefix_replacement import replace_text_prefix
from hognose.types import EntryPoint, Platform

PYTHON = PythonInfo(
    major=3, minor=11, executable="bin/python3.11", site_packages="lib", scripts="bin"
)
OLD = "/opt/" + "p" * 60
NAMES = (
    "plain",
    "with blank",
    "with\ttab",
    "$HOME",
    "$HOME blank",
    "`touch ran` blank",
    "$(touch ran) blank",
    'quote" blank',
    "quote' blank",
    "quotes''' \"\"\" blank",
    "back\\slash",
    "back\\N \\x blank",
    "\u00e9 $blank",
    "l" * 200,
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="scripts of Unix")


@pytest.fixture(params=NAMES)
def prefix(tmp_path, request):
    (tmp_path / request.param / "bin").mkdir(parents=True)
    (tmp_path / request.param / "bin/python3.11").symlink_to(sys.executable)
    return tmp_path / request.param


def run(script, text, folder):
    script.write_bytes(text)
    script.chmod(0o755)
    (folder / "m.py").write_text("import sys\ndef f():\n    print(sys.executable, *sys.argv[1:])\n")
    done = subprocess.run(
        [script, "one two"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONWARNINGS": "error"},
    )
    assert "" == done.stderr
    assert not (folder / "ran").exists()
    return done.stdout


def test_an_entry_point_runs(prefix, tmp_path):
    text = entry_point_script(EntryPoint("cmd", "m", "f"), PYTHON, str(prefix)).encode()
    expected = f"{prefix}/bin/python3.11 one two\n"
    assert expected == run(prefix / "bin/cmd", text, tmp_path)


@pytest.mark.parametrize("arguments", ["", f" -X pycache_prefix={OLD}"])
def test_a_script_with_a_prefix_runs(prefix, tmp_path, arguments):
    if arguments and not set(" \t").intersection(prefix.name):
        arguments = " -B"  # The kernel hands on one argument at most.
    data = f"#!{OLD}/bin/python3.11{arguments}\nimport m\nm.f()\n".encode()
    text = replace_text_prefix(data, OLD, str(prefix), platform=Platform("linux-64"))
    expected = f"{prefix}/bin/python3.11 one two\n"
    assert expected == run(prefix / "bin/cmd", text, tmp_path)
