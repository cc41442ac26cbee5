"""Starting a program with given variables: in place of this process, or waiting for it.

Nothing but the standard library is imported, so that handing over costs no more than it must.
"""

from __future__ import annotations

import os
import sys

from hognose.errors import ActivationError

TYPE_CHECKING = False  # as in `typing`, whose import would double the start-up time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

if sys.platform == "win32":

    def exec_program(program: str, argv: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
        """Run a program in place of this one: wait for it and leave with its exit status."""
        sys.exit(run_program(program, argv, environ))

else:

    def exec_program(program: str, argv: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
        """Run a program in place of this one; standard output and error are flushed before.

        Raises:
            ActivationError: If the program cannot be started.
        """
        import signal

        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        # Python ignores these two; a program that inherits that does not notice a closed pipe.
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        try:
            os.execve(program, list(argv), environ)  # noqa: S606 - that is the point
        except OSError as error:
            raise _cannot_start(program, error) from error


def find_program(name: str, environ: Mapping[str, str]) -> str | None:
    """Find a program on the search path of these variables; a name with a slash is a path."""
    path = environ.get("PATH", os.defpath)
    if sys.platform == "win32":
        import shutil

        return shutil.which(name, path=path)
    if os.sep in name:
        places = [name]
    else:
        # The empty entry is the current directory.
        places = [os.path.join(place or os.curdir, name) for place in path.split(os.pathsep)]
    for place in places:
        if os.path.isfile(place) and os.access(place, os.X_OK):
            return place
    return None


def run_program(
    program: str,
    argv: Sequence[str],
    environ: Mapping[str, str],
    *,
    cwd: str | os.PathLike[str] | None = None,
) -> int:
    """Run a program on our own streams and wait; an interrupt is for the program to answer.

    Returns:
        The exit status: 128 and the signal's number if a signal ended the program.

    Raises:
        ActivationError: If the program cannot be started.
    """
    import subprocess

    try:
        process = subprocess.Popen(list(argv), executable=program, env=dict(environ), cwd=cwd)
    except OSError as error:
        raise _cannot_start(program, error) from error
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            continue
        return status if status >= 0 else 128 - status


def _cannot_start(program: str, error: OSError) -> ActivationError:
    message = f"the program cannot be started: {program}: {error.strerror}"
    return ActivationError(message, program=program)
