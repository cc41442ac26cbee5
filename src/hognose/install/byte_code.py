"""What byte-code an interpreter reads, and where the package cache keeps it.

`compile_workers` makes it, `compilation` decides for which modules.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from hognose.install.link_method import CANNOT_LINK, copy_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.types import PrefixRecord

__all__ = (
    "BYTE_CODE_DIRECTORY",
    "Dialect",
    "byte_code_path",
    "find_dialect",
    "has_byte_code",
    "keep",
    "kept_byte_code",
    "link_kept",
)

BYTE_CODE_DIRECTORY = "info/hognose-byte-code"

# The note may have come with the package, and names a folder: no part may lead elsewhere.
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_MAGIC = re.compile(r"[0-9a-f]{2,32}")

_ASK = """
import sys
from importlib._bootstrap_external import MAGIC_NUMBER
magic = "".join("%02x" % byte for byte in MAGIC_NUMBER)
print('{"tag": "%s", "magic": "%s"}' % (sys.implementation.cache_tag or "", magic))
"""


def has_byte_code(records: Iterable[PrefixRecord]) -> bool:
    """Tell whether `noarch: python` packages were installed with byte-code."""
    return any(
        path.endswith(".pyc")
        for record in records
        if record.noarch.is_python
        for path in record.files
    )


class Dialect(msgspec.Struct, frozen=True, gc=False):
    """What byte-code an interpreter reads.

    Attributes:
        tag: The part of the file names that says it: `cpython-312`.
        magic: The number at the start of the files, as hex text; it changes more often.
    """

    tag: str
    magic: str

    @property
    def is_plausible(self) -> bool:
        """Whether its parts can be those of file names."""
        return bool(_TAG.fullmatch(self.tag) and _MAGIC.fullmatch(self.magic))


# Made once: msgspec crashes where several threads make the first one at the same time.
_DIALECT = msgspec.json.Decoder(Dialect)


def byte_code_path(source: str, tag: str) -> str:
    """Return where the interpreter with this cache tag looks for the byte-code of a source."""
    folder, _, name = source.rpartition("/")
    module = name.removesuffix(".py")
    return f"{folder}/__pycache__/{module}.{tag}.pyc".lstrip("/")


def find_dialect(interpreter: str, *, package_directory: str | None = None) -> Dialect | None:
    """Ask an interpreter what byte-code it reads; None if it does not run or writes none.

    Args:
        interpreter: The program.
        package_directory: The extracted package that it comes from, where the answer is kept: it
            saves starting an interpreter for every environment.
    """
    note = f"{package_directory}/{BYTE_CODE_DIRECTORY}/dialect.json"
    if package_directory is not None:
        try:
            with open(note, "rb") as file:
                noted = _DIALECT.decode(file.read())
            if noted.is_plausible:
                return noted
        except (OSError, msgspec.DecodeError):
            pass
    try:
        done = subprocess.run(
            [interpreter, "-I", "-S", "-B", "-c", _ASK],
            capture_output=True,
            check=False,
            timeout=60,
        )
        dialect = _DIALECT.decode(done.stdout) if not done.returncode else None
    except (OSError, subprocess.TimeoutExpired, msgspec.DecodeError):
        return None
    if dialect is None or not dialect.is_plausible:
        return None
    if package_directory is not None and os.path.isdir(package_directory):
        with suppress(OSError):
            _publish(note, msgspec.json.encode(dialect))
    return dialect


def _publish(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = f"{path}.{os.getpid()}.part"
    with open(part, "wb") as file:
        file.write(data)
    os.replace(part, path)


def kept_byte_code(package_directory: str, dialect: Dialect, source: str) -> str:
    """Return where the package cache keeps the byte-code of a package's module.

    It lies with the extracted package, so that it is the package's hash that vouches for the
    source, and leaves the cache with it. A `.pyc` holds its source's time and size, which linked
    sources keep; the file name in it is corrected by the importer.

    Args:
        package_directory: The extracted package.
        dialect: What the interpreter reads.
        source: The module, relative to the package.
    """
    return f"{package_directory}/{BYTE_CODE_DIRECTORY}/{dialect.tag}-{dialect.magic}/{source}c"


def link_kept(kept: str, target: str, *, hard_links: bool) -> bool:
    """Put kept byte-code into a prefix; tell whether there was any."""
    try:
        if hard_links:
            try:
                os.link(kept, target)
            except OSError as error:
                if error.errno not in CANNOT_LINK:
                    raise
            else:
                return True
        copy_file(kept, target)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False
    return True


def keep(target: str, kept: str, *, hard_links: bool) -> None:
    """Keep byte-code from a prefix for later ones, if the package cache can be written to."""
    with suppress(OSError):
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        if hard_links:
            try:
                os.link(target, kept)
            except FileExistsError:
                return
            except OSError as error:
                if error.errno not in CANNOT_LINK:
                    raise
            else:
                return
        part = f"{kept}.{os.getpid()}.part"
        copy_file(target, part)
        os.replace(part, kept)
