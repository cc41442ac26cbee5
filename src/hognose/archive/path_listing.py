"""The list of its files that a package needs to be installed, made from a directory (CEP 34)."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import ArchiveError
from hognose.types import PathsJson

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.types import PathsEntry

__all__ = ("list_paths",)


def list_paths(root: str, names: Iterable[str]) -> PathsJson:
    """Describe the files of a package: kind, hash, size, and what `info/` says of them besides.

    That is `info/has_prefix`, `info/no_link` and `info/no_softlink`. A symbolic link is described
    by what it points to, as conda's own build tools do.

    Args:
        root: The package's directory.
        names: What is in it, relative to the directory; what is below `info/` is left out.

    Raises:
        ArchiveError: A file cannot be read.
    """
    files = sorted(name for name in names if not name.startswith("info/"))
    try:
        listed = PathsJson.from_deprecated_package_directory(root, files=files)
        return PathsJson(paths=tuple(_with_content(root, entry) for entry in listed.paths))
    except OSError as error:
        message = f"cannot read `{error.filename}`: {error.strerror}"
        raise ArchiveError(message, path=root) from error


def _with_content(root: str, entry: PathsEntry) -> PathsEntry:
    if entry.path_type == "directory":
        return entry
    path = os.path.join(root, *entry.relative_path.split("/"))
    if entry.path_type == "softlink" and not os.path.isfile(path):
        text = os.fsencode(os.readlink(path))
        digest, size = hashlib.sha256(text).hexdigest(), len(text)
    else:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    return msgspec.structs.replace(entry, sha256_hex=digest, size_in_bytes=size)
