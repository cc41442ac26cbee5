"""An interactive shell in an activated environment, without touching the user's start files.

The shell reads the user's own start files first and is activated after them, so that what they do
to the search path does not hide the environment.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import TYPE_CHECKING

from hognose.errors import ActivationError
from hognose.shell.activation import ActivationVariables, activation_steps, render
from hognose.shell.process import find_program, run_program
from hognose.shell.shells import Shell

if TYPE_CHECKING:
    from collections.abc import Mapping


def spawn(
    prefix: str | os.PathLike[str],
    shell: Shell | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    name: str | None = None,
) -> int:
    """Start an interactive shell in an activated environment and wait for its end.

    Args:
        prefix: The environment's directory.
        shell: Which shell; the user's own if not given.
        environ: The variables to start from; this process's by default.
        name: What the prompt shows; the name of the environment's directory if not given.

    Returns:
        The shell's exit status.

    Raises:
        ActivationError: If there is no such environment or the shell cannot be started.
    """
    environ = os.environ if environ is None else environ
    directory = os.path.abspath(os.fspath(prefix))
    if not os.path.isdir(directory):
        message = f"there is no environment at {directory}"
        raise ActivationError(message, path=directory)
    shell = shell or Shell.current(environ)
    name = name or os.path.basename(directory)
    variables = ActivationVariables.from_environ(environ)
    steps = activation_steps(directory, variables, shell, name=name)
    separator = ";" if sys.platform == "win32" and shell.extension != "sh" else ":"
    script = render(steps, shell, separator=separator) + shell.set_prompt(f"({name}) ")
    with tempfile.TemporaryDirectory(prefix="hognose-shell-") as scratch:
        command, extra = _prepare(shell, script, scratch, environ)
        program = find_program(command[0], environ)
        if program is None:
            message = f"the shell is not installed: {shell.executable}"
            raise ActivationError(message, shell=shell.name)
        return run_program(program, command, {**environ, **extra})


def _prepare(
    shell: Shell, script: str, scratch: str, environ: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Write the files that a shell reads at its start; return its command and extra variables."""
    path = os.path.join(scratch, f"activate.{shell.extension}")
    _write(path, script, shell)
    if shell is Shell.bash:
        start = os.path.join(scratch, "bashrc")
        _write(start, f"[ -r ~/.bashrc ] && . ~/.bashrc\n{shell.run_script(path)}", shell)
        return [shell.executable, "--rcfile", start, "-i"], {}
    if shell is Shell.zsh:
        return [shell.executable, "-i"], _prepare_zsh(shell, path, scratch, environ)
    if shell is Shell.sh:
        before = environ.get("ENV")
        start = os.path.join(scratch, "shrc")
        lines = f"[ -r {shell.quote(before)} ] && . {shell.quote(before)}\n" if before else ""
        _write(start, lines + shell.run_script(path), shell)
        return [shell.executable, "-i"], {"ENV": start}
    if shell is Shell.fish:
        return [shell.executable, "-i", "-C", shell.run_script(path).rstrip()], {}
    if shell is Shell.xonsh:
        rc = os.path.expanduser("~/.xonshrc")
        return [
            shell.executable,
            "-i",
            "--rc",
            *([rc] if os.path.isfile(rc) else []),
            path,
        ], {}
    if shell is Shell.nushell:
        return [shell.executable, "--execute", f"source {shell.quote(path)}"], {}
    if shell is Shell.cmd_exe:
        return [shell.executable, "/K", path], {}
    return [
        shell.executable,
        "-NoExit",
        "-Command",
        shell.run_script(path).rstrip(),
    ], {}


def _prepare_zsh(
    shell: Shell, path: str, scratch: str, environ: Mapping[str, str]
) -> dict[str, str]:
    """Let zsh read the user's start files from where they are, then ours."""
    own = environ.get("ZDOTDIR") or os.path.expanduser("~")
    for name in (".zshenv", ".zshrc"):
        file = shell.quote(os.path.join(own, name))
        restore = (
            f"export ZDOTDIR={shell.quote(environ['ZDOTDIR'])}"
            if environ.get("ZDOTDIR")
            else "unset ZDOTDIR"
        )
        lines = [f"{restore}\n", f"[ -r {file} ] && . {file}\n"]
        lines.append(
            shell.run_script(path)
            if name == ".zshrc"
            else f"export ZDOTDIR={shell.quote(scratch)}\n"
        )
        _write(os.path.join(scratch, name), "".join(lines), shell)
    return {"ZDOTDIR": scratch}


def _write(path: str, text: str, shell: Shell) -> None:
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text.replace("\n", shell.line_ending))
