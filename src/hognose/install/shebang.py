"""The first line of a Unix script, where the kernel could not read it. Pure, bytes to bytes.

Linux reads 127 bytes of it and macOS 512, and neither can express a blank in the interpreter's
path. A Python script then becomes a script of `/bin/sh`, as pip and conda have it::

    #!/bin/sh
    '''exec' "/path of/python3.12" "$0" "$@" #'''

To the shell the second line is a command, to Python it is a string.
"""

from __future__ import annotations

import re

__all__ = ("has_blanks", "python_by_shell")

# What means something between double quotes, to the shell or to Python.
_SPECIAL = re.compile(rb"""["$`\\]""")
_QUOTED_APART = {b"'": b"""'"'"'""", b"\\": b"""'"\\\\"'"""}


def has_blanks(path: bytes) -> bool:
    """Tell whether the kernel would take a path in a first line for several words."""
    return b" " in path or b"\t" in path


def python_by_shell(interpreter: bytes, arguments: bytes = b"") -> bytes:
    """Return the two lines, without the end of the second, that run a Python script.

    Args:
        interpreter: The path of the interpreter, absolute.
        arguments: What comes between it and the script, with a blank before it.
    """
    return b"#!/bin/sh\n'''exec' " + quoted(interpreter) + arguments + b' "$0" "$@" #\'\'\''


def quoted(path: bytes) -> bytes:
    r"""Return one word of the shell that Python can read in a string of three quotes.

    Conda's tools write double quotes, which stay what they are in nearly every path. Where these
    would not keep the shell from running what is in the path, single ones do: `\$` would be right
    for the shell, and a warning of Python at each start. Three quotes in a row never come about.
    """
    if _SPECIAL.search(path) is None:
        return b'"' + path + b'"'
    return b"'" + re.sub(rb"['\\]", lambda match: _QUOTED_APART[match[0]], path) + b"'"
