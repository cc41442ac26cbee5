"""The scripts that menu items start: activate the environment, then become the program.

Activation happens when the item is used, so it sees the `PATH` of that moment and the scripts that
packages have by then. Pure: text from values.
"""

from __future__ import annotations

import shlex
from subprocess import list2cmdline
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hognose.install.menu_document import MenuItem

__all__ = ("batch_script", "is_field_code", "shell_script")


def is_field_code(part: str) -> bool:
    """Whether a part of a command stands for files or URLs that a Linux desktop passes: `%F`."""
    return len(part) == 2 and part[0] == "%" and part[1] in "fFuUick"


def _stands_for_files(part: str) -> bool:
    return part in {"$@", "$*"} or is_field_code(part)


def shell_script(
    item: MenuItem, prefix: str, variables: Mapping[str, str], *, in_bundle: bool = False
) -> str:
    """Return the script for Linux and macOS; the files to open are its arguments.

    Args:
        item: The menu item.
        prefix: The environment.
        variables: The environment's own variables.
        in_bundle: Whether it is the program of a macOS application.
    """
    lines = ["#!/bin/bash"]
    if in_bundle and item.terminal:
        # Applications have no terminal; opened by Terminal the script has one.
        lines += [
            'if [ "${__CFBundleIdentifier:-}" != com.apple.Terminal ]; then',
            '    exec open -b com.apple.terminal "$0"',
            "fi",
        ]
    if item.working_dir:
        lines.append(f"cd {shlex.quote(item.working_dir)} || exit 1")
    elif in_bundle:
        # Programs that are linked into the bundle are called `./NAME`.
        lines.append('cd "$(dirname "$0")" || exit 1')
    if item.activate:
        quoted = shlex.quote(prefix)
        lines += [
            f"export CONDA_PREFIX={quoted} CONDA_SHLVL=1",
            f"export CONDA_DEFAULT_ENV={shlex.quote(prefix.rpartition('/')[2])}",
            f'export PATH={quoted}/bin:"$PATH"',
            *(f"export {name}={shlex.quote(value)}" for name, value in variables.items()),
            f"for script in {quoted}/etc/conda/activate.d/*.sh; do",
            '    if [ -e "$script" ]; then . "$script"; fi',
            "done",
        ]
    if item.precommand:
        lines.append(item.precommand)
    places = [_stands_for_files(part) for part in item.command]
    words = [
        '"$@"' if is_files else shlex.quote(part)
        for part, is_files in zip(item.command, places, strict=True)
    ]
    if sum(places) != 1:
        # Without a place they come last; with several, where one ends cannot be told.
        words = [*(word for word in words if word != '"$@"'), '"$@"']
    lines.append(f"exec {' '.join(words)}")
    return "\n".join(lines) + "\n"


def batch_script(item: MenuItem, prefix: str, variables: Mapping[str, str]) -> str:
    """Return the script for Windows."""
    folders = ("", "\\Library\\mingw-w64\\bin", "\\Library\\usr\\bin", "\\Library\\bin")
    places = [f"{prefix}{folder}" for folder in (*folders, "\\Scripts", "\\bin")]
    lines = ["@echo off", "setlocal"]
    if item.activate:
        lines += [
            f'set "CONDA_PREFIX={_percent(prefix)}"',
            "set CONDA_SHLVL=1",
            f'set "PATH={_percent(";".join(places))};%PATH%"',
            *(f'set "{name}={_percent(value)}"' for name, value in variables.items()),
            f'for %%f in ("{_percent(prefix)}\\etc\\conda\\activate.d\\*.bat") do call "%%f"',
        ]
    if item.precommand:
        lines.append(item.precommand)
    # Documents say `%*` or `%1` where the files to open go; they are the script's arguments.
    words = [part for part in item.command if part not in {"%*", "%1"}]
    lines.append(f"{_percent(list2cmdline(words))} %*")
    return "\r\n".join(lines) + "\r\n"


def _percent(text: str) -> str:
    """Double the sign that begins a variable in a batch file."""
    return text.replace("%", "%%")
