"""conda itself, in a home of its own, where the machine has it.

`HOGNOSE_CONDA` says how it is called, such as `/opt/conda/bin/conda`; else it is the `conda` of the
`PATH`. Any version that has the classic solver does.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("CONDA", "CondaProgram")

CONDA = shlex.split(os.environ.get("HOGNOSE_CONDA", "")) or [
    path for path in (shutil.which("conda"),) if path
]
"""The command that is conda; empty where there is none."""


class CondaProgram:
    """conda with its own home, package cache and settings.

    Args:
        home: Its home directory; made.
        cache: Its package cache.
        settings: Further variables, such as `CONDA_CHANNELS`.
    """

    def __init__(self, home: Path, cache: Path, **settings: str) -> None:
        home.mkdir(exist_ok=True)
        kept = ("PATH", "LANG", "LD_LIBRARY_PATH")
        self._environ = {name: os.environ[name] for name in kept if name in os.environ} | {
            "HOME": str(home),
            "CONDA_PKGS_DIRS": str(cache),
            "CONDA_SOLVER": "classic",
            "CONDA_ADD_PIP_AS_PYTHON_DEPENDENCY": "false",
            "CONDA_NUMBER_CHANNEL_NOTICES": "0",
            # Its interpreters would leave byte-code of the standard library behind.
            "PYTHONDONTWRITEBYTECODE": "1",
            **settings,
        }

    def __call__(self, *words: object) -> Any:
        """Run a command, and return the document that it prints."""
        done = subprocess.run(
            [*CONDA, *map(str, words), "--json"],
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        # Explicit URLs are installed without a word.
        return json.loads(done.stdout) if done.stdout else None
