"""Activation scripts and activated environments, beside py-rattler.

Input: an environment with ten variables in `env_vars.d`, ten in `conda-meta/state` and three
scripts in `activate.d`; and one without scripts. py-rattler's Python interface has no counterpart
to computing the variables, so these stand alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rattler.shell import shell as theirs

from hognose.shell import ActivationVariables, Shell, activate, environment_variables
from measure import compare

SOURCE = str(Path(__file__).resolve().parents[1] / "src")


def make(directory: Path, *, scripts: int) -> Path:
    for folder in ("conda-meta", "etc/conda/env_vars.d", "etc/conda/activate.d", "bin"):
        (directory / folder).mkdir(parents=True)
    values = {f"PACKAGE_{number}": f"value {number}" for number in range(10)}
    (directory / "etc/conda/env_vars.d/package.json").write_text(json.dumps(values))
    state = {"env_vars": {f"STATE_{number}": f"value {number}" for number in range(10)}}
    (directory / "conda-meta/state").write_text(json.dumps(state))
    for number in range(scripts):
        script = directory / f"etc/conda/activate.d/{number}.sh"
        script.write_text(f"export SCRIPT_{number}=1\n")
    return directory


def main() -> None:
    root = Path(tempfile.mkdtemp())
    plain, scripted = make(root / "plain", scripts=0), make(root / "scripted", scripts=3)
    path = os.environ["PATH"].split(":")
    compare(
        {
            "hognose": lambda: activate(scripted, ActivationVariables(None, path), Shell.bash),
            "py-rattler": lambda: theirs.activate(
                scripted, theirs.ActivationVariables(None, path), theirs.Shell.bash
            ),
        },
        title="a bash script for an environment with three scripts",
        repeat=200,
    )
    compare(
        {
            "no scripts": lambda: environment_variables(plain),
            "three scripts": lambda: environment_variables(scripted),
            "bash -c :": lambda: subprocess.run(["bash", "-c", ":"], check=True),
        },
        title="the variables of an activated environment",
        repeat=30,
    )
    environ = {**os.environ, "PYTHONPATH": SOURCE}
    program = "import sys; from hognose.shell import run; run(sys.argv[1], ['true'])"
    compare(
        {
            "run, no scripts": lambda: subprocess.run(
                [sys.executable, "-c", program, str(plain)], env=environ, check=True
            ),
            "run, scripts": lambda: subprocess.run(
                [sys.executable, "-c", program, str(scripted)], env=environ, check=True
            ),
            "python -c pass": lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
        },
        title="a process that becomes `true` in the environment",
    )


if __name__ == "__main__":
    sys.exit(main())
