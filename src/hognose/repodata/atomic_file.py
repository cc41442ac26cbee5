"""Files that are whole or not there, however many processes write them, with a lock or without."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from hognose._process_lock import is_on_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

__all__ = ("on_network", "replace_file", "write_file")


@cache
def on_network(directory: str) -> bool:
    """Whether a directory, which need not exist, is where locks are better not used."""
    while not os.path.exists(directory) and (parent := os.path.dirname(directory)) != directory:
        directory = parent
    return is_on_network(directory)


def replace_file(path: str, content: bytes) -> bool:
    """Put content at a path by writing beside it and renaming; see `write_file`."""
    return write_file(path, lambda file: file.write(content))


def write_file(path: str, write: Callable[[BinaryIO], object]) -> bool:
    """Let `write` fill a file and give it its name when it is whole.

    For caches: a full disk or a read-only directory costs time later, not the result now. The
    content is not forced to the disk, because whoever reads it verifies it.

    Returns:
        Whether the file is there now.
    """
    # No other thread of any process on this machine has the same name; on a shared directory a
    # clash of process numbers makes one of the two renames fail, which is allowed.
    temporary = f"{path}.{os.getpid()}-{threading.get_ident()}.tmp"
    try:
        with open(temporary, "wb") as file:
            write(file)
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        return False
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return True
