"""The prefix that `cx` makes: where it is, what state it is in, what must not be deleted.

Standard library only: every command starts here.
"""

from __future__ import annotations

import os
import sys

from hognose.errors import HognoseError

TYPE_CHECKING = False  # as in `typing`, whose import would double the start-up time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    State = Literal["absent", "interrupted", "complete"]


STATE_FILE = ".cx.json"
# There while a bootstrap is under way, and after one that did not get to its end.
MARKER = ".cx-bootstrapping"
LOCK = f"{MARKER}.lock"
# What a forced bootstrap has put aside, until it has something better.
OLD = ".cx-old"


def home_directory(environ: Mapping[str, str] = os.environ) -> str:
    """The user's home directory."""
    name = "USERPROFILE" if sys.platform == "win32" else "HOME"
    return environ.get(name) or os.path.expanduser("~")


def default_prefix(environ: Mapping[str, str] = os.environ) -> str:
    """The prefix of commands that name none: `CX_PREFIX`, or `.cx` in the home directory."""
    return os.path.abspath(environ.get("CX_PREFIX") or os.path.join(home_directory(environ), ".cx"))


def state_of(prefix: str) -> State:
    """Tell whether a prefix is there, was left half made, or is complete."""
    if os.path.lexists(os.path.join(prefix, MARKER)):
        return "interrupted"
    return "complete" if os.path.isdir(os.path.join(prefix, "conda-meta")) else "absent"


def program_path(prefix: str, name: str) -> str:
    """The path of a program in a prefix."""
    if sys.platform == "win32":
        return os.path.join(prefix, "Scripts", f"{name}.exe")
    return os.path.join(prefix, "bin", name)


def read_state(prefix: str) -> dict[str, Any]:
    """Read what the bootstrap wrote down; what is missing or broken is left out."""
    import json

    try:
        with open(os.path.join(prefix, STATE_FILE), encoding="utf-8") as file:
            state = json.load(file)
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def count_packages(prefix: str) -> int:
    """Count the installed packages."""
    return sum(name.endswith(".json") for name in _names(os.path.join(prefix, "conda-meta")))


def named_environments(prefix: str) -> list[str]:
    """The names of the environments inside a prefix, sorted."""
    root = os.path.join(prefix, "envs")
    return sorted(
        name for name in _names(root) if os.path.isdir(os.path.join(root, name, "conda-meta"))
    )


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def require_deletable(prefix: str, *, environ: Mapping[str, str] = os.environ) -> None:
    """Refuse to delete what is obviously not a prefix of ours.

    Raises:
        HognoseError: The path is the root, is or contains the home or the current directory, or
            is a directory with something in it that is no conda environment.
    """
    from hognose.install.precious_places import require_not_precious

    require_not_precious(prefix, environ=environ)
    path = os.path.realpath(prefix)
    known = os.path.isdir(os.path.join(path, "conda-meta")) or state_of(path) != "absent"
    if not known and _names(path) not in ([], ["envs"]):
        message = f"refusing to delete {path}: it is not a conda environment"
        raise HognoseError(message, path=path, hint="choose another directory, or empty this one")


def delete_prefix(prefix: str, *, keep_environments: bool = True) -> None:
    """Delete a prefix, but for the environments inside it if these are to be kept."""
    import shutil

    if not (keep_environments and named_environments(prefix)):
        shutil.rmtree(prefix)
        return
    with os.scandir(prefix) as entries:
        found = [entry for entry in entries if entry.name != "envs"]
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)
