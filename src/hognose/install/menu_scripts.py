"""The scripts that menu items start: activate the environment, then become the program.

The search path and the scripts that packages have for activation are looked at when the item is
used; the environment's variables are those of when it was made. Pure: text from values.
"""

from __future__ import annotations

import re
import shlex
from subprocess import list2cmdline
from typing import TYPE_CHECKING

from hognose.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hognose.install.menu_document import MenuItem

__all__ = (
    "batch_script",
    "is_field_code",
    "quote_for_cmd",
    "shell_script",
    "stands_for_files_on_windows",
)

# What conda writes for a variable that is to be absent.
_UNSET = "***unset***"
# What `cmd` acts on outside of quotation marks, and what ends a word.
_SPECIAL = frozenset("&|<>^() \t")
_VARIABLE = re.compile(r"(%[A-Za-z_][A-Za-z0-9_()]*%)")


def is_field_code(part: str) -> bool:
    """Whether a part of a command stands for files or URLs that a Linux desktop passes: `%F`."""
    return len(part) == 2 and part[0] == "%" and part[1] in "fFuUick"


def stands_for_files_on_windows(part: str) -> bool:
    """Whether a part of a command is where the files to open go."""
    return part.strip('"') in {"%*", "%1"}


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
    if item.precommand:
        # Before activation, as CEP 11 has it.
        lines.append(item.precommand)
    if item.activate:
        quoted = shlex.quote(prefix)
        lines += [
            f"export CONDA_PREFIX={quoted} CONDA_SHLVL=1",
            f"export CONDA_DEFAULT_ENV={shlex.quote(prefix.rpartition('/')[2])}",
            f'export PATH={quoted}/bin:"$PATH"',
            *_settings(variables, Shell.bash),
            f"for script in {quoted}/etc/conda/activate.d/*.sh; do",
            '    if [ -e "$script" ]; then . "$script"; fi',
            "done",
        ]
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


def batch_script(
    item: MenuItem, prefix: str, path_entries: Sequence[str], variables: Mapping[str, str]
) -> str:
    """Return the script for Windows; the files to open are its arguments.

    Args:
        item: The menu item.
        prefix: The environment.
        path_entries: What activation puts on the search path.
        variables: The environment's own variables.

    Raises:
        ActivationError: A variable has a line break, which `cmd` cannot hold.
    """
    cmd = Shell.cmd_exe
    lines = ["@echo off", "setlocal"]
    if item.precommand:
        lines += item.precommand.splitlines()
    if item.activate:
        own = {
            "CONDA_PREFIX": prefix,
            "CONDA_SHLVL": "1",
            "CONDA_DEFAULT_ENV": prefix.rpartition("\\")[2],
        }
        scripts = cmd.quote(f"{prefix}\\etc\\conda\\activate.d\\*.bat")
        lines += [
            *_settings(own, cmd),
            cmd.prepend_path(path_entries, separator=";").rstrip(),
            *_settings(variables, cmd),
            f'for %%f in ({scripts}) do call "%%f"',
        ]
    words = [part for part in item.command if not stands_for_files_on_windows(part)]
    lines.append(f"{' '.join(map(quote_for_cmd, words))} %*")
    if not all(map(str.isascii, lines)):
        # `cmd` reads scripts in the code page of its window, which has no other letters.
        lines.insert(1, "chcp 65001 >nul")
    return "\r\n".join(lines) + "\r\n"


def _settings(variables: Mapping[str, str], shell: Shell) -> Iterator[str]:
    for name, value in variables.items():
        # Windows has names such as `ProgramFiles(x86)`.
        if name.isidentifier() or shell is Shell.cmd_exe:
            if value == _UNSET:
                yield shell.unset_variable(name).rstrip("\n")
            else:
                yield shell.set_variable(name, value).rstrip("\n")


def quote_for_cmd(word: str) -> str:
    """Return a word of a command as `cmd` passes it on whole, in a batch file.

    What is quoted already stays as it is, and so do names of variables: `%SystemRoot%`.
    """
    parts = _VARIABLE.split(word)
    text = "".join(
        part if place % 2 else part.replace("%", "%%") for place, part in enumerate(parts)
    )
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text
    if '"' in text:
        # A quotation mark within a word would end the quotes that `cmd` sees, but not those that
        # the program sees: nothing is in quotes for `cmd` then.
        whole = list2cmdline([text])
        return "".join(f"^{letter}" if letter in '"&|<>^()' else letter for letter in whole)
    # A variable's value may have blanks.
    if len(parts) > 1 or not text or not _SPECIAL.isdisjoint(text):
        # A back-slash before the last quotation mark would be taken for its escape.
        return f'"{text}{chr(92) * (len(text) - len(text.rstrip(chr(92))))}"'
    return text
