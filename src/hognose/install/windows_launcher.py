r"""The program `NAME.exe` that runs `NAME-script.py`, made of another library's launcher.

Windows starts programs, not scripts. Conda's way, which rattler follows, is a small program beside
the script, named like it. There are none in this library: `distlib`, which pip is built on, ships
one for every processor. Its launchers read the end of their own file::

    launcher | #!"C:\path\of\python.exe" | zip archive with __main__.py

and have that interpreter run the archive. Ours holds two lines that run the script beside it, so
that the script stays what can be read and changed. A launcher of conda's kind (`cli-64.exe`) finds
script and interpreter by their places and is used as it is.
"""

from __future__ import annotations

import io
import os
import zipfile
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hognose.types import Platform

__all__ = ("WindowsLauncher", "find_launcher")

_CONDA = {"win-32": "cli-32.exe", "win-64": "cli-64.exe", "win-arm64": "cli-arm64.exe"}
_DISTLIB = {"win-32": "t32.exe", "win-64": "t64.exe", "win-arm64": "t64-arm.exe"}

_MAIN = """\
import os.path, runpy, sys
runpy.run_path(os.path.splitext(sys.argv[0])[0] + "-script.py", run_name="__main__")
"""
# The first moment that a zip archive can name: the same bytes whenever they are made.
_EPOCH = (1980, 1, 1, 0, 0, 0)


class WindowsLauncher(msgspec.Struct, frozen=True, gc=False):
    """A launcher, and how it is told what to run.

    Attributes:
        content: The bytes of the program.
        kind: `conda`: it finds everything by itself; `distlib`: it is told at its end.
    """

    content: bytes
    kind: Literal["conda", "distlib"] = "conda"

    def program(self, interpreter: str) -> bytes:
        """Return the bytes of the program that runs the script beside it.

        Args:
            interpreter: The absolute path of the environment's `python.exe`.
        """
        if self.kind == "conda":
            return self.content
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as writer:
            writer.writestr(zipfile.ZipInfo("__main__.py", _EPOCH), _MAIN)
        path = interpreter.replace("/", "\\")
        return self.content + f'#!"{path}"\r\n'.encode() + archive.getvalue()


def find_launcher(
    platform: Platform, *, directories: Sequence[str | os.PathLike[str]] | None = None
) -> WindowsLauncher | None:
    """Return the launcher for a platform, or None where there is none.

    Args:
        platform: The platform that is installed for.
        directories: The folders to look through, by default that of `distlib` if it is installed.
    """
    kinds: tuple[tuple[Literal["conda", "distlib"], str | None], ...] = (
        ("conda", _CONDA.get(str(platform))),
        ("distlib", _DISTLIB.get(str(platform))),
    )
    if not platform.is_windows:
        return None
    for directory in _distlib_directories() if directories is None else directories:
        for kind, name in kinds:
            if name is None:
                continue
            try:
                with open(os.path.join(directory, name), "rb") as file:
                    return WindowsLauncher(file.read(), kind)
            except OSError:
                continue
    return None


def _distlib_directories() -> Iterator[str]:
    # Found without importing it.
    spec = find_spec("distlib")
    if spec is not None:
        yield from spec.submodule_search_locations or ()
