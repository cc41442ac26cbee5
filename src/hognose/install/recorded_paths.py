"""Whether what a prefix says of itself stays inside it: records, journals, and its own folders.

A prefix may come from somebody else: unpacked from an archive, or copied from a machine. Its
records are then no more to be trusted than a package. Text is judged by the rule for packages;
besides, no folder on the way may be a symbolic link that leads out, since what is removed or moved
through it would be somewhere else.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import TransactionError, UnsafeArchiveError
from hognose.install.clobber import CLOBBERS_DIRECTORY
from hognose.install.package_paths import cleaned
from hognose.install.unlink import TRASH_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.types import PrefixRecord

__all__ = (
    "PrefixLinks",
    "UnsafePath",
    "find_unsafe_path",
    "find_unsafe_records",
    "require_own_folders",
    "require_recorded_inside",
)

# Characters of a part of a path that is not too long in any case.
_SHORT = 60

# What is written to, or emptied, whatever the packages are.
_OWN = (
    "conda-meta",
    "conda-meta/.transaction",
    "conda-meta/history",
    "conda-meta/menus",
    CLOBBERS_DIRECTORY,
    TRASH_DIRECTORY,
)


class UnsafePath(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A path that leads out of a prefix.

    Attributes:
        path: The path as it is written down.
        rule: What is wrong with it, to be put behind `which` or `it`.
        is_behind_link: Whether a link in the prefix is to blame, and not who wrote the path down.
    """

    path: str
    rule: str
    is_behind_link: bool = False


class PrefixLinks:
    """The links among the folders of one prefix, each folder looked at once."""

    def __init__(self, prefix: str) -> None:
        self._root = f"{prefix}/"
        self._inside = ""
        self._ends: dict[str, str] = {"": ""}

    def forget(self) -> None:
        """Look at everything anew, because something was moved that may be a link or hold one."""
        self._ends = {"": ""}

    def end_outside(self, folder: str) -> str:
        """Return where a folder really is if that is outside the prefix; else an empty text."""
        end = self._ends.get(folder)
        if end is None:
            end = self.end_outside(folder.rpartition("/")[0]) or self.link_outside(folder)
            self._ends[folder] = end
        return end

    def link_outside(self, path: str) -> str:
        """Return where a link leads if that is outside the prefix; else an empty text."""
        place = self._root + path
        if not os.path.islink(place) and not _is_junction(place):
            return ""
        self._inside = self._inside or os.path.realpath(self._root)
        end = os.path.realpath(place)
        is_inside = end == self._inside or end.startswith(self._inside.rstrip("/\\") + os.sep)
        return "" if is_inside else end


def _is_junction(place: str) -> bool:
    """Tell whether a folder of Windows is really another one, without being a symbolic link."""
    if os.name != "nt":
        return False
    try:
        tag = getattr(os.lstat(place), "st_reparse_tag", 0)
    except OSError:
        return False
    return bool(tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1))


def find_unsafe_path(
    prefix: str, paths: Sequence[str], *, links: PrefixLinks | None = None
) -> UnsafePath | None:
    """Return a path that would be outside the prefix, or None where all are inside.

    Args:
        prefix: The prefix, absolute.
        paths: Paths relative to the prefix.
        links: What is known of the folders in it.
    """
    if not paths:
        return None
    try:
        clean = cleaned(list(paths))
        os.fsencode("".join(clean))
    except (UnicodeEncodeError, UnsafeArchiveError):
        for path in paths:
            rule = _broken_rule(path)
            if rule:
                return UnsafePath(path=path, rule=rule)
        # What is too long was never made, and does no harm.
        clean = list(paths)
    links = links or PrefixLinks(prefix)
    # There are ten times more files than folders.
    for folder in {path.rpartition("/")[0] for path in clean}:
        end = links.end_outside(folder)
        if end:
            path = next(path for path in clean if path.rpartition("/")[0] == folder)
            rule = f"is behind a link that leads out, to {end}"
            return UnsafePath(path=path, rule=rule, is_behind_link=True)
    return None


def _broken_rule(path: str) -> str:
    """Return what is wrong with a path, however long its parts are; else an empty text."""
    try:
        os.fsencode(path)
        cleaned(["/".join(part[:_SHORT] for part in path.split("/"))])
    except UnicodeEncodeError as error:
        return f"holds what no path can: {error.reason}"
    except UnsafeArchiveError as error:
        return str(error.rule)  # type: ignore[attr-defined]  # set by whoever raises it
    return ""


def recorded_paths(record: PrefixRecord) -> list[str]:
    """Return every path that a record names, once, in no order."""
    entries = record.paths_data.paths
    paths = {*record.files, *[entry.relative_path for entry in entries]}
    paths.update([entry.original_path for entry in entries if entry.original_path is not None])
    return list(paths)


def find_unsafe_records(
    prefix: str, records: Iterable[PrefixRecord]
) -> Iterable[tuple[PrefixRecord, UnsafePath]]:
    """Yield the records that name a path outside the prefix, with one such path."""
    links = PrefixLinks(prefix)
    for record in records:
        name = record.record_file_name
        unsafe = None
        if "/" in name or "\\" in name or "\0" in name:
            unsafe = UnsafePath(path=name, rule="names no file of `conda-meta`")
        unsafe = unsafe or find_unsafe_path(prefix, recorded_paths(record), links=links)
        if unsafe is not None:
            yield record, unsafe


def require_recorded_inside(prefix: str, records: Iterable[PrefixRecord]) -> None:
    """Refuse records that name a path outside the prefix.

    Costs one look at each folder that the records name.

    Args:
        prefix: The prefix, absolute.
        records: The records whose files may be moved or removed.

    Raises:
        TransactionError: Has `record`, the name of the record's file, and `path`.
    """
    for record, unsafe in find_unsafe_records(prefix, records):
        name = record.record_file_name
        message = (
            f"{prefix}: the record of `{record.name}` lists {unsafe.path!a}, which {unsafe.rule}"
        )
        hint = (
            "no installer writes such a record; make the environment anew, or correct "
            f"conda-meta/{name} by hand"
        )
        if unsafe.is_behind_link:
            hint = "put a folder of the environment's own in the place of the link"
        raise TransactionError(message, record=name, path=unsafe.path, hint=hint)


def require_own_folders(prefix: str) -> None:
    """Refuse a prefix that keeps its own books somewhere else, by symbolic links.

    Raises:
        TransactionError: Has `path`, relative to the prefix.
    """
    links = PrefixLinks(prefix)
    for path in _OWN:
        end = links.link_outside(path)
        if end:
            message = f"{prefix}: {path} is a link that leads out of the environment, to {end}"
            raise TransactionError(message, path=path, hint="remove the link")
