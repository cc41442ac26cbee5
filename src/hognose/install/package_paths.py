"""The paths of an extracted package, as its `paths.json` says them (CEP 34)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from hognose.archive import resolve_inside
from hognose.errors import InvalidPackageFileError
from hognose.types import PathsJson, PrefixPathsEntry, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ("cleaned", "find_twin", "read_entries")

# An empty part, a part that starts with a dot, or a character that some system gives a meaning, in
# paths with a slash round each. Searching for substrings is ten times faster than a pattern.
_UNUSUAL = ("/.", "//", "\\", ":", "\0")

# What most file systems allow for one part of a path, in bytes. A character has up to four.
_LONGEST_PART = 255


class _Paths(msgspec.Struct, gc=False):
    paths: list[PrefixPathsEntry] = []


def read_entries(directory: str) -> list[PrefixPathsEntry]:
    """Read what a package says of its files, in the form in which it will be recorded.

    The two forms share their keys, so the entries of `paths.json` are decoded once and completed.

    Raises:
        InvalidPackageFileError: The package has no list of its files, or one that cannot be used.
        OSError: The list cannot be read.
    """
    path = f"{directory}/{PathsJson.PATH}"
    try:
        with open(path, "rb") as file:
            content = file.read()
        entries = wire.decode_json(content, _Paths, what=path).paths
        # Hardly any list has an empty text in it.
        return _without_empty_placeholders(entries) if b'""' in content else entries
    except FileNotFoundError:
        try:
            old = PathsJson.from_deprecated_package_directory(directory)
        except FileNotFoundError as error:
            name = os.path.basename(directory)
            if os.path.exists(f"{directory}/info/files"):
                message = f"the package {name} lists a file that it does not have: {error.filename}"
            else:
                message = (
                    f"the package {name} cannot be installed: it has no list of its files, neither "
                    "`info/paths.json` nor `info/files`"
                )
            hint = "`hognose create-package` makes such lists out of a directory"
            raise InvalidPackageFileError(message, hint=hint, path=directory) from None
        entries = wire.convert(wire.to_builtins(old.paths), list[PrefixPathsEntry])
        return _without_empty_placeholders(entries)


def _without_empty_placeholders(entries: list[PrefixPathsEntry]) -> list[PrefixPathsEntry]:
    """Have an empty placeholder, which CEP 34 names as the default, be none."""
    for entry in entries:
        entry.prefix_placeholder = entry.prefix_placeholder or None
    return entries


def cleaned(paths: list[str]) -> list[str]:
    """Return the paths without parts that mean nothing; one that leaves the prefix is an error."""
    # One search over all paths: nearly all are plain, and the full rule is for the others.
    text = "/".join(paths)
    if not _is_unusual(text) and not _may_be_long(text, max(map(len, paths), default=0)):
        return paths
    return [
        resolve_inside("", path)[1:] if _is_unusual(path) or _may_be_long(path, len(path)) else path
        for path in paths
    ]


def _is_unusual(text: str) -> bool:
    text = f"/{text}/"
    return any(part in text for part in _UNUSUAL)


def _may_be_long(text: str, length: int) -> bool:
    """Tell whether a path of this many characters of a text may have a part that is too long."""
    return length * (1 if text.isascii() else 4) > _LONGEST_PART


def find_twin(paths: Iterable[str], fold: Callable[[str], str]) -> str:
    """Return the first path that is the same as an earlier one once both are folded."""
    seen: set[str] = set()
    for path in paths:
        if fold(path) in seen:
            return path
        seen.add(fold(path))
    return ""
