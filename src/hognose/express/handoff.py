"""Handing a command to the program in the prefix."""

from __future__ import annotations

import os
import sys

from hognose.errors import HognoseError
from hognose.express.output_filter import (
    advice,
    copy_filtered,
    is_filtered,
    name_in_arguments,
)
from hognose.express.prefix import program_path, read_state
from hognose.shell import exec_program

TYPE_CHECKING = False  # as in `typing`, whose import would double the start-up time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def delegate_of(prefix: str) -> str:
    """The name of the program that a prefix hands commands to."""
    delegate = read_state(prefix).get("delegate")
    return delegate if isinstance(delegate, str) else "conda"


def hand_off(prefix: str, words: Sequence[str], *, environ: Mapping[str, str] = os.environ) -> int:
    """Run the prefix's program with the unchanged words; on Unix it replaces this process.

    Raises:
        HognoseError: The program is not there.
    """
    name = delegate_of(prefix)
    program = program_path(prefix, name)
    if not os.path.isfile(program):
        message = f"there is no {name} where it should be: {program}"
        raise HognoseError(message, hint="run `cx bootstrap --force` to install it again")
    variables = {**environ, "CONDA_ROOT_PREFIX": prefix}
    if is_filtered(words, has_terminal=_has_terminal()):
        return _run_filtered([program, *words], variables)
    return exec_program(program, [program, *words], variables)


def _has_terminal() -> bool:
    try:
        return sys.stdin.isatty()
    except (AttributeError, ValueError):
        return False


def _run_filtered(argv: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run a program whose standard output is filtered; the other streams are its own."""
    import subprocess

    sys.stdout.flush()
    with subprocess.Popen(argv, env=dict(variables), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        name = copy_filtered(process.stdout, sys.stdout.buffer)
        status = process.wait()
    name = name or name_in_arguments(argv[1:])
    if status == 0 and name:
        sys.stdout.write(advice(name))
        sys.stdout.flush()
    return status if status >= 0 else 1
