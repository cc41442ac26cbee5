"""Environments as conda 26.7.1 left them: its logs and records, byte for byte.

They lie in `tests/install/data/conda-26.7.1`, one folder for each way in which conda was told of a
channel: by its name (`forge`, and `grown` by four commands), as part of `defaults`, by a name that
an alias leads elsewhere (`mirror`), by the URL of a label (`label`), by a URL with a password and a
token (`secret`), and not at all, with an archive in place of a spec (`file`).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

__all__ = ("CONDA_ENVIRONMENTS", "make_conda_environment")

_DATA = Path(__file__).parents[1] / "install/data/conda-26.7.1"

CONDA_ENVIRONMENTS = ("defaults", "file", "forge", "grown", "label", "mirror", "secret")


def make_conda_environment(name: str, prefix: Path) -> Path:
    """Make one of them, with the files that its records list, and return the prefix."""
    meta = prefix / "conda-meta"
    shutil.copytree(_DATA / name, meta)
    for record in meta.glob("*.json"):
        for path in json.loads(record.read_text())["files"]:
            (prefix / path).parent.mkdir(parents=True, exist_ok=True)
            (prefix / path).write_text("1")
    return prefix
