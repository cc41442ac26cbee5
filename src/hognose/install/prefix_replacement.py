"""The path a package was built in, replaced by the path it is installed in. Pure, bytes to bytes.

A file that holds its build prefix says so in `info/paths.json` (CEP 34), with one of two modes.
In a text file the placeholder is replaced wherever it stands, and a shebang that the kernel could
no longer read is rewritten. In a binary file the file's length and every offset in it must stay:
the C string round a placeholder is shortened and padded with NUL bytes.

Which files are replaced, and where the result is written, is decided in `linker`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hognose.errors import LinkError
from hognose.install.shebang import has_blanks, python_by_shell, quoted

if TYPE_CHECKING:
    from hognose.types import Platform

__all__ = ("is_mach_o", "placeholder_room", "replace_binary_prefix", "replace_text_prefix")

_LINUX_SHEBANG_LIMIT = 127
_MACOS_SHEBANG_LIMIT = 512

# The interpreter ends at white space unless a backslash stands before it.
_SHEBANG = re.compile(rb"#! *(/(?:\\ |[^ \n\r\t])*)(.*)", re.DOTALL)
_PYTHON = re.compile(rb"python(?:\d+(?:\.\d+)?)?")

_MACH_O_MAGICS = frozenset(
    bytes.fromhex(magic) for magic in ("feedface", "cefaedfe", "feedfacf", "cffaedfe")
)
_FAT_MAGICS = frozenset(bytes.fromhex(magic) for magic in ("cafebabe", "cafebabf"))
# The version in the files of Java's first release.
_FIRST_JAVA = 45


def replace_text_prefix(data: bytes, placeholder: str, prefix: str, *, platform: Platform) -> bytes:
    """Replace every occurrence of the placeholder in a text file.

    A first line that starts with `#!` gets special care on Unix, where the kernel could not read
    it: Python is started by the shell then, as `shebang` says, and any other interpreter is looked
    up with `/usr/bin/env`.

    Args:
        data: The whole file.
        placeholder: The prefix that the package was built in.
        prefix: The prefix to write instead. Its back-slashes become slashes on Windows, where
            they would be escapes in most text files. Windows' own settings are often UTF-16, so
            that the placeholder is looked for in that form as well.
        platform: The platform that is installed for.
    """
    if platform.is_windows:
        path = prefix.replace("\\", "/")
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            data = data.replace(placeholder.encode(encoding), path.encode(encoding))
        return data
    old, new = placeholder.encode(), prefix.encode()
    if not data.startswith(b"#!"):
        return data.replace(old, new)
    end = data.find(b"\n")
    if end < 0:
        end = len(data)
    return _replace_shebang(data[:end], old, new, platform) + data[end:].replace(old, new)


def _replace_shebang(line: bytes, old: bytes, new: bytes, platform: Platform) -> bytes:
    replaced = line.replace(old, new)
    limit = _MACOS_SHEBANG_LIMIT if platform.is_osx else _LINUX_SHEBANG_LIMIT
    is_readable = len(replaced) <= limit and not (old in line and has_blanks(new))
    # The line is taken apart while the path in it is still free of blanks.
    match = None if is_readable else _SHEBANG.fullmatch(line)
    if match is None:
        return replaced
    path, arguments = match.groups()
    name = path.rpartition(b"/")[2]
    if _PYTHON.fullmatch(name):
        words = [
            quoted(word.replace(old, new)) if old in word else word
            for word in re.split(rb"(\s+)", arguments)
        ]
        return python_by_shell(path.replace(old, new), b"".join(words))
    return b"#!/usr/bin/env " + name + arguments.replace(old, new)


def replace_binary_prefix(data: bytes, placeholder: str, prefix: str) -> bytes:
    """Replace the placeholder in the C strings of a binary file; the length stays the same.

    A C string may hold the placeholder several times (a search path). What the replacement saves
    is added as NUL bytes at the end of that string, so that nothing behind it moves.

    Args:
        data: The whole file.
        placeholder: The prefix that the package was built in.
        prefix: The prefix to write instead.

    Raises:
        LinkError: `prefix` takes more bytes than `placeholder`.
    """
    old = placeholder.encode()
    new = prefix.encode()
    check_room(placeholder, prefix)
    index = data.find(old)
    if index < 0:
        return data
    pieces: list[bytes] = []
    start = 0
    while index >= 0:
        end = data.find(b"\0", index + len(old))
        if end < 0:
            end = len(data)
        replaced = data[index:end].replace(old, new)
        pieces += (data[start:index], replaced, bytes(end - index - len(replaced)))
        start = end
        index = data.find(old, end)
    pieces.append(data[start:])
    return b"".join(pieces)


def placeholder_room(placeholder: str, prefix: str) -> int:
    """Return how many bytes shorter than the placeholder the prefix is; negative if longer."""
    return len(placeholder.encode()) - len(prefix.encode())


def check_room(placeholder: str, prefix: str) -> None:
    """Refuse a prefix that does not fit where a binary file holds its placeholder.

    Raises:
        LinkError: `prefix` takes more bytes than `placeholder`.
    """
    room = placeholder_room(placeholder, prefix)
    if room < 0:
        message = (
            f"the environment's path is {-room} bytes too long for a package built to be "
            f"installed in at most {len(placeholder.encode())} bytes: {prefix}"
        )
        raise LinkError(message, hint="choose a shorter path for the environment", path=prefix)


def is_mach_o(data: bytes) -> bool:
    """Tell whether this is a macOS binary, thin or fat, from its first eight bytes."""
    magic = data[:4]
    if magic in _FAT_MAGICS:
        # A class of Java begins with the same four bytes; its version comes where a binary says
        # for how many processors it is made.
        return 0 < int.from_bytes(data[4:8], "big") < _FIRST_JAVA
    return magic in _MACH_O_MAGICS
