"""libsolv built from its source with conda support, which the published wheels lack.

The back end needs no conda support, as it hands libsolv candidate masks, not match specs; it must
not stumble over it either. The same tests of back ends run with the build as with the wheel.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ["cmake", "ninja", "pathspec", "scikit-build-core", "swig"]
TESTS = ["tests/solve/test_backends.py", "tests/laws/test_solve_universes.py"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_a_build_with_conda_support_passes_the_tests_of_back_ends(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    folder = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = folder / "python"
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}

    def install(*words: str) -> None:
        command = [python, "-m", "pip", "install", "--quiet", *words]
        subprocess.run(command, check=True, env=environment, cwd=ROOT)

    # The tools are installed beside it because the source does not say that it needs swig.
    install(*TOOLS)
    install(
        "--no-binary=solv",
        "--no-build-isolation",
        "--config-settings=cmake.define.ENABLE_CONDA=ON",
        "solv",
    )
    install("--editable", ".", "hypothesis", "pytest", "pytest-randomly", "pytest-timeout")

    done = subprocess.run(
        [python, "-m", "pytest", "-k", "libsolv", "-p", "no:cacheprovider", *TESTS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    summary = done.stdout.strip().splitlines()[-1]
    assert 0 == done.returncode, done.stdout
    assert "skipped" not in summary
    assert " passed" in summary
