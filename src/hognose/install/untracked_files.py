"""Files in an environment that belong to no package: found, and carried to another prefix.

So are those that pip or another installer has put in the place of a package's own.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from hognose.install.clobber import CLOBBERS_DIRECTORY
from hognose.install.foreign_packages import find_foreign_packages, find_taken_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from hognose.types import PrefixRecord

__all__ = ("CopiedFiles", "copy_replaced_files", "copy_untracked_files", "iter_untracked_files")

# What belongs to the environment itself, and what a root prefix has for all environments.
_OWN = frozenset({"conda-meta", CLOBBERS_DIRECTORY, ".trash", "envs", "pkgs"})

# How much of a file is in memory at a time, in bytes.
_PIECE = 1 << 20


class CopiedFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What was carried over.

    Attributes:
        files: The copied files and links, relative to the prefix, sorted.
        unchanged: Those of them that are no text, and have the old prefix in them still.
    """

    files: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


def iter_untracked_files(
    prefix: str | os.PathLike[str], records: Iterable[PrefixRecord]
) -> Iterator[str]:
    """Yield the files and links that no record lists, relative to the prefix, sorted.

    Byte-code in `__pycache__` is left out, and so are `envs` and `pkgs` of a root prefix.

    Args:
        prefix: The environment.
        records: All packages in it.
    """
    owned = {path for record in records for path in record.files}
    root = os.path.abspath(prefix)
    for folder, directories, files in os.walk(root):
        inside = os.path.relpath(folder, root).replace(os.sep, "/")
        start = "" if inside == "." else f"{inside}/"
        links = [name for name in directories if os.path.islink(f"{folder}/{name}")]
        directories[:] = sorted(
            name
            for name in directories
            if name not in links
            and name != "__pycache__"
            and not (not start and name in _OWN)
            # A folder with a log of its own is another environment.
            and not os.path.exists(f"{folder}/{name}/conda-meta/history")
        )
        for name in sorted([*files, *links]):
            if f"{start}{name}" not in owned:
                yield f"{start}{name}"


def copy_untracked_files(source: str, target: str, records: Iterable[PrefixRecord]) -> CopiedFiles:
    """Copy the files of no package to another prefix, which text files and links then name.

    Args:
        source: The prefix to copy from.
        target: The prefix to copy to; what is there already stays.
        records: All packages in the source.

    Raises:
        OSError: A file cannot be read or written; some files may have been copied.
    """
    paths = iter_untracked_files(source, records)
    return _copy(source, target, paths)


def copy_replaced_files(
    source: str, target: str, records: Iterable[PrefixRecord], site_packages: str
) -> CopiedFiles:
    """Bring packages that another installer replaced into the same state in another prefix.

    Args:
        source: The prefix to copy from.
        target: The prefix to copy to, with the same conda packages as they are packaged.
        records: All packages in the source.
        site_packages: The folder of modules, relative to the prefix.

    Raises:
        OSError: A file cannot be read or written.
    """
    known = list(records)
    foreign = find_foreign_packages(source, known, site_packages)
    replaced = {item.package for item in find_taken_files(source, known, foreign)}
    paths = [
        path
        for record in known
        if record.name in replaced
        for path in record.files
        if not os.path.isdir(f"{target}/{path}") or os.path.islink(f"{target}/{path}")
    ]
    for path in paths:
        with suppress(FileNotFoundError):
            os.unlink(f"{target}/{path}")
        with suppress(OSError):
            os.removedirs(os.path.dirname(f"{target}/{path}"))
    return _copy(source, target, (path for path in paths if os.path.lexists(f"{source}/{path}")))


def _copy(source: str, target: str, paths: Iterable[str]) -> CopiedFiles:
    copied, unchanged = [], []
    old, new = os.fsencode(source), os.fsencode(target)
    for path in paths:
        origin, place = f"{source}/{path}", f"{target}/{path}"
        if os.path.lexists(place):
            continue
        if os.path.islink(origin):
            _make_parent(place)
            text = os.readlink(origin)
            os.symlink(target + text[len(source) :] if _is_in(text, source) else text, place)
        elif os.path.isfile(origin):
            _make_parent(place)
            if not _copy_file(origin, place, old, new):
                unchanged.append(path)
        else:
            # A socket or a pipe means nothing at another place.
            continue
        copied.append(path)
    return CopiedFiles(files=tuple(copied), unchanged=tuple(unchanged))


def _make_parent(path: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _copy_file(origin: str, place: str, old: bytes, new: bytes) -> bool:
    """Copy one file; tell whether the old prefix is nowhere in it now.

    It may be larger than the memory.
    """
    with open(origin, "rb") as reader:
        has_prefix, is_text = _look_for(old, reader)
        reader.seek(0)
        with open(place, "xb") as writer:
            if has_prefix and is_text:
                _copy_replacing(reader, writer, old, new)
            else:
                shutil.copyfileobj(reader, writer, _PIECE)
    shutil.copystat(origin, place)
    return is_text or not has_prefix


def _look_for(text: bytes, reader: BinaryIO) -> tuple[bool, bool]:
    """Tell whether a text is in a file, and whether the file is text."""
    is_found, is_text, rest = False, True, b""
    while piece := reader.read(_PIECE):
        is_text = is_text and b"\0" not in piece
        window = rest + piece
        is_found = is_found or text in window
        if is_found and not is_text:
            break
        # The text may begin in one piece and end in the next.
        rest = window[1 - len(text) :]
    return is_found, is_text


def _copy_replacing(reader: BinaryIO, writer: BinaryIO, old: bytes, new: bytes) -> None:
    rest = b""
    while piece := reader.read(_PIECE):
        *before, rest = (rest + piece).split(old)
        # What may be the beginning of the next occurrence waits for the next piece.
        settled = max(0, len(rest) - len(old) + 1)
        writer.write(new.join([*before, rest[:settled]]))
        rest = rest[settled:]
    writer.write(rest)
