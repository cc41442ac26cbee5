"""The registry of environments that conda's family of tools share (CEP 32): one path a line.

Paths need not be text on every system, and other programs leave lines of any kind behind. What is
no text is kept byte for byte; what cannot be a path is passed over.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = (
    "environments_file",
    "register_environment",
    "registered_environments",
    "unregister_environment",
)


def environments_file(environ: Mapping[str, str] | None = None) -> Path:
    """Return the registry that conda's family of tools share, `~/.conda/environments.txt`.

    Args:
        environ: Where the home directory is read from, by default the process's environment.
    """
    environ = os.environ if environ is None else environ
    home = environ.get("USERPROFILE") if os.name == "nt" else environ.get("HOME")
    return Path(home or Path.home(), ".conda", "environments.txt")


def registered_environments(file: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the prefixes in a registry, in its order, without those that are gone.

    Bytes that are no UTF-8 are escaped as those of file names are (`os.fsdecode`).

    Raises:
        OSError: The registry is there and cannot be read.
    """
    return tuple(
        line for line in _lines(file) if os.path.exists(os.path.join(line, "conda-meta", "history"))
    )


def register_environment(prefix: str | os.PathLike[str], file: str | os.PathLike[str]) -> bool:
    """Add a prefix to a registry; return whether it was not in it yet, under any path.

    One line is appended in one write, so tools that register at the same time do not lose each
    other's lines.

    Raises:
        OSError: The registry cannot be read or written.
    """
    line = os.path.abspath(prefix)
    known = _lines(file)
    if line in known or os.path.realpath(line) in map(os.path.realpath, known):
        return False
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "ab", buffering=0) as stream:
        stream.write(_encode([line]))
    return True


def unregister_environment(prefix: str | os.PathLike[str], file: str | os.PathLike[str]) -> bool:
    """Take a prefix, and those that are gone, out of a registry; return whether it was in it.

    Raises:
        OSError: The registry cannot be read or written.
    """
    line = os.path.abspath(prefix)
    before = _lines(file)
    after = [path for path in registered_environments(file) if path != line]
    if after != before:
        part = f"{os.fspath(file)}.{os.urandom(6).hex()}.part"
        try:
            with open(part, "xb") as stream:
                stream.write(_encode(after))
            os.replace(part, file)
        except OSError:
            with suppress(FileNotFoundError):
                os.unlink(part)
            raise
    return line in before


def _encode(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def _lines(file: str | os.PathLike[str]) -> list[str]:
    try:
        text = Path(file).read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return []
    lines = (line.strip() for line in text.split("\n"))
    # No system has a path with NUL in it, and Python refuses to look for one.
    return [line for line in lines if line and "\0" not in line]
