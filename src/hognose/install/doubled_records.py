"""Packages that are recorded twice, as an installer leaves them that was killed in the middle.

No command can go on with such an environment, since nobody knows which of the two is there. The
record that was written last is taken for the right one, if it is called what its content says. Its
package is linked again, and what only the other one lists goes, unless somebody changed it since.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.install.link_method import hash_file
from hognose.install.recorded_paths import require_recorded_inside
from hognose.install.unlink import remove_empty_directories, remove_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hognose.types import PrefixPathsEntry, PrefixRecord

__all__ = ("find_doubles", "remove_leftovers")


def find_doubles(root: str, records: Mapping[str, PrefixRecord]) -> dict[str, str]:
    """Return the files of records of which their package has a better one, and that one's file.

    Args:
        root: The folder of the records.
        records: By the names of their files.
    """
    by_name: dict[str, list[str]] = {}
    for file_name, record in records.items():
        by_name.setdefault(str(record.name), []).append(file_name)

    def rank(file_name: str) -> tuple[bool, int, str]:
        is_called_right = file_name == records[file_name].record_file_name
        return is_called_right, os.stat(f"{root}/{file_name}").st_mtime_ns, file_name

    doubles = {}
    for names in by_name.values():
        if len(names) > 1:
            best = max(names, key=rank)
            doubles.update({name: best for name in names if name != best})
    return doubles


def remove_leftovers(prefix: str, double: PrefixRecord, records: Iterable[PrefixRecord]) -> None:
    """Remove the files that a record lists and no other one does, if they are as it says.

    Args:
        prefix: The environment, locked.
        double: The record that is going to be deleted.
        records: Those that stay.

    Raises:
        TransactionError: The record names a path outside the prefix; nothing is removed.
        OSError: A file cannot be removed.
    """
    require_recorded_inside(prefix, [double])
    owned = {path for record in records for path in record.files}
    folders = set()
    for entry in double.paths_data.paths:
        path = entry.relative_path
        if entry.path_type != "directory" and path not in owned:
            folders.add(path.rpartition("/")[0])
            if _is_as_recorded(f"{prefix}/{path}", entry):
                remove_file(f"{prefix}/", path)
    remove_empty_directories(f"{prefix}/", folders - {""})


def _is_as_recorded(path: str, entry: PrefixPathsEntry) -> bool:
    if os.path.islink(path):
        return entry.path_type == "softlink"
    expected = entry.sha256_in_prefix_hex or entry.sha256_hex
    try:
        return expected is not None and hash_file(path) == expected
    except OSError:
        return False
