"""Find the shared libraries that a compiled file loads, by asking the dynamic linker itself."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, Final

import msgspec

from hognose.channel.elf import ElfFile, is_elf
from hognose.errors import ChannelBuildError

if TYPE_CHECKING:
    from collections.abc import Iterable

# The C library's own parts come with the machine: mixing them with another dynamic linker breaks.
_C_LIBRARY: Final = re.compile(
    r"(ld-linux.*|ld-musl-.*|ld64|ld|linux-vdso|linux-gate|linux-vdso64"
    r"|lib(c|m|mvec|dl|rt|pthread|util|resolv|anl|nss_.*|thread_db|BrokenLocale|c\.musl-.*))\.so.*"
)
_LINE: Final = re.compile(r"\s*(?P<name>\S+) => (?P<path>.*?)(?: \(0x[0-9a-f]+\))?$")


class LoadedLibraries(msgspec.Struct, frozen=True, gc=False):
    """What the dynamic linker answers for one file.

    Attributes:
        found: The path of each library that it would load, by the name it was asked for, without
            the C library.
        missing: The names that it cannot find.
    """

    found: dict[str, str]
    missing: tuple[str, ...]


def is_c_library(name: str) -> bool:
    """Tell whether a library belongs to the C library, which every machine brings itself."""
    return _C_LIBRARY.fullmatch(name) is not None


def list_libraries(linker: str, path: str | os.PathLike[str]) -> LoadedLibraries:
    """List all libraries that loading a file loads, those of its libraries included.

    Args:
        linker: The dynamic linker, as an executable names it (`ElfFile.interpreter`).
        path: The executable or shared library. It is not run.

    Raises:
        ChannelBuildError: The dynamic linker does not answer.
    """
    try:
        process = subprocess.run(
            [linker, "--list", os.fspath(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"the dynamic linker `{linker}` does not answer: {error}"
        raise ChannelBuildError(message, path=str(path)) from error
    found: dict[str, str] = {}
    missing: list[str] = []
    for line in (process.stdout + process.stderr).splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            # With --list, glibc reports a library that it cannot find as an error of its own.
            failure = re.search(r"libraries: (\S+): cannot open|Error loading .*? (\S+):", line)
            if failure is not None:
                missing.append(failure[1] or failure[2])
        elif match["path"] == "not found":
            missing.append(match["name"])
        elif not is_c_library(match["name"].rpartition("/")[2]):
            found[match["name"]] = os.path.realpath(match["path"])
    return LoadedLibraries(found, tuple(missing))


def read_elf(path: str | os.PathLike[str]) -> ElfFile | None:
    """Read a file if it is an ELF file; None for every other file."""
    with open(path, "rb") as stream:
        start = stream.read(4)
        return ElfFile(start + stream.read()) if is_elf(start) else None


def find_linker(files: Iterable[str | os.PathLike[str]]) -> str:
    """Give the dynamic linker named by the first of the files that names one.

    Raises:
        ChannelBuildError: None of them is a dynamically linked executable.
    """
    paths = [os.fspath(path) for path in files]
    for path in paths:
        file = read_elf(path)
        if file is not None and file.interpreter is not None:
            return file.interpreter
    message = f"not a dynamically linked executable: {', '.join(paths)}"
    raise ChannelBuildError(message, path=paths[0] if paths else None)
