"""`cx uninstall`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from hognose.express.handoff import delegate_of
from hognose.express.prefix import (
    default_prefix,
    delete_prefix,
    home_directory,
    named_environments,
    program_path,
    require_deletable,
    state_of,
)

TYPE_CHECKING = False  # as in `typing`, whose import would double the start-up time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hognose.console import Console

_PROFILES = (".bashrc", ".zshrc", ".config/fish/config.fish")


def uninstall(
    prefix: str | None,
    *,
    console: Console,
    environ: Mapping[str, str] = os.environ,
    is_confirmed: bool = False,
    keep_environments: bool = True,
) -> None:
    """Remove an installation, and our lines from the shells' start files.

    The program itself stays: whoever installed it removes it.

    Args:
        prefix: The installation; the default one if None.
        console: Where to say what is done.
        environ: The environment variables.
        is_confirmed: Do not ask.
        keep_environments: Leave the named environments inside the prefix where they are.

    Raises:
        HognoseError: The path is one that must not be deleted.
    """
    place = default_prefix(environ) if prefix is None else os.path.abspath(prefix)
    if state_of(place) == "absent":
        console.warn(f"conda is not installed at {place}.")
        console.detail("Nothing to uninstall.")
        return
    require_deletable(place, environ=environ)
    names = named_environments(place)
    console.step("This will be removed:")
    console.detail(f"prefix: {place}")
    if names:
        listed = f"{len(names)} ({', '.join(names)})"
        console.detail(f"named environments{' kept' if keep_environments else ''}: {listed}")
    if not is_confirmed and not _ask("Continue? [y/N] "):
        console.warn("Aborted.")
        return
    if not keep_environments and delegate_of(place) == "conda":
        for name in names:
            _remove_with_conda(place, name, console)
    delete_prefix(place, keep_environments=keep_environments)
    _unregister(place, environ)
    for path in clean_profiles(place, home_directory(environ)):
        console.step(f"Cleaned PATH entry from {path}")
    console.success("cx has been uninstalled.")
    program = os.path.abspath(sys.argv[0])
    console.hint(f"The program itself is still there: {program}")
    console.detail("Remove it as it was installed: `pip uninstall hognose`, or delete the file.")


def _unregister(prefix: str, environ: Mapping[str, str]) -> None:
    from hognose.install import environments_file, unregister_environment

    # The list is a convenience: a home that cannot be written to keeps a line too many.
    with suppress(OSError):
        unregister_environment(prefix, environments_file(environ))


def _remove_with_conda(prefix: str, name: str, console: Console) -> None:
    """Let conda remove an environment: it knows of shortcuts and registry entries outside."""
    import subprocess

    program = program_path(prefix, "conda")
    command = [program, "remove", "--all", "-n", name, "-y", "--json"]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        console.warn(f"conda cannot remove the environment {name}: {error.strerror}")
        return
    if done.returncode:
        console.warn(f"conda could not remove the environment {name} properly; deleting it")
    elif console.verbose:
        console.detail(f"Removed the environment {name}")


def _ask(question: str) -> bool:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def clean_profiles(prefix: str, home: str) -> Iterable[str]:
    """Drop the lines that put a prefix on the search path; yield the files that changed."""
    condabin = f"{prefix}/condabin"
    lines = {
        f'export PATH="{condabin}:$PATH"',
        f'set -gx PATH "{condabin}" $PATH',
        f"fish_add_path {condabin}",
    }
    for name in _PROFILES:
        path = os.path.join(home, name)
        try:
            with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
                before = file.read()
        except OSError:
            continue
        after = "".join(
            line for line in before.splitlines(keepends=True) if line.strip() not in lines
        )
        if after != before:
            with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(after)
            yield path
