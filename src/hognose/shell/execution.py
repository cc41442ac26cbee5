"""Programs in an activated environment: the variables they see, and how they are started.

Without `activate.d` scripts the variables are computed here and no shell is started. On Unix the
program takes the place of this process, so that exit status, signals, terminal and standard
streams are exactly its own.
"""

from __future__ import annotations

import os
import sys
from itertools import groupby
from typing import TYPE_CHECKING

from hognose.errors import ActivationError
from hognose.shell.activation import (
    ActivationVariables,
    RunScript,
    SetPath,
    SetVariable,
    UnsetVariable,
    activation_steps,
    render,
)
from hognose.shell.process import exec_program, find_program, run_program
from hognose.shell.shells import Shell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hognose.shell.activation import Step

# Variables that a shell changes by merely starting.
_SHELLS_OWN = ("_", "SHLVL", "PWD", "OLDPWD")
# Variables that make a non-interactive shell read start files.
_START_FILES = ("BASH_ENV", "ENV")


def environment_variables(
    prefix: str | os.PathLike[str],
    environ: Mapping[str, str] | None = None,
    *,
    name: str | None = None,
) -> dict[str, str]:
    """Compute the variables of a process in which an environment has been activated.

    The environment's `activate.d` scripts, if it has any, run in a shell; what they print goes to
    this process's standard error.

    Args:
        prefix: The environment's directory.
        environ: The variables to start from, this process's by default; an environment that is
            active there is put aside.
        name: What the environment is called, for prompts; its directory's name if it lies in a
            directory `envs`, otherwise its path.

    Raises:
        ActivationError: If there is no such environment, its variables cannot be read, or one of
            its scripts fails.
    """
    environ = os.environ if environ is None else environ
    directory = os.path.abspath(os.fspath(prefix))
    if not os.path.isdir(directory):
        message = f"there is no environment at {directory}"
        raise ActivationError(message, path=directory)
    parent, base = os.path.split(directory)
    name = name or (base if os.path.basename(parent) == "envs" else directory)
    shell = _script_shell(environ)
    steps = activation_steps(directory, ActivationVariables.from_environ(environ), shell, name=name)
    variables = dict(environ)
    for is_script, group in groupby(steps, key=lambda step: isinstance(step, RunScript)):
        if is_script:
            variables = _run_scripts(list(group), variables, shell)
        else:
            _apply(group, variables)
    return variables


def run(
    prefix: str | os.PathLike[str],
    argv: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    replace: bool = os.name == "posix",
) -> int:
    """Run a program in an activated environment.

    Args:
        prefix: The environment's directory.
        argv: The program, looked up on the environment's search path, and its arguments.
        environ: The variables to start from; this process's by default.
        cwd: The directory to start the program in; the current one if not given.
        replace: Let the program take the place of this process. The call then returns only to
            raise an error, nothing that was to happen at exit happens, and only output that has
            been flushed is seen; standard output and standard error are flushed here.

    Returns:
        The program's exit status: 128 and the signal's number if a signal ended it.

    Raises:
        ActivationError: If the environment cannot be activated or the program not be started.
    """
    environ = os.environ if environ is None else environ
    variables = environment_variables(prefix, environ)
    program = find_program(argv[0], variables)
    if program is None:
        message = f"there is no program {argv[0]!r} in the environment {os.fspath(prefix)}"
        raise ActivationError(message, hint="nor elsewhere on the search path", program=argv[0])
    if replace:
        if cwd is not None:
            os.chdir(cwd)
        exec_program(program, argv, variables)
    return run_program(program, argv, variables, cwd=cwd)


def _script_shell(environ: Mapping[str, str]) -> Shell:
    """The shell for `activate.d` scripts: most are written for bash and tested in no other."""
    if sys.platform == "win32":
        return Shell.cmd_exe
    return Shell.bash if find_program("bash", environ) else Shell.sh


def _apply(steps: Iterable[Step], variables: dict[str, str]) -> None:
    for step in steps:
        match step:
            case SetVariable(name, value):
                variables[name] = value
            case UnsetVariable(name):
                variables.pop(name, None)
            case SetPath(paths, _):
                variables["PATH"] = os.pathsep.join(paths)
            case RunScript():
                raise AssertionError(step)


def _run_scripts(
    steps: Sequence[Step], variables: Mapping[str, str], shell: Shell
) -> dict[str, str]:
    """Run scripts one after the other in one shell, and return the variables they leave."""
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory(prefix="hognose-") as directory:
        script = os.path.join(directory, f"activate.{shell.extension}")
        dump = os.path.join(directory, "variables")
        if shell is Shell.cmd_exe:
            program = f'@(SET) > "{dump}"\n'
        else:
            program = f"/usr/bin/env -0 > {shell.quote(dump)}\n"
        with open(script, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write((render(steps, shell) + program).replace("\n", shell.line_ending))
        command = shell.script_command(script)
        # The scripts see the environment's own search path; the shell may lie elsewhere.
        program_path = find_program(command[0], variables) or find_program(command[0], {})
        quiet = {name: value for name, value in variables.items() if name not in _START_FILES}
        try:
            status = subprocess.run(
                [program_path or command[0], *command[1:]],
                env=quiet,
                stdin=subprocess.DEVNULL,
                stdout=_standard_error(),
                check=False,
            ).returncode
            with open(dump, "rb") as file:
                dumped = file.read()
        except OSError as error:
            names = ", ".join(step.path for step in steps if isinstance(step, RunScript))
            message = f"the environment's activation scripts cannot be run: {names}"
            raise ActivationError(message, status=getattr(error, "errno", None)) from error
        if status:
            names = ", ".join(step.path for step in steps if isinstance(step, RunScript))
            message = f"the environment's activation scripts ended with status {status}: {names}"
            raise ActivationError(message, status=status)
    after = _parse(dumped, lines=shell is Shell.cmd_exe)
    kept = {name: variables[name] for name in (*_SHELLS_OWN, *_START_FILES) if name in variables}
    for name in _SHELLS_OWN:
        after.pop(name, None)
    return after | kept


def _standard_error() -> int:
    """Where the scripts may print: our standard error, or nowhere if there is none."""
    import subprocess

    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return subprocess.DEVNULL


def _parse(dump: bytes, *, lines: bool) -> dict[str, str]:
    entries = dump.splitlines() if lines else dump.split(b"\0")
    pairs = (entry.partition(b"=") for entry in entries)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs if name}
