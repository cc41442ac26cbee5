"""The small scripts that call a function of a `noarch: python` package.

On Unix an entry point is one executable Python script. On Windows it is a Python script named
`NAME-script.py` beside a launcher `NAME.exe`, a program that runs the script of its own name with
the environment's interpreter; `windows_launcher` makes it. Everything here returns texts and
paths; `package_linker` writes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from hognose.archive import component_fault
from hognose.errors import LinkError

if TYPE_CHECKING:
    from hognose.install.noarch_python import PythonInfo
    from hognose.install.windows_launcher import WindowsLauncher
    from hognose.types import EntryPoint, Platform

__all__ = ("EntryPointFile", "entry_point_script", "plan_entry_point")

EntryPointType = Literal[
    "unix_python_entry_point",
    "windows_python_entry_point_script",
    "windows_python_entry_point_exe",
]

_TEMPLATE = """\
{shebang}
# -*- coding: utf-8 -*-
import re
import sys

from {module} import {imported}

if __name__ == '__main__':
\tsys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', sys.argv[0])
\tsys.exit({function}())
"""


class EntryPointFile(msgspec.Struct, frozen=True, gc=False):
    """One file that makes up an entry point.

    Attributes:
        path: The path below the prefix.
        content: The bytes to write.
        path_type: The kind that the package's record in `conda-meta` names (CEP 32).
        executable: Whether the file must be executable.
    """

    path: str
    content: bytes
    path_type: EntryPointType
    executable: bool


def entry_point_script(
    entry_point: EntryPoint, python: PythonInfo, prefix: str, *, windows: bool = False
) -> str:
    """Return the text of the script that runs an entry point.

    Args:
        entry_point: The command, and the function it stands for.
        python: The environment's Python.
        prefix: The path of the environment, as its programs will see it.
        windows: Leave the first line empty: a launcher chooses the interpreter, and a shebang
            would break it in a prefix with spaces.
    """
    return _TEMPLATE.format(
        shebang="" if windows else python.shebang(prefix),
        module=entry_point.module,
        imported=entry_point.function.partition(".")[0],
        function=entry_point.function,
    )


def plan_entry_point(
    entry_point: EntryPoint,
    python: PythonInfo,
    prefix: str,
    *,
    platform: Platform,
    launcher: WindowsLauncher | None = None,
) -> tuple[EntryPointFile, ...]:
    """Return the files that make up an entry point.

    Args:
        entry_point: The command, and the function it stands for.
        python: The environment's Python.
        prefix: The path of the environment, as its programs will see it.
        platform: The platform that is installed for.
        launcher: The Windows launcher; without one only the script is written.

    Raises:
        LinkError: The command's name cannot be that of a file.
    """
    command = entry_point.command
    names = [f"{command}-script.py", f"{command}.exe"] if platform.is_windows else [command]
    if not command or "/" in command or "\\" in command or command in {".", ".."}:
        message = f"an entry point must be a plain file name: {command!r}"
        raise LinkError(message, path=command)
    for name in names:
        fault = component_fault(name, windows=platform.is_windows)
        if fault is not None:
            message = f"an entry point must be a plain file name, and {command!r} {fault}"
            raise LinkError(message, path=command)
    if not platform.is_windows:
        script = entry_point_script(entry_point, python, prefix).encode()
        path = f"{python.scripts}/{command}"
        return (EntryPointFile(path, script, "unix_python_entry_point", executable=True),)
    script = entry_point_script(entry_point, python, prefix, windows=True).encode()
    path = f"{python.scripts}/{command}-script.py"
    planned = [EntryPointFile(path, script, "windows_python_entry_point_script", executable=False)]
    if launcher is not None:
        path = f"{python.scripts}/{command}.exe"
        program = launcher.program(f"{prefix}/{python.executable}")
        planned.append(
            EntryPointFile(path, program, "windows_python_entry_point_exe", executable=True)
        )
    return tuple(planned)
