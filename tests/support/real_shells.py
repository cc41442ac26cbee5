"""Environments made of a few files, and the shells of this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from hognose.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NASTY = "a $HOME `id` \"double\" 'single' \\back\\ *? #! ~\nsecond line; & | < > ( ) é 日本\t."
"""A value that most shells would do something with, if they were let."""

SHELLS = ("bash", "dash", "zsh", "fish")


def shell_or_skip(name: str) -> tuple[Shell, str]:
    """The shell of a name and its program; skips where it is not installed."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    return Shell.parse(name), program


def variables_after(shell_name: str, script: str, environ: dict[str, str]) -> dict[str, str]:
    """Run a script in a real shell and return the variables that a program sees afterwards."""
    _, program = shell_or_skip(shell_name)
    done = subprocess.run(
        [program, "-c", f"{script}\n/usr/bin/env -0"],
        env=environ,
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    entries = (entry.partition(b"=") for entry in done.stdout.split(b"\0") if entry)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in entries}


def make_prefix(
    directory: Path,
    *,
    state: Mapping[str, str] | None = None,
    env_vars: Mapping[str, object] | None = None,
    scripts: Mapping[str, str] | None = None,
) -> Path:
    """Make an environment in a directory.

    Args:
        directory: Where; made with its parents.
        state: The variables of `conda-meta/state`.
        env_vars: Files in `env_vars.d`: text as it is, anything else as JSON.
        scripts: Files below `etc/conda`, by their path there.
    """
    (directory / "bin").mkdir(parents=True)
    (directory / "conda-meta").mkdir()
    if state is not None:
        (directory / "conda-meta/state").write_text(json.dumps({"env_vars": state}))
    texts = {
        f"env_vars.d/{file}": values if isinstance(values, str) else json.dumps(values)
        for file, values in (env_vars or {}).items()
    }
    for file, text in {**texts, **(scripts or {})}.items():
        path = directory / "etc/conda" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory
