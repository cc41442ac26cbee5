"""Turn a package of one format into the other, with the same content."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hognose.archive.extraction import extract
from hognose.archive.package_writer import DEFAULT_TIMESTAMP, create_package
from hognose.errors import ArchiveError

if TYPE_CHECKING:
    from hognose.archive.archive_digest import ArchiveDigest
    from hognose.archive.extract_limits import ExtractLimits

_EXTENSIONS = (".conda", ".tar.bz2")


def transmute(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str] | None = None,
    *,
    level: int | None = None,
    threads: int | None = None,
    timestamp: int = DEFAULT_TIMESTAMP,
    limits: ExtractLimits | None = None,
) -> ArchiveDigest:
    """Write a package again in the other format, or in the one that the target's name asks for.

    Contents, names, links and the executable bits stay; times become `timestamp`, and hard links
    become files.

    Args:
        source: The package.
        target: The path to write, or None for the other extension beside the source. The package
            is extracted to a temporary directory beside it.
        level: See `create_package`.
        threads: See `create_package`.
        timestamp: See `create_package`.
        limits: What to accept of the source.

    Returns:
        The hashes and the size of the new package.

    Raises:
        ArchiveError: The source cannot be read, the target cannot be written, or a name has
            neither extension.
    """
    source_path = os.fspath(source)
    target_path = _other_name(source_path) if target is None else os.fspath(target)
    if not target_path.endswith(_EXTENSIONS):
        message = f"cannot write package `{target_path}`: its name ends in neither format"
        raise ArchiveError(message, path=target_path, hint="end it in `.conda` or `.tar.bz2`")
    parent = os.path.dirname(os.path.abspath(target_path))
    os.makedirs(parent, exist_ok=True)
    with TemporaryDirectory(prefix=".transmute-", dir=parent) as temporary:
        tree = os.path.join(temporary, "package")
        extract(source_path, tree, limits=limits)
        return create_package(tree, target_path, level=level, threads=threads, timestamp=timestamp)


def _other_name(path: str) -> str:
    for extension, other in zip(_EXTENSIONS, reversed(_EXTENSIONS), strict=True):
        if path.endswith(extension):
            return path.removesuffix(extension) + other
    message = f"cannot tell the format of `{path}` by its name"
    raise ArchiveError(message, path=path, hint="name the target, with its extension")
